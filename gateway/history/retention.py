"""How long readings are kept, and the removal of those that are older, a little at a time.

Removed pages are used again by what is written next; the file does not shrink, so that its room
is never taken by somebody else (`docs/operations.md`).
"""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

from gateway.history.rollup import HOUR, MINUTE, Position, row_received

DAY: Final = 24 * HOUR


class Policy(msgspec.Struct, frozen=True):
    """Days that raw readings, minutes and hours are kept; the days of devices as long as hours."""

    raw_days: int = 7
    minute_days: int = 90
    hour_days: int = 5 * 366


LEAST_FREE: Final = 1_000_000_000
"""Bytes: with less than this free, readings go when their time has come, wherever they are still
to be handed over to. It is when the disk becomes an alert, long before telemetry is refused."""


class Removed(msgspec.Struct):
    """How many rows were removed. ``undelivered`` of the readings had not been handed over yet;
    ``held`` were kept beyond their time for that.
    """

    readings: int = 0
    rollups: int = 0
    device_days: int = 0
    held: int = 0
    undelivered: int = 0


def last_row_to_go(
    connection: sqlite3.Connection, position: Position, policy: Policy, now: int
) -> int:
    """The last raw row that may go: old enough, rolled up, and not needed to find copies.

    The newest row always stays: the next one gets its number from it.
    """
    newest = connection.execute("SELECT max(row) FROM readings").fetchone()[0] or 0
    old = row_received(connection, now - policy.raw_days * DAY) - 1
    needed = position.done if position.resting else min(position.done, position.first - 1)
    return min(old, needed, newest - 1)


def still_waiting(connection: sqlite3.Connection, delivered: int, last: int) -> int:
    """How many of the raw rows up to ``last`` come after the row ``delivered``."""
    first = connection.execute("SELECT min(row) FROM readings").fetchone()[0]
    return 0 if first is None else max(0, last - max(delivered, first - 1))


def remove_readings(connection: sqlite3.Connection, last: int, rows: int) -> int:
    """Remove up to ``rows`` of the oldest raw readings, none above the row ``last``."""
    first = connection.execute("SELECT min(row) FROM readings").fetchone()[0]
    if first is None or first > last:
        return 0
    return connection.execute(
        "DELETE FROM readings WHERE row <= ?", (min(last, first + rows - 1),)
    ).rowcount


def remove_rollups(connection: sqlite3.Connection, span: int, before: int, rows: int) -> int:
    """Remove up to ``rows`` of the oldest roll-ups of ``span`` that began before a time (ms)."""
    key = connection.execute(
        """
        SELECT start, device, metric FROM rollups WHERE span = ? AND start < ?
        ORDER BY span, start, device, metric LIMIT 1 OFFSET ?
        """,
        (span, before, rows),
    ).fetchone()
    if key is None:
        return connection.execute(
            "DELETE FROM rollups WHERE span = ? AND start < ?", (span, before)
        ).rowcount
    return connection.execute(
        "DELETE FROM rollups WHERE span = ? AND (start, device, metric) < (?, ?, ?)", (span, *key)
    ).rowcount


def rollup_limits(policy: Policy, now: int) -> tuple[tuple[int, int], ...]:
    """For each span the time (ms) before which its roll-ups go."""
    return (
        (MINUTE, now - policy.minute_days * DAY),
        (HOUR, now - policy.hour_days * DAY),
    )


def remove_device_days(connection: sqlite3.Connection, before: int, rows: int) -> int:
    """Remove up to ``rows`` of the oldest days of devices, all before a time (ms)."""
    day = before // DAY
    key = connection.execute(
        "SELECT day, device FROM device_days WHERE day < ? ORDER BY day, device LIMIT 1 OFFSET ?",
        (day, rows),
    ).fetchone()
    if key is None:
        return connection.execute("DELETE FROM device_days WHERE day < ?", (day,)).rowcount
    return connection.execute("DELETE FROM device_days WHERE (day, device) < (?, ?)", key).rowcount
