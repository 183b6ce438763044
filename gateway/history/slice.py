"""The readings of one slice in the order of device and minute, without a sort of their bodies.

A temporary table holds device, minute and row of each, some 15 bytes; the bodies are looked up in
that order. So memory stays small whoever talks most, and the order can be taken up anywhere. All of
it runs inside SQLite without the GIL, which changes hands once for each device and minute.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from typing import Final

from gateway.history.folding import Summaries, decode_one_by_one, decode_together, fold, join_all
from gateway.history.rollup import (
    MINUTE,
    Mark,
    Position,
    end_of_slice,
    read_position,
    row_received,
)

LOOK_BACK_ROWS: Final = 2_000_000
"""Rows already rolled up that are looked through for the first copy of a late duplicate."""

LOOK_BACK_SLACK: Final = 60_000
"""Milliseconds by which a first copy may have come before its time and its second copy's."""

BUSY: Final = 200
"""Readings of one piece that are folded at once, some 0.6 ms; busier devices get finer pieces."""

FINER: Final = (1_000, 50)
"""Widths (ms) of finer pieces, each a divisor of the minute. Copies are always in one piece."""

_TABLES: Final = (
    """
    CREATE TEMP TABLE slice(
        device INTEGER, piece INTEGER, row INTEGER,
        PRIMARY KEY (device, piece, row)) WITHOUT ROWID
    """,
    """
    CREATE TEMP TABLE late(
        happened INTEGER, device INTEGER, channel INTEGER, row INTEGER,
        PRIMARY KEY (happened, device, channel, row)) WITHOUT ROWID
    """,
)

# happened <= received: a reading that happened later than all that came before is no copy of them.
# And only a reading whose minute has been rolled up can be a copy of one that is counted.
_LATE: Final = """
INSERT INTO temp.late(happened, device, channel, row)
SELECT happened, device, channel, row FROM readings r
WHERE row > :done AND row <= :until
  AND happened <= (SELECT received FROM readings WHERE row > :done ORDER BY row LIMIT 1)
  AND EXISTS (
    SELECT 1 FROM rollups u
    WHERE u.span = 60000 AND u.start = r.happened - r.happened % 60000 AND u.device = r.device)
"""

_FILL: Final = """
INSERT INTO temp.slice(device, piece, row)
SELECT device, happened - happened % :width, row FROM readings
WHERE row > :done AND row <= :until
  AND device >= :device AND (device > :device OR happened - happened % 60000 > :minute)
"""

# CROSS JOIN: the rows looked back on are walked through once, and each looked up among the late.
_COPIES: Final = """
DELETE FROM temp.slice WHERE (device, piece, row) IN (
    SELECT l.device, l.happened - l.happened % 60000, l.row
    FROM readings r CROSS JOIN temp.late l
    ON l.happened = r.happened AND l.device = r.device AND l.channel = r.channel
    WHERE r.row >= :first AND r.row <= :done
      AND r.happened BETWEEN (SELECT min(happened) FROM temp.late)
                         AND (SELECT max(happened) FROM temp.late)
      AND r.body = (SELECT body FROM readings WHERE row = l.row))
"""

_BUSY: Final = """
SELECT DISTINCT device FROM (
    SELECT device FROM temp.slice GROUP BY device, piece HAVING count(*) > ?)
"""

_FINER: Final = """
UPDATE temp.slice
SET piece = (SELECT r.happened - r.happened % ? FROM readings r WHERE r.row = slice.row)
WHERE device = ?
"""

# One row for each piece: at each row that is fetched the GIL changes hands.
_PIECES: Final = """
SELECT s.device, s.piece,
    CAST('[' || group_concat(r.happened) || ']' AS BLOB),
    CAST('[' || group_concat(r.body) || ']' AS BLOB)
FROM temp.slice s CROSS JOIN readings r ON r.row = s.row
WHERE (s.device, s.piece) > (?, ?)
GROUP BY s.device, s.piece
"""

_PIECE: Final = """
SELECT r.happened, r.channel, CAST(r.body AS BLOB)
FROM temp.slice s CROSS JOIN readings r ON r.row = s.row
WHERE s.device = ? AND s.piece = ?
"""


class Slice:
    """A slice being rolled up. Its temporary tables live as long as its connection."""

    def __init__(
        self, connection: sqlite3.Connection, budget: int, before: int | None = None
    ) -> None:
        """The next slice, or the rest of one that was left half merged (`end_of_slice`)."""
        self._connection = connection
        for table in _TABLES:
            connection.execute(table)
        connection.execute("BEGIN")
        try:
            position = read_position(connection)
            if position.resting:
                until = end_of_slice(connection, position.done, budget, before)
                position = Position(position.done, until, position.done + 1)
                self._find_late(position)
                position = Position(position.done, until, self._first(position.done))
            else:
                self._find_late(position)
            self.position = position
            """Where it begins. Nothing is to be done when it is ``resting``."""
            if not position.resting:
                self._fill(position)
        finally:
            connection.execute("COMMIT")

    def minutes(self, after: Mark) -> Generator[tuple[Mark, Summaries], None, None]:
        """Each minute of each device after ``after``, folded, in the order of device and minute.

        A read transaction is open until the iterator ends or is closed.
        """
        device, start = after
        cursor = self._connection.execute(_PIECES, (device, start + MINUTE - 1))
        try:
            mark: Mark | None = None
            summaries: Summaries = {}
            for device, piece, times, bodies in cursor:
                this = (device, piece - piece % MINUTE)
                if this == mark:
                    join_all(summaries, self._folded(device, piece, times, bodies))
                    continue
                if mark is not None:
                    yield mark, summaries
                mark, summaries = this, self._folded(device, piece, times, bodies)
            if mark is not None:
                yield mark, summaries
        finally:
            cursor.close()

    def _folded(self, device: int, piece: int, times: bytes, bodies: bytes) -> Summaries:
        decoded = decode_together(times, bodies)
        if decoded is None:
            rows = self._connection.execute(_PIECE, (device, piece)).fetchall()
            decoded = decode_one_by_one(rows)
        return fold(*decoded)

    def _find_late(self, position: Position) -> None:
        if position.done and not position.resting:
            self._connection.execute(_LATE, {"done": position.done, "until": position.until})

    def _first(self, done: int) -> int:
        """The first row in which copies have to be looked for."""
        oldest = self._connection.execute("SELECT min(happened) FROM temp.late").fetchone()[0]
        if oldest is None:
            return done + 1
        first = row_received(self._connection, oldest - LOOK_BACK_SLACK)
        return min(done + 1, max(first, done - LOOK_BACK_ROWS, 1))

    def _fill(self, position: Position) -> None:
        device, minute = position.reached
        which = {"done": position.done, "until": position.until}
        connection = self._connection
        connection.execute(_FILL, {**which, "width": MINUTE, "device": device, "minute": minute})
        if position.first <= position.done:
            connection.execute(_COPIES, {"first": position.first, "done": position.done})
        connection.execute("DELETE FROM temp.late")
        for width in FINER:
            busy = connection.execute(_BUSY, (BUSY,)).fetchall()
            if not busy:
                break
            for (one,) in busy:
                connection.execute(_FINER, (width, one))
