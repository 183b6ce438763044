"""After an outage: whoever is heard leaves its cause, and a cause that is over is not the end.

Those who are still out when their cause is over are checked: each gets one limit of its own to be
heard. Only who is not is judged anew, by `gateway.pipeline.causes`, as if it had just gone out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.pipeline.cause_alerts import CauseAlerts
from gateway.pipeline.outs import HELD, Cause, Out, Outs, keep, subject_of
from gateway.pipeline.roster import Roster
from gateway.pipeline.signs import is_out, limit_of
from gateway.pipeline.work import Work
from gateway.store.batch import Deadline, Victim

LOOK_MS: Final = 500
"""A school is looked at no more often: hundreds of devices may be missed within a second."""


class Recovery:
    """Takes those off ``outs`` who are heard again, and ends what kept them from it."""

    def __init__(self, *, outs: Outs, alerts: CauseAlerts, roster: Callable[[], Roster]) -> None:
        self._outs: Final = outs
        self._alerts: Final = alerts
        self._roster_of: Final = roster

    def heard(self, out: Out, work: Work) -> None:
        """Heard again, or nobody waits for it any more."""
        row, now = out.device.row, work.batch.now
        self._outs.remove(out)
        if out.held:
            work.batch.deadlines.append(Deadline(HELD, subject_of(out), None))
        for alert in (out.alert, out.left):
            if alert:
                work.batch.victims.append(Victim(alert, row, out.since, back=now))
        cause = self._outs.causes.get(out.alert)
        if cause is not None:
            cause.out.discard(row)
            cause.back.append(out.device.id)
            self._outs.look_at(cause.school, now + LOOK_MS)

    def heal(self, school: str, work: Work) -> None:
        """What is over is over; whoever was given time to be heard and was not is judged anew."""
        roster, now = self._roster_of(), work.batch.now
        for out in self._outs.of(school):
            state = roster.awake(out.device.row)
            if state is None or not is_out(state):
                self.heard(out, work)  # off the register, or watched by other rules now
        for cause in self._outs.causes_of(school):
            if self._alerts.is_over(cause):
                self._end(cause, work)
        for out in self._outs.of(school):
            if out.checked and out.waited(now, roster.hearing.since + limit_of(out, roster)):
                out.checked, out.left, out.alert = False, out.alert, 0
                keep(out, work)

    def _end(self, cause: Cause, work: Work) -> None:
        """The cause is over; those still out get one limit of theirs to be heard."""
        self._alerts.tell(cause, work)
        del self._outs.causes[cause.alert]
        self._alerts.end(cause, work)
        for row in cause.out:
            out = self._outs[row]
            out.checked, out.due = True, work.batch.now + limit_of(out, self._roster_of())
