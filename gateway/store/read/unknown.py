"""What could not be placed: discoveries to adopt, and samples and counts of rejects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from gateway.store.batch import DiscoveryRow
from gateway.store.read.alerts import beyond
from gateway.store.schema import discoveries, reject_counts, rejects

Key: TypeAlias = tuple[int, str, str]

_COLUMNS: Final = (
    discoveries.c.school,
    discoveries.c.id,
    discoveries.c.dialect,
    discoveries.c.address,
    discoveries.c.kind,
    discoveries.c.first_seen,
    discoveries.c.last_seen,
    discoveries.c.messages,
    discoveries.c.topic,
    discoveries.c.sample,
    discoveries.c.understood,
)


class RejectRow(msgspec.Struct, frozen=True):
    """A stored sample of a message that was not understood. ``school`` may be empty."""

    row: int
    received: int
    reason: str
    detail: str
    topic: str
    school: str
    sample: bytes


class RejectCount(msgspec.Struct, frozen=True):
    """How many messages were rejected: ``day`` counts days since 1970 UTC."""

    day: int
    school: str
    reason: str
    count: int


def discovery_page(
    schools: frozenset[str] | None, *, after: Key | None, limit: int
) -> Callable[[Connection], tuple[list[DiscoveryRow], Key | None]]:
    """Discoveries that nobody has ignored, the last heard first.

    The order moves while they speak: a page may show one twice, never lose one that is silent.
    """
    order = (-discoveries.c.last_seen, discoveries.c.school, discoveries.c.id)
    conditions: list[ColumnElement[bool]] = [discoveries.c.ignored.is_(False)]
    if schools is not None:
        conditions.append(discoveries.c.school.in_(schools))
    if after is not None:
        conditions.append(beyond(order, after))

    def query(connection: Connection) -> tuple[list[DiscoveryRow], Key | None]:
        statement = select(*_COLUMNS).where(*conditions).order_by(*order).limit(limit + 1)
        found = [DiscoveryRow(*row) for row in connection.execute(statement)]
        if len(found) > limit:
            last = found[limit - 1]
            return found[:limit], (-last.last_seen, last.school, last.id)
        return found, None

    return query


def one_discovery(school: str, device: str) -> Callable[[Connection], DiscoveryRow | None]:
    """The discovery of that id, ignored or not."""

    def query(connection: Connection) -> DiscoveryRow | None:
        row = connection.execute(
            select(*_COLUMNS).where(discoveries.c.school == school, discoveries.c.id == device)
        ).first()
        return None if row is None else DiscoveryRow(*row)

    return query


def discoveries_called(
    name: str, schools: frozenset[str] | None, *, limit: int
) -> Callable[[Connection], list[DiscoveryRow]]:
    """Discoveries, ignored or not, whose id or address is ``name``, whatever its case."""
    low = name.lower()
    called = (func.lower(discoveries.c.id) == low) | (func.lower(discoveries.c.address) == low)
    of = [] if schools is None else [discoveries.c.school.in_(schools)]

    def query(connection: Connection) -> list[DiscoveryRow]:
        order = (discoveries.c.school, discoveries.c.id)
        statement = select(*_COLUMNS).where(called, *of).order_by(*order).limit(limit)
        return [DiscoveryRow(*row) for row in connection.execute(statement)]

    return query


def reject_page(
    schools: frozenset[str] | None, *, after: int | None, limit: int
) -> Callable[[Connection], tuple[list[RejectRow], int | None]]:
    """Samples of rejected messages, newest first; ``schools`` ``None`` includes those of none."""
    conditions: list[ColumnElement[bool]] = []
    if schools is not None:
        conditions.append(rejects.c.school.in_(schools))
    if after is not None:
        conditions.append(rejects.c.row < after)

    def query(connection: Connection) -> tuple[list[RejectRow], int | None]:
        columns = (
            rejects.c.row,
            rejects.c.received,
            rejects.c.reason,
            rejects.c.detail,
            rejects.c.topic,
            rejects.c.school,
            rejects.c.sample,
        )
        statement = (
            select(*columns).where(*conditions).order_by(rejects.c.row.desc()).limit(limit + 1)
        )
        found = [RejectRow(*row) for row in connection.execute(statement)]
        if len(found) > limit:
            return found[:limit], found[limit - 1].row
        return found, None

    return query


def reject_counts_since(
    schools: frozenset[str] | None, day: int, limit: int = 5_000
) -> Callable[[Connection], list[RejectCount]]:
    """Counts from that day on, newest day first."""
    table = reject_counts.c
    conditions: list[ColumnElement[bool]] = [table.day >= day]
    if schools is not None:
        conditions.append(table.school.in_(schools))

    def query(connection: Connection) -> list[RejectCount]:
        statement = (
            select(table.day, table.school, table.reason, table.count)
            .where(*conditions)
            .order_by(table.day.desc(), table.school, table.reason)
            .limit(limit)
        )
        return [RejectCount(*row) for row in connection.execute(statement)]

    return query
