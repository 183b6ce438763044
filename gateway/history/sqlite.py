"""The history of one campus: readings in the store itself, rolled up by minute and hour."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, text

from gateway.history.curve import (
    is_merged,
    paths,
    points_of,
    position_of,
    read_parts,
    resolution,
)
from gateway.history.delivered import read_cursor
from gateway.history.gathering import CACHE, Gathering, GatheringHere
from gateway.history.retention import (
    DAY,
    LEAST_FREE,
    Policy,
    Removed,
    last_row_to_go,
    remove_device_days,
    remove_readings,
    remove_rollups,
    rollup_limits,
    still_waiting,
)
from gateway.history.rollup import MINUTE, Position, merge, read_position
from gateway.store.sqlite import SqliteStore, connect
from gateway.store.store import Curve, StoreError

Result = TypeVar("Result")

LENGTH: Final = 0.003
"""Seconds of CPU for one turn on the writer's thread: an alarm may be waiting behind it."""

WITH_DISK: Final = 4 * LENGTH
"""Seconds for it with the disk's. Its commit takes as long for few rows as for many."""

ROWS: Final = (100, 500, 20_000)
"""Rows a turn: at least, at first, at most."""

GATHERED: Final = 4_000
"""Rows gathered for one turn at most: they are some 1.5 MB."""

TURN: Final = 60.0
"""Seconds to wait for a turn before giving up until the next time."""


class Pending(msgspec.Struct, frozen=True):
    """Readings not rolled up yet: how many (at most), since when (ms), and the newest row."""

    rows: int
    oldest: int | None
    newest: int


class SqliteHistory:
    """Implements `gateway.store.store.History` on the tables of a `SqliteStore`."""

    def __init__(
        self, store: SqliteStore, gathering: Gathering | None = None, *, feeds: str = ""
    ) -> None:
        """``gathering`` reads what is rolled up; in the thread that asks when not given.
        ``feeds`` is the database (`Target.name`) that readings wait here for, if there is one.
        """
        self._store = store
        self._feeds = feeds
        self._gathering = GatheringHere(store.path) if gathering is None else gathering
        self._connection = self._connect()
        self._rows = ROWS[1]
        # Roll-up and retention share one connection: one of them at a time.
        self._alone = threading.Lock()
        self._closing = threading.Event()

    def curve(self, device: int, metric: str, since: int, until: int, points: int) -> Curve:
        """At most about ``points`` points of ``[since, until)``, oldest first, gaps left out.

        Single readings (``span`` 0) when none of the range is rolled up yet and they fit;
        otherwise minutes or hours or a multiple of them. Minutes serve up to three days.
        """
        if until <= since or points < 1:
            return Curve()
        span, width = resolution(since, until, points)
        parts = self._store.read(
            lambda connection: read_parts(connection, device, metric, since, until, span)
        )
        return Curve(points_of(parts, width, points))

    def recent(
        self, metrics: Sequence[str], since: int, devices: tuple[int, int] | None = None
    ) -> dict[tuple[int, str], list[Any]]:
        """Points (ms, value) by (device, metric) since then, oldest first.

        ``devices`` are the first and the last row wanted, all when not given. Of a minute that is
        rolled up the lowest value, with the minute's beginning, and the last, with its time;
        single ones after that.
        """
        if not metrics:
            return {}
        return self._store.read(
            lambda connection: _recent(connection, list(metrics), since, devices)
        )

    def pending(self) -> Pending:
        """What is not rolled up yet; a quick look."""

        def look(connection: Connection) -> Pending:
            done = position_of(connection).done
            newest = connection.execute(_NEWEST).scalar() or 0
            oldest = connection.execute(_RECEIVED, {"row": done}).scalar()
            return Pending(max(0, newest - done), oldest, newest)

        return self._store.read(look)

    def roll_up(
        self, budget_rows: int = 400_000, *, before: int | None = None, share: float = 1.0
    ) -> int:
        """Roll up the next ``budget_rows`` readings at most; returns how many it was.

        With ``before`` only what was received before that time (ms). Call it from a thread of its
        own: folding takes a while, beside the writer; merging takes turns with it. It works for
        ``share`` of the time and rests in between. Nothing is done while there is no room for
        telemetry.
        """
        with self._alone:
            if self._closing.is_set() or not self._store.room().telemetry:
                return 0
            try:
                return self._roll_up(budget_rows, before, share)
            except (StoreError, sqlite3.OperationalError):
                if not self._closing.is_set():
                    raise
                return 0  # broken off by `close`; the next start goes on where this was
            finally:
                self._gathering.end()

    def _roll_up(self, budget_rows: int, before: int | None, share: float) -> int:
        position = self._gathering.begin(budget_rows, before)
        rows = position.until - position.done
        while not position.resting and not self._closing.is_set():
            begun = time.monotonic()
            position = self._merge(position)
            if share < 1:
                self._closing.wait((time.monotonic() - begun) * (1 / share - 1))
        return rows

    def keep(self, now: int, policy: Policy) -> Removed:
        """Remove what is older than ``policy`` says, in small steps. Call it from a thread.

        Raw readings that are still to be handed over stay all the same, while there is room.
        """
        removed = Removed()
        with self._alone:
            connection = self._connection
            last = last_row_to_go(connection, read_position(connection), policy, now)
            if self._feeds:
                delivered = read_cursor(connection, self._feeds).sure
                overdue = still_waiting(connection, delivered, last)
                if overdue and self._store.room().free >= LEAST_FREE:
                    last, removed.held = delivered, overdue
                else:
                    removed.undelivered = overdue
            removed.readings = self._remove(lambda rows: remove_readings(connection, last, rows))
            for span, before in rollup_limits(policy, now):

                def remove(rows: int, span: int = span, before: int = before) -> int:
                    return remove_rollups(connection, span, before, rows)

                removed.rollups += self._remove(remove)
            oldest = now - policy.hour_days * DAY
            removed.device_days = self._remove(
                lambda rows: remove_device_days(connection, oldest, rows)
            )
        return removed

    def close(self) -> None:
        """Break off what it is doing, between two turns, and close; before the store is closed."""
        self._closing.set()
        self._gathering.break_off()
        with self._alone:
            self._gathering.close()
            self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = connect(self._store.path)
        connection.execute(f"PRAGMA cache_size=-{CACHE}")
        # No fsync of their own: what is folded here is folded again if a power cut takes it, and
        # how far it got goes with it. The log keeps the order, so the next batch's fsync covers it.
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def _merge(self, position: Position) -> Position:
        gathered = self._gathering.gather(position.reached, min(self._rows, GATHERED))
        return self._turn(lambda: merge(self._connection, position, gathered))

    def _remove(self, remove: Callable[[int], int]) -> int:
        total = 0
        while not self._closing.is_set() and (
            some := self._turn(lambda: _transaction(self._connection, remove, self._rows))
        ):
            total += some
        return total

    def _turn(self, work: Callable[[], Result]) -> Result:
        turn = self._store.in_turn(lambda: self._timed(work))
        try:
            return turn.result(timeout=TURN)
        except TimeoutError:
            if turn.cancel():
                raise
            # It is running at this moment: the connection is not ours before it ends.
            return turn.result()

    def _timed(self, work: Callable[[], Result]) -> Result:
        started, cpu = time.monotonic(), time.thread_time()
        result = work()
        taken = max((time.thread_time() - cpu) / LENGTH, (time.monotonic() - started) / WITH_DISK)
        least, _, most = ROWS
        # Halved at once when it was slow, doubled at most when it was quick.
        change = min(2.0, max(0.5, 1 / max(taken, 0.01)))
        self._rows = int(min(most, max(least, self._rows * change)))
        return result


