"""The stored deadlines that people rely on: they survive a restart; one missed fires at once.

A step of the escalation is due after a length of time, whatever the clock says meanwhile: when it
is set, the steps that wait are moved with it, and written anew. A shelf ends at a point in time,
which stays what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import structlog

from alerts.alert import Alert
from alerts.duty import Reach, as_written
from alerts.escalation import (
    ESCALATE,
    REMIND,
    EscalationDue,
    EscalationPolicy,
    escalate,
    forgotten,
    remind,
    waiting,
)
from alerts.shelving import UNSHELVE, unshelve_due
from gateway.clock import Clock
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.timers import TimerQueue
from gateway.pipeline.work import Work
from gateway.store.batch import Deadline

_log: Final = structlog.get_logger(__name__)
_AT_ONCE: Final = 500

KINDS: Final = frozenset({ESCALATE, REMIND, UNSHELVE})
"""The deadlines that are kept here; others have theirs among the stored ones, too."""

LENGTHS: Final = frozenset({ESCALATE, REMIND})
"""Those that come after a length of time and not at a point in time."""

JUMP_MS: Final = 500
"""By how much the clock must have moved against the steady one to count as set. A time service that
slews it slews both."""

Key = tuple[str, str]


class Deadlines:
    """Keeps the deadlines in step with the store, and acts when one has come."""

    def __init__(
        self,
        policy: EscalationPolicy | None,
        clock: Clock,
        reach: Reach = as_written,
    ) -> None:
        """``reach`` says who is meant by the receivers of a step."""
        self._policy: Final = policy
        self._clock: Final = clock
        self._reach: Final = reach
        self._timers: TimerQueue[Key] = TimerQueue()
        self._stored: dict[Key, Deadline] = {}
        self._unwritten: set[Key] = set()
        self._book: AlertBook | None = None
        self._ahead = self._looked()

    def load(self, deadlines: Iterable[Deadline], book: AlertBook) -> None:
        """At start: what the store holds, and the book whose alerts they are about."""
        self._book = book
        for deadline in deadlines:
            if deadline.kind in KINDS:
                self._set(deadline)
        policy, now = self._policy, self._clock.now()
        if policy is not None:
            for alert in book:
                self._make_up(ESCALATE, alert, waiting, policy, now)
                self._make_up(REMIND, alert, forgotten, policy, now)

    def changed(self, deadline: Deadline) -> None:
        """A transition has set it, or removed it."""
        self._follow_clock()
        self._unwritten.discard((deadline.kind, deadline.subject))
        self._set(deadline)

    def next(self) -> int | None:
        """When the next one comes."""
        return self._timers.next()

    def tick(self, now: int, work: Work) -> None:
        """Do what is due."""
        self._follow_clock()
        if self._unwritten:
            rewritten = (self._stored.get(key) for key in self._unwritten)
            work.batch.deadlines.extend(each for each in rewritten if each is not None)
            self._unwritten.clear()
        for key in self._timers.pop_due(now, _AT_ONCE):
            deadline = self._stored.pop(key, None)
            if deadline is not None:
                work.batch.deadlines.append(Deadline(deadline.kind, deadline.subject, None))
                self._fire(deadline, now, work)

    def _set(self, deadline: Deadline) -> None:
        key = (deadline.kind, deadline.subject)
        self._timers.set(key, deadline.due)
        if deadline.due is None:
            self._stored.pop(key, None)
        else:
            self._stored[key] = deadline

    def _make_up(
        self,
        kind: str,
        alert: Alert,
        due_of: Callable[[Alert, EscalationPolicy, int], EscalationDue | None],
        policy: EscalationPolicy,
        now: int,
    ) -> None:
        """The settings ask for what they did not when this alert was raised or taken."""
        subject = f"alert:{alert.id}"
        if (kind, subject) in self._stored:
            return
        due = due_of(alert, policy, now)
        if due is not None:
            self._set(Deadline(kind, subject, due.due, due.body()))
            self._unwritten.add((kind, subject))

    def _looked(self) -> float:
        """How far the clock is ahead of the steady one, in ms."""
        return self._clock.now() - self._clock.steady() * 1000

    def _follow_clock(self) -> None:
        ahead = self._looked()
        moved = round(ahead - self._ahead)
        if abs(moved) < JUMP_MS:
            return
        self._ahead = ahead
        for key, deadline in list(self._stored.items()):
            if deadline.kind in LENGTHS and deadline.due is not None:
                due = deadline.due + moved
                self._stored[key] = msgspec.structs.replace(deadline, due=due)
                self._timers.set(key, due)
                self._unwritten.add(key)
        _log.warning("deadlines.moved", by_ms=moved, waiting=len(self._unwritten))

    def _fire(self, deadline: Deadline, now: int, work: Work) -> None:
        book = self._book
        alert = None if book is None else book.get(_alert_id(deadline.subject))
        if book is None or alert is None:
            return
        if deadline.kind == UNSHELVE:
            book.record(alert, unshelve_due(alert, now), work)
        elif self._policy is not None and deadline.kind == REMIND:
            book.record(alert, remind(alert, self._policy, now), work)
        elif self._policy is not None:
            self._escalate(book, alert, deadline, self._policy, now, work)

    def _escalate(
        self,
        book: AlertBook,
        alert: Alert,
        deadline: Deadline,
        policy: EscalationPolicy,
        now: int,
        work: Work,
    ) -> None:
        try:
            escalated = escalate(alert, deadline.body, policy, now, self._reach)
        except msgspec.ValidationError as error:
            _log.error("deadline.unreadable", subject=deadline.subject, error=str(error))
            return
        book.record(alert, escalated.folded, work)
        following = escalated.following
        if following.due is not None:
            again = Deadline(ESCALATE, deadline.subject, following.due, following.body())
            work.batch.deadlines.append(again)
            self.changed(again)


def _alert_id(subject: str) -> int:
    number = subject.partition(":")[2]
    return int(number) if number.isdigit() else 0
