"""Folds a batch into the tables, within a transaction that the caller opened.

On SQLite's own driver, as are readings and packet ids (`gateway.store.appending`): SQLAlchemy takes
a second to import, for which the first alarm after a start would wait, and a batch of 25 readings
cost 500 µs of CPU through it instead of 300.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from gateway.store.batch import (
    Batch,
    DeviceDay,
    DiscoveryRow,
    Fact,
    OutboxEntry,
    RejectSample,
    Victim,
)
from gateway.store.bounds import Bounds
from gateway.store.encoding import encode_alert, encode_maintenance, encode_transition


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table}({','.join(columns)}) VALUES({','.join('?' * len(columns))})"


_FACT: Final = _insert("facts", Fact.__struct_fields__)
_ALERT: Final = (
    _insert(
        "alerts",
        (
            *("id", "device", "school", "condition", "priority", "state"),
            *("raised", "known", "closed", "version", "body"),
        ),
    )
    + """
ON CONFLICT(id) DO UPDATE SET
    device = excluded.device, school = excluded.school, condition = excluded.condition,
    priority = excluded.priority, state = excluded.state, raised = excluded.raised,
    known = excluded.known, closed = excluded.closed, version = excluded.version,
    body = excluded.body
WHERE excluded.version >= alerts.version"""
)
"""A batch that was refused and comes again must not undo what was written since."""

_TRANSITION: Final = (
    _insert("transitions", ("row", "alert", "version", "kind", "known", "body"))
    + " ON CONFLICT DO NOTHING"
)
_OUTBOX: Final = (
    _insert("outbox", OutboxEntry.__struct_fields__) + " ON CONFLICT(receiver, key) DO NOTHING"
)
_ARRIVED: Final = "UPDATE outbox SET delivered = ?, failed = NULL WHERE receiver = ? AND key = ?"
_STATE: Final = (
    _insert("device_states", ("device", "body", "changed"))
    + " ON CONFLICT(device) DO UPDATE SET body = excluded.body, changed = excluded.changed"
)
_DEADLINE: Final = (
    _insert("deadlines", ("kind", "subject", "due", "body"))
    + " ON CONFLICT(kind, subject) DO UPDATE SET due = excluded.due, body = excluded.body"
)
_NO_DEADLINE: Final = "DELETE FROM deadlines WHERE kind = ? AND subject = ?"
_REJECT: Final = _insert("rejects", RejectSample.__struct_fields__)
_REJECT_COUNT: Final = (
    _insert("reject_counts", ("day", "school", "reason", "count"))
    + " ON CONFLICT(day, school, reason) DO UPDATE SET count = count + excluded.count"
)
_DISCOVERY: Final = (
    _insert("discoveries", DiscoveryRow.__struct_fields__)
    + """
ON CONFLICT(school, id) DO UPDATE SET
    dialect = excluded.dialect, address = excluded.address, kind = excluded.kind,
    last_seen = excluded.last_seen, topic = excluded.topic, sample = excluded.sample,
    understood = excluded.understood, messages = max(messages, excluded.messages)"""
)
_DEVICE_DAY: Final = (
    _insert("device_days", DeviceDay.__struct_fields__)
    + """
ON CONFLICT(day, device) DO UPDATE SET
    messages = messages + excluded.messages, lost = lost + excluded.lost,
    reconnects = reconnects + excluded.reconnects, reboots = reboots + excluded.reboots,
    battery_pct = coalesce(excluded.battery_pct, battery_pct),
    signal_dbm = coalesce(excluded.signal_dbm, signal_dbm),
    heard = coalesce(excluded.heard, heard)"""
)
_MAINTENANCE: Final = (
    _insert(
        "maintenances",
        ("row", "school", "place", "device", "starts", "ends", "ended", "actor", "body"),
    )
    + """
ON CONFLICT(row) DO UPDATE SET ended = excluded.ended, body = excluded.body
WHERE maintenances.ended IS NULL"""
)
_HIDDEN: Final = _insert("maintenance_alerts", ("maintenance", "alert")) + " ON CONFLICT DO NOTHING"

_VICTIM: Final = (
    _insert("victims", Victim.__struct_fields__)
    + """
