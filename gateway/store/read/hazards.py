"""The ledger read: pages and counts of entries, and one by its number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, Text, and_, cast, func, select

from audit.ledger.hazard import Hazard, HazardStep, StepKind
from gateway.store.read.alerts import beyond
from gateway.store.schema import hazards

Key: TypeAlias = tuple[int, int]

_JSON: Final = cast(hazards.c.body, Text)  # SQLite would take the bytes for JSON in binary
_hazard: Final = msgspec.json.Decoder(Hazard)


class HazardFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries. ``state`` is ``standing``, ``overdue``, ``closed``, ``look_back`` (closed, and
    to be looked at again by now) or ``all``; ``schools`` ``None`` means all; ``awaits`` are
    signatures of which one is wanted next."""

    state: str = "standing"
    schools: frozenset[str] | None = None
    step: HazardStep | None = None
    grade: str | None = None
    origin: str | None = None
    order: int | None = None
    awaits: frozenset[StepKind] | None = None


class HazardCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Entries in numbers: standing ones by step, and of these how many are overdue or major."""

    steps: dict[str, int]
    standing: int
    overdue: int
    major: int
    closed: int
    look_back: int


def hazard_page(
    wanted: HazardFilter, *, now: int, after: Key | None, limit: int
) -> Callable[[Connection], tuple[list[Hazard], Key | None]]:
    """Entries after the key, and the key to go on from. Standing ones by deadline, others by the
    newest."""
    past = wanted.state in ("closed", "all")
    table = hazards.c
    column = table.row if past else table.due
    conditions = _conditions(wanted, now)
    if after is not None:
        conditions.append(table.row < after[1] if past else beyond((column, table.row), after))
    order = (table.row.desc(),) if past else (table.due.asc(), table.row.asc())

    def query(connection: Connection) -> tuple[list[Hazard], Key | None]:
        statement = (
            select(table.body, column, table.row)
            .where(*conditions)
            .order_by(*order)
            .limit(limit + 1)
        )
        found: list[Hazard] = []
        last: Key | None = None
        for body, first, row in connection.execute(statement):
            if len(found) == limit:
                return found, last
            last = (first, row)
            found.append(_hazard.decode(body))
        return found, None

    return query


def _conditions(wanted: HazardFilter, now: int) -> list[ColumnElement[bool]]:
    table = hazards.c
    equal = (
        (table.step, None if wanted.step is None else wanted.step.value),
        (table.grade, wanted.grade),
        (table.origin, wanted.origin),
        (table.work_order, wanted.order),
    )
    conditions = [column == value for column, value in equal if value is not None]
    if wanted.schools is not None:
        conditions.append(table.school.in_(wanted.schools))
    if wanted.awaits is not None:
        conditions.append(table.awaits.in_([kind.value for kind in wanted.awaits]))
    match wanted.state:
        case "standing":
            conditions.append(table.closed.is_(None))
        case "overdue":
            conditions += [table.closed.is_(None), table.due < now]
        case "closed":
            conditions.append(table.closed.is_not(None))
        case "look_back":
            conditions.append(_to_look_at(now))
    return conditions


def _to_look_at(now: int) -> ColumnElement[bool]:
    """Closed, its time to be looked at again come, and nobody has."""
    looked = func.json_extract(_JSON, "$.looked_back")
    goes_on = func.json_extract(_JSON, "$.continued")
    due = func.json_extract(_JSON, "$.look_back")
    return and_(hazards.c.closed.is_not(None), looked.is_(None), goes_on.is_(None), due <= now)


def hazard_counts(
    schools: frozenset[str] | None, *, now: int
) -> Callable[[Connection], HazardCounts]:
    """The entries of those schools in numbers."""
    table = hazards.c
    mine = [] if schools is None else [table.school.in_(schools)]

    def query(connection: Connection) -> HazardCounts:
        rows = connection.execute(
            select(
                table.step,
                func.count(),
                func.count().filter(table.due < now),
                func.count().filter(table.grade == "major"),
            )
            .where(table.closed.is_(None), *mine)
            .group_by(table.step)
        ).all()
        closed, look_back = connection.execute(
            select(func.count(), func.count().filter(_to_look_at(now))).where(
                table.closed.is_not(None), *mine
            )
        ).one()
        return HazardCounts(
            steps={step: count for step, count, _, _ in rows},
            standing=sum(row[1] for row in rows),
            overdue=sum(row[2] for row in rows),
            major=sum(row[3] for row in rows),
            closed=closed,
            look_back=look_back,
        )

    return query


def count_awaiting(
    schools: frozenset[str] | None, kinds: Iterable[StepKind]
) -> Callable[[Connection], int]:
    """How many standing entries want one of those signatures next."""
    conditions = _conditions(HazardFilter(schools=schools, awaits=frozenset(kinds)), 0)

    def query(connection: Connection) -> int:
        found = connection.scalar(select(func.count()).select_from(hazards).where(*conditions))
        return found or 0

    return query


def one_hazard(number: int) -> Callable[[Connection], Hazard | None]:
    """The entry of that number."""

    def query(connection: Connection) -> Hazard | None:
        body = connection.scalar(select(hazards.c.body).where(hazards.c.row == number))
        return None if body is None else _hazard.decode(body)

    return query


def some_hazards(numbers: Iterable[int]) -> Callable[[Connection], list[Hazard]]:
    """The entries of those numbers that there are."""
    wanted = list(numbers)

    def query(connection: Connection) -> list[Hazard]:
        statement = select(hazards.c.body).where(hazards.c.row.in_(wanted))
        return [_hazard.decode(body) for body in connection.scalars(statement)]

    return query


def hazard_made(made: str) -> Callable[[Connection], Hazard | None]:
    """The entry that was opened with that user and key."""

    def query(connection: Connection) -> Hazard | None:
        body = connection.scalar(select(hazards.c.body).where(hazards.c.made == made))
        return None if body is None else _hazard.decode(body)

    return query


def last_hazard(connection: Connection) -> int:
    """The number of the newest entry; 0 before the first."""
    return connection.scalar(select(func.max(hazards.c.row))) or 0
