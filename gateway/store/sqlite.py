"""The store of one campus: SQLite in WAL mode, every commit on the disk before it is reported."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from devices.model import Place, School
from gateway.store.appending import append
from gateway.store.batch import Batch
from gateway.store.bounds import Bounds
from gateway.store.checkpoint import PATIENCE, Checkpointer
from gateway.store.loading import load_places, load_schools, load_snapshot
from gateway.store.reserve import LOW_WATER, RESERVE, Headroom, Reserve
from gateway.store.store import Room, Snapshot
from gateway.store.writer import Writer
from gateway.store.writing import write_batch

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from gateway.store.engines import Statements

_LOG: Final = logging.getLogger(__name__)

Result = TypeVar("Result")

BUSY: Final = 10.0
"""Seconds to wait for another process that writes, such as an import on the command line."""

LOG_LIMIT: Final = 32 * 1024 * 1024
"""Bytes to which the log is cut when it begins anew after having grown."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection with our settings. It begins no transactions of its own."""
    connection = sqlite3.connect(
        path, timeout=BUSY, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "wal_autocheckpoint=0",  # gateway.store.checkpoint does it
        f"journal_size_limit={LOG_LIMIT}",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-4096",  # KiB, of each connection; the system keeps the file's pages, too
        "secure_delete=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


class SqliteStore:
    """Implements `gateway.store.store.Store`. Made by `gateway.store.open.open_store`."""

    def __init__(
        self,
        path: Path,
        *,
        reserve_bytes: int = RESERVE,
        low_water: int = LOW_WATER,
    ) -> None:
        """``path`` is a database whose tables are there already."""
        self.path = path
        self._driver = connect(path)
        self._bounds = Bounds()
        self._statements: Statements | None = None
        self._readers: Engine | None = None
        self._making_readers = threading.Lock()
        self._page = int(self._driver.execute("PRAGMA page_size").fetchone()[0])
        self._headroom = Headroom(
            path.parent,
            Reserve(path.with_name(path.name + ".reserve"), reserve_bytes),
            low_water=low_water,
            reusable=self._reusable,
        )
        self._writer = Writer(self._write, self._headroom, str(path), self._empty_log)
        self._checkpointer = Checkpointer(
            lambda: connect(path),
            lambda: self._writer.committed,
            lambda work: self._writer.in_turn(work, patience=PATIENCE),
        )

    def load(self) -> Snapshot:
        """Everything the gateway needs to go on. Call once, at start."""
        with closing(connect(self.path)) as connection:
            connection.execute("BEGIN")
            snapshot = load_snapshot(connection)
            connection.execute("COMMIT")
        return snapshot

    def load_names(self) -> tuple[list[School], list[Place]]:
        """All schools and places. Blocks."""
        with closing(connect(self.path)) as connection:
            connection.execute("BEGIN")
            return load_schools(connection), load_places(connection)

    def commit(self, batch: Batch) -> Future[None]:
        """Write the batch in one durable transaction, in the order of the calls."""
        return self._writer.commit(batch)

    def read(self, query: Callable[[Connection], Result]) -> Result:
        """Run a reading query in a transaction of its own. Blocks: call it from a thread."""
        with self._reading().begin() as connection:
            return query(connection)

    def in_turn(self, work: Callable[[], Result], *, patience: float = 2.0) -> Future[Result]:
        """Run ``work`` between two transactions of the writer (`Writer.in_turn`)."""
        return self._writer.in_turn(work, patience=patience)

    def waiting(self) -> int:
        """Batches handed over and not yet taken up."""
        return self._writer.waiting()

    def room(self) -> Room:
        """How much room is left, looked at now."""
        return self._headroom.room()

    def close(self) -> None:
        """Finish what was handed over, then close."""
        self._checkpointer.close()
        self._writer.close()
        if self._statements is not None:
            self._statements.close()
        self._driver.close()
        # Connections that are reading at this moment end when their query does.
        if self._readers is not None:
            self._readers.dispose()

    def _reading(self) -> Engine:
        with self._making_readers:
            if self._readers is None:
                # Late: see `gateway.store.engines`.
                from gateway.store.engines import reading_engine  # noqa: PLC0415

                self._readers = reading_engine(self.path)
            return self._readers

    def _write(self, batches: Sequence[Batch]) -> None:
        try:
            if any(batch.statements for batch in batches):
                self._write_statements_too(batches)
            else:
                self._driver.execute("BEGIN IMMEDIATE")
                try:
                    append(self._driver, batches, self._bounds)
                    for batch in batches:
                        write_batch(self._driver, batch, self._bounds)
                    self._driver.execute("COMMIT")
                except BaseException:
                    if self._driver.in_transaction:
                        self._driver.execute("ROLLBACK")
                    raise
        except BaseException:
            self._bounds.forget()
            raise

    def _write_statements_too(self, batches: Sequence[Batch]) -> None:
        if self._statements is None:
            # Late: see `gateway.store.engines`.
            from gateway.store.engines import Statements  # noqa: PLC0415

            self._statements = Statements(self._driver)
        with self._statements.transaction():
            append(self._driver, batches, self._bounds)
            for batch in batches:
                # First: what else is in the batch may refer to them.
                self._statements.execute(batch)
                write_batch(self._driver, batch, self._bounds)

    def _empty_log(self) -> None:
        """Let the log begin anew if it can; a full disk may refuse even that."""
        try:
            self._driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.OperationalError as error:
            _LOG.warning("the log of %s cannot be emptied: %s", self.path, error)

    def _reusable(self) -> int:
        return int(self._driver.execute("PRAGMA freelist_count").fetchone()[0]) * self._page
