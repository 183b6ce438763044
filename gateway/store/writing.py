"""Folds a batch into the tables, within a transaction that the caller opened.

Readings and packet ids are not written here: they take the driver's path
(`gateway.store.appending`), because every batch has them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, delete, insert

from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.bounds import Bounds
from gateway.store.encoding import encode_alert, encode_transition
from gateway.store.upserts import upserts


def write_batch(connection: Connection, batch: Batch, bounds: Bounds) -> None:
    """Write all of ``batch`` but its readings and packet ids. Empty lists cost nothing."""
    # Registry changes first: what else is in the batch may refer to them.
    for statement, rows in batch.statements:
        connection.execute(statement, rows)
    for content, write in (
        (batch.facts, _write_facts),
        (batch.alerts, _write_alerts),
        (batch.transitions, _write_transitions),
        (batch.outbox, _write_outbox),
        (batch.states, _write_states),
        (batch.deadlines, _write_deadlines),
    ):
        if content:
            write(connection, batch)
    for bounded, write_bounded in (
        (batch.rejects, _write_rejects),
        (batch.discoveries, _write_discoveries),
    ):
        if bounded:
            write_bounded(connection, batch, bounds)
    if batch.reject_counts:
        _write_reject_counts(connection, batch)


def _fields(struct: Any) -> dict[str, Any]:
    """A struct whose fields are named as the columns, as a row."""
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def _write_facts(connection: Connection, batch: Batch) -> None:
    connection.execute(insert(schema.facts), [_fields(fact) for fact in batch.facts])


def _write_alerts(connection: Connection, batch: Batch) -> None:
    connection.execute(
        upserts(connection.dialect.name).alerts,
        [
            {
                "id": alert.id,
                "device": alert.device,
                "school": alert.school,
                "condition": alert.condition,
                "priority": int(alert.priority),
                "state": alert.state.value,
                "raised": alert.raised,
                "known": alert.known,
                "closed": alert.closed,
                "version": alert.version,
                "body": encode_alert(alert),
            }
            for alert in batch.alerts.values()
        ],
    )


def _write_transitions(connection: Connection, batch: Batch) -> None:
    connection.execute(
        upserts(connection.dialect.name).transitions,
        [
            {
                "row": numbered.row,
                "alert": numbered.transition.alert,
                "version": numbered.transition.version,
                "kind": numbered.transition.kind.value,
                "known": numbered.transition.known,
                "body": encode_transition(numbered.transition),
            }
            for numbered in batch.transitions
        ],
    )


def _write_deadlines(connection: Connection, batch: Batch) -> None:
    # Of several for one subject within a batch the last one counts.
    last = {(deadline.kind, deadline.subject): deadline for deadline in batch.deadlines}
    table = schema.deadlines
    for (kind, subject), deadline in last.items():
        if deadline.due is None:
            connection.execute(
                delete(table).where(table.c.kind == kind, table.c.subject == subject)
            )
    standing = [_fields(deadline) for deadline in last.values() if deadline.due is not None]
    if standing:
        connection.execute(upserts(connection.dialect.name).deadlines, standing)


def _write_outbox(connection: Connection, batch: Batch) -> None:
    connection.execute(
        upserts(connection.dialect.name).outbox, [_fields(entry) for entry in batch.outbox]
    )


def _write_states(connection: Connection, batch: Batch) -> None:
    connection.execute(
        upserts(connection.dialect.name).states,
        [
            {"device": device, "body": body, "changed": batch.now}
            for device, body in batch.states.items()
        ],
    )


def _write_rejects(connection: Connection, batch: Batch, bounds: Bounds) -> None:
    connection.execute(insert(schema.rejects), [_fields(sample) for sample in batch.rejects])
    bounds.rejected(connection, Counter(sample.school for sample in batch.rejects))


def _write_reject_counts(connection: Connection, batch: Batch) -> None:
    connection.execute(
        upserts(connection.dialect.name).reject_counts,
        [
            {"day": day, "school": school, "reason": reason, "count": count}
            for (day, school, reason), count in batch.reject_counts.items()
        ],
    )


def _write_discoveries(connection: Connection, batch: Batch, bounds: Bounds) -> None:
    connection.execute(
        upserts(connection.dialect.name).discoveries,
        [_fields(discovery) for discovery in batch.discoveries],
    )
    bounds.discovered(connection, Counter(row.school for row in batch.discoveries))