def _transaction(connection: sqlite3.Connection, remove: Callable[[int], int], rows: int) -> int:
    connection.execute("BEGIN IMMEDIATE")
    try:
        removed = remove(rows)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return removed


_LAST_ROW: Final = 2**63 - 1

_NEWEST: Final = text("SELECT max(row) FROM readings")
_RECEIVED: Final = text("SELECT received FROM readings WHERE row > :row ORDER BY row LIMIT 1")

_RECENT_MINUTES: Final = text(
    """
    SELECT device, metric, start, low, last_at, last FROM rollups
    WHERE span = 60000 AND start >= :first AND device BETWEEN :from_device AND :to_device
      AND metric IN :metrics AND last_at >= :since
    ORDER BY span, start
    """
).bindparams(bindparam("metrics", expanding=True))

_RECENT_SINGLE: Final = text(
    """
    SELECT min(r.row), r.device, r.happened, json_extract(r.body, p.path) FROM (
        SELECT row, device, channel, happened, CAST(body AS TEXT) AS body FROM readings
        WHERE row > :done AND happened >= :since AND device BETWEEN :from_device AND :to_device
    ) r CROSS JOIN (SELECT :plain AS path UNION SELECT :element) p
    WHERE json_valid(r.body)
      AND json_type(r.body, p.path) IN ('integer', 'real', 'true', 'false')
    GROUP BY r.device, r.happened, r.channel, r.body, p.path
    ORDER BY r.happened, min(r.row)
    """
)


def _recent(
    connection: Connection, metrics: list[str], since: int, devices: tuple[int, int] | None
) -> dict[tuple[int, str], list[Any]]:
    found: dict[tuple[int, str], list[Any]] = {}
    late: set[tuple[int, str]] = set()
    position = position_of(connection)
    first, last = devices or (0, _LAST_ROW)
    which = {"since": since, "from_device": first, "to_device": last}
    minutes = connection.execute(
        _RECENT_MINUTES, {**which, "first": since - since % MINUTE, "metrics": metrics}
    )
    for device, metric, start, low, at, value in minutes:
        points = found.setdefault((device, metric), [])
        if low < value and start < at:
            # A rise is told from the lowest values: it was so low at some time of that minute.
            points.append((max(start, since), low))
        points.append((at, value))
    for metric in metrics:
        plain, element = paths(metric)
        single = connection.execute(
            _RECENT_SINGLE,
            {**which, "done": position.done, "plain": plain, "element": element},
        )
        for row, device, at, value in single:
            if is_merged(position, row, (device, at - at % MINUTE)):
                continue
            points = found.setdefault((device, metric), [])
            if points and points[-1][0] > at:
                late.add((device, metric))
            points.append((at, float(value)))
    for key in late:
        found[key].sort(key=lambda point: point[0])
    return found
