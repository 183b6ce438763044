"""Heads of the evidence log, who countersigned them, and heads of others that we have seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from audit.fact import FactRow
from gateway.store.schema import (
    evidence_cosignatures,
    evidence_heads,
    evidence_witnessed,
    facts,
)


class HeadRow(msgspec.Struct, frozen=True):
    """A head this gateway has signed. Times in ms. ``row`` is the fact that says where all chains
    ended, ``covered`` how many facts it speaks of, ``known`` the latest ``known`` of these.
    """

    size: int
    at: int
    root: bytes
    note: str
    row: int
    covered: int
    known: int


class Cosignature(msgspec.Struct, frozen=True):
    """A witness's line in the note of the head of this size. ``target`` as the settings name it."""

    size: int
    witness: str
    target: str
    at: int
    line: str


class Witnessed(msgspec.Struct, frozen=True):
    """The last head of another gateway's log. ``heads``: countersigned so far."""

    origin: str
    key: str
    size: int
    root: bytes
    at: int
    note: str
    heads: int


_FACT = (
    facts.c.row,
    facts.c.kind,
    facts.c.happened,
    facts.c.known,
    facts.c.actor,
    facts.c.subject,
    facts.c.body,
)


def facts_after(row: int, limit: int) -> Callable[[Connection], list[FactRow]]:
    """The next facts, in the order of their rows."""
    statement = select(*_FACT).where(facts.c.row > row).order_by(facts.c.row).limit(limit)

    def query(connection: Connection) -> list[FactRow]:
        return [FactRow(*one) for one in connection.execute(statement)]

    return query


def facts_of(rows: Sequence[int]) -> Callable[[Connection], dict[int, FactRow]]:
    """The facts of these rows (some hundred at most), by row."""
    statement = select(*_FACT).where(facts.c.row.in_(rows))

    def query(connection: Connection) -> dict[int, FactRow]:
        return {one.row: FactRow(*one) for one in connection.execute(statement)}

    return query


def last_fact(connection: Connection) -> int:
    """The row of the last fact; 0 without any."""
    return connection.execute(select(func.max(facts.c.row))).scalar() or 0


def last_head(connection: Connection) -> HeadRow | None:
    """The newest head."""
    return _head(connection, select(evidence_heads).order_by(evidence_heads.c.size.desc()))


def head_covering(at: int, name: str) -> Callable[[Connection], HeadRow | None]:
    """The first head by which everything known at this instant is in the log.

    Of the log of this name: it may have had another one before.
    """
    statement = select(evidence_heads).where(evidence_heads.c.known > at, _called(name))
    return lambda connection: _head(connection, statement.order_by(evidence_heads.c.size))


def head_including(size: int, name: str) -> Callable[[Connection], HeadRow | None]:
    """The first head of at least this size, of the log of this name."""
    statement = select(evidence_heads).where(evidence_heads.c.size >= size, _called(name))
    return lambda connection: _head(connection, statement.order_by(evidence_heads.c.size))


def heads_before(size: int | None, limit: int) -> Callable[[Connection], list[HeadRow]]:
    """At most so many heads smaller than ``size`` (all), the newest first."""
    statement = select(evidence_heads).order_by(evidence_heads.c.size.desc()).limit(limit)
    if size is not None:
        statement = statement.where(evidence_heads.c.size < size)
    return lambda connection: [_row(one) for one in connection.execute(statement)]


def heads_by_day() -> Callable[[Connection], list[HeadRow]]:
    """The last head of every day."""
    day = evidence_heads.c.at / 86_400_000
    newest = select(func.max(evidence_heads.c.size)).group_by(func.floor(day))
    statement = (
        select(evidence_heads)
        .where(evidence_heads.c.size.in_(newest))
        .order_by(evidence_heads.c.size)
    )
    return lambda connection: [_row(one) for one in connection.execute(statement)]


def cosignatures(sizes: Sequence[int]) -> Callable[[Connection], list[Cosignature]]:
    """Those of the heads of these sizes."""
    table = evidence_cosignatures.c
    statement = (
        select(evidence_cosignatures)
        .where(table.size.in_(sizes))
        .order_by(table.size, table.witness)
    )
    return lambda connection: [Cosignature(*one) for one in connection.execute(statement)]


def last_cosigned(target: str) -> Callable[[Connection], int]:
    """The size of the newest head that this witness has countersigned; 0: none."""
    table = evidence_cosignatures.c
    statement = select(func.max(table.size)).where(table.target == target)
    return lambda connection: connection.execute(statement).scalar() or 0


def witnessed(connection: Connection) -> list[Witnessed]:
    """The logs of others, by name."""
    statement = select(evidence_witnessed).order_by(evidence_witnessed.c.origin)
    return [Witnessed(*one) for one in connection.execute(statement)]


def witnessed_of(origin: str) -> Callable[[Connection], Witnessed | None]:
    """The last head of that log."""
    statement = select(evidence_witnessed).where(evidence_witnessed.c.origin == origin)

    def query(connection: Connection) -> Witnessed | None:
        found = connection.execute(statement).first()
        return None if found is None else Witnessed(*found)

    return query


def _called(name: str) -> ColumnElement[bool]:
    return evidence_heads.c.note.startswith(f"{name}\n", autoescape=True)


def _head(connection: Connection, statement: Select[Any]) -> HeadRow | None:
    found = connection.execute(statement.limit(1)).first()
    return None if found is None else _row(found)


def _row(row: Row[Any]) -> HeadRow:
    values: Any = row
    return HeadRow(*values)


def rows_of(kind: str, after: int) -> Callable[[Connection], list[tuple[int, bytes]]]:
    """The facts of a kind above a row: their rows and bodies."""
    statement = select(facts.c.row, facts.c.body).where(facts.c.kind == kind, facts.c.row > after)
    return lambda connection: [(row, body) for row, body in connection.execute(statement)]
