"""Alerts in the order in which people work on them, one alert, and its transitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, Text, and_, case, cast, func, or_, select
from sqlalchemy.sql.elements import SQLColumnExpression

from alerts.alert import Alert, AlertState, Transition
from alerts.finding import Priority
from gateway.store.schema import alerts, transitions

Key: TypeAlias = tuple[int, ...]

_UNACKNOWLEDGED: Final = (AlertState.UNACKNOWLEDGED.value, AlertState.RETURNED.value)
_ACKNOWLEDGED: Final = (AlertState.ACKNOWLEDGED.value, AlertState.LATCHED.value)

_alert: Final = msgspec.json.Decoder(Alert)
_transition: Final = msgspec.json.Decoder(Transition)


class AlertFilter(msgspec.Struct, frozen=True):
    """Which alerts. ``state`` is ``open``, ``unacknowledged``, ``acknowledged``, ``shelved``,
    ``closed`` or ``all``; ``schools`` ``None`` means all; ``device`` is its row; times in ms."""

    state: str = "open"
    priority: int | None = None
    schools: frozenset[str] | None = None
    device: int | None = None
    condition: str | None = None
    since: int | None = None
    until: int | None = None


def alert_page(
    wanted: AlertFilter, *, after: Key | None, limit: int
) -> Callable[[Connection], tuple[list[Alert], Key | None]]:
    """Alerts after the sort key ``after``, and the key to go on from (``None`` at the end).

    Closed ones and all: newest first, by number. Open ones: those that nobody has
    acknowledged first, then by priority, then the newest.
    """
    key_columns = _key(wanted.state)

    def query(connection: Connection) -> tuple[list[Alert], Key | None]:
        conditions = _conditions(wanted)
        if after is not None:
            later = _after(wanted.state, after)
            if later is None:
                return [], None
            conditions.append(later)
        statement = (
            select(alerts.c.body, *key_columns)
            .where(*conditions)
            .order_by(*_order(wanted.state))
            .limit(limit + 1)
        )
        found: list[Alert] = []
        last: Key | None = None
        for body, *key in connection.execute(statement):
            if len(found) == limit:
                return found, last
            last = tuple(key)
            found.append(_alert.decode(body))
        return found, None

    return query


def _order(state: str) -> list[ColumnElement[Any]]:
    columns = _key(state)
    if state in ("closed", "all"):
        # by number, which the primary key serves: these lists hold all of the past
        return [columns[0].desc()]
    rank, priority, raised, number = columns
    return [rank.asc(), priority.asc(), raised.desc(), number.desc()]


def _key(state: str) -> list[SQLColumnExpression[Any]]:
    if state in ("closed", "all"):
        return [alerts.c.id]
    rank = case((alerts.c.state.in_(_UNACKNOWLEDGED), 0), else_=1)
    return [rank, alerts.c.priority, alerts.c.raised, alerts.c.id]


def _after(state: str, key: Key) -> ColumnElement[bool] | None:
    """Sorted after ``key``; ``None`` when that is no key of this list."""
    if state in ("closed", "all"):
        return alerts.c.id < key[0] if len(key) == 1 else None
    if len(key) != 4:
        return None
    rank, priority, raised, number = _key(state)
    return beyond((rank, priority, -raised, -number), (key[0], key[1], -key[2], -key[3]))


def _conditions(wanted: AlertFilter) -> list[ColumnElement[bool]]:
    conditions = _of_state(wanted.state)
    if wanted.schools is not None:
        conditions.append(alerts.c.school.in_(wanted.schools))
    for column, value in (
        (alerts.c.priority, wanted.priority),
        (alerts.c.device, wanted.device),
        (alerts.c.condition, wanted.condition),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.since is not None:
        conditions.append(alerts.c.raised >= wanted.since)
    if wanted.until is not None:
        conditions.append(alerts.c.raised < wanted.until)
    return conditions


def _of_state(state: str) -> list[ColumnElement[bool]]:
    is_open = alerts.c.closed.is_(None)
    match state:
        case "all":
            return []
        case "closed":
            return [alerts.c.closed.is_not(None)]
        case "unacknowledged":
            return [is_open, alerts.c.state.in_(_UNACKNOWLEDGED)]
        case "acknowledged":
            return [is_open, alerts.c.state.in_(_ACKNOWLEDGED)]
        case "shelved":
            # Not a column: of the open ones, which are few, the database looks into each.
            until = func.json_extract(cast(alerts.c.body, Text), "$.shelved_until")
            return [is_open, until.is_not(None)]
        case _:
            return [is_open]


def beyond(
    order: Iterable[SQLColumnExpression[Any]], key: Iterable[int | str]
) -> ColumnElement[bool]:
    """Sorted after ``key``: ``(a, b) > (x, y)`` written out, the same in every database."""
    alternatives: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for column, value in zip(order, key, strict=True):
        alternatives.append(and_(*equal, column > value))
        equal.append(column == value)
    return or_(*alternatives)


def one_alert(number: int) -> Callable[[Connection], Alert | None]:
    """The alert of that number, open or closed."""

    def query(connection: Connection) -> Alert | None:
        body = connection.scalar(select(alerts.c.body).where(alerts.c.id == number))
        return None if body is None else _alert.decode(body)

    return query


def alerts_of(numbers: Iterable[int]) -> Callable[[Connection], dict[int, Alert]]:
    """The alerts of these numbers, open or closed; numbers without an alert: no entry."""
    wanted = list(numbers)

    def query(connection: Connection) -> dict[int, Alert]:
        bodies = connection.scalars(select(alerts.c.body).where(alerts.c.id.in_(wanted)))
        return {alert.id: alert for alert in map(_alert.decode, bodies)}

    return query


def emergencies(closed_since: int, most: int) -> Callable[[Connection], list[Alert]]:
    """Emergencies that are open or were closed since then (ms), oldest first, at most ``most``.

    Those that are open go first: both halves are read from the index of open alerts.
    """
    urgent = alerts.c.priority == int(Priority.EMERGENCY)

    def query(connection: Connection) -> list[Alert]:
        found: list[Alert] = []
        for of in (alerts.c.closed.is_(None), alerts.c.closed >= closed_since):
            statement = select(alerts.c.body).where(of, urgent).limit(most - len(found))
            found += [_alert.decode(body) for body in connection.scalars(statement)]
        return sorted(found, key=lambda alert: alert.raised)

    return query


def open_alerts_of(devices: Iterable[int]) -> Callable[[Connection], dict[int, list[Alert]]]:
    """The open alerts of devices, by their rows; most urgent first. Devices without: no entry."""
    rows = list(devices)

    def query(connection: Connection) -> dict[int, list[Alert]]:
        found: dict[int, list[Alert]] = {}
        statement = (
            select(alerts.c.device, alerts.c.body)
            .where(alerts.c.closed.is_(None), alerts.c.device.in_(rows))
            .order_by(alerts.c.priority, -alerts.c.raised)
        )
        for device, body in connection.execute(statement):
            found.setdefault(device, []).append(_alert.decode(body))
        return found

    return query


def transitions_of(
    number: int, limit: int = 2_000
) -> Callable[[Connection], list[tuple[int, Transition]]]:
    """What happened to an alert, oldest first, each with its row: the newest ``limit`` of it."""

    def query(connection: Connection) -> list[tuple[int, Transition]]:
        newest = (
            select(transitions.c.row, transitions.c.body)
            .where(transitions.c.alert == number)
            .order_by(transitions.c.row.desc())
            .limit(limit)
        )
        rows = [(row, _transition.decode(body)) for row, body in connection.execute(newest)]
        return rows[::-1]

    return query


def last_transition(connection: Connection) -> int:
    """The row of the last transition, the newest event id; 0 before the first."""
    return connection.scalar(select(func.max(transitions.c.row))) or 0


def schools_of_alerts(numbers: Iterable[int]) -> Callable[[Connection], dict[int, str]]:
    """The schools of alerts, by their numbers."""
    wanted = list(numbers)

    def query(connection: Connection) -> dict[int, str]:
        statement = select(alerts.c.id, alerts.c.school).where(alerts.c.id.in_(wanted))
        return {row.id: row.school for row in connection.execute(statement)}

    return query
