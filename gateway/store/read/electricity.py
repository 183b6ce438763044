"""What is open and what is set of the devices of one kind, in one query each for all schools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from alerts.finding import Priority
from gateway.electricity import OpenAlert
from gateway.store.schema import alerts, devices, parameters


def worst_alerts(kind: str) -> Callable[[Connection], dict[int, OpenAlert]]:
    """By device row: the most urgent open alert of each device of the kind that has one."""

    def query(connection: Connection) -> dict[int, OpenAlert]:
        statement = (
            select(alerts.c.device, alerts.c.id, alerts.c.priority, alerts.c.condition)
            .join(devices, devices.c.row == alerts.c.device)
            .where(alerts.c.closed.is_(None), devices.c.kind == kind)
            .order_by(alerts.c.priority.desc(), alerts.c.raised)
        )
        return {
            row: OpenAlert(number, Priority(priority), condition)
            for row, number, priority, condition in connection.execute(statement)
        }

    return query


def figures_of_kind(kind: str) -> Callable[[Connection], dict[str, dict[str, dict[str, Any]]]]:
    """By school: its own figures for a kind, ``{rule: {parameter: value}}``."""

    def query(connection: Connection) -> dict[str, dict[str, dict[str, Any]]]:
        statement = select(parameters.c.school, parameters.c.body).where(parameters.c.kind == kind)
        return {school: msgspec.json.decode(body) for school, body in connection.execute(statement)}

    return query
