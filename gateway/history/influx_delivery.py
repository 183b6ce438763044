"""Feeds a database from the readings in the store: for ever, in order, and in nobody's way.

Readings are rows already when this comes to them, so a database that is away costs nothing but
their room on the disk: nothing waits for it, neither a message nor an alarm. The cursor moves after
the database has acknowledged; what a crash sends twice is the same point twice.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from alerts.finding import Finding
from alerts.history_lag import Lag, judge_lag
from gateway.clock import Clock
from gateway.history.delivered import Cursor, read_cursor, write_cursor
from gateway.history.influx_feed import Feeding, Progress
from gateway.history.keeping import own_thread
from gateway.metrics import Metrics
from gateway.notification.delivery import Backoff
from gateway.store.sqlite import SqliteStore, connect
from gateway.store.store import StoreError

_log: Final = structlog.get_logger(__name__)

ROWS: Final = 50_000
"""Readings handed over between two moves of the cursor, which is what a crash may send again."""

EVERY_S: Final = 1.0
"""How often it is looked for new ones when there were none, or few."""

TURN_S: Final = 60.0
"""Longest wait for the cursor's turn on the writer's thread."""

SURE_S: Final = 60.0
"""After so long what was acknowledged is on the database's disk (VictoriaMetrics: after 5 s)."""

BACKOFF: Final = Backoff(first=1.0, longest=60.0)


class Standing(msgspec.Struct, frozen=True):
    """How far it is. Times in ms.

    ``waiting`` readings are not handed over yet, ``oldest`` is when the first of them arrived,
    ``error`` why the last attempt failed, if it did.
    """

    cursor: Cursor
    waiting: int = 0
    oldest: int | None = None
    error: str = ""


