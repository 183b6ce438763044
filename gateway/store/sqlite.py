"""The store of one campus: SQLite in WAL mode, every commit on the disk before it is reported."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool, StaticPool

from gateway.store.appending import append, has_more
from gateway.store.batch import Batch
from gateway.store.bounds import Bounds
from gateway.store.checkpoint import PATIENCE, Checkpointer
from gateway.store.loading import load_snapshot
from gateway.store.reserve import LOW_WATER, RESERVE, Headroom, Reserve
from gateway.store.store import Room, Snapshot, StoreError
from gateway.store.writer import Writer
from gateway.store.writing import write_batch

_LOG: Final = logging.getLogger(__name__)

Result = TypeVar("Result")

BUSY: Final = 10.0
"""Seconds to wait for another process that writes, such as an import on the command line."""

READERS: Final = 8
"""Reading connections at once; whoever comes later waits up to `BUSY` seconds."""

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
        "cache_size=-16384",  # KiB
        "secure_delete=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def writing_engine(path: Path) -> Engine:
    """An engine with a single connection whose transactions take the write lock at once."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        creator=lambda: connect(path),
        poolclass=StaticPool,
    )
    _begin_with(engine, "BEGIN IMMEDIATE")
    return engine


def reading_engine(path: Path) -> Engine:
    """An engine whose connections cannot write; a transaction sees one state of the database."""

    def read_only() -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA query_only=ON")
        return connection

    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        creator=read_only,
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=BUSY,
    )
    _begin_with(engine, "BEGIN")
    return engine


def _begin_with(engine: Engine, statement: str) -> None:
    # The driver's own transactions would not cover DDL and SELECT (SQLAlchemy: pysqlite dialect).
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


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
        self._readers = reading_engine(path)
        self._engine = writing_engine(path)
        self._connection = self._engine.connect()
        driver = self._connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            raise StoreError(f"{path} was not opened by sqlite3 but by {type(driver).__name__}")
        self._driver = driver
        self._bounds = Bounds()
        self._page = int(driver.execute("PRAGMA page_size").fetchone()[0])
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

    def commit(self, batch: Batch) -> Future[None]:
        """Write the batch in one durable transaction, in the order of the calls."""
        return self._writer.commit(batch)

    def read(self, query: Callable[[Connection], Result]) -> Result:
        """Run a reading query in a transaction of its own. Blocks: call it from a thread."""
        with self._readers.begin() as connection:
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
        self._connection.close()
        self._engine.dispose()
        # Connections that are reading at this moment end when their query does.
        self._readers.dispose()

    def _write(self, batches: Sequence[Batch]) -> None:
        try:
            if any(has_more(batch) for batch in batches):
                with self._connection.begin():
                    append(self._driver, batches, self._bounds)
                    for batch in batches:
                        write_batch(self._connection, batch, self._bounds)
            else:
                self._append_only(batches)
        except BaseException:
            self._bounds.forget()
            raise

    def _append_only(self, batches: Sequence[Batch]) -> None:
        """Telemetry, nearly all of it: a transaction of the driver itself is 50 µs cheaper."""
        self._driver.execute("BEGIN IMMEDIATE")
        try:
            append(self._driver, batches, self._bounds)
            self._driver.execute("COMMIT")
        except BaseException:
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")
            raise

    def _empty_log(self) -> None:
        """Let the log begin anew if it can; a full disk may refuse even that."""
        try:
            self._driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.OperationalError as error:
            _LOG.warning("the log of %s cannot be emptied: %s", self.path, error)

    def _reusable(self) -> int:
        return int(self._driver.execute("PRAGMA freelist_count").fetchone()[0]) * self._page
