"""Hand-overs of the past, the numbers that come next, and what stands open to sign for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import Connection, func, select

from gateway.store.duty import HandOver, SignedAlert
from gateway.store.schema import alerts, hand_overs, shifts

_hand_over: Final = msgspec.json.Decoder(HandOver)


class LastRows(msgspec.Struct, frozen=True):
    """The numbers that were given last."""

    shift: int
    hand_over: int


def last_rows(connection: Connection) -> LastRows:
    """The highest numbers; 0 before the first."""
    return LastRows(
        shift=connection.scalar(select(func.max(shifts.c.row))) or 0,
        hand_over=connection.scalar(select(func.max(hand_overs.c.row))) or 0,
    )


def hand_over_page(
    team: str, *, after: int | None, limit: int
) -> Callable[[Connection], tuple[list[HandOver], int | None]]:
    """The hand-overs of a team before the row ``after``, the newest first, and the row to go on
    from."""

    def query(connection: Connection) -> tuple[list[HandOver], int | None]:
        statement = (
            select(hand_overs.c.body)
            .where(hand_overs.c.team == team)
            .order_by(hand_overs.c.row.desc())
            .limit(limit + 1)
        )
        if after is not None:
            statement = statement.where(hand_overs.c.row < after)
        found = [_hand_over.decode(body) for body in connection.scalars(statement)]
        if len(found) <= limit:
            return found, None
        return found[:limit], found[limit - 1].row

    return query


def standing_open(schools: frozenset[str] | None) -> Callable[[Connection], list[SignedAlert]]:
    """All open alerts of these schools (``None`` = all), the most urgent first."""

    def query(connection: Connection) -> list[SignedAlert]:
        statement = (
            select(alerts.c.id, alerts.c.version, alerts.c.priority)
            .where(alerts.c.closed.is_(None))
            .order_by(alerts.c.priority, alerts.c.id)
        )
        if schools is not None:
            statement = statement.where(alerts.c.school.in_(schools))
        return [SignedAlert(*row) for row in connection.execute(statement)]

    return query
