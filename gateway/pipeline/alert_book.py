"""The open alerts, and every change of them written down: alert, transition, fact, outbox.

Pure state, no I/O: what it changes goes into the `Work` at hand and is true once that is committed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Protocol, TypeAlias

import msgspec

from alerts.alert import Action, Alert, Folded, Refusal, Transition
from alerts.course import ACTIVATIONS, POLICE, advance
from alerts.finding import Finding, Priority
from alerts.lifecycle import Limits, act, fold_finding
from alerts.maintenance import Maintenance
from devices.model import Device
from gateway.desk import Acted, LiveAlert
from gateway.pipeline.roster import GATEWAY
from gateway.pipeline.work import Work
from gateway.store.batch import Deadline, Fact, NumberedTransition, OutboxEntry
from gateway.store.encoding import canonical


class Told(Protocol):
    """Somebody who is told of transitions: gives outbox rows and deadlines that follow from one."""

    def outbox(self, alert: Alert, transition: Transition, now: int) -> Iterable[OutboxEntry]:
        """What to send because of this transition."""
        ...

    def deadlines(self, alert: Alert, transition: Transition) -> Iterable[Deadline]:
        """What to set or remove because of this transition."""
        ...


class Forwarding(Protocol):
    """Knows which alerts go to the police (`gateway.police.forwarding`)."""

    def links(self, before: Alert | None, alert: Alert, transition: Transition) -> tuple[str, ...]:
        """The names of the school's links that ``transition`` goes to."""
        ...

    def entries(
        self, alert: Alert, transition: Transition, links: tuple[str, ...], row: int
    ) -> Iterable[OutboxEntry]:
        """What to send over them; ``row`` is the transition's number."""
        ...


class Expected(Protocol):
    """Knows where faults are expected because people work there (`gateway.pipeline.upkeep`)."""

    def covering(self, device: Device, scope: str) -> tuple[Maintenance, ...]:
        """The maintenances that hide a fault of ``device``, or of what ``scope`` names, now."""
        ...

    def doubt(self, alert: Alert) -> None:
        """What the alert is about has changed: it may have to be shown, or hidden."""
        ...


_Key: TypeAlias = tuple[int, str, str, str]
"""Device, condition, and for what is no single device its scope and school."""

_CLOSED_KEPT: Final = 1000
"""Closed alerts whose way to the police may still bring something, and as many others that people
may still sign for: the store does not know yet what is being committed. Older ones are there.
"""


