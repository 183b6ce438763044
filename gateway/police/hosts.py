"""Links that a vendor's alarm host keeps: its own word, and people's word on tests.

What a host says can take such a link down and never make it up by itself (see
`devices.police_link.observed`). That people's word is missing is an alert, as the missing test of a
link of ours is; whatever else is wrong the host tells itself, and rules judge it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec

from alerts.alert import Alert
from alerts.finding import Explanation, Finding, Priority
from alerts.rules.link_state import UNVERIFIED, LinkStateRule
from alerts.rules.quiet import stopped
from alerts.rules.rule import DeviceState
from audit.verification.model import Verdict, Verification
from devices.model import Device
from devices.police_link.observed import Attestation, observe, report_of
from devices.police_link.states import Cause, LinkState, StateChange, View
from devices.reading import Channel, Reading
from gateway.clock import Clock
from gateway.police.links import LinkInfo

KIND: Final = "attested"
"""The kind of verification in which people say that a test arrived (`audit.verification`)."""

UNATTESTED: Final = frozenset(
    {Cause.NO_ATTESTATION, Cause.ATTESTATION_OLD, Cause.ATTESTATION_FAILED}
)
"""Why a link may be unverified though its host says that all is well."""

RULE: Final = "link_state"


class Standing(Protocol):
    """The alerts that stand (`gateway.pipeline.alert_book`)."""

    def of(self, device: int, condition: str) -> Alert | None:
        """The open alert of a device and condition."""
        ...


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
        self._states: dict[str, tuple[LinkState, int]] = {}

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
        """One of these links. Raises ``KeyError``. ``since``: as far as it was looked at."""
        info = self._links[link]
        state = self._state_of(info.school, info.name)
        reports = []
        if state is not None and state.heard:
            heard = state.heard
            said = Reading(Channel.TELEMETRY, state.values, heard, b"", happened=heard)
            reports.append(report_of(said))
        test = self._tests.get(link)
        view = observe(
            reports,
            [] if test is None else [test],
            info.demand,
            self._clock.now(),
            since=min(self._since, *(one.received for one in reports)) if reports else self._since,
        )
        # Only the newest report is at hand; that it says the same as the one before is no change.
        before, since = self._states.get(link, (None, 0))
        if before is not view.state:
            since = view.since
            self._states[link] = (view.state, since)
        return msgspec.structs.replace(view, since=since)

    def changes(self, told: Mapping[str, str]) -> dict[str, StateChange]:
        """What has changed since each link's state was ``told`` last, by the links; one that
        nothing was heard of since the start is as it was.
        """
        found, now = {}, self._clock.now()
        for link in self._links:
            view, before = self.view(link), told.get(link)
            if view.cause is not Cause.STARTING and view.state != before:
                found[link] = StateChange(
                    before=LinkState.UNVERIFIED if before is None else LinkState(before),
                    state=view.state,
                    since=view.since,
                    at=now,
                    cause=view.cause,
                    view=view,
                )
        return found

    def findings(self, alerts: Standing) -> list[tuple[Device, Finding]]:
        """What has changed about people's word, by the links' devices."""
        found = []
        for link, info in self._links.items():
            state = self._state_of(info.school, info.name)
            if state is not None:
                finding = self._doubt(link, state, alerts.of(state.device.row, UNVERIFIED))
                if finding is not None:
                    found.append((state.device, finding))
        return found

    def _doubt(self, link: str, state: DeviceState, alert: Alert | None) -> Finding | None:
        """Whether an alert that the link is unverified begins or ends now.

        It ends with the state; that the host itself calls it unverified is for the rule to say.
        """
        now, view = self._clock.now(), self.view(link)
        if alert is not None and alert.active:
            if view.state is LinkState.UNVERIFIED:
                return None
            up = view.state is LinkState.UP
            why = Explanation(
                RULE, "police_link_up" if up else f"police_link_now_{view.state.value}"
            )
            return stopped(UNVERIFIED, Priority.LOW, now, now, why)
        rule = next((one for one in state.rules if isinstance(one, LinkStateRule)), None)
        if rule is None or view.cause not in UNATTESTED:
            return None
        if now - view.since < rule.unverified_after:
            return None
        why = Explanation(RULE, UNVERIFIED, {"cause": view.cause.value}, source=rule.source)
        return Finding(UNVERIFIED, True, Priority.LOW, view.since, now, why)
