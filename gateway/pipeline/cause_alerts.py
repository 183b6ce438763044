"""The alerts of causes: raised, told of their victims, over, or part of a wider one.

What becomes of an alert is in the alert book and in the work at hand; which victims it has is
decided elsewhere (`gateway.pipeline.causes`, `gateway.pipeline.recovery`).
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.alert import Alert, TransitionKind
from alerts.correlation import CUT_OFF, is_over, why_over
from alerts.course import Course, explanation_detail
from alerts.finding import Explanation, Finding, Priority
from devices.model import Device
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.outs import Cause
from gateway.pipeline.roster import GATEWAY
from gateway.pipeline.work import Work
from gateway.store.batch import Fact
from gateway.store.encoding import canonical


class CauseAlerts:
    """Those in the alert book that have a scope and victims."""

    def __init__(self, book: AlertBook) -> None:
        self._book: Final = book

    def of(self, scope: str, school: str) -> Alert | None:
        """The open one of a scope."""
        return self._book.of(GATEWAY.row, CUT_OFF, scope, school)

    def raise_for(
        self, scope: str, school: str, moment: int, why: Explanation, work: Work
    ) -> Alert | None:
        """A new one, or the one that is open already; something went out at ``moment`` (ms)."""
        now = work.batch.now
        finding = Finding(CUT_OFF, True, Priority.HIGH, min(moment, now), now, why, scope=scope)
        self._book.fold(finding, _stand_in(school), work)
        return self.of(scope, school)

    def tell(self, cause: Cause, work: Work) -> None:
        """Let the alert know how many it cuts off, and the record which."""
        alert, now = self._book.get(cause.alert), work.batch.now
        if alert is None and not cause.device:
            return
        cause.told = now
        if alert is not None and not cause.device:
            told = (alert.victims, alert.scope) == (len(cause.out), cause.scope)
            if told and not cause.news:
                return
            self._count(alert, cause, work)
        elif not cause.news:
            return
        body = {"back": cause.back, "gone": cause.gone, "school": cause.school}
        work.batch.facts.append(
            Fact("victims", now, now, "gateway", f"alert:{cause.alert}", canonical(body))
        )
        cause.gone, cause.back = [], []

    def _count(self, alert: Alert, cause: Cause, work: Work) -> None:
        now = work.batch.now
        detail = explanation_detail(
            msgspec.structs.replace(
                cause.why, inputs={**cause.why.inputs, "devices": len(cause.since)}
            )
        )
        if alert.scope != cause.scope:
            detail["scope"] = cause.scope
        course = Course(alert)
        victims = {"victims": len(cause.out)}
        course.add(TransitionKind.CUT_OFF, happened=now, known=now, detail={**detail, **victims})
        self._book.record(alert, course.folded(), work)

    def is_over(self, cause: Cause) -> bool:
        """Whether most of its victims are back; a device's own alert ends by itself."""
        if not cause.device:
            return is_over(len(cause.out), len(cause.since))
        alert = self._book.get(cause.alert)
        return alert is None or not alert.active

    def end(self, cause: Cause, work: Work) -> None:
        """The cause is over, whoever is out still."""
        if cause.device:
            return
        now = work.batch.now
        why = why_over(len(cause.since) - len(cause.out), len(cause.out))
        over = Finding(CUT_OFF, False, Priority.HIGH, now, now, why, scope=cause.scope)
        self._book.fold(over, _stand_in(cause.school), work)

    def absorb(self, alert: Alert | None, work: Work) -> None:
        """It is part of another alert from now on."""
        if alert is not None:
            now = work.batch.now
            course = Course(alert)
            course.close("absorbed", happened=now, known=now)
            self._book.record(alert, course.folded(), work)


def _stand_in(school: str) -> Device:
    """Whose alerts of a whole school, place or repeater are: nobody's, so the gateway's."""
    return Device(school, GATEWAY.id, GATEWAY.kind, GATEWAY.row)
