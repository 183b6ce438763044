"""The SQL that turns raw readings into roll-ups. All of it runs inside SQLite, without the GIL.

A *slice* is a range of rows of ``readings``. It is added up in a temporary table first, off the
writer's way, and merged into ``rollups`` afterwards in small transactions, in the order of the
primary key. How far that got is kept in ``meta`` in the same transactions, so that a kill at any
instant counts nothing twice and leaves nothing out.
"""

from __future__ import annotations

import sqlite3
from typing import Final, TypeAlias

import msgspec

MINUTE: Final = 60_000
HOUR: Final = 3_600_000

Key: TypeAlias = tuple[int, int, int, str]
"""Span, start, device, metric: the primary key of ``rollups``."""

BEFORE_ALL: Final[Key] = (0, 0, 0, "")

POSITION: Final = "rollup"
"""The key in ``meta`` of the position."""

LOOK_BACK_ROWS: Final = 2_000_000
"""Rows already rolled up that are looked through for the first copy of a late duplicate."""

LOOK_BACK_SLACK: Final = 60_000
"""Milliseconds by which a first copy may have come before its time and its second copy's."""

METRIC_LENGTH: Final = 64

RESERVED: Final = ("ts", "seq", "test")
"""Keys of the message format that are numbers and no measurements: no curve is drawn of them."""

_NO_MEASURE: Final = ", ".join(f"'{key}'" for key in RESERVED)


class Position(msgspec.Struct, frozen=True):
    """How far rolling up has got.

    Rows up to ``done`` are rolled up. Rows up to ``until`` are being merged: of what they add up
    to, all up to the key ``merged`` is in ``rollups`` already. ``first`` is the first row in which
    copies of theirs were looked for, kept because it must be the same after a crash.
    """

    done: int = 0
    until: int = 0
    first: int = 1
    merged: Key = BEFORE_ALL

    @property
    def resting(self) -> bool:
        """Whether no slice is being merged."""
        return self.until <= self.done


_DECODER: Final = msgspec.json.Decoder(Position)


def decode_position(value: str | None) -> Position:
    """The position in a row of ``meta``; ``None`` = nothing was rolled up yet."""
    return Position() if value is None else _DECODER.decode(value)


def read_position(connection: sqlite3.Connection) -> Position:
    """How far rolling up has got."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (POSITION,)).fetchone()
    return decode_position(None if row is None else row[0])


def write_position(connection: sqlite3.Connection, position: Position) -> None:
    """Keep the position, in the transaction that made it true."""
    connection.execute(
        "INSERT INTO meta(key, value) VALUES(?, ?) "
        "ON CONFLICT(key) DO UPDATE SET value = excluded.value",
        (POSITION, msgspec.json.encode(position).decode()),
    )


def begin_slice(connection: sqlite3.Connection, done: int, budget: int) -> Position:
    """The next slice after the row ``done``, of at most ``budget`` rows."""
    newest = connection.execute("SELECT max(row) FROM readings").fetchone()[0] or 0
    until = min(done + budget, newest)
    if until <= done:
        return Position(done=done, until=done)
    # Only a reading whose minute has been rolled up can be a copy of one that is counted.
    oldest = connection.execute(
        """
        SELECT min(min(happened, received)) FROM readings r
        WHERE row > ? AND row <= ? AND EXISTS (
            SELECT 1 FROM rollups u
            WHERE u.span = 60000 AND u.start = r.happened - r.happened % 60000
              AND u.device = r.device)
        """,
        (done, until),
    ).fetchone()[0]
    first = done + 1
    if oldest is not None:
        first = max(row_received(connection, oldest - LOOK_BACK_SLACK), done - LOOK_BACK_ROWS, 1)
    return Position(done=done, until=until, first=min(first, done + 1))


def row_received(connection: sqlite3.Connection, time: int) -> int:
    """About the first row received at ``time`` (ms) or later; rows stand in order of arrival."""
    low, high = connection.execute("SELECT min(row), max(row) FROM readings").fetchone()
    if low is None:
        return 1
    high += 1
    while low < high:
        middle = (low + high) // 2
        found = connection.execute(
            "SELECT received FROM readings WHERE row >= ? ORDER BY row LIMIT 1", (middle,)
        ).fetchone()
        if found[0] < time:
            low = middle + 1
        else:
            high = middle
    return int(low)


def prepare(connection: sqlite3.Connection) -> None:
    """Make the temporary tables of this connection."""
    # One table puts copies aside and sorts: its points then arrive nearly in the order of ``part``.
    connection.execute(
        """
        CREATE TEMP TABLE IF NOT EXISTS fresh(
            minute INTEGER, device INTEGER, happened INTEGER, channel INTEGER, body TEXT,
            PRIMARY KEY (minute, device, happened, channel, body)) WITHOUT ROWID
        """
    )
    connection.execute(
        """
        CREATE TEMP TABLE IF NOT EXISTS part(
            span INTEGER, start INTEGER, device INTEGER, metric TEXT, count INTEGER,
            low REAL, high REAL, sum REAL, last REAL, last_at INTEGER,
            PRIMARY KEY (span, start, device, metric)) WITHOUT ROWID
        """
    )


# What is no JSON was written by no dialect of ours; it must not stop the rest.
_FRESH: Final = """
INSERT OR IGNORE INTO temp.fresh(minute, device, happened, channel, body)
SELECT happened - happened % 60000, device, happened, channel, CAST(body AS TEXT)
FROM readings WHERE row > ? AND row <= ? AND json_valid(CAST(body AS TEXT))
"""

# CROSS JOIN: the rows looked back on are walked through once, and each looked up among the fresh.
_COPIES: Final = """
DELETE FROM temp.fresh WHERE (minute, device, happened, channel, body) IN (
    SELECT f.minute, f.device, f.happened, f.channel, f.body
    FROM readings r CROSS JOIN temp.fresh f
    ON f.minute = r.happened - r.happened % 60000 AND f.device = r.device
    AND f.happened = r.happened AND f.channel = r.channel AND f.body = CAST(r.body AS TEXT)
    WHERE r.row >= ? AND r.row <= ?)
