"""The ledger read: pages and counts, one entry or notice, and what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, Text, and_, cast, exists, func, or_, select

from alerts.alert import AlertState
from audit.ledger.hazard import Hazard, HazardStep, StepKind
from audit.ledger.notice import Notice
from audit.ledger.work_order import WorkOrder
from gateway.store.read.alerts import beyond
from gateway.store.schema import alerts, hazards, notices, work_order_alerts, work_orders

Key: TypeAlias = tuple[int, int]

_ACTIVE: Final = (AlertState.UNACKNOWLEDGED.value, AlertState.ACKNOWLEDGED.value)
_JSON: Final = cast(hazards.c.body, Text)  # SQLite would take the bytes for JSON in binary
_hazard: Final = msgspec.json.Decoder(Hazard)
_notice: Final = msgspec.json.Decoder(Notice)
_order: Final = msgspec.json.Decoder(WorkOrder)


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


def due_hazards(now: int, most: int) -> Callable[[Connection], list[Hazard]]:
    """Entries that the clock does something to by now, the longest due first."""

    def query(connection: Connection) -> list[Hazard]:
        statement = (
            select(hazards.c.body)
            .where(hazards.c.next_at <= now)
            .order_by(hazards.c.next_at, hazards.c.row)
            .limit(most)
        )
        return [_hazard.decode(body) for body in connection.scalars(statement)]

    return query


def standing_hazards(connection: Connection) -> list[tuple[Hazard, int]]:
    """All that stand, with the time that is stored for each."""
    statement = select(hazards.c.body, hazards.c.next_at).where(hazards.c.closed.is_(None))
    return [(_hazard.decode(body), at) for body, at in connection.execute(statement)]


def orders_without_entry(before: int, most: int) -> Callable[[Connection], list[WorkOrder]]:
    """Standing work orders that no entry refers to, and whose fault has been there since
    ``before`` (ms) or longer: it is active now, or a person opened the order. Oldest first."""
    entered = exists().where(hazards.c.work_order == work_orders.c.row)
    fault = exists().where(
        work_order_alerts.c.work_order == work_orders.c.row,
        alerts.c.id == work_order_alerts.c.alert,
        alerts.c.closed.is_(None),
        alerts.c.state.in_(_ACTIVE),
        alerts.c.known <= before,
    )

    def query(connection: Connection) -> list[WorkOrder]:
        statement = (
            select(work_orders.c.body)
            .where(
                work_orders.c.closed.is_(None),
                ~entered,
                or_(
                    fault,
                    and_(work_orders.c.alert.is_(None), work_orders.c.opened <= before),
                ),
            )
            .order_by(work_orders.c.row)
            .limit(most)
        )
        return [_order.decode(body) for body in connection.scalars(statement)]

    return query


def entries_with_orders(connection: Connection) -> list[tuple[Hazard, WorkOrder]]:
    """Standing entries whose work order stands otherwise than the entry says."""
    state = func.json_extract(_JSON, "$.order.state")
    statement = (
        select(hazards.c.body, work_orders.c.body)
        .join(work_orders, work_orders.c.row == hazards.c.work_order)
        .where(hazards.c.closed.is_(None), state != work_orders.c.state)
    )
    return [
        (_hazard.decode(hazard), _order.decode(order))
        for hazard, order in connection.execute(statement)
    ]


def hazards_like(school: str, device: str, condition: str) -> Callable[[Connection], list[Hazard]]:
    """Entries for faults of that sort at a school that stand, or were closed and not yet looked at
    again; the newest first."""

    def query(connection: Connection) -> list[Hazard]:
        statement = (
            select(hazards.c.body)
            .where(
                hazards.c.school == school,
                hazards.c.origin.in_(("fault", "look_back")),
                func.json_extract(_JSON, "$.device_id") == device,
                func.json_extract(_JSON, "$.condition") == condition,
                func.json_extract(_JSON, "$.looked_back").is_(None),
                func.json_extract(_JSON, "$.continued").is_(None),
            )
            .order_by(hazards.c.row.desc())
            .limit(20)
        )
        return [_hazard.decode(each) for each in connection.scalars(statement)]

    return query


def standing_at(schools: Iterable[str]) -> Callable[[Connection], list[Hazard]]:
    """The standing entries of those schools."""
    wanted = list(schools)

    def query(connection: Connection) -> list[Hazard]:
        found: list[Hazard] = []
        for start in range(0, len(wanted), 500):
            statement = select(hazards.c.body).where(
                hazards.c.closed.is_(None), hazards.c.school.in_(wanted[start : start + 500])
            )
            found += [_hazard.decode(body) for body in connection.scalars(statement)]
        return found

    return query


# Notices


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
