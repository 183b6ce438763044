"""Silences with one cause: between the rules and the alert book, so that they are one alert.

What a rule calls silent or offline waits a moment here for others that went out with it
(`alerts.correlation`). A group of them becomes one alert with a scope and its victims; what nobody
joins gets an alert of its own, as ever. How it ends is in `gateway.pipeline.recovery`.

Pure state, no I/O. All of it is stored with what it follows from, so that a gateway killed at any
moment goes on: those who wait as deadlines, victims as rows of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from alerts.alert import Alert
from alerts.correlation import (
    CUT_OFF,
    REPEATER,
    CauseLimits,
    Outage,
    Sign,
    explains,
    outages,
    spreads,
    why_cut_off,
)
from alerts.evidence import CutOff
from alerts.finding import Explanation, Finding, Priority
from alerts.rules.silent import OFFLINE, watch_over
from devices.model import Device
from gateway.names import NameBook, RegisterNames
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.cause_alerts import CauseAlerts
from gateway.pipeline.outs import HELD, WATCHED, Cause, Out, Outs, keep, stored, subject_of
from gateway.pipeline.recovery import LOOK_MS, Recovery
from gateway.pipeline.roster import Roster
from gateway.pipeline.signs import APART, limit_of, signs_of, span_of
from gateway.pipeline.upstream import Recorded, Upstream
from gateway.pipeline.work import Work
from gateway.store.batch import Deadline, Victim

TELL_MS: Final = 2_000
"""An alert says no more often how many it cuts off."""

SPREAD_MS: Final = 5_000
"""What looks like part of a wider outage is told of so much later: rooms are missed in turn."""

PATIENCE_MS: Final = 300_000
"""A silence waits no longer than this, whatever others do."""

AT_ONCE: Final = 5_000
"""Devices looked at in one turn, some 20 ms: an alarm may be waiting behind it."""


class Causes:
    """All devices that are called silent or offline, and the causes that some of them share."""

    def __init__(
        self,
        *,
        book: AlertBook,
        roster: Callable[[], Roster],
        names: RegisterNames,
        limits: CauseLimits,
        hold_ms: int,
        recorded: Recorded | None = None,
    ) -> None:
        """``recorded``: the cameras of each recorder, which are seen through it."""
        self._book: Final = book
        self._roster_of: Final = roster
        self._names: Final = names
        self._limits: Final = limits
        self._hold: Final = hold_ms
        self._upstream: Final = Upstream(roster, book, recorded or {})
        self._outs: Final = Outs()
        self._alerts: Final = CauseAlerts(book)
        self._recovery: Final = Recovery(outs=self._outs, alerts=self._alerts, roster=roster)
        self._looked: Final[dict[str, int]] = {}
        self._begun = False

    def load(self, victims: Iterable[Victim], deadlines: Iterable[Deadline]) -> None:
        """At a start: what was out at the last commit. The roster and the book are loaded."""
        for alert in self._book:
            device = self._roster.device(alert.device)
            if alert.active and self._upstream.note(alert):
                self._causes_own(alert)
            elif alert.condition == CUT_OFF and alert.active:
                self._outs.causes[alert.id] = Cause(
                    alert.id, alert.school, alert.scope, alert.raised, alert.explanation
                )
            elif alert.condition in WATCHED and alert.active and device is not None:
                lasted = 0 if alert.condition == OFFLINE else alert.explanation.limit or 0
                since = alert.raised - round(lasted * 60_000)
                self._outs.add(Out(device, alert.condition, since, alert.raised, alert.raised))
        for victim in victims:
            self._load_victim(victim)
        for deadline in deadlines:
            if deadline.kind == HELD:
                self._load_held(deadline)

    def _load_victim(self, victim: Victim) -> None:
        cause, device = self._outs.causes.get(victim.alert), self._roster.device(victim.device)
        if cause is not None:
            cause.since[victim.device] = victim.since
        if device is None or victim.back is not None or victim.alone is not None:
            return
        out = Out(device, "", victim.since, 0, victim.since, alert=victim.alert)
        if cause is not None:
            cause.out.add(victim.device)
        else:
            out.checked, out.due = True, 0
        self._outs.add(out)

    def _load_held(self, deadline: Deadline) -> None:
        held = stored(deadline)
        device = self._roster.named(held.school, held.name)
        if device is not None:
            out = Out(device, held.condition, held.since, held.until, held.noticed)
            out.due, out.left, out.unheard = deadline.due, held.left, held.unheard
            self._outs.add(out)

    @property
    def _roster(self) -> Roster:
        return self._roster_of()

    # Asked by the judge

    def take(self, finding: Finding, device: Device, work: Work) -> bool:
        """Whether the finding waits here. If not, it goes to the alert book as ever."""
        if finding.condition not in WATCHED or device.kind in APART:
            return False
        out, now = self._outs.get(device.row), work.batch.now
        if not finding.active:
            if out is not None:
                self._recovery.heard(out, work)
            return False
        if out is not None:
            return not out.alone
        state = self._roster.awake(device.row)
        span = None if state is None else span_of(state, finding.condition)
        if (
            state is None
            or span is None
            or device.out_of_service
            or finding.priority is Priority.EMERGENCY
        ):
            return False
        out = Out(device, finding.condition, *span, now, due=now + self._hold, finding=finding)
        out.unheard = not state.heard
        self._outs.add(out)
        keep(out, work)
        self._outs.look_at(device.school, max(now, self._looked.get(device.school, 0) + LOOK_MS))
        return True

    def committed(self, work: Work) -> None:
        """An alert of something that others are seen through may have begun, or ended."""
        for event in work.live:
            if self._upstream.note(event.alert):
                self._outs.look_at(event.alert.school, event.transition.known)

    # Asked by people

    def cut_off(self, device: int) -> CutOff | None:
        """Why this device (by its row) is not heard, nor called silent; ``None``: it is heard, or
        has an alert of its own."""
        out = self._outs.get(device)
        if out is None or out.alone:
            return None
        alert = out.alert or out.left
        cause = self._outs.causes.get(alert)
        devices = 0 if cause is None else len(cause.since)
        return CutOff(alert, devices, out.since, over=alert != 0 and cause is None)

    def doubted(self) -> Iterator[int]:
        """The rows of all who are not heard and have no alert of their own."""
        return (out.device.row for out in self._outs if not out.alone)

    def through(self, school: str, name: str) -> Device | None:
        """The device that a scope of such (`REPEATER`) names, if it is registered."""
        return self._roster.named(school, name)

    def silenced(self, alert: Alert) -> Sequence[Device]:
        """Devices that cannot be heard because of what an alert without a scope is about."""
        return self._upstream.silenced(alert)

    def count(self, alert: Alert) -> int:
        """How many devices an alert keeps from being heard."""
        return self._upstream.count(alert)

    # What happens by itself

    def next(self) -> int | None:
        """When a school is to be looked at, or an alert to be told of its victims."""
        if not self._ready:
            return None
        dues = list(self._outs.looks.values())
        dues += [cause.told + TELL_MS for cause in self._outs.causes.values() if cause.news]
        return min(dues, default=None) if self._begun else 0

    @property
    def _ready(self) -> bool:
        """While nobody can be heard, nobody is judged; nor before all are awake after a start."""
        roster = self._roster
        return roster.hearing.connected and roster.all_awake and self._names.known is not None

    def tick(self, now: int, work: Work) -> None:
        """Look at schools where something went out or came back."""
        names = self._names.known
        if not self._ready or names is None:
            return
        if not self._begun:
            self._begin(now, work)
        looked = 0
        for school, due in sorted(self._outs.looks.items(), key=lambda one: one[1]):
            if due > now or looked >= AT_ONCE:
                break
            del self._outs.looks[school]
            self._looked[school] = now
            looked += self._look(school, names, now, work)
        for cause in list(self._outs.causes.values()):
            if cause.news and not now < cause.told + TELL_MS <= now + TELL_MS:
                self._alerts.tell(cause, work)

    def _begin(self, now: int, work: Work) -> None:
        """After a start, when what rules remember is loaded: who is out still, and since when."""
        self._begun = True
        roster = self._roster
        for out in list(self._outs):
            state = roster.awake(out.device.row)
            watch = None if state is None else watch_over(state)
            if watch is None or not watch[0].raised(watch[1]):
                self._recovery.heard(out, work)
                continue
            out.condition = watch[1].stage
            if not out.until:
                lasted = 0 if out.condition == OFFLINE else limit_of(out, roster)
                out.until = out.since + lasted
            if out.checked:
                out.due = now + limit_of(out, roster)
            if out.due is not None:
                self._outs.look_at(out.device.school, out.due)
        for cause in self._outs.causes.values():
            self._alerts.tell(cause, work)  # perhaps killed before it was
            self._outs.look_at(cause.school, now)

    def _look(self, school: str, names: NameBook, now: int, work: Work) -> int:
        """Find out what the silences of a school have in common; how many devices were seen."""
        self._recovery.heal(school, work)
        signs = {
            sign.device: sign
            for sign in signs_of(school, self._roster, self._upstream, self._outs, names, now)
        }
        self._join_upstream(school, work)
        for out in self._outs.of(school):
            if out.held and (sign := signs.get(out.device.row)) is not None:
                self._join_standing(out, sign, work)
        suspected: set[int] = set()
        if any(not out.alert for out in self._outs.of(school)):
            for outage in outages(list(signs.values()), self._limits):
                if not self._form(outage, school, signs, now, work):
                    suspected |= outage.out
        earliest = self._roster.hearing.since + self._hold  # who could be heard that long
        for out in self._outs.of(school):
            patient = out.device.row in suspected and now < out.noticed + self._patience(out)
            if out.held and out.waited(now, earliest) and not patient:
                self._leave_alone(out, now, work)
        dues = [out.due for out in self._outs.of(school) if out.due is not None]
        if dues:
            self._outs.look_at(school, max(now + TELL_MS, min(dues)))
        return len(signs)

    def _patience(self, out: Out) -> int:
        """How long (ms) it waits while others have missed their time, too: until they are missed,
        or heard again, but not so long that nobody hears of it."""
        return max(self._hold, min(limit_of(out, self._roster), PATIENCE_MS))

    # Outages

    def _causes_own(self, alert: Alert) -> Cause:
        """The cause that is an alert of a device's own."""
        return self._outs.causes.setdefault(
            alert.id,
            Cause(alert.id, alert.school, "", alert.raised, alert.explanation, alert.device),
        )

    def _join_upstream(self, school: str, work: Work) -> None:
        """Who is out behind a device that is known to be away needs no other cause."""
        for alert, device in self._upstream.standing(school):
            cause = self._causes_own(alert)
            for other in self._outs.causes_of(school):
                if other.scope == REPEATER + device.id:
                    self._absorb(other, cause, work)
            behind = {one.row for one in self._upstream.behind(device)}
            for out in self._outs.of(school):
                if (out.held or out.alone) and out.device.row in behind:
                    self._join(out, cause, work)
            self._alerts.tell(cause, work)

    def _join_standing(self, out: Out, sign: Sign, work: Work) -> None:
        """Who speaks seldom is missed later, and comes to the cause that stands already; so does
        whoever was not heard between two outages there."""
        for cause in self._outs.causes.values():
            if cause.school != out.device.school or cause.scope not in sign.scopes:
                continue
            again = out.device.row in cause.since or bool(out.left)
            if again or explains(cause.moment, out.begin, out.until):
                self._join(out, cause, work)
                return

    def _form(
        self, outage: Outage, school: str, signs: dict[int, Sign], now: int, work: Work
    ) -> bool:
        """Make one alert of an outage: a new one, or one that stands and turns out to be wider.

        False while too few are called silent to be sure, or of what.
        """
        outs = [self._outs[row] for row in sorted(outage.out)]
        free = [out for out in outs if not out.alert]
        merged = [
            cause
            for alert in dict.fromkeys(out.alert for out in outs if out.alert)
            if (cause := self._outs.causes.get(alert)) is not None
            and 2 * len(cause.out & outage.out) >= len(cause.out)
            and _within(cause, outage, signs)
        ]
        if not merged and len(free) < self._limits.least:
            return False
        if not free and len(merged) < 2:
            return True
        first = min(outs, key=lambda out: out.noticed)
        fresh = not merged and now < first.noticed + SPREAD_MS
        if fresh and spreads(outage, list(signs.values())):
            return False
        why = why_cut_off(outage, first.device.id, len(outs))
        cause = self._survivor(outage, school, merged, why, work)
        if cause is None:
            return False
        cause.scope, cause.moment, cause.why = outage.scope, outage.moment, why
        for other in merged:
            if other is not cause:
                self._absorb(other, cause, work)
        for out in free:
            self._join(out, cause, work)
        self._alerts.tell(cause, work)
        return True

    def _survivor(
        self,
        outage: Outage,
        school: str,
        merged: Sequence[Cause],
        why: Explanation,
        work: Work,
    ) -> Cause | None:
        """The cause that goes on: what stands for that scope already, else the oldest one."""
        standing = self._alerts.of(outage.scope, school)
        known = None if standing is None else self._outs.causes.get(standing.id)
        if known is not None:
            return known
        if merged and standing is None:
            return min(merged, key=lambda cause: cause.alert)
        raised = self._alerts.raise_for(outage.scope, school, outage.moment, why, work)
        if raised is None:
            return None
        cause = Cause(raised.id, school, outage.scope, outage.moment, why)
        self._outs.causes[raised.id] = cause
        return cause

    def _absorb(self, other: Cause, cause: Cause, work: Work) -> None:
        """What looked like a cause was part of a larger one."""
        for row in sorted(other.out):
            out = self._outs[row]
            work.batch.victims.append(Victim(other.alert, row, out.since, alone=cause.alert))
            other.out.discard(row)
            self._join(out, cause, work)
        for row, since in other.since.items():
            cause.since.setdefault(row, since)
        del self._outs.causes[other.alert]
        self._alerts.absorb(self._book.get(other.alert), work)

    def _join(self, out: Out, cause: Cause, work: Work) -> None:
        """One more victim; an alert of its own that it has is part of the cause's from now on."""
        row = out.device.row
        if out.alone:
            self._alerts.absorb(self._book.of(row, out.condition), work)
        self._settle(out, cause.alert, work)
        out.alert, out.due, out.checked = cause.alert, None, False
        cause.since[row] = out.since
        cause.out.add(row)
        cause.gone.append(out.device.id)
        work.batch.victims.append(Victim(cause.alert, row, out.since))

    def _leave_alone(self, out: Out, now: int, work: Work) -> None:
        """Nobody went out with it: it gets an alert of its own."""
        device = self._roster.device(out.device.row) or out.device
        state = self._roster.awake(device.row)
        watch = None if state is None else watch_over(state)
        if watch is None:
            return
        finding = out.finding or watch[0].restate(watch[1], out.since, now)
        self._book.fold(msgspec.structs.replace(finding, known=now), device, work)
        own = self._book.of(device.row, finding.condition)
        self._settle(out, 0 if own is None else own.id, work)
        out.due, out.finding = None, None

    def _settle(self, out: Out, alert: int, work: Work) -> None:
        """It waits no longer; the cause that it was left by learns what became of it."""
        if out.held:
            work.batch.deadlines.append(Deadline(HELD, subject_of(out), None))
        if out.left:
            victim = Victim(out.left, out.device.row, out.since, alone=alert or None)
            work.batch.victims.append(victim)
            out.left = 0


def _within(cause: Cause, outage: Outage, signs: dict[int, Sign]) -> bool:
    """Whether the outage is as wide as the cause, or wider."""
    sign = next((signs[row] for row in cause.out & outage.out if row in signs), None)
    if sign is None:
        return False
    scopes = list(sign.scopes)
    return cause.scope in scopes and scopes.index(cause.scope) <= scopes.index(outage.scope)
