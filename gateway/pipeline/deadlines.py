"""The stored deadlines that people rely on: they survive a restart; one missed fires at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
import structlog

from alerts.alert import Alert
from alerts.escalation import ESCALATE, EscalationPolicy, escalate
from alerts.shelving import UNSHELVE, unshelve_due
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.timers import TimerQueue
from gateway.pipeline.work import Work
from gateway.store.batch import Deadline

_log: Final = structlog.get_logger(__name__)
_AT_ONCE: Final = 500

KINDS: Final = frozenset({ESCALATE, UNSHELVE})
"""The deadlines that are kept here; others have theirs among the stored ones, too."""


class Deadlines:
    """Keeps the deadlines in step with the store, and acts when one has come."""

    def __init__(self, policy: EscalationPolicy | None) -> None:
        self._policy: Final = policy
        self._timers: TimerQueue[tuple[str, str]] = TimerQueue()
        self._stored: dict[tuple[str, str], Deadline] = {}
        self._book: AlertBook | None = None

    def load(self, deadlines: Iterable[Deadline], book: AlertBook) -> None:
        """At start: what the store holds, and the book whose alerts they are about."""
        self._book = book
        for deadline in deadlines:
            if deadline.kind in KINDS:
                self.changed(deadline)

    def changed(self, deadline: Deadline) -> None:
        """A transition has set it, or removed it."""
        key = (deadline.kind, deadline.subject)
        self._timers.set(key, deadline.due)
        if deadline.due is None:
            self._stored.pop(key, None)
        else:
            self._stored[key] = deadline

    def next(self) -> int | None:
        """When the next one comes."""
        return self._timers.next()

    def tick(self, now: int, work: Work) -> None:
        """Do what is due."""
        for key in self._timers.pop_due(now, _AT_ONCE):
            deadline = self._stored.pop(key, None)
            if deadline is not None:
                work.batch.deadlines.append(Deadline(deadline.kind, deadline.subject, None))
                self._fire(deadline, now, work)

    def _fire(self, deadline: Deadline, now: int, work: Work) -> None:
        book = self._book
        alert = None if book is None else book.get(_alert_id(deadline.subject))
        if book is None or alert is None:
            return
        if deadline.kind == UNSHELVE:
            book.record(alert, unshelve_due(alert, now), work)
        elif deadline.kind == ESCALATE and self._policy is not None:
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
            escalated = escalate(alert, deadline.body, policy, now)
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
