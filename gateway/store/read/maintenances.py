"""Maintenances: pages, one, and the alerts that one has hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from alerts.alert import Alert
from alerts.maintenance import Maintenance
from gateway.store.encoding import decode_alert, decode_maintenance
from gateway.store.read.alerts import beyond
from gateway.store.schema import alerts, maintenance_alerts, maintenances

Key: TypeAlias = tuple[int, int]


class MaintenanceFilter(msgspec.Struct, frozen=True):
    """Which ones. ``over``: those that have ended, else those to come and under way; ``schools``
    ``None`` = of all."""

    over: bool = False
    schools: frozenset[str] | None = None


def maintenance_page(
    wanted: MaintenanceFilter, *, after: Key | None, limit: int
) -> Callable[[Connection], tuple[list[Maintenance], Key | None]]:
    """Those after the key, and the key to go on from. Standing ones by their begin, others the
    one that ended last first."""
    table = maintenances.c
    columns = (-table.ended, -table.row) if wanted.over else (table.starts, table.row)
    conditions: list[ColumnElement[bool]] = [
        table.ended.is_not(None) if wanted.over else table.ended.is_(None)
    ]
    if wanted.schools is not None:
        conditions.append(table.school.in_(wanted.schools))
    if after is not None:
        conditions.append(beyond(columns, after))

    def query(connection: Connection) -> tuple[list[Maintenance], Key | None]:
        statement = (
            select(table.body, *columns).where(*conditions).order_by(*columns).limit(limit + 1)
        )
        found: list[Maintenance] = []
        last: Key | None = None
        for body, first, row in connection.execute(statement):
            if len(found) == limit:
                return found, last
            last = (first, row)
            found.append(decode_maintenance(body))
        return found, None

    return query


def one_maintenance(row: int) -> Callable[[Connection], Maintenance | None]:
    """The one of that number."""

    def query(connection: Connection) -> Maintenance | None:
        body = connection.scalar(select(maintenances.c.body).where(maintenances.c.row == row))
        return None if body is None else decode_maintenance(body)

    return query


def hidden_counts(rows: Iterable[int]) -> Callable[[Connection], dict[int, int]]:
    """How many alerts each of them has hidden; none: no entry."""
    wanted = list(rows)
    number = maintenance_alerts.c.maintenance

    def query(connection: Connection) -> dict[int, int]:
        statement = select(number, func.count()).where(number.in_(wanted)).group_by(number)
        return dict(connection.execute(statement).all())

    return query


def hidden_alerts(row: int, limit: int) -> Callable[[Connection], list[Alert]]:
    """The alerts that it has hidden: those that stand first, then the newest; at most ``limit``."""

    def query(connection: Connection) -> list[Alert]:
        statement = (
            select(alerts.c.body)
            .join(maintenance_alerts, maintenance_alerts.c.alert == alerts.c.id)
            .where(maintenance_alerts.c.maintenance == row)
            .order_by(alerts.c.closed.is_not(None), alerts.c.priority, alerts.c.id.desc())
            .limit(limit)
        )
        return [decode_alert(body) for body in connection.scalars(statement)]

    return query
