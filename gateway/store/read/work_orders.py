"""Work orders: pages, one, those that wait for a proof; and the faults that have none yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    cast,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from alerts.alert import AlertState
from alerts.correlation import CUT_OFF
from alerts.finding import Priority
from audit.ledger.work_order import OrderState, Proof, WorkOrder
from audit.verification.model import Verdict
from gateway.store.read.alerts import beyond
from gateway.store.schema import alerts, devices, verifications, work_order_alerts, work_orders

Key: TypeAlias = tuple[int, int]

_ACTIVE: Final = (AlertState.UNACKNOWLEDGED.value, AlertState.ACKNOWLEDGED.value)
_order: Final = msgspec.json.Decoder(WorkOrder)


class OrderFilter(msgspec.Struct, frozen=True):
    """Which orders. ``state`` is ``open`` (still standing), ``done``, ``closed`` (or cancelled),
    ``overdue`` or ``all``; ``schools`` ``None`` means all; ``device`` is a row."""

    state: str = "open"
    schools: frozenset[str] | None = None
    assignee: str | None = None
    device: int | None = None


class OrderCounts(msgspec.Struct, frozen=True):
    """How many stand, how many of these are overdue, and how many wait for their proof."""

    standing: int
    overdue: int
    done: int


class Fault(msgspec.Struct, frozen=True):
    """A fault that stands, long enough for a work order, and has none.

    ``device`` is the row; ``None`` when many devices are cut off for one reason: then it is one
    fault of ``scope`` (`alerts.alert.Alert.scope`) of the school.
    """

    alert: int
    school: str
    condition: str
    device: int | None
    device_id: str
    kind: str
    repeater: str | None
    scope: str = ""


def order_page(
    wanted: OrderFilter, *, now: int, after: Key | None, limit: int
) -> Callable[[Connection], tuple[list[WorkOrder], Key | None]]:
    """Orders after the key, and the key to go on from. Standing ones by deadline, others by the
    newest."""
    past = wanted.state in ("closed", "all")
    table = work_orders.c
    column = table.row if past else table.due
    conditions = _conditions(wanted, now)
    if after is not None:
        conditions.append(table.row < after[1] if past else beyond((column, table.row), after))
    order = (table.row.desc(),) if past else (table.due.asc(), table.row.asc())

    def query(connection: Connection) -> tuple[list[WorkOrder], Key | None]:
        statement = (
            select(table.body, column, table.row)
            .where(*conditions)
            .order_by(*order)
            .limit(limit + 1)
        )
        found: list[WorkOrder] = []
        last: Key | None = None
        for body, first, row in connection.execute(statement):
            if len(found) == limit:
                return found, last
            last = (first, row)
            found.append(_order.decode(body))
        return found, None

    return query


def _conditions(wanted: OrderFilter, now: int) -> list[ColumnElement[bool]]:
    table = work_orders.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.schools is not None:
        conditions.append(table.school.in_(wanted.schools))
    if wanted.assignee is not None:
        conditions.append(table.assignee == wanted.assignee)
    if wanted.device is not None:
        conditions.append(table.device == wanted.device)
    match wanted.state:
        case "open":
            conditions.append(table.closed.is_(None))
        case "done":
            conditions += [table.closed.is_(None), table.state == OrderState.DONE.value]
        case "closed":
            conditions.append(table.closed.is_not(None))
        case "overdue":
            conditions += [table.closed.is_(None), table.due < now]
    return conditions


def order_counts(
    schools: frozenset[str] | None, *, assignee: str | None = None, now: int
) -> Callable[[Connection], OrderCounts]:
    """Standing orders in numbers; ``assignee`` counts those of one person only."""
    table = work_orders.c
    conditions = _conditions(OrderFilter(schools=schools, assignee=assignee), now)

    def query(connection: Connection) -> OrderCounts:
        standing, overdue, done = connection.execute(
            select(
                func.count(),
                func.count().filter(table.due < now),
                func.count().filter(table.state == OrderState.DONE.value),
            )
            .select_from(work_orders)
            .where(*conditions)
        ).one()
        return OrderCounts(standing, overdue, done)

    return query


def one_order(number: int) -> Callable[[Connection], WorkOrder | None]:
    """The order of that number."""

    def query(connection: Connection) -> WorkOrder | None:
        body = connection.scalar(select(work_orders.c.body).where(work_orders.c.row == number))
        return None if body is None else _order.decode(body)

    return query


def last_order(connection: Connection) -> int:
    """The number of the newest order; 0 before the first."""
    return connection.scalar(select(func.max(work_orders.c.row))) or 0


def order_of_alert(alert: int) -> Callable[[Connection], int | None]:
    """The number of the order that covers an alert."""

    def query(connection: Connection) -> int | None:
        return connection.scalar(
            select(work_order_alerts.c.work_order).where(work_order_alerts.c.alert == alert)
        )

    return query


def standing_orders(connection: Connection) -> list[WorkOrder]:
    """All that stand and were opened by the gateway: they are bounded in number."""
    statement = select(work_orders.c.body).where(work_orders.c.closed.is_(None))
    return [
        order for body in connection.scalars(statement) if (order := _order.decode(body)).automatic
    ]


def standing_orders_at(school: str, place: str) -> Callable[[Connection], list[WorkOrder]]:
    """Those that stand for devices of one place (not of places inside it), nearest deadline
    first."""

    def query(connection: Connection) -> list[WorkOrder]:
        statement = (
            select(work_orders.c.body)
            .join(devices, devices.c.row == work_orders.c.device)
            .where(
                work_orders.c.closed.is_(None),
                devices.c.school == school,
                devices.c.place == place,
            )
            .order_by(work_orders.c.due, work_orders.c.row)
        )
        return [_order.decode(body) for body in connection.scalars(statement)]

    return query


_ACTIVE_FAULTS: Final = (
    select(
        alerts.c.id,
        alerts.c.school,
        alerts.c.condition,
        devices.c.row,
        func.coalesce(devices.c.id, ""),
        func.coalesce(devices.c.kind, ""),
        devices.c.repeater,
        func.coalesce(func.json_extract(cast(alerts.c.body, Text), "$.scope"), ""),
    )
    .outerjoin(devices, devices.c.row == alerts.c.device)
    .where(
        alerts.c.closed.is_(None),
        alerts.c.state.in_(_ACTIVE),
        or_(devices.c.row.is_not(None), alerts.c.condition == CUT_OFF),
    )
)
"""Active alerts of registered devices, and those of many at once; columns as those of `Fault`."""


def ripe_faults(known_before: int, most: int) -> Callable[[Connection], list[Fault]]:
    """Alerts of registered devices, or of many at once, that are active, no emergency, known before
    that time (ms), not set aside with their device, and covered by no order: the longest known
    first."""
    suppressed = func.json_extract(cast(alerts.c.body, Text), "$.suppressed")
    covered = exists().where(work_order_alerts.c.alert == alerts.c.id)

    def query(connection: Connection) -> list[Fault]:
        statement = (
            _ACTIVE_FAULTS.where(
                alerts.c.priority > int(Priority.EMERGENCY),
                alerts.c.known <= known_before,
                func.coalesce(devices.c.out_of_service, False).is_(False),
                or_(suppressed.is_(None), suppressed == 0),
                ~covered,
            )
            .order_by(alerts.c.known, alerts.c.id)
            .limit(most)
        )
        return [Fault(*row) for row in connection.execute(statement)]

    return query


def faults_of(
    keys: Iterable[tuple[str, str]], conditions: Iterable[str]
) -> Callable[[Connection], list[Fault]]:
    """Of devices by (school, id), the active faults of those conditions; one a device."""
    wanted = list(keys)
    of = list(conditions)

    def query(connection: Connection) -> list[Fault]:
        found: dict[tuple[str, str], Fault] = {}
        for start in range(0, len(wanted), 500):
            statement = _ACTIVE_FAULTS.where(
                alerts.c.condition.in_(of),
                tuple_(devices.c.school, devices.c.id).in_(wanted[start : start + 500]),
            )
            for row in connection.execute(statement):
                fault = Fault(*row)
                found.setdefault((fault.school, fault.device_id), fault)
        return list(found.values())

    return query


class AwaitedProof(msgspec.Struct, frozen=True):
    """A verification of an order's device that ended after the repair was reported done."""

    order: WorkOrder
    proof: Proof
    fault_stands: bool
    """Whether an alert that the order covers is still active."""