"""

# Of two values at one time the larger is the last: any order of merging comes to the same.
_MERGE: Final = """
ON CONFLICT(span, start, device, metric) DO UPDATE SET
    count = count + excluded.count,
    low = min(low, excluded.low),
    high = max(high, excluded.high),
    sum = sum + excluded.sum,
    last = CASE WHEN (excluded.last_at, excluded.last) > (last_at, last)
           THEN excluded.last ELSE last END,
    last_at = max(last_at, excluded.last_at)
"""

_MINUTES: Final = f"""
INSERT INTO temp.part
SELECT 60000, minute, device, metric, 1, value, value, value, value, happened FROM (
    SELECT f.minute, f.device, f.happened, j.key AS metric, j.value
    FROM temp.fresh f, json_each(f.body) j
    WHERE j.type IN ('integer', 'real', 'true', 'false') AND j.key NOT IN ({_NO_MEASURE})
    UNION ALL
    SELECT f.minute, f.device, f.happened, j.key || '.' || e.key, e.value
    FROM temp.fresh f, json_each(f.body) j, json_each(j.value) e
    WHERE instr(f.body, '[') AND j.type = 'array'
      AND e.type IN ('integer', 'real', 'true', 'false')
) WHERE length(metric) <= {METRIC_LENGTH}
{_MERGE}
"""  # noqa: S608 - no input

_HOURS: Final = f"""
INSERT INTO temp.part
SELECT 3600000, start - start % 3600000, device, metric, count, low, high, sum, last, last_at
FROM temp.part WHERE span = 60000
{_MERGE}
"""  # noqa: S608 - no input

_INTO: Final = f"""
INSERT INTO main.rollups(span, start, device, metric, count, low, high, sum, last, last_at)
SELECT span, start, device, metric, count, low, high, sum, last, last_at FROM temp.part
WHERE (span, start, device, metric) > (?, ?, ?, ?)
  AND (span, start, device, metric) <= (?, ?, ?, ?)
{_MERGE}
"""  # noqa: S608 - no input


def add_up(connection: sqlite3.Connection, position: Position) -> None:
    """Add up the slice of ``position`` in the temporary table; reads only."""
    connection.execute("DELETE FROM temp.fresh")
    connection.execute("DELETE FROM temp.part")
    connection.execute(_FRESH, (position.done, position.until))
    if position.first <= position.done:
        connection.execute(_COPIES, (position.first, position.done))
    connection.execute(_MINUTES)
    connection.execute(_HOURS)


def merge_some(connection: sqlite3.Connection, position: Position, rows: int) -> Position:
    """Merge up to ``rows`` more of what was added up, in a transaction of its own."""
    after = position.merged
    upto = connection.execute(
        """
        SELECT span, start, device, metric FROM temp.part
        WHERE (span, start, device, metric) > (?, ?, ?, ?)
        ORDER BY span, start, device, metric LIMIT 1 OFFSET ?
        """,
        (*after, rows - 1),
    ).fetchone()
    rest = upto is None
    if rest:
        upto = connection.execute(
            "SELECT span, start, device, metric FROM temp.part "
            "ORDER BY span DESC, start DESC, device DESC, metric DESC LIMIT 1"
        ).fetchone()
    if rest:
        following = Position(done=position.until, until=position.until, first=position.until + 1)
    else:
        following = msgspec.structs.replace(position, merged=tuple(upto))
    connection.execute("BEGIN IMMEDIATE")
    try:
        if upto is not None:
            connection.execute(_INTO, (*after, *upto))
        write_position(connection, following)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return following
