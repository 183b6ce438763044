"""The answer to REGISTER: challenge, check, register or unregister."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Final

import msgspec

from devices.recording.gb28181.admission import Admission
from devices.recording.gb28181.counters import Counters
from devices.recording.gb28181.digest import Challenger, Verdict, read_credentials
from devices.recording.gb28181.flow import Flow
from devices.recording.gb28181.ids import is_id
from devices.recording.gb28181.registrations import Change, Registrations
from devices.recording.gb28181.sip import Header, Request, user_of
from devices.recording.gb28181.times import as_date_header

USUAL_EXPIRES_S: Final = 3_600
LONGEST_EXPIRES_S: Final = 86_400
"""The standard's usual one is a day; who asks for more is given this."""

Passwords = Callable[[str], str | None]
"""The password of a device's identity; None for one that is not ours."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What to answer. ``change``: what became of the device; ``proven``: it knew the password;
    ``guessed``: it gave a wrong one.
    """

    status: int
    headers: tuple[Header, ...] = ()
    change: Change | None = None
    proven: bool = False
    guessed: bool = False


class Registrar:
    """Decides REGISTER requests."""

    def __init__(
        self,
        *,
        passwords: Passwords,
        registrations: Registrations,
        challenger: Challenger,
        counters: Counters,
        zone_of: Callable[[str], tzinfo],
        now: Callable[[], int],
    ) -> None:
        """``now`` (ms since 1970 UTC) is the time that a device is told, in its zone."""
        self._time: Final = now
        self._passwords: Final = passwords
        self._registrations: Final = registrations
        self._challenger: Final = challenger
        self._counters: Final = counters
        self._zone_of: Final = zone_of
        # Ten wrong ones, then one in ten seconds: by device and address, so that guessing from
        # elsewhere does not keep the device itself out.
        self._guesses: Final = Admission(
            burst=10, per_second=0.1, total_burst=1_000, total_per_second=100
        )

    def answer(self, request: Request, flow: Flow, now: int) -> Reply:
        """What a REGISTER from there comes to; ``now`` in ms of a clock that nobody sets."""
        device = request.sender
        if not is_id(device) or user_of(request.header("to") or "") != device:
            return Reply(status=400)
        password = self._passwords(device)
        if password is None:
            self._counters.strangers += 1
            return Reply(status=403)
        sent = request.header("authorization")
        if sent is None:
            return self._challenge(device, flow, now)
        guesser = f"{device}@{flow.host}"
        if self._guesses.spent(guesser, now):
            self._counters.limited += 1
            return Reply(status=403)
        credentials = read_credentials(sent)
        verdict = Verdict.WRONG
        if credentials is not None:
            verdict = self._challenger.check(
                credentials,
                method="REGISTER",
                device=device,
                host=flow.host,
                password=password,
                now=now,
            )
        if verdict is Verdict.STALE:
            return self._challenge(device, flow, now, stale=True)
        if verdict is Verdict.WRONG:
            self._guesses.admit(guesser, now)
            self._counters.wrong_password += 1
            return Reply(status=403, guessed=True)
        return self._proven(request, device, flow, now)

    def _challenge(self, device: str, flow: Flow, now: int, *, stale: bool = False) -> Reply:
        value = self._challenger.challenge(device, flow.host, now, stale=stale)
        return Reply(status=401, headers=(("WWW-Authenticate", value),))

    def _proven(self, request: Request, device: str, flow: Flow, now: int) -> Reply:
        wanted = request.expires
        granted = min(USUAL_EXPIRES_S if wanted is None else wanted, LONGEST_EXPIRES_S)
        date = ("Date", as_date_header(self._time(), self._zone_of(device)))
        if granted == 0:
            change = self._registrations.unregister(device)
            return Reply(status=200, headers=(date, ("Expires", "0")), change=change, proven=True)
        agent = (request.header("user-agent") or "")[:80]
        change = self._registrations.register(device, flow, seconds=granted, now=now, agent=agent)
        contact = request.header("contact")
        headers: tuple[Header, ...] = (date, ("Expires", str(granted)))
        if contact is not None:
            headers = (("Contact", contact), *headers)
        return Reply(status=200, headers=headers, change=change, proven=True)
