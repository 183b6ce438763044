"""What the store holds of the days that are replayed: readings by pieces, and what else is known.

Over a connection of its own that cannot write. Each piece of readings is read in a transaction of
its own, a fraction of a second long, so that the writer's log can be cleared in between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from alerts.alert import Transition, TransitionKind
from alerts.episodes import Episode, episodes_of, overlaps
from alerts.replay import Shared
from alerts.rules.gateway_health import DISK_FULL, FEED_LOST
from devices.model import Device
from gateway.history.rollup import row_received
from gateway.pipeline.roster import GATEWAY
from gateway.replay.judging import Stretch
from gateway.store.batch import ReadingRow
from gateway.store.encoding import decode_parameters, decode_transition
from gateway.store.loading import load_devices

BUSY: Final = 5.0
"""Seconds to wait for a lock; nobody holds one that readers wait for, but at a recovery."""

CACHE: Final = 8 * 1024
"""KiB of pages kept: all is read in the order in which it lies."""

PIECE: Final = 200_000
"""Rows of the table that are looked through at once: some 50 MB where all of them are wanted."""

_EPISODE_KINDS: Final = (
    TransitionKind.RAISED,
    TransitionKind.OCCURRED,
    TransitionKind.REACTIVATED,
    TransitionKind.WORSENED,
    TransitionKind.RETURNED,
    TransitionKind.CLOSED,
)

_READINGS: Final = """
SELECT device, channel, happened, received, body FROM readings
WHERE row BETWEEN ? AND ? AND device IN (SELECT device FROM temp.wanted)
"""

_TRANSITIONS: Final = f"""
SELECT a.id, a.device, a.body, t.body
FROM alerts a JOIN transitions t ON t.alert = a.id
WHERE a.raised < ? AND (a.closed IS NULL OR a.closed >= ?)
  AND a.device IN (SELECT device FROM temp.wanted)
  AND t.kind IN ({",".join("?" * len(_EPISODE_KINDS))})
ORDER BY a.id, t.row
"""  # noqa: S608 - only question marks are put in

_SHARED: Final = """
SELECT v.alert, v.device, v.since, coalesce(v.alone_at, v.back) FROM (
    SELECT alert, device, since, back,
        (SELECT known FROM alerts WHERE id = victims.alone) AS alone_at
    FROM victims WHERE device IN (SELECT device FROM temp.wanted)
) v WHERE v.since < ? AND (v.back IS NULL OR v.back >= ?)
"""

# Of all subjects that begin with "device:"; the index is by subject.
_FACTS: Final = """
SELECT kind, happened, substr(subject, 8), CAST(body AS TEXT) FROM facts
WHERE subject >= 'device:' AND subject < 'device;' AND known >= ? AND known < ?
  AND kind IN ('device', 'test_confirmed')
"""


class Kept(msgspec.Struct, frozen=True):
    """The readings that are kept: from when to when (ms) they came. ``None``: there are none."""

    first: int | None
    last: int | None


class Past(msgspec.Struct, frozen=True):
    """What was raised, and what else has to be known to judge again. See `Circumstances`."""

    raised: list[Episode]
    shared: list[Shared]
    registered: dict[int, int]
    tests: list[tuple[int, int]]


def opened(path: Path) -> sqlite3.Connection:
    """A connection to the store that cannot write. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY, isolation_level=None
    )
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute(f"PRAGMA cache_size=-{CACHE}")
    return connection


def registered_devices(connection: sqlite3.Connection) -> list[Device]:
    """All devices."""
    return load_devices(connection)


def figures_of_schools(
    connection: sqlite3.Connection,
) -> dict[tuple[str, str], dict[str, dict[str, object]]]:
    """Schools' own figures by school and kind."""
    rows = connection.execute("SELECT school, kind, body FROM parameters")
    return {(school, kind): decode_parameters(body) for school, kind, body in rows}


def want(connection: sqlite3.Connection, devices: Iterable[int]) -> None:
    """From now on only these devices (by row) are read of."""
    connection.execute("DROP TABLE IF EXISTS temp.wanted")
    connection.execute("CREATE TEMP TABLE wanted(device INTEGER PRIMARY KEY)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO temp.wanted VALUES(?)", ((one,) for one in devices))
    connection.execute("COMMIT")


def kept(connection: sqlite3.Connection) -> Kept:
    """From when to when there are readings."""
    ends = (
        connection.execute(f"SELECT received FROM readings ORDER BY row {way} LIMIT 1").fetchone()  # noqa: S608 - one of the two below
        for way in ("ASC", "DESC")
    )
    return Kept(*(None if row is None else row[0] for row in ends))


