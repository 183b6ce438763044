"""By when an emergency has to be told to those above, and whether it was.

Figures: by telephone within 30 minutes, in writing within one hour, both counted from the
occurrence (Ziyang 2020). So an alarm that arrives late may be overdue when it is first seen.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.alert import Alert
from alerts.response import FORMS

_MINUTE: Final = 60_000

UNREPORTED: Final = frozenset({"police_unreached"})
"""Emergencies about another emergency, which is the one to be reported."""


class ReportTimes(msgspec.Struct, frozen=True):
    """How long there is for each form, in ms after the occurrence."""

    telephone: int = 30 * _MINUTE
    written: int = 60 * _MINUTE


class ReportDue(msgspec.Struct, frozen=True):
    """One report: due at ``due`` (ms); ``done_at`` ``None`` = nobody has signed for it yet."""

    form: str
    due: int
    done_at: int | None = None
    by: str = ""
    to: str = ""


def reports_due(alert: Alert, times: ReportTimes) -> tuple[ReportDue, ...]:
    """The reports that an alert asks for, in the order in which they are due.

    Only emergencies at a school do. What two persons called false asks for none any more; what was
    reported until then stays to be seen. The first report of a form counts.
    """
    if not alert.emergency or not alert.school or alert.condition in UNREPORTED:
        return ()
    found = []
    for form, within in zip(FORMS, (times.telephone, times.written), strict=True):
        told = [one for one in alert.reports if one.form == form]
        due = alert.raised + within
        if told:
            first = min(told, key=lambda one: one.at)
            found.append(ReportDue(form, due, first.at, first.by, first.to))
        elif not alert.is_false:
            found.append(ReportDue(form, due))
    return tuple(found)


def outstanding(alert: Alert, times: ReportTimes) -> bool:
    """Whether a report is still to be signed for."""
    return any(one.done_at is None for one in reports_due(alert, times))
