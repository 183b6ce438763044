"""Campaigns, the marks of their checks, and the reports that were signed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, case, func, select

from alerts.alert import Alert
from alerts.finding import Priority
from audit.campaign import Campaign, Mark
from audit.reports.weekly import SignedReport
from gateway.store.encoding import decode_alert
from gateway.store.schema import (
    alerts,
    campaign_marks,
    campaign_reports,
    campaigns,
    hazards,
    work_orders,
)

Marks: TypeAlias = dict[str, dict[str, Mark]]
"""Marks by school and check."""

_CAMPAIGN: Final = msgspec.json.Decoder(Campaign)
_MARK: Final = msgspec.json.Decoder(Mark)
_REPORT: Final = msgspec.json.Decoder(SignedReport)

MOST_CAMPAIGNS: Final = 500


def all_campaigns(connection: Connection) -> list[Campaign]:
    """The newest ones, by the day they begin."""
    statement = (
        select(campaigns.c.body)
        .order_by(campaigns.c.begins.desc(), campaigns.c.id)
        .limit(MOST_CAMPAIGNS)
    )
    return [_CAMPAIGN.decode(body) for body in connection.scalars(statement)]


def one_campaign(name: str) -> Callable[[Connection], Campaign | None]:
    """The campaign of that id."""

    def query(connection: Connection) -> Campaign | None:
        body = connection.scalar(select(campaigns.c.body).where(campaigns.c.id == name))
        return None if body is None else _CAMPAIGN.decode(body)

    return query


def marks_of(campaign: str, school: str | None = None) -> Callable[[Connection], Marks]:
    """The marks of a campaign, of one school or of all."""
    table = campaign_marks.c
    conditions = [table.campaign == campaign]
    if school is not None:
        conditions.append(table.school == school)

    def query(connection: Connection) -> Marks:
        found: Marks = {}
        statement = select(table.school, table.check_id, table.body).where(*conditions)
        for name, check, body in connection.execute(statement):
            found.setdefault(name, {})[check] = _MARK.decode(body)
        return found

    return query


def signed_reports(
    *,
    campaign: str | None = None,
    kind: str | None = None,
    periods: Collection[str] | None = None,
    subjects: Collection[str] | None = None,
) -> Callable[[Connection], list[SignedReport]]:
    """The signed reports that fit, by when they were due."""
    table = campaign_reports.c
    conditions: list[ColumnElement[bool]] = []
    for column, wanted in (
        (table.campaign, campaign),
        (table.kind, kind),
    ):
        if wanted is not None:
            conditions.append(column == wanted)
    if periods is not None:
        conditions.append(table.period.in_(sorted(periods)))
    if subjects is not None and len(subjects) <= 50:
        conditions.append(table.subject.in_(sorted(subjects)))

    def query(connection: Connection) -> list[SignedReport]:
        statement = select(table.body).where(*conditions).order_by(table.due, table.subject)
        found = [_REPORT.decode(body) for body in connection.scalars(statement)]
        return [one for one in found if subjects is None or one.subject in subjects]

    return query


class WeekCounts(msgspec.Struct, frozen=True):
    """What the tables say of a stretch of time."""

    alerts: int
    standing: int
    orders_opened: int
    orders_closed: int
    orders_overdue: int


def week_counts(
    schools: frozenset[str] | None, since: int, until: int
) -> Callable[[Connection], WeekCounts]:
    """What was raised, stood at the end, was opened and closed in ``[since, until)``."""

    def query(connection: Connection) -> WeekCounts:
        one = alerts.c
        raised = (one.raised >= since) & (one.raised < until)
        stood = (one.raised < until) & (one.closed.is_(None) | (one.closed >= until))
        counted = connection.execute(
            select(
                func.count(case((raised, 1))),
                func.count(case((stood, 1))),
            ).where(
                one.school != "",
                one.raised < until,
                one.closed.is_(None) | (one.closed >= since),
                *_among(one.school, schools),
            )
        ).one()
        order = work_orders.c
        orders = connection.execute(
            select(
                func.count(case(((order.opened >= since) & (order.opened < until), 1))),
                func.count(case(((order.closed >= since) & (order.closed < until), 1))),
                func.count(
                    case(
                        (
                            (order.due < until)
                            & (order.opened < until)
                            & (order.closed.is_(None) | (order.closed >= until)),
                            1,
                        )
                    )
                ),
            ).where(
                order.opened < until,
                order.closed.is_(None) | (order.closed >= since),
                *_among(order.school, schools),
            )
        ).one()
        return WeekCounts(counted[0], counted[1], orders[0], orders[1], orders[2])

    return query


def emergencies_between(
    schools: frozenset[str] | None, since: int, until: int, most: int
) -> Callable[[Connection], list[Alert]]:
    """Emergencies at schools that were raised in ``[since, until)``, the newest first."""
    one = alerts.c
    conditions = [
        one.priority == int(Priority.EMERGENCY),
        one.school != "",
        one.raised >= since,
        one.raised < until,
    ]
    conditions += _among(one.school, schools)

    def query(connection: Connection) -> list[Alert]:
        statement = (
            select(one.body).where(*conditions).order_by(one.raised.desc(), one.id).limit(most)
        )
        return [decode_alert(body) for body in connection.scalars(statement)]

    return query


def hazards_in(
    schools: frozenset[str] | None, since: int, until: int
) -> Callable[[Connection], tuple[int, int, int, int]]:
    """Entries of the ledger found and closed in ``[since, until)``, open and overdue at its end.

    Overdue by the deadline that stands now: one that was moved since counts as it is.
    """
    one = hazards.c
    found = (one.opened >= since) & (one.opened < until)
    closed = (one.closed >= since) & (one.closed < until)
    stands = (one.opened < until) & (one.closed.is_(None) | (one.closed >= until))
    statement = select(
        func.count(case((found, 1))),
        func.count(case((closed, 1))),
        func.count(case((stands, 1))),
        func.count(case((stands & (one.due < until), 1))),
    ).where(
        one.opened < until,
        one.closed.is_(None) | (one.closed >= since),
        *_among(one.school, schools),
    )

    def query(connection: Connection) -> tuple[int, int, int, int]:
        row = connection.execute(statement).one()
        return row[0], row[1], row[2], row[3]

    return query


def _among(
    column: ColumnElement[str], schools: Collection[str] | None
) -> list[ColumnElement[bool]]:
    if schools is None:
        return []
    # As one value: a province has more schools than a statement may have parameters.
    listed = func.json_each(msgspec.json.encode(sorted(schools)).decode())
    return [column.in_(select(listed.table_valued("value").c.value))]