def rows_between(connection: sqlite3.Connection, since: int, until: int) -> tuple[int, int]:
    """The first row and the last that were received in ``[since, until)``."""
    return row_received(connection, since), row_received(connection, until) - 1


def pieces(
    connection: sqlite3.Connection, first: int, last: int, length: int = PIECE
) -> Iterator[tuple[int, list[ReadingRow]]]:
    """The readings of the wanted devices in order, by pieces; with the last row looked through."""
    while first <= last:
        to = min(first + length - 1, last)
        yield to, connection.execute(_READINGS, (first, to)).fetchall()
        first = to + 1


def gaps(connection: sqlite3.Connection, since: int, until: int, longest: int) -> list[Stretch]:
    """Where no reading of any device came for more than ``longest`` ms, in ``[since, until)``.

    The table is not read through: rows stand in order of arrival, so what spans less than that
    holds no such gap.
    """
    first, last = rows_between(connection, since, until)
    if first > last:
        return [(since, until)] if until - since > longest else []
    one = "SELECT received, row FROM readings WHERE row >= ? ORDER BY row LIMIT 1"

    def at(row: int) -> tuple[int, int]:
        received, found = connection.execute(one, (row,)).fetchone()
        return int(received), int(found)

    found: list[Stretch] = []
    waiting = [(*at(first), *at(last))]
    begins, ends = waiting[0][0], waiting[0][2]
    while waiting:
        low, row, high, other = waiting.pop()
        if high - low <= longest:
            continue
        middle, between = at((row + other) // 2 + 1) if other - row > 1 else (high, other)
        if between >= other:  # neighbours, or nothing in the upper half
            middle, between = _before(connection, other)
            if between <= row:
                found.append((low, high))
                continue
        waiting += [(low, row, middle, between), (middle, between, high, other)]
    if begins - since > longest:
        found.append((since, begins))
    if until - ends > longest:
        found.append((ends, until))
    return sorted(found)


def _before(connection: sqlite3.Connection, row: int) -> tuple[int, int]:
    """When the reading before ``row`` came, and its row."""
    query = "SELECT received, row FROM readings WHERE row < ? ORDER BY row DESC LIMIT 1"
    received, found = connection.execute(query, (row,)).fetchone()
    return int(received), int(found)


def past(connection: sqlite3.Connection, devices: Iterable[Device], since: int, until: int) -> Past:
    """What is known of the wanted ``devices`` in ``[since, until)``."""
    rows = {f"{device.school}/{device.id}": device.row for device in devices}
    registered: dict[int, int] = {}
    tests: list[tuple[int, int]] = []
    for kind, happened, subject, body in connection.execute(_FACTS, (since, until)):
        row = rows.get(subject)
        if row is None:
            continue
        told = msgspec.json.decode(body)
        if kind == "device":
            if told.get("before") is None:
                registered[row] = max(happened, registered.get(row, 0))
        elif (press := told.get("press")) is not None:
            tests.append((row, int(press["happened"])))
    shared = [Shared(*row) for row in connection.execute(_SHARED, (until, since))]
    return Past(_raised(connection, since, until), shared, registered, tests)


def _raised(connection: sqlite3.Connection, since: int, until: int) -> list[Episode]:
    kinds = [kind.value for kind in _EPISODE_KINDS]
    found: list[Episode] = []
    alert, device = 0, 0
    transitions: list[Transition] = []
    for number, row, body, transition in connection.execute(_TRANSITIONS, (until, since, *kinds)):
        if number != alert:
            found += episodes_of(alert, device, transitions)
            alert, device, transitions = number, row, []
        if not _decode_scoped(body).scope:  # others are of no single device
            transitions.append(decode_transition(transition))
    found += episodes_of(alert, device, transitions)
    return [one for one in found if overlaps(one, since, until)]


def lost(connection: sqlite3.Connection, since: int, until: int) -> list[Stretch]:
    """When the gateway itself said that it could not hear, by its own alerts."""
    want(connection, [GATEWAY.row])
    return [
        (max(one.began, since), until if one.ended is None else min(one.ended, until))
        for one in _raised(connection, since, until)
        if one.condition in {FEED_LOST, DISK_FULL}
    ]


def joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """In order; those that touch are one."""
    found: list[Stretch] = []
    for since, until in sorted(stretches):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return tuple(found)


class _Scoped(msgspec.Struct):
    scope: str = ""


_decode_scoped: Final = msgspec.json.Decoder(_Scoped).decode
