"""Attestations: one, those of a school, pages of them, drills by school, what is due to be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, exists, literal, or_, select

from audit.attestation import DRILL, FACT, Attestation
from gateway.store.batch import Deadline
from gateway.store.read.alerts import beyond
from gateway.store.schema import attestations, deadlines, roster
from gateway.store.schema import schools as registered_schools

Key: TypeAlias = tuple[int, int]
State: TypeAlias = Literal[
    "counting", "standing", "expiring", "unconfirmed", "expired", "withdrawn", "replaced", "all"
]

_decode: Final = msgspec.json.Decoder(Attestation).decode
_table: Final = attestations.c


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which ones. ``counting``: not replaced by a newer one; the others are of these, but for
    ``withdrawn``, ``replaced`` and ``all``. ``expiring``: standing, and ends by ``before`` (ms)."""

    state: State = "counting"
    schools: frozenset[str] | None = None
    item: str | None = None
    before: int = 0


class Stored(msgspec.Struct, frozen=True):
    """One, and when a newer one takes its place (ms; ``None``: none does)."""

    attestation: Attestation
    replaced: int | None


class ListedSchool(msgspec.Struct, frozen=True):
    """A school of the roster; ``region`` may be none of the register."""

    school: str
    name: str
    kind: str
    region: str | None


def one_attestation(name: str) -> Callable[[Connection], Stored | None]:
    """The one of that id."""

    def query(connection: Connection) -> Stored | None:
        row = connection.execute(
            select(_table.body, _table.replaced).where(_table.id == name)
        ).first()
        return None if row is None else Stored(_decode(row.body), row.replaced)

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
) -> Callable[[Connection], tuple[list[Stored], Key | None]]:
    """Those after the key, and the key to go on from: what ends first comes first; of ``replaced``,
    ``withdrawn`` and ``all`` the newest."""
    past = wanted.state in ("replaced", "withdrawn", "all")
    conditions = _conditions(wanted, now)
    if after is not None:
        columns = (_table.expires, _table.row)
        conditions.append(_table.row < after[1] if past else beyond(columns, after))
    order = (_table.row.desc(),) if past else (_table.expires.asc(), _table.row.asc())

    def query(connection: Connection) -> tuple[list[Stored], Key | None]:
        statement = (
            select(_table.body, _table.replaced, _table.expires, _table.row)
            .where(*conditions)
            .order_by(*order)
            .limit(limit + 1)
        )
        found: list[Stored] = []
        last: Key | None = None
        for body, replaced, expires, row in connection.execute(statement):
            if len(found) == limit:
                return found, last
            last = (expires, row)
            found.append(Stored(_decode(body), replaced))
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
) -> Callable[[Connection], dict[str, Attestation]]:
    """By school the drill that counts now and was not withdrawn."""
    conditions = _conditions(Wanted(item=DRILL, schools=schools), now)

    def query(connection: Connection) -> dict[str, Attestation]:
        statement = (
            select(_table.school, _table.body)
            .where(*conditions, _table.withdrawn.is_(None), _table.valid_from <= now)
            .order_by(_table.row)
        )
        return {school: _decode(body) for school, body in connection.execute(statement)}

    return query


def listed_schools(connection: Connection) -> list[ListedSchool]:
    """All that are on the roster and not struck off."""
    columns = (roster.c.school, roster.c.name, roster.c.kind, roster.c.region)
    return [
        ListedSchool(*row) for row in connection.execute(select(*columns).where(roster.c.listed))
    ]


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


def without_deadline(kind: str, now: int) -> Callable[[Connection], list[Stored]]:
    """Those that have not ended, are neither withdrawn nor replaced before they do, and have no
    stored deadline of the kind."""
    subject = literal(f"{FACT}:") + _table.school + "/" + _table.id
    told = exists().where(deadlines.c.kind == kind, deadlines.c.subject == subject)
    replaced_later = or_(_table.replaced.is_(None), _table.replaced > _table.expires)

    def query(connection: Connection) -> list[Stored]:
        statement = select(_table.body, _table.replaced).where(
            _table.expires > now, _table.withdrawn.is_(None), replaced_later, ~told
        )
        return [Stored(_decode(body), replaced) for body, replaced in connection.execute(statement)]

    return query


def name_of_school(school: str) -> Callable[[Connection], tuple[str, str]]:
    """Its names (Chinese, English, which may be empty) by the register, else by the roster."""

    def query(connection: Connection) -> tuple[str, str]:
        registered = connection.execute(
            select(registered_schools.c.name_zh, registered_schools.c.name_en).where(
                registered_schools.c.id == school
            )
        ).first()
        if registered is not None:
            return registered.name_zh, registered.name_en
        name = connection.scalar(select(roster.c.name).where(roster.c.school == school))
        return name or school, ""

    return query
