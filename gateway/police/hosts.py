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

KIND: Final = "attested"
"""The kind of verification in which people say that a test arrived (`audit.verification`)."""


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

    def __len__(self) -> int:
        return len(self._links)

    def attested(self, link: str, run: Verification) -> None:
        """People have said what came of a test; the newest word counts."""
        if run.ended is None or run.verdict not in (Verdict.MET, Verdict.FAILED):
            return
        before = self._tests.get(link)
        if before is None or before.at <= run.ended:
            self._tests[link] = Attestation(
                at=run.ended,
                arrived=run.verdict is Verdict.MET,
                tested_by=run.actor,
                confirmed_by=run.actor,
            )

    def devices(self) -> dict[int, str]:
        """The links by the rows of their devices, as far as they are registered."""
        found = {}
        for link, info in self._links.items():
            state = self._state_of(info.school, info.name)
            if state is not None:
                found[state.device.row] = link
        return found

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
