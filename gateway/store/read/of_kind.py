"""What is open and what is set of the devices of some kinds, in one query for all schools."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from alerts.alert import Alert
from alerts.finding import Priority
from gateway.measuring import OpenAlert
from gateway.store.schema import alerts, devices, parameters

_alert: Final = msgspec.json.Decoder(Alert)


def open_alerts_by_device(
    kinds: Collection[str],
) -> Callable[[Connection], dict[int, list[OpenAlert]]]:
    """By device row: the open alerts of each device of the kinds that has any, the most urgent
    first and of these the newest."""

    def query(connection: Connection) -> dict[int, list[OpenAlert]]:
        statement = (
            select(alerts.c.device, alerts.c.id, alerts.c.priority, alerts.c.condition)
            .join(devices, devices.c.row == alerts.c.device)
            .where(alerts.c.closed.is_(None), devices.c.kind.in_(kinds))
            .order_by(alerts.c.priority, alerts.c.raised.desc())
        )
        found: dict[int, list[OpenAlert]] = {}
        for row, number, priority, condition in connection.execute(statement):
            one = OpenAlert(number, Priority(priority), condition)
            found.setdefault(row, []).append(one)
        return found

    return query


def open_alerts_for(conditions: Collection[str]) -> Callable[[Connection], dict[int, list[Alert]]]:
    """By device row: the open alerts of these conditions, of whatever device; oldest first."""

    def query(connection: Connection) -> dict[int, list[Alert]]:
        statement = (
            select(alerts.c.device, alerts.c.body)
            .where(alerts.c.closed.is_(None), alerts.c.condition.in_(conditions))
            .order_by(alerts.c.raised)
        )
        found: dict[int, list[Alert]] = {}
        for row, body in connection.execute(statement):
            found.setdefault(row, []).append(_alert.decode(body))
        return found

    return query


def figures_of_kind(kind: str) -> Callable[[Connection], dict[str, dict[str, dict[str, Any]]]]:
    """By school: its own figures for a kind, ``{rule: {parameter: value}}``."""

    def query(connection: Connection) -> dict[str, dict[str, dict[str, Any]]]:
        statement = select(parameters.c.school, parameters.c.body).where(parameters.c.kind == kind)
        return {school: msgspec.json.decode(body) for school, body in connection.execute(statement)}

    return query


def device_kinds(connection: Connection) -> list[str]:
    """The kinds of which there are devices, whether there are files of them or not."""
    return list(connection.scalars(select(devices.c.kind).distinct().order_by(devices.c.kind)))
