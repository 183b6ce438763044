"""Rectification notices read: pages, one, and the numbers given so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from audit.ledger.notice import Notice
from gateway.store.schema import notices

_notice: Final = msgspec.json.Decoder(Notice)


def notice_page(
    schools: frozenset[str] | None, *, unanswered: bool, after: int | None, limit: int
) -> Callable[[Connection], tuple[list[Notice], int | None]]:
    """Notices, the newest first, and the row to go on from; ``unanswered``: only those."""
    table = notices.c
    conditions: list[ColumnElement[bool]] = []
    if schools is not None:
        conditions.append(table.school.in_(schools))
    if unanswered:
        conditions.append(table.replied.is_(None))
    if after is not None:
        conditions.append(table.row < after)

    def query(connection: Connection) -> tuple[list[Notice], int | None]:
        statement = (
            select(table.body).where(*conditions).order_by(table.row.desc()).limit(limit + 1)
        )
        found = [_notice.decode(body) for body in connection.scalars(statement)]
        more = len(found) > limit
        return found[:limit], found[limit - 1].number if more else None

    return query


def one_notice(number: int) -> Callable[[Connection], Notice | None]:
    """The notice of that row."""

    def query(connection: Connection) -> Notice | None:
        body = connection.scalar(select(notices.c.body).where(notices.c.row == number))
        return None if body is None else _notice.decode(body)

    return query


def notice_made(made: str) -> Callable[[Connection], Notice | None]:
    """The notice that was issued with that user and key."""

    def query(connection: Connection) -> Notice | None:
        body = connection.scalar(select(notices.c.body).where(notices.c.made == made))
        return None if body is None else _notice.decode(body)

    return query


def last_notice(connection: Connection) -> int:
    """The row of the newest notice; 0 before the first."""
    return connection.scalar(select(func.max(notices.c.row))) or 0


def last_sequence(bureau: str, year: int) -> Callable[[Connection], int]:
    """The newest number of a bureau and year; 0 before the first."""

    def query(connection: Connection) -> int:
        statement = select(func.max(notices.c.sequence)).where(
            notices.c.bureau == bureau, notices.c.year == year
        )
        return connection.scalar(statement) or 0

    return query
