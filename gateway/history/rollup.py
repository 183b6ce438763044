"""How far rolling up has got, which readings come next, and how they get into ``rollups``.

A *slice* is a range of rows of ``readings``, which stand in order of arrival. It is folded in the
order of device and minute, off the writer's way, and merged into ``rollups`` in small transactions
between whole minutes of a device. How far that got is kept in ``meta`` in the same transactions,
so that a kill at any instant counts nothing twice and leaves nothing out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import cache
from typing import Any, Final, TypeAlias

import msgspec

from gateway.history.folding import Summaries, join_all

MINUTE: Final = 60_000
HOUR: Final = 3_600_000

Mark: TypeAlias = tuple[int, int]
"""A device and the start of a minute (ms): slices are worked through in this order."""

BEFORE_ALL: Final[Mark] = (-1, 0)

POSITION: Final = "rollup"
"""The key in ``meta`` of the position."""

ROWS_AT_ONCE: Final = 256
"""Rows a statement: binding them holds the GIL for some 150 µs."""

_WIDTH: Final = 10
"""Columns of ``rollups``."""


class Position(msgspec.Struct, frozen=True):
    """How far rolling up has got.

    Rows up to ``done`` are rolled up. Rows up to ``until`` are being merged: all minutes of devices
    up to ``reached`` are in ``rollups`` already. ``first`` is the first row in which copies of
    theirs are looked for, kept because it must be the same after a crash.
    """

    done: int = 0
    until: int = 0
    first: int = 1
    reached: Mark = BEFORE_ALL

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


def row_received(connection: sqlite3.Connection, time: int) -> int:
    """About the first row received at ``time`` (ms) or later; rows stand in order of arrival."""
    # Two queries: asked for both at once, SQLite reads the whole table.
    low, high = connection.execute(
        "SELECT (SELECT min(row) FROM readings), (SELECT max(row) FROM readings)"
    ).fetchone()
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


def end_of_slice(connection: sqlite3.Connection, done: int, budget: int, before: int | None) -> int:
    """The last row of the slice after the row ``done``; ``done`` itself when there is none.

    At most ``budget`` rows, received before the time ``before`` (ms) if given, and whole minutes
    rather than a part of one, because each minute that is merged twice is written twice.
    """
    newest = connection.execute("SELECT max(row) FROM readings").fetchone()[0] or 0
    if before is not None:
        newest = min(newest, row_received(connection, before) - 1)
    until = int(min(done + budget, newest))
    if done < until < newest:
        received = connection.execute(
            "SELECT received FROM readings WHERE row >= ? ORDER BY row LIMIT 1", (until,)
        ).fetchone()[0]
        whole = row_received(connection, received - received % MINUTE) - 1
        if whole > done:
            until = whole
    return max(until, done)


class Gathered(msgspec.Struct):
    """Rows for ``rollups``, one after the other in one list, and up to where they reach."""

    values: list[Any]
    reached: Mark
    rest: bool
    """Whether that was the rest of the slice."""


def gather(minutes: Iterable[tuple[Mark, Summaries]], after: Mark, rows: int) -> Gathered:
    """About ``rows`` rows of minutes and their hours, of the first of ``minutes``."""
    values: list[Any] = []
    reached, rest = after, True
    hour_of: Mark = BEFORE_ALL
    hour: Summaries = {}
    for mark, summaries in minutes:
        device, start = reached = mark
        _put_rows(values, MINUTE, mark, summaries)
        this_hour = (device, start - start % HOUR)
        if this_hour == hour_of:
            join_all(hour, summaries)
        else:
            _put_rows(values, HOUR, hour_of, hour)
            hour_of, hour = this_hour, summaries
        if len(values) >= rows * _WIDTH:
            rest = False
            break
    _put_rows(values, HOUR, hour_of, hour)
    return Gathered(values, reached, rest)


def _put_rows(values: list[Any], span: int, mark: Mark, summaries: Summaries) -> None:
    device, start = mark
    for metric, summary in summaries.items():
        values += (span, start, device, metric, *summary)


def merge(connection: sqlite3.Connection, position: Position, gathered: Gathered) -> Position:
    """Merge what was gathered after ``position``, in a transaction of its own."""
    if gathered.rest:
        following = Position(done=position.until, until=position.until, first=position.until + 1)
    else:
        following = msgspec.structs.replace(position, reached=gathered.reached)
    connection.execute("BEGIN IMMEDIATE")
    try:
        at, left = 0, len(gathered.values) // _WIDTH
        while left:
            # Cut in powers of two, so that few statements are prepared once and for all.
            rows = min(ROWS_AT_ONCE, 1 << (left.bit_length() - 1))
            connection.execute(_upsert(rows), gathered.values[at : at + rows * _WIDTH])
            at += rows * _WIDTH
            left -= rows
        write_position(connection, following)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return following


# As `gateway.history.folding.join`: of two values at one time the larger is the last.
@cache
def _upsert(rows: int) -> str:
    values = ",".join(["(?,?,?,?,?,?,?,?,?,?)"] * rows)
    return f"""
INSERT INTO rollups(span, start, device, metric, count, low, high, sum, last, last_at)
VALUES{values}
ON CONFLICT(span, start, device, metric) DO UPDATE SET
    count = count + excluded.count,
    low = min(low, excluded.low),
    high = max(high, excluded.high),
    sum = sum + excluded.sum,
    last = CASE WHEN (excluded.last_at, excluded.last) > (last_at, last)
           THEN excluded.last ELSE last END,
    last_at = max(last_at, excluded.last_at)
"""
