"""Links that a vendor's alarm host keeps: its own word, and people's word on tests.

What a host says can take such a link down and never make it up by itself (see
`devices.police_link.observed`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from alerts.rules.rule import DeviceState
from audit.verification.model import Verdict, Verification
from devices.police_link.observed import Attestation, observe, report_of
from devices.police_link.states import View
from devices.reading import Channel, Reading
from gateway.clock import Clock
from gateway.police.links import LinkInfo

ATTESTED: Final = "attested"
NOT_SEEN: Final = "attested_missing"
"""Codes of such tests: the police side saw it, or did not."""


class Hosts:
    """The observed links as they are now."""

    def __init__(
        self,
        links: Mapping[str, LinkInfo],
        *,
        state_of: Callable[[str, str], DeviceState | None],
        clock: Clock,
    ) -> None:
        """``state_of`` gives what is known of a device by its school and id."""
        self._links: Final = {info.id: info for info in links.values() if not info.own}
        self._state_of: Final = state_of
        self._clock: Final = clock
        self._since: Final = clock.now()
        self._tests: dict[str, Attestation] = {}

    def __contains__(self, link: object) -> bool:
        return link in self._links

    @property
    def ids(self) -> list[str]:
        """The ids of these links."""
        return list(self._links)

    def attested(self, run: Verification) -> None:
        """People have said what came of a test; the newest counts."""
        link = run.link
        if link in self._links and link is not None and run.code in (ATTESTED, NOT_SEEN):
            before = self._tests.get(link)
            if before is None or before.at <= run.started:
                self._tests[link] = Attestation(
                    at=run.started,
                    arrived=run.verdict is Verdict.MET,
                    tested_by=run.actor,
                    confirmed_by=str(run.inputs.get("confirmed_by", "")),
                )

    def view(self, link: str) -> View:
        """One of these links. Raises ``KeyError``."""
        info = self._links[link]
        state = self._state_of(info.school, info.name)
        reports = []
        if state is not None and state.heard:
            heard = state.heard
            said = Reading(Channel.TELEMETRY, state.values, heard, b"", happened=heard)
            reports.append(report_of(said))
        test = self._tests.get(link)
        return observe(
            reports,
            [] if test is None else [test],
            info.demand,
            self._clock.now(),
            since=min(self._since, *(one.received for one in reports)) if reports else self._since,
        )


def attestation(
    info: LinkInfo,
    *,
    name: str,
    device: int | None,
    actor: str,
    at: int,
    now: int,
    arrived: bool,
    confirmed_by: str,
) -> Verification:
    """A test as people tell of it: attested, not measured. ``at``: when it was sent (ms)."""
    return Verification(
        id=name,
        kind="link",
        school=info.school,
        actor=actor,
        started=at,
        device=device,
        link=info.id,
        ended=now,
        verdict=Verdict.MET if arrived else Verdict.FAILED,
        code=ATTESTED if arrived else NOT_SEEN,
        inputs={"confirmed_by": confirmed_by, "tested_by": actor},
        advice="" if arrived else "ask_receiver",
    )