ON CONFLICT(alert, device) DO UPDATE SET
    since = excluded.since, back = excluded.back, alone = excluded.alone"""
)


def write_batch(connection: sqlite3.Connection, batch: Batch, bounds: Bounds) -> None:
    """Write all of ``batch`` but its statements, readings and packet ids. Empty lists cost nothing.

    The structs' fields are named and ordered as the columns.
    """
    rows: Sequence[tuple[Any, ...]]
    if batch.facts:
        connection.executemany(_FACT, map(msgspec.structs.astuple, batch.facts))
    if batch.alerts:
        rows = [
            (
                *(alert.id, alert.device, alert.school, alert.condition, int(alert.priority)),
                *(alert.state.value, alert.raised, alert.known, alert.closed, alert.version),
                encode_alert(alert),
            )
            for alert in batch.alerts.values()
        ]
        connection.executemany(_ALERT, rows)
    if batch.transitions:
        rows = [
            (
                numbered.row,
                one.alert,
                one.version,
                one.kind.value,
                one.known,
                encode_transition(one),
            )
            for numbered in batch.transitions
            for one in (numbered.transition,)
        ]
        connection.executemany(_TRANSITION, rows)
    if batch.outbox:
        connection.executemany(_OUTBOX, map(msgspec.structs.astuple, batch.outbox))
    if batch.arrived:
        rows = [(batch.now, one.receiver, one.key) for one in batch.arrived]
        connection.executemany(_ARRIVED, rows)
    if batch.states:
        rows = [(device, body, batch.now) for device, body in batch.states.items()]
        connection.executemany(_STATE, rows)
    _write_by_time(connection, batch)
    if batch.rejects or batch.reject_counts or batch.discoveries:
        _write_strange(connection, batch, bounds)
    if batch.victims:
        connection.executemany(_VICTIM, map(msgspec.structs.astuple, batch.victims))
    if batch.device_days:
        connection.executemany(_DEVICE_DAY, map(msgspec.structs.astuple, batch.device_days))


def _write_strange(connection: sqlite3.Connection, batch: Batch, bounds: Bounds) -> None:
    """What was not understood, and who is not registered."""
    if batch.rejects:
        connection.executemany(_REJECT, map(msgspec.structs.astuple, batch.rejects))
        bounds.rejected(connection, Counter(sample.school for sample in batch.rejects))
    if batch.reject_counts:
        rows = [(*what, count) for what, count in batch.reject_counts.items()]
        connection.executemany(_REJECT_COUNT, rows)
    if batch.discoveries:
        connection.executemany(_DISCOVERY, map(msgspec.structs.astuple, batch.discoveries))
        bounds.discovered(connection, Counter(row.school for row in batch.discoveries))


def _write_by_time(connection: sqlite3.Connection, batch: Batch) -> None:
    """What happens by itself when its time has come, and what that hides."""
    if batch.deadlines:
        _write_deadlines(connection, batch)
    if batch.maintenances:
        _write_maintenances(connection, batch)
    if batch.hidden:
        connection.executemany(_HIDDEN, batch.hidden)


def _write_maintenances(connection: sqlite3.Connection, batch: Batch) -> None:
    rows = [
        (
            *(one.row, one.school, one.place, one.device),
            *(one.starts, one.ends, one.ended, one.actor),
            encode_maintenance(one),
        )
        for one in batch.maintenances.values()
    ]
    connection.executemany(_MAINTENANCE, rows)


def _write_deadlines(connection: sqlite3.Connection, batch: Batch) -> None:
    # Of several for one subject within a batch the last one counts.
    last = {(deadline.kind, deadline.subject): deadline for deadline in batch.deadlines}
    gone = [key for key, deadline in last.items() if deadline.due is None]
    standing = [
        (*key, deadline.due, deadline.body)
        for key, deadline in last.items()
        if deadline.due is not None
    ]
    connection.executemany(_NO_DEADLINE, gone)
    connection.executemany(_DEADLINE, standing)
