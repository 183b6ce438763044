"""What the gateway takes up at a start, read straight from the driver: 100,000 devices count."""

from __future__ import annotations

import sqlite3
from typing import Final

from alerts.alert import Alert
from devices.model import Device
from gateway.store.batch import Deadline
from gateway.store.encoding import decode_alert, decode_parameters
from gateway.store.store import Snapshot

_DEVICES: Final = """
SELECT school, id, kind, row, name_zh, name_en, place, dialect, address, repeater,
       out_of_service, parameters
FROM devices ORDER BY row
"""


def load_snapshot(connection: sqlite3.Connection) -> Snapshot:
    """Read within the caller's transaction, so that all of it is of one moment."""
    acknowledging: dict[str, list[bytes]] = {}
    for session, entries in connection.execute(
        "SELECT session, entries FROM acknowledging ORDER BY row"
    ):
        acknowledging.setdefault(session, []).append(entries)
    return Snapshot(
        devices=load_devices(connection),
        states=dict(connection.execute("SELECT device, body FROM device_states")),
        school_parameters={
            (school, kind): decode_parameters(body)
            for school, kind, body in connection.execute(
                "SELECT school, kind, body FROM parameters"
            )
        },
        open_alerts=_open_alerts(connection),
        deadlines=[
            Deadline(kind=kind, subject=subject, due=due, body=body)
            for kind, subject, due, body in connection.execute(
                "SELECT kind, subject, due, body FROM deadlines ORDER BY due"
            )
        ],
        acknowledging=acknowledging,
        last_alert=_number(connection, "SELECT max(id) FROM alerts"),
        last_transition=_number(connection, "SELECT max(row) FROM transitions"),
    )


def load_devices(connection: sqlite3.Connection) -> list[Device]:
    """All registered devices, in the order in which they were registered."""
    return [
        Device(
            school,
            id_,
            kind,
            row,
            name_zh,
            name_en,
            place,
            dialect,
            address,
            repeater,
            bool(out),
            decode_parameters(parameters),
        )
        for (
            school,
            id_,
            kind,
            row,
            name_zh,
            name_en,
            place,
            dialect,
            address,
            repeater,
            out,
            parameters,
        ) in connection.execute(_DEVICES)
    ]


def _open_alerts(connection: sqlite3.Connection) -> list[Alert]:
    rows = connection.execute("SELECT body FROM alerts WHERE closed IS NULL ORDER BY id")
    return [decode_alert(body) for (body,) in rows]


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0] or 0)