def awaited_proofs(connection: Connection) -> list[AwaitedProof]:
    """For orders reported done, the verifications that have ended since then, oldest first."""
    statement = (
        select(
            work_orders.c.body,
            verifications.c.id,
            verifications.c.ended,
            verifications.c.verdict,
            _fault_stands(),
        )
        .join(verifications, verifications.c.device == work_orders.c.device)
        .where(
            work_orders.c.closed.is_(None),
            work_orders.c.state == OrderState.DONE.value,
            verifications.c.verdict.is_not(None),
            verifications.c.ended > work_orders.c.opened,
        )
        .order_by(verifications.c.ended)
    )
    found: list[AwaitedProof] = []
    for body, name, ended, verdict, stands in connection.execute(statement):
        order = _order.decode(body)
        done = order.reported_done
        if done is not None and ended > done:
            found.append(AwaitedProof(order, Proof(name, ended, Verdict(verdict)), bool(stands)))
    return found


def orders_without_fault(connection: Connection) -> list[WorkOrder]:
    """Standing orders of which every alert they cover has ended, and that do not say so yet."""
    statement = select(work_orders.c.body).where(
        work_orders.c.closed.is_(None), work_orders.c.alert.is_not(None), ~_fault_stands()
    )
    found = [_order.decode(body) for body in connection.scalars(statement)]
    return [order for order in found if order.fault_gone is None]


def _fault_stands() -> ColumnElement[bool]:
    """Whether an alert that an order covers is active."""
    return (
        exists()
        .where(
            work_order_alerts.c.work_order == work_orders.c.row,
            alerts.c.id == work_order_alerts.c.alert,
            alerts.c.closed.is_(None),
            alerts.c.state.in_(_ACTIVE),
        )
        .correlate(work_orders)
    )
