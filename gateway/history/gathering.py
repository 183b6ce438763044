"""Gathers what is to be merged: reads slices, writes nothing, and so may end at any instant."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol

from gateway.history.rollup import Gathered, Mark, Position, gather
from gateway.history.slice import Slice

CACHE: Final = 4 * 1024
"""KiB of pages kept: all is read nearly in the order in which it lies."""

BUSY: Final = 5.0
"""Seconds to wait for a lock; nobody holds one that readers wait for, but at a recovery."""


class Gathering(Protocol):
    """One slice at a time: begin it, gather from it, end it. From one thread.

    Raises ``sqlite3.Error`` or `gateway.store.store.StoreError`; then the slice is to be ended.
    """

    def begin(self, budget: int, before: int | None) -> Position:
        """Begin the next slice (`Slice`); returns its position, ``resting`` when there is none."""

    def gather(self, after: Mark, rows: int) -> Gathered:
        """About ``rows`` rows for ``rollups``, of the minutes after that mark."""

    def end(self) -> None:
        """Give back what the slice took of memory, if one was begun."""

    def break_off(self) -> None:
        """Let what is under way fail soon. From any thread."""

    def close(self) -> None:
        """Give everything back; what is begun afterwards begins anew."""


class GatheringHere:
    """Gathers in the thread that asks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._slice: Slice | None = None

    def begin(self, budget: int, before: int | None) -> Position:
        """See `Gathering.begin`."""
        self.end()
        # A connection for each: what it took of memory is given back with it.
        self._connection = connect_to_read(self._path)
        self._slice = Slice(self._connection, budget, before)
        return self._slice.position

    def gather(self, after: Mark, rows: int) -> Gathered:
        """See `Gathering.gather`."""
        if self._slice is None:
            raise RuntimeError("no slice was begun")
        with closing(self._slice.minutes(after)) as minutes:
            return gather(minutes, after, rows)

    def end(self) -> None:
        """See `Gathering.end`."""
        connection, self._connection, self._slice = self._connection, None, None
        if connection is not None:
            connection.close()

    def break_off(self) -> None:
        """See `Gathering.break_off`."""
        connection = self._connection
        if connection is not None:
            connection.interrupt()

    def close(self) -> None:
        """See `Gathering.close`."""
        self.end()


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection to the store that cannot write to it."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute(f"PRAGMA cache_size=-{CACHE}")
    return connection