class AlertBook:
    """All open alerts by device and condition."""

    def __init__(
        self,
        *,
        limits: Limits,
        told: Sequence[Told],
        on_deadline: Callable[[Deadline], None],
        forwarding: Forwarding | None = None,
        upkeep: Expected | None = None,
        named: Callable[[int], str] = lambda _: "",
    ) -> None:
        """``named`` gives the id of a registered device by its row, else nothing."""
        self._limits: Final = limits
        self._told: Final = tuple(told)
        self._on_deadline: Final = on_deadline
        self._forwarding: Final = forwarding
        self._upkeep: Final = upkeep
        self._named: Final = named
        self._closed: OrderedDict[int, Alert] = OrderedDict()
        self._closed_here: OrderedDict[int, Alert] = OrderedDict()
        self._by_condition: dict[_Key, int] = {}
        self._open: dict[int, Alert] = {}
        self._last_alert = 0
        self._last_row = 0

    def load(self, alerts: Iterable[Alert], last_alert: int, last_row: int) -> None:
        """Take up what was open at the last commit."""
        for alert in alerts:
            self._open[alert.id] = alert
            self._by_condition[_key(alert)] = alert.id
        self._last_alert = last_alert
        self._last_row = last_row

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Alert]:
        return iter(self._open.values())

    @property
    def last_row(self) -> int:
        """The number of the last transition written down."""
        return self._last_row

    def get(self, alert: int) -> Alert | None:
        """An open alert."""
        return self._open.get(alert)

    def closed(self, alert: int) -> Alert | None:
        """An alert that was closed, or signed for after that, a short while ago."""
        return self._closed.get(alert) or self._closed_here.get(alert)

    def of(self, device: int, condition: str, scope: str = "", school: str = "") -> Alert | None:
        """The open alert of a device and condition, or of a scope of a school."""
        found = self._by_condition.get(_key_of(device, condition, scope, school))
        return None if found is None else self._open[found]

    def of_device(self, device: int) -> list[Alert]:
        """The open alerts of a device."""
        return [alert for alert in self._open.values() if alert.device == device]

    def counts(self, schools: frozenset[str] | None) -> dict[Priority, tuple[int, int]]:
        """Open and, of these, unacknowledged alerts by priority; shelved and suppressed left out.

        Alerts of the gateway itself (school ``""``) concern everybody.
        """
        counts = {priority: [0, 0] for priority in Priority}
        for alert in self._open.values():
            if alert.shelved_until is not None or alert.suppressed:
                continue
            if schools is None or alert.school in schools or not alert.school:
                counts[alert.priority][0] += 1
                counts[alert.priority][1] += alert.acknowledged is None
        return {priority: (both[0], both[1]) for priority, both in counts.items()}

    def fold(self, finding: Finding, device: Device, work: Work) -> None:
        """Take in what a rule found of ``device``."""
        key = _key_of(device.row, finding.condition, finding.scope, device.school)
        found = self._by_condition.get(key)
        before = None if found is None else self._open[found]
        expected = () if self._upkeep is None else self._upkeep.covering(device, finding.scope)
        folded = fold_finding(
            before,
            finding,
            device=device.row,
            school=device.school,
            out_of_service=device.out_of_service,
            new_id=self._next_alert,
            maintenance=expected[0].code if expected else "",
        )
        self.record(before, folded, work, device)
        if expected and any(one.detail.get("suppressed") for one in folded.transitions):
            number = folded.transitions[0].alert
            work.batch.hidden.extend((one.row, number) for one in expected)

    def act(self, alert: Alert, action: Action, actor: str, work: Work) -> Acted | Refusal:
        """Do what a person asks, to an open alert or to one read from the store."""
        alert = self._open.get(alert.id) or self.closed(alert.id) or alert
        folded = act(alert, action, actor=actor, now=work.batch.now, limits=self._limits)
        if isinstance(folded, Refusal):
            return folded
        self.record(alert, folded, work)
        return Acted(folded.alert or alert, bool(folded.transitions))

    def record(
        self, before: Alert | None, folded: Folded, work: Work, device: Device | None = None
    ) -> None:
        """Write down what folding came to; ``device`` is whose alert it is, if at hand."""
        if not folded.transitions:
            return
        alert = before
        for each in folded.transitions:
            transition, after = each, advance(alert, each)
            links: tuple[str, ...] = ()
            if self._forwarding is not None:
                links = self._forwarding.links(alert, after, transition)
            if links and transition.kind in ACTIVATIONS:
                # Part of the record, so that it alone proves where the alert stands.
                detail = {**transition.detail, POLICE: " ".join(links)}
                transition = msgspec.structs.replace(transition, detail=detail)
                after = advance(alert, transition)
            alert = after
            self._write(alert, transition, links, work, device)
        if alert is not None:
            work.batch.alerts[alert.id] = alert
            self._keep(before, alert)

    def _keep(self, before: Alert | None, alert: Alert) -> None:
        """Have it found by what it is now, as long as anybody may look for it."""
        key = _key(alert)
        if before is not None and before.scope != alert.scope:
            self._by_condition.pop(_key(before), None)
            if self._upkeep is not None:
                self._upkeep.doubt(alert)
        if alert.open:
            self._open[alert.id] = alert
            self._by_condition[key] = alert.id
        else:
            self._open.pop(alert.id, None)
            if self._by_condition.get(key) == alert.id:
                del self._by_condition[key]
            kept = self._closed if alert.forwards else self._closed_here
            kept[alert.id] = alert
            if len(kept) > _CLOSED_KEPT:
                kept.popitem(last=False)

    def _write(
        self,
        alert: Alert,
        transition: Transition,
        links: tuple[str, ...],
        work: Work,
        device: Device | None,
    ) -> None:
        self._last_row += 1
        row, now, batch = self._last_row, transition.known, work.batch
        batch.transitions.append(NumberedTransition(row, transition))
        batch.facts.append(
            Fact(
                kind="transition",
                happened=transition.happened,
                known=transition.known,
                actor=f"user:{transition.actor}" if transition.actor else "gateway",
                subject=f"alert:{alert.id}",
                body=canonical(self._told_of(alert, transition, device)),
            )
        )
        if links and self._forwarding is not None:
            batch.outbox.extend(self._forwarding.entries(alert, transition, links, row))
        for told in self._told:
            batch.outbox.extend(told.outbox(alert, transition, now))
            for deadline in told.deadlines(alert, transition):
                batch.deadlines.append(deadline)
                self._on_deadline(deadline)
        work.live.append(LiveAlert(row, alert, transition))

    def _told_of(
        self, alert: Alert, transition: Transition, device: Device | None
    ) -> dict[str, object]:
        """The body of the fact: it says whose alert it is by itself, without those before it."""
        told: dict[str, object] = msgspec.to_builtins(transition)
        told["school"] = alert.school
        told["condition"] = alert.condition
        if alert.device == GATEWAY.row:
            told["device"] = ""
        else:
            told["device"] = self._named(alert.device) if device is None else device.id
        return told

    def _next_alert(self) -> int:
        self._last_alert += 1
        return self._last_alert


def _key(alert: Alert) -> _Key:
    return _key_of(alert.device, alert.condition, alert.scope, alert.school)


def _key_of(device: int, condition: str, scope: str, school: str) -> _Key:
    # Every school has a scope ``school``; a device's alert is that device's wherever it is.
    return device, condition, scope, school if scope else ""
