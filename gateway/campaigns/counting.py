"""What a week came to at some schools: the figures of a weekly report, from what is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from alerts.alert import Alert
from alerts.reporting import UNREPORTED, ReportTimes, reports_due
from audit.reports.weekly import EmergencyLine, Rate, WeekFigures
from gateway.store.read.campaigns import WeekCounts, emergencies_between, week_counts

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST_LINES: Final = 200
"""Emergencies that a report lists; all are counted."""

MOST_EMERGENCIES: Final = 5_000

Hazards: TypeAlias = tuple[int, int, int, int]
"""Found, closed, open and overdue at the end."""


def week_figures(
    schools: frozenset[str] | None,
    since: int,
    until: int,
    times: ReportTimes,
    *,
    count: int,
    rates: tuple[Rate, ...] = (),
    hazards: Hazards | None = None,
) -> Callable[[Connection], WeekFigures]:
    """The figures of ``[since, until)`` at ``schools`` (``None`` = all), which are ``count``."""

    def query(connection: Connection) -> WeekFigures:
        counts: WeekCounts = week_counts(schools, since, until)(connection)
        found = emergencies_between(schools, since, until, MOST_EMERGENCIES)(connection)
        lines = [line_of(alert, times) for alert in found if alert.condition not in UNREPORTED]
        true = [one for one in lines if not one.false]
        listed = (*true, *(one for one in lines if one.false))[:MOST_LINES]
        return WeekFigures(
            schools=count,
            emergencies=len(true),
            false=len(lines) - len(true),
            alerts=counts.alerts,
            standing=counts.standing,
            orders_opened=counts.orders_opened,
            orders_closed=counts.orders_closed,
            orders_overdue=counts.orders_overdue,
            hazards_found=None if hazards is None else hazards[0],
            hazards_closed=None if hazards is None else hazards[1],
            hazards_open=None if hazards is None else hazards[2],
            hazards_overdue=None if hazards is None else hazards[3],
            rates=rates,
            lines=listed,
            more=len(lines) - len(listed),
        )

    return query


def line_of(alert: Alert, times: ReportTimes) -> EmergencyLine:
    """An emergency with by when it had to be reported, and when it was.

    Of one that two persons called false nothing is due any more; its times are told all the same.
    """
    told = {due.form: due.done_at for due in reports_due(alert, times)}
    return EmergencyLine(
        alert=alert.id,
        school=alert.school,
        condition=alert.condition,
        raised=alert.raised,
        false=alert.is_false,
        telephone_due=alert.raised + times.telephone,
        written_due=alert.raised + times.written,
        telephone=told.get("telephone"),
        written=told.get("written"),
    )
