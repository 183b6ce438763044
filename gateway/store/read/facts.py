"""Facts in the order in which they were kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from audit.fact import FactRow
from gateway.store.schema import facts

_COLUMNS: Final = (
    facts.c.row,
    facts.c.kind,
    facts.c.happened,
    facts.c.known,
    facts.c.actor,
    facts.c.subject,
    facts.c.body,
)
"""In the order of `FactRow`."""


def newest_fact(subject: str, kind: str) -> Callable[[Connection], bytes | None]:
    """The body of the newest fact of a kind about a subject; ``None`` without one."""
    table = facts.c
    statement = (
        select(table.body)
        .where(table.subject == subject, table.kind == kind)
        .order_by(table.row.desc())
        .limit(1)
    )

    def query(connection: Connection) -> bytes | None:
        return connection.execute(statement).scalar()

    return query


def newest_row(subject: str, kind: str) -> Callable[[Connection], FactRow | None]:
    """The newest fact of a kind about a subject, whole; ``None`` without one."""
    table = facts.c
    statement = (
        select(*_COLUMNS)
        .where(table.subject == subject, table.kind == kind)
        .order_by(table.row.desc())
        .limit(1)
    )

    def query(connection: Connection) -> FactRow | None:
        row = connection.execute(statement).first()
        return None if row is None else FactRow(*row)

    return query


def fact_page(
    *, subject: str | None, kind: str | None, after: int, limit: int
) -> Callable[[Connection], list[FactRow]]:
    """At most ``limit`` facts above the row ``after``, oldest first."""
    table = facts.c
    conditions: list[ColumnElement[bool]] = [table.row > after]
    if subject is not None:
        conditions.append(table.subject == subject)
    if kind is not None:
        conditions.append(table.kind == kind)

    def query(connection: Connection) -> list[FactRow]:
        statement = select(*_COLUMNS).where(*conditions).order_by(table.row).limit(limit)
        return [FactRow(*row) for row in connection.execute(statement)]

    return query
