"""The victims of an alert with a scope, and the activations of the last while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from sqlalchemy import Connection, case, func, select

from alerts.course import ACTIVATIONS
from alerts.flood import Activation
from gateway.store.batch import Victim
from gateway.store.read.alerts import beyond
from gateway.store.schema import alerts, transitions, victims

Key: TypeAlias = tuple[int, int]

_MOST: Final = 20_000
"""Activations read at most, the newest: an hour of a storm, of which a start wants the end."""


def victims_of(
    alert: int, *, after: Key | None, limit: int
) -> Callable[[Connection], tuple[list[Victim], Key | None]]:
    """Victims after the sort key, those that are still cut off first, and the key to go on from."""
    settled = case((victims.c.back.is_(None) & victims.c.alone.is_(None), 0), else_=1)

    def query(connection: Connection) -> tuple[list[Victim], Key | None]:
        statement = (
            select(victims, settled.label("settled"))
            .where(victims.c.alert == alert)
            .order_by(settled, victims.c.device)
            .limit(limit + 1)
        )
        if after is not None:
            statement = statement.where(beyond((settled, victims.c.device), after))
        rows = connection.execute(statement).all()
        found = [Victim(*row[:5]) for row in rows[:limit]]
        last = rows[limit - 1] if len(rows) > limit else None
        return found, None if last is None else (last.settled, last.device)

    return query


def counts_of_victims(alert: int) -> Callable[[Connection], tuple[int, int]]:
    """How many victims an alert has had, and how many are still cut off."""

    def query(connection: Connection) -> tuple[int, int]:
        standing = victims.c.back.is_(None) & victims.c.alone.is_(None)
        statement = select(func.count(), func.count().filter(standing))
        total, out = connection.execute(statement.where(victims.c.alert == alert)).one()
        return total, out

    return query


def activations_since(since: int) -> Callable[[Connection], list[Activation]]:
    """What became active at or after ``since`` (ms), oldest first."""
    kinds = [kind.value for kind in ACTIVATIONS]

    def query(connection: Connection) -> list[Activation]:
        statement = (
            select(transitions.c.known, transitions.c.alert, alerts.c.school)
            .join(alerts, alerts.c.id == transitions.c.alert)
            .where(transitions.c.known >= since, transitions.c.kind.in_(kinds))
            .order_by(transitions.c.known.desc(), transitions.c.row.desc())
            .limit(_MOST)
        )
        return [Activation(*row) for row in connection.execute(statement)][::-1]

    return query
