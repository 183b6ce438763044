"""What the gateway takes up at a start, read straight from the driver: 100,000 devices count."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from alerts.alert import Alert
from alerts.duty import Shift, Signature
from devices.model import Device, Place, Region, School
from gateway.push.subscription import Reach
from gateway.store.batch import GIVEN_UP, POLICE, Deadline, OutboxEntry, Victim
from gateway.store.encoding import decode_alert, decode_maintenance, decode_parameters
from gateway.store.push import reach_of
from gateway.store.store import Snapshot

_DEVICES: Final = """
SELECT school, id, kind, row, name_zh, name_en, place, dialect, address, repeater,
       out_of_service, parameters
FROM devices ORDER BY row
"""

_VICTIMS: Final = """
SELECT victims.alert, device, since, back, alone
FROM victims JOIN (SELECT id, closed FROM alerts) ON id = victims.alert
WHERE closed IS NULL OR (back IS NULL AND alone IS NULL)
ORDER BY victims.alert, device
"""

_FOR_POLICE: Final = """
SELECT receiver, key, created, body, due FROM outbox
WHERE delivered IS NULL AND receiver >= ? AND receiver < ? AND due < ?
ORDER BY key NOT GLOB 'emergency/*', row LIMIT ?
"""

_SHIFTS: Final = "SELECT row, team, user, starts, ends FROM shifts ORDER BY ends DESC LIMIT ?"

_SIGNATURES: Final = """
SELECT team, after, at FROM hand_overs
WHERE row IN (
    SELECT max(row) FROM hand_overs
    WHERE json_extract(CAST(body AS TEXT), '$.on_duty') IS NOT 0 GROUP BY team
)
"""

_BROWSERS: Final = """
SELECT id, "user", endpoint, p256dh, auth, label, language, priorities, added, users.scopes
FROM push_subscriptions JOIN users ON users.name = "user" WHERE NOT users.disabled
ORDER BY "user", id
"""

SHIFTS: Final = 10_000
"""Shifts that are taken up: those to come, of years of rotas."""

FOR_POLICE: Final = 5000
"""Rows of the police links that are taken up at a start, alarms first. The rest is read later."""


def load_snapshot(connection: sqlite3.Connection) -> Snapshot:
    """Read within the caller's transaction, so that all of it is of one moment."""
    acknowledging: dict[str, list[bytes]] = {}
    for session, entries in connection.execute(
        "SELECT session, entries FROM acknowledging ORDER BY row"
    ):
        acknowledging.setdefault(session, []).append(entries)
    return Snapshot(
        schools=load_schools(connection),
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
        for_police=_for_police(connection),
        victims=[Victim(*row) for row in connection.execute(_VICTIMS)],
        link_watches=dict(connection.execute("SELECT link, body FROM link_watches")),
        shifts=[Shift(*row) for row in connection.execute(_SHIFTS, (SHIFTS,))],
        signatures={
            team: Signature(user, at) for team, user, at in connection.execute(_SIGNATURES)
        },
        maintenances=[
            decode_maintenance(body)
            for (body,) in connection.execute(
                "SELECT body FROM maintenances WHERE ended IS NULL ORDER BY row"
            )
        ],
        last_maintenance=_number(connection, "SELECT max(row) FROM maintenances"),
        browsers=_browsers(connection),
    )


def load_schools(connection: sqlite3.Connection) -> list[School]:
    """All schools, by id."""
    query = "SELECT id, name_zh, name_en, region FROM schools ORDER BY id"
    return [School(*row) for row in connection.execute(query)]


def load_places(connection: sqlite3.Connection) -> list[Place]:
    """All places, by school and id. They share what repeats: names of floors, parents, schools."""
    kept: dict[str | None, Any] = {}
    share = kept.setdefault
    query = "SELECT id, school, name_zh, name_en, parent FROM places ORDER BY school, id"
    return [Place(*[share(value, value) for value in row]) for row in connection.execute(query)]


def load_devices(connection: sqlite3.Connection) -> list[Device]:
    """All registered devices, in the order in which they were registered.

    The driver makes a string anew for each cell. Schools, kinds, names and places repeat, and
    devices without figures of their own share one (empty) dictionary: 650 bytes less a device.
    """
    kept: dict[str | None, Any] = {}
    share = kept.setdefault
    no_parameters: dict[str, dict[str, object]] = {}
    return [
        Device(
            share(school, school),
            share(id_, id_),
            share(kind, kind),
            row,
            share(name_zh, name_zh),
            share(name_en, name_en),
            share(place, place),
            share(dialect, dialect),
            share(address, address),
            share(repeater, repeater),
            bool(out),
            no_parameters if parameters == "{}" else decode_parameters(parameters),
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


def _for_police(connection: sqlite3.Connection) -> list[OutboxEntry]:
    # Their names are those between "police:" and the next sign after the colon.
    bounds = (POLICE, POLICE[:-1] + ";", GIVEN_UP, FOR_POLICE)
    return [OutboxEntry(*row) for row in connection.execute(_FOR_POLICE, bounds)]


def _open_alerts(connection: sqlite3.Connection) -> list[Alert]:
    rows = connection.execute("SELECT body FROM alerts WHERE closed IS NULL ORDER BY id")
    return [decode_alert(body) for (body,) in rows]


def _browsers(connection: sqlite3.Connection) -> list[Reach]:
    rows = connection.execute(_BROWSERS).fetchall()
    if not rows:
        return []
    schools = [
        School(row[0], "", "", row[1])
        for row in connection.execute("SELECT id, region FROM schools")
    ]
    regions = [
        Region(row[0], "", "", row[1])
        for row in connection.execute("SELECT id, parent FROM regions")
    ]
    return [reach_of(row[:-1], row[-1], schools, regions) for row in rows]


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0] or 0)