class Delivery:
    """`run` is the body of a task; the rest may be asked for from any thread."""

    def __init__(
        self,
        store: SqliteStore,
        feeding: Feeding,
        target: str,
        clock: Clock,
        *,
        metrics: Metrics | None = None,
        backoff: Backoff = BACKOFF,
        chance: Callable[[], float] = random.random,
        patience_s: float = 900.0,
    ) -> None:
        """``target`` names the database (`Target.name`). ``chance`` gives the jitter, in [0, 1).
        After ``patience_s`` seconds behind, that is an alert.
        """
        self._store: Final = store
        self._feeding: Final = feeding
        self._clock: Final = clock
        self._metrics: Final = metrics or Metrics()
        self._backoff: Final = backoff
        self._chance: Final = chance
        self._patience_ms: Final = round(1000 * patience_s)
        self._connection: Final = connect(store.path)
        # The next batch's fsync covers it: see `gateway.history.delivered.write_cursor`.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        cursor = read_cursor(self._connection, target)
        # The database may have been started anew while nobody was here to see it.
        self._standing = Standing(msgspec.structs.replace(cursor, row=cursor.sure))
        self._acknowledged: deque[tuple[float, int]] = deque()
        self._was_away = False
        self._no_rewind_before = 0.0
        self._failures = 0
        self._behind = False
        self._closing: Final = threading.Event()

    @property
    def standing(self) -> Standing:
        """How far it is, as of the last step."""
        return self._standing

    async def run(self) -> None:
        """Hand over until cancelled."""
        with own_thread("history delivery") as run:
            while True:
                pause = await run(self.step)
                await asyncio.sleep(pause)

    def step(self) -> float:
        """Hand over some; returns the seconds to wait before the next. Blocks."""
        if self._closing.is_set():
            return EVERY_S
        try:
            progress = self._feeding.deliver(self._standing.cursor.row, ROWS)
        except (StoreError, sqlite3.Error) as error:
            progress = Progress(self._standing.cursor.row, error=str(error))
        if self._closing.is_set():
            return EVERY_S
        self._take(progress)
        self._look(progress)
        if progress.error:
            self._failures += 1
            return self._backoff.wait(self._failures, self._chance(), progress.after) / 1000
        self._failures = 0
        return 0.0 if progress.rows >= ROWS else EVERY_S

    def finding(self, now: int) -> Finding:
        """Whether it lags too far behind. Fold it as a finding of the gateway itself."""
        standing = self._standing
        lag = Lag(standing.waiting, standing.oldest, standing.error, standing.cursor.lost)
        finding = judge_lag(lag, behind=self._behind, patience=self._patience_ms, now=now)
        self._behind = finding.active
        return finding

    def close(self) -> None:
        """Break off what is under way; after `run` was cancelled, before the store is closed."""
        self._closing.set()
        self._feeding.close()
        self._connection.close()

    def _take(self, progress: Progress) -> None:
        """Move the cursor, and count."""
        before = self._standing.cursor
        row, sure = self._sure(progress)
        cursor = Cursor(
            before.target,
            row,
            sure,
            before.refused + progress.refused,
            before.left_out + progress.left_out,
            before.lost + progress.gone,
        )
        if cursor != before:
            self._keep(cursor)
            self._standing = msgspec.structs.replace(self._standing, cursor=cursor)
        self._metrics.history_delivered += progress.rows
        self._metrics.history_refused += progress.refused
        self._metrics.history_left_out += progress.left_out
        self._metrics.history_lost += progress.gone
        if progress.refused:
            _log.warning("history.refused", points=progress.refused, reason=progress.refusal)
        if progress.gone:
            _log.error("history.lost", readings=progress.gone)

    def _sure(self, progress: Progress) -> tuple[int, int]:
        """The row handed over, and that up to which nothing has to be sent once more."""
        cursor, acknowledged, now = self._standing.cursor, self._acknowledged, self._clock.steady()
        sure = cursor.sure
        while acknowledged and now - acknowledged[0][0] >= SURE_S:
            sure = acknowledged.popleft()[1]
        if progress.anew and acknowledged and (self._was_away or now >= self._no_rewind_before):
            # It took these, but what it took in the moments before may have gone with its memory.
            acknowledged.clear()
            self._was_away = bool(progress.error)
            # Not at each connection, should somebody between us and it close them all the time.
            self._no_rewind_before = now + 2 * SURE_S
            return sure, sure
        self._was_away = bool(progress.error) or (self._was_away and not progress.rows)
        row = max(cursor.row, progress.until)
        if row > cursor.row:
            acknowledged.append((now, row))
        return row, sure

    def _keep(self, cursor: Cursor) -> None:
        try:
            turn = self._store.in_turn(lambda: write_cursor(self._connection, cursor))
            try:
                turn.result(TURN_S)
            except TimeoutError:
                if turn.cancel():
                    raise
                # It is running at this moment: the connection is not ours before it ends.
                turn.result()
        except (StoreError, sqlite3.Error, TimeoutError) as error:
            # A full disk, say. It goes on from memory; a restart would send this part again.
            _log.warning("history.cursor_not_kept", error=str(error))

    def _look(self, progress: Progress) -> None:
        row = self._standing.cursor.row
        try:
            newest = self._connection.execute("SELECT max(row) FROM readings").fetchone()[0] or 0
            first = self._connection.execute(
                "SELECT received FROM readings WHERE row > ? ORDER BY row LIMIT 1", (row,)
            ).fetchone()
        except sqlite3.Error as error:
            _log.warning("history.not_seen", error=str(error))
            return
        before, now = self._standing, self._clock.now()
        if progress.error and before.error != progress.error:
            _log.warning("history.away", error=progress.error, waiting=newest - row)
        elif before.error and not progress.error:
            _log.info("history.back", waiting=newest - row)
        oldest = None if first is None else first[0]
        self._standing = Standing(before.cursor, max(0, newest - row), oldest, progress.error)
        metrics = self._metrics
        metrics.history_failed += bool(progress.error)
        metrics.history_waiting = self._standing.waiting
        metrics.history_lag_seconds = 0 if oldest is None else max(0, now - oldest) // 1000
