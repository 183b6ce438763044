"""Attestations: one, those of a school, pages of them, drills by school, what is due to be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from audit.attestation import DRILL, Attestation
from gateway.store.batch import Deadline
from gateway.store.read.alerts import beyond
from gateway.store.schema import attestations, deadlines, roster

Key: TypeAlias = tuple[int, int]
State: TypeAlias = Literal[
    "counting", "standing", "expiring", "unconfirmed", "expired", "withdrawn", "replaced", "all"
]

_decode: Final = msgspec.json.Decoder(Attestation).decode
_table: Final = attestations.c


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which ones. ``counting``: not replaced by a newer one; the others are of these, but for
    ``replaced`` and ``all``. ``expiring``: standing, and ends before ``before`` (ms)."""

    state: State = "counting"
    schools: frozenset[str] | None = None
    item: str | None = None
    before: int = 0


class RosterFigures(msgspec.Struct, frozen=True):
    """What terms and the staffing rule go by."""

    kind: str
    pupils: int
    boarders: int


class LastDrill(msgspec.Struct, frozen=True):
    """The drill of a school that counts, and until when it does (ms)."""

    school: str
    id: str
    held: int
    expires: int


def one_attestation(name: str) -> Callable[[Connection], Attestation | None]:
    """The one of that id."""

    def query(connection: Connection) -> Attestation | None:
        body = connection.scalar(select(_table.body).where(_table.id == name))
        return None if body is None else _decode(body)

    return query


def attestations_of(
    school: str, item: str | None = None
) -> Callable[[Connection], list[Attestation]]:
    """All of a school, or of one item of it, in the order in which they were stated."""
    where = [_table.school == school]
    if item is not None:
        where.append(_table.item == item)

    def query(connection: Connection) -> list[Attestation]:
        statement = select(_table.body).where(*where).order_by(_table.row)
        return [_decode(body) for body in connection.scalars(statement)]

    return query


def newest_at(connection: Connection) -> int:
    """When the newest one was stated (ms); 0 before the first."""
    newest = select(_table.at).order_by(_table.row.desc()).limit(1)
    return connection.scalar(newest) or 0


def attestation_page(
    wanted: Wanted, *, now: int, after: Key | None, limit: int
) -> Callable[[Connection], tuple[list[Attestation], Key | None]]:
    """Those after the key, and the key to go on from: what ends first comes first; of ``replaced``,
    ``withdrawn`` and ``all`` the newest."""
    past = wanted.state in ("replaced", "withdrawn", "all")
    conditions = _conditions(wanted, now)
    if after is not None:
        columns = (_table.expires, _table.row)
        conditions.append(_table.row < after[1] if past else beyond(columns, after))
    order = (_table.row.desc(),) if past else (_table.expires.asc(), _table.row.asc())

    def query(connection: Connection) -> tuple[list[Attestation], Key | None]:
        statement = (
            select(_table.body, _table.expires, _table.row)
            .where(*conditions)
            .order_by(*order)
            .limit(limit + 1)
        )
        found: list[Attestation] = []
        last: Key | None = None
        for body, expires, row in connection.execute(statement):
            if len(found) == limit:
                return found, last
            last = (expires, row)
            found.append(_decode(body))
        return found, None

    return query


def _conditions(wanted: Wanted, now: int) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.schools is not None:
        conditions.append(_table.school.in_(wanted.schools))
    if wanted.item is not None:
        conditions.append(_table.item == wanted.item)
    counts = or_(_table.replaced.is_(None), _table.replaced > now)
    stands = and_(
        counts, _table.withdrawn.is_(None), _table.valid_from <= now, _table.expires > now
    )
    match wanted.state:
        case "counting":
            conditions.append(counts)
        case "standing":
            conditions.append(stands)
        case "expiring":
            conditions += [stands, _table.expires <= wanted.before]
        case "unconfirmed":
            conditions += [stands, _table.confirmed.is_(None)]
        case "expired":
            conditions += [counts, _table.withdrawn.is_(None), _table.expires <= now]
        case "withdrawn":
            conditions.append(_table.withdrawn.is_not(None))
        case "replaced":
            conditions.append(_table.replaced <= now)
    return conditions


def last_drills(
    schools: frozenset[str] | None, now: int
) -> Callable[[Connection], list[LastDrill]]:
    """Of each school that ever held one, the drill that counts now and was not withdrawn."""
    conditions = _conditions(Wanted(item=DRILL, schools=schools), now)

    def query(connection: Connection) -> list[LastDrill]:
        statement = (
            select(_table.school, _table.id, _table.valid_from, func.max(_table.expires))
            .where(*conditions, _table.withdrawn.is_(None), _table.valid_from <= now)
            .group_by(_table.school)
        )
        return [LastDrill(*row) for row in connection.execute(statement)]

    return query


def roster_figures(school: str) -> Callable[[Connection], RosterFigures | None]:
    """What the roster says of a school; ``None``: it is not on it."""

    def query(connection: Connection) -> RosterFigures | None:
        row = connection.execute(
            select(roster.c.kind, roster.c.pupils, roster.c.boarders).where(
                roster.c.school == school
            )
        ).first()
        return None if row is None else RosterFigures(*row)

    return query


def roster_kinds(connection: Connection) -> dict[str, str]:
    """The kind of each school that is listed."""
    statement = select(roster.c.school, roster.c.kind).where(roster.c.listed)
    return {school: kind for school, kind in connection.execute(statement)}


def due_deadlines(kind: str, now: int, most: int) -> Callable[[Connection], list[Deadline]]:
    """Stored deadlines of a kind that have come, the longest due first."""

    def query(connection: Connection) -> list[Deadline]:
        statement = (
            select(deadlines.c.kind, deadlines.c.subject, deadlines.c.due, deadlines.c.body)
            .where(deadlines.c.kind == kind, deadlines.c.due <= now)
            .order_by(deadlines.c.due, deadlines.c.subject)
            .limit(most)
        )
        return [Deadline(*row) for row in connection.execute(statement)]

    return query
