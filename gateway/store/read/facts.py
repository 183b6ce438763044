"""Facts in the order in which they were kept."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, select

from audit.fact import FactRow
from gateway.store.schema import facts


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
        columns = (
            table.row,
            table.kind,
            table.happened,
            table.known,
            table.actor,
            table.subject,
            table.body,
        )
        statement = select(*columns).where(*conditions).order_by(table.row).limit(limit)
        return [FactRow(*row) for row in connection.execute(statement)]

    return query
