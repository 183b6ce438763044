"""Moves the write-ahead log into the database file without holding up commits.

SQLite would do it within a commit, every 1,000 pages, and that commit would wait for two fsyncs
and the copying. Here a thread copies beside the writer (a *passive* checkpoint). Under steady
writing it never quite catches up, and a log that is not wholly copied cannot begin anew: so when
the log has grown long, the writer itself copies the little that is left between two commits.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from gateway.store.reserve import is_full
from gateway.store.store import StoreError

_LOG: Final = logging.getLogger(__name__)

EVERY: Final = 1.0
"""Seconds between two passive checkpoints while there are commits: each makes commits wait for the
disk for a moment."""

LONG: Final = 4096
"""Pages (16 MiB) from which the log is made to begin anew."""

PATIENCE: Final = 0.02
"""Seconds the last bit waits for an idle moment of the writer; each one adds to it."""


class Checkpointer:
    """A thread with a connection of its own."""

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        committed: Callable[[], int],
        in_turn: Callable[[Callable[[], None]], Future[None]],
    ) -> None:
        """``committed`` counts transactions; ``in_turn`` runs work between two of them."""
        self._connection = connect()
        self._committed = committed
        self._in_turn = in_turn
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-checkpoint", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; call before the writer ends."""
        self._closing.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        seen = -1
        while not self._closing.wait(EVERY):
            committed = self._committed()
            if committed == seen:
                continue
            try:
                if self._copy() > LONG:
                    self._in_turn(self._finish).result(timeout=30)
                seen = committed
            except (sqlite3.Error, StoreError, TimeoutError) as error:
                # The log only grows meanwhile; the room on the disk is watched by the writer.
                level = logging.INFO if is_full(error) else logging.WARNING
                _LOG.log(level, "the log was not moved into the database file: %s", error)

    def _copy(self) -> int:
        """Copy what can be copied; returns the pages in the log, 0 when all begins anew."""
        row = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return int(row[1])

    def _finish(self) -> None:
        self._copy()
