"""The statements that fold facts into tables, for the dialects we speak (SQLite, PostgreSQL).

Both databases share the ``ON CONFLICT`` clause; SQLAlchemy has it once per dialect.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from sqlalchemy import Column, Executable, Table, case
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store import schema

Insert: TypeAlias = sqlite.Insert | postgresql.Insert


def insert_into(dialect: str, table: Table) -> Insert:
    """An ``INSERT`` that knows ``ON CONFLICT``; ``dialect`` is ``sqlite`` or ``postgresql``."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def upsert(dialect: str, table: Table, *, keep: Iterable[str] = ()) -> Executable:
    """Insert a row or overwrite the one with the same primary key, except the columns ``keep``."""
    insert = insert_into(dialect, table)
    kept = set(keep)
    changed = {
        column.name: insert.excluded[column.name]
        for column in table.columns
        if not column.primary_key and column.name not in kept
    }
    keys = [column.name for column in table.primary_key.columns]
    if not changed:
        return insert.on_conflict_do_nothing(index_elements=keys)
    return insert.on_conflict_do_update(index_elements=keys, set_=changed)


def _alerts(dialect: str) -> Executable:
    insert = insert_into(dialect, schema.alerts)
    columns: list[Column[object]] = [c for c in schema.alerts.columns if not c.primary_key]
    return insert.on_conflict_do_update(
        index_elements=["id"],
        set_={column.name: insert.excluded[column.name] for column in columns},
        # A batch that was refused and comes again must not undo what was written since.
        where=insert.excluded.version >= schema.alerts.c.version,
    )


def _discoveries(dialect: str) -> Executable:
    insert = insert_into(dialect, schema.discoveries)
    stored, new = schema.discoveries.c, insert.excluded
    overwritten = ("dialect", "address", "kind", "last_seen", "topic", "sample", "understood")
    return insert.on_conflict_do_update(
        index_elements=["school", "id"],
        set_={
            **{name: new[name] for name in overwritten},
            "messages": case((new.messages > stored.messages, new.messages), else_=stored.messages),
        },
    )


def _reject_counts(dialect: str) -> Executable:
    insert = insert_into(dialect, schema.reject_counts)
    return insert.on_conflict_do_update(
        index_elements=["day", "school", "reason"],
        set_={"count": schema.reject_counts.c.count + insert.excluded["count"]},
    )


@dataclass(frozen=True)
class Upserts:
    """The statements `gateway.store.writing` executes, built once per dialect."""

    alerts: Executable
    transitions: Executable
    outbox: Executable
    states: Executable
    deadlines: Executable
    discoveries: Executable
    reject_counts: Executable


@cache
def upserts(dialect: str) -> Upserts:
    """The statements for ``dialect``: ``sqlite`` or ``postgresql``."""
    return Upserts(
        alerts=_alerts(dialect),
        transitions=insert_into(dialect, schema.transitions).on_conflict_do_nothing(),
        outbox=insert_into(dialect, schema.outbox).on_conflict_do_nothing(
            index_elements=["receiver", "key"]
        ),
        states=upsert(dialect, schema.device_states),
        deadlines=upsert(dialect, schema.deadlines),
        discoveries=_discoveries(dialect),
        reject_counts=_reject_counts(dialect),
    )
