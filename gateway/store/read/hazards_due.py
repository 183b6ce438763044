"""The ledger read for what it does by itself: what is due, and for which faults and items there is
no entry yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from sqlalchemy import Connection, Text, and_, cast, exists, func, literal, or_, select

from alerts.alert import AlertState
from audit.ledger.hazard import Hazard, Origin
from audit.ledger.work_order import WorkOrder
from gateway.store.schema import alerts, hazards, work_order_alerts, work_orders

_ACTIVE: Final = (AlertState.UNACKNOWLEDGED.value, AlertState.ACKNOWLEDGED.value)
_JSON: Final = cast(hazards.c.body, Text)  # SQLite would take the bytes for JSON in binary
_OF_ITEMS: Final = (Origin.ITEM.value, Origin.LOOK_BACK.value)
_BY_ITSELF: Final = (Origin.FAULT.value, *_OF_ITEMS)
_hazard: Final = msgspec.json.Decoder(Hazard)
_order: Final = msgspec.json.Decoder(WorkOrder)


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


def timed_hazards(now: int) -> Callable[[Connection], list[tuple[Hazard, int]]]:
    """All that stand, and those closed at a time that has not come, by a clock that was ahead; with
    the time that is stored for each."""

    def query(connection: Connection) -> list[tuple[Hazard, int]]:
        table = hazards.c
        statement = select(table.body, table.next_at).where(
            or_(table.closed.is_(None), and_(table.closed > now, table.opened <= now))
        )
        return [(_hazard.decode(body), at) for body, at in connection.execute(statement)]

    return query


def count_standing(connection: Connection) -> int:
    """How many stand."""
    statement = select(func.count()).select_from(hazards).where(hazards.c.closed.is_(None))
    return connection.scalar(statement) or 0


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


def hazards_like(
    school: str, device: str, condition: str, scope: str
) -> Callable[[Connection], list[Hazard]]:
    """Entries for faults of that sort at a school that stand, or were closed and not yet looked at
    again, and standing ones of an item that fails by the device alone; the newest first."""
    table = hazards.c
    same = and_(
        table.origin.in_(_BY_ITSELF),
        func.json_extract(_JSON, "$.condition") == condition,
        func.json_extract(_JSON, "$.scope") == scope,
        func.json_extract(_JSON, "$.looked_back").is_(None),
        func.json_extract(_JSON, "$.continued").is_(None),
    )
    of_item = and_(
        literal(device != ""),
        table.origin.in_(_OF_ITEMS),
        table.item.is_not(None),
        table.closed.is_(None),
        table.work_order.is_(None),
        func.json_extract(_JSON, "$.condition") == "",
    )

    def query(connection: Connection) -> list[Hazard]:
        statement = (
            select(table.body)
            .where(
                table.school == school,
                func.json_extract(_JSON, "$.device_id") == device,
                or_(same, of_item),
            )
            .order_by(table.row.desc())
            .limit(20)
        )
        return [_hazard.decode(each) for each in connection.scalars(statement)]

    return query


def closed_items(schools: Iterable[str]) -> Callable[[Connection], dict[tuple[str, str], Hazard]]:
    """The newest entry of each school and item that was closed and not yet looked at again."""
    wanted = list(schools)

    def query(connection: Connection) -> dict[tuple[str, str], Hazard]:
        found: dict[tuple[str, str], Hazard] = {}
        for start in range(0, len(wanted), 500):
            statement = (
                select(hazards.c.body)
                .where(
                    hazards.c.school.in_(wanted[start : start + 500]),
                    hazards.c.origin.in_(_OF_ITEMS),
                    hazards.c.item.is_not(None),
                    hazards.c.closed.is_not(None),
                    func.json_extract(_JSON, "$.looked_back").is_(None),
                    func.json_extract(_JSON, "$.continued").is_(None),
                )
                .order_by(hazards.c.row)
            )
            for body in connection.scalars(statement):
                hazard = _hazard.decode(body)
                found[hazard.school, hazard.item] = hazard
        return found

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
