"""Maintenances: begins and ends them in time, and knows which faults they hide now.

Pure state, no I/O: each is a stored row, written in the same transaction as what it hides or shows
again, so that it goes on after a restart, and one whose time came meanwhile begins or ends at once.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Final

import msgspec

from alerts.alert import Alert
from alerts.maintenance import Maintenance, Site, begun, covering, ended
from alerts.shelving import suppress, unsuppress
from devices.model import Device
from gateway.names import RegisterNames
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.roster import Roster
from gateway.pipeline.timers import TimerQueue
from gateway.pipeline.work import Work
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical

FACT: Final = "maintenance"

_DUE_AT_ONCE: Final = 20
_ALERTS_AT_ONCE: Final = 200
"""Alerts hidden or shown in one turn, some 20 ms: an alarm may be waiting behind it."""

_PLACE: Final = "place:"
_REPEATER: Final = "repeater:"


class Upkeep:
    """All maintenances that are to come or under way, by their number."""

    def __init__(self, names: RegisterNames) -> None:
        """``names`` knows which place lies within which."""
        self._names: Final = names
        self._standing: dict[int, Maintenance] = {}
        self._under_way: dict[str, list[Maintenance]] = {}
        self._timers: Final[TimerQueue[int]] = TimerQueue()
        self._doubtful: dict[int, tuple[str, str]] = {}
        """Alerts that may have to be hidden or shown: by whom and why."""
        self._book: AlertBook | None = None
        self._roster: Roster | None = None
        self._last = 0

    def load(
        self, maintenances: Iterable[Maintenance], last: int, *, book: AlertBook, roster: Roster
    ) -> None:
        """At a start: what the store holds, the last number given, the alerts and devices that it
        is about."""
        self._book, self._roster = book, roster
        self._last = last
        for one in maintenances:
            self._keep(one)
        self.register_changed(frozenset())  # perhaps while nobody saw to its alerts

    def __len__(self) -> int:
        return len(self._standing)

    def get(self, row: int) -> Maintenance | None:
        """One that is to come or under way."""
        return self._standing.get(row)

    def named(self, school: str, device: str) -> Device | None:
        """A registered device by its school and id."""
        return None if self._roster is None else self._roster.named(school, device)

    def under_way(self, schools: frozenset[str] | None) -> int:
        """How many hide faults of these schools now; ``None`` = of all."""
        return sum(
            len(found)
            for school, found in self._under_way.items()
            if schools is None or school in schools
        )

    def by_school(self) -> Mapping[str, int]:
        """How many are under way in each school that has one."""
        return {school: len(found) for school, found in self._under_way.items()}

    # Where faults are expected now

    def covering(self, device: Device, scope: str) -> tuple[Maintenance, ...]:
        """Those during which a fault of ``device``, or of what ``scope`` names, is expected."""
        found = self._under_way.get(device.school)
        return () if not found else covering(found, self._site(device.school, device, scope))

    def of_alert(self, alert: Alert) -> tuple[Maintenance, ...]:
        """Those that cover an alert now, the one that ends last first."""
        found = self._under_way.get(alert.school)
        if not found:
            return ()
        return covering(found, self._site(alert.school, self._device(alert.device), alert.scope))

    def _site(self, school: str, device: Device | None, scope: str) -> Site:
        if scope.startswith(_PLACE):
            around = self._names.book.around(school, scope.removeprefix(_PLACE))
            return Site(school, around)
        if scope.startswith(_REPEATER):
            device = self.named(school, scope.removeprefix(_REPEATER))
        if device is None or device.row <= 0:  # the whole school, or off the register
            return Site(school)
        return Site(school, self._names.book.around(school, device.place), device.id)

    def _device(self, row: int) -> Device | None:
        return None if self._roster is None else self._roster.device(row)

    # What people do

    def next_row(self) -> int:
        """The number of a new one."""
        self._last += 1
        return self._last

    def stored(self, maintenance: Maintenance) -> None:
        """One that a person announced or ended is stored; `tick` does what follows from it."""
        if maintenance.ended is None:
            self._keep(maintenance)
        else:
            self._let_go(maintenance)

    def settle(self, alert: Alert, work: Work, *, actor: str = "", reason: str = "") -> None:
        """Hide the alert if its device is out of service or under maintenance, else show it."""
        if self._book is None:
            return
        found, device = self.of_alert(alert), self._device(alert.device)
        aside = bool(found) or (device is not None and device.out_of_service)
        change = suppress if aside else unsuppress
        why = reason or (found[0].code if found else "")
        folded = change(alert, now=work.batch.now, actor=actor, reason=why)
        self._book.record(alert, folded, work)
        if folded.alert is not None and folded.alert.suppressed:
            work.batch.hidden.extend((one.row, alert.id) for one in found)

    def doubt(self, alert: Alert) -> None:
        """Something about where the alert is has changed: `tick` looks at it again."""
        self._doubtful.setdefault(alert.id, ("", ""))

    def register_changed(self, rows: Container[int]) -> None:
        """Devices with these rows, or places, are not what they were: their alerts may not be
        where they were."""
        for alert in self._book or ():
            if alert.suppressed or alert.device in rows or alert.school in self._under_way:
                self.doubt(alert)

    # What happens by itself

    def next(self) -> int | None:
        """When the next one begins or ends; at once while alerts are to be looked at."""
        return 0 if self._doubtful else self._timers.next()

    def tick(self, now: int, work: Work) -> None:
        """Begin and end what is due; hide and show what follows from it, some at a time."""
        for row in self._timers.pop_due(now, _DUE_AT_ONCE):
            one = self._standing.get(row)
            if one is None:
                continue
            if now >= one.ends:
                after = ended(one, now)
                put(work.batch, after, "ended", now)
                self._let_go(after)
            elif one.begun is None:
                after = begun(one, now)
                put(work.batch, after, "begun", now)
                self._keep(after)
                self._doubt_all(after)
        self._look(work)

    def _let_go(self, maintenance: Maintenance) -> None:
        self._drop(maintenance)
        if maintenance.begun is not None:
            self._doubt_all(maintenance)

    def _doubt_all(self, maintenance: Maintenance) -> None:
        """Which of its alerts are concerned is found out when their turn comes."""
        for alert in self._book or ():
            if alert.school == maintenance.school:
                self._doubtful[alert.id] = (maintenance.ended_by, maintenance.code)

    def _look(self, work: Work) -> None:
        book = self._book
        for number in list(self._doubtful)[:_ALERTS_AT_ONCE]:
            actor, reason = self._doubtful.pop(number)
            alert = None if book is None else book.get(number)
            if alert is not None:
                self.settle(alert, work, actor=actor, reason=reason)

    def _keep(self, maintenance: Maintenance) -> None:
        self._drop(maintenance)
        self._standing[maintenance.row] = maintenance
        if maintenance.under_way:
            self._under_way.setdefault(maintenance.school, []).append(maintenance)
        due = maintenance.starts if maintenance.begun is None else maintenance.ends
        self._timers.set(maintenance.row, due)

    def _drop(self, maintenance: Maintenance) -> None:
        self._standing.pop(maintenance.row, None)
        self._timers.set(maintenance.row, None)
        others = [
            one for one in self._under_way.pop(maintenance.school, []) if one.row != maintenance.row
        ]
        if others:
            self._under_way[maintenance.school] = others


def put(batch: Batch, maintenance: Maintenance, step: str, happened: int, actor: str = "") -> None:
    """Write it as it stands into ``batch``, and its ``step`` as a fact."""
    batch.maintenances[maintenance.row] = maintenance
    batch.facts.append(
        Fact(
            kind=FACT,
            happened=happened,
            known=batch.now,
            actor=f"user:{actor}" if actor else "gateway",
            subject=f"maintenance:{maintenance.school}/{maintenance.row}",
            body=canonical({"step": step, **msgspec.to_builtins(maintenance)}),
        )
    )
