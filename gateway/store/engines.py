"""The store's connections as SQLAlchemy's engines: for queries, and for what people change.

Apart from `gateway.store.sqlite`, which imports it when it is first needed: SQLAlchemy takes a
second to import, and at a start neither readings nor alarms wait for it.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool, StaticPool

from gateway.store.batch import Batch
from gateway.store.sqlite import BUSY, connect

READERS: Final = 8
"""Reading connections at once; whoever comes later waits up to `BUSY` seconds."""


def writing_engine(path: Path) -> Engine:
    """An engine with a single connection whose transactions take the write lock at once."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        creator=lambda: connect(path),
        poolclass=StaticPool,
    )
    _begin_with(engine, "BEGIN IMMEDIATE")
    return engine


def engine_over(driver: sqlite3.Connection) -> Engine:
    """An engine that writes over a connection that is open already."""
    engine = create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool)
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


class Statements:
    """Executes statements of SQLAlchemy over the writer's own connection."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        """``driver`` is closed by `close`."""
        self._engine = engine_over(driver)
        self._connection = self._engine.connect()

    def transaction(self) -> AbstractContextManager[object]:
        """Whole or not at all: all that is written within, here or on the driver itself."""
        return self._connection.begin()

    def execute(self, batch: Batch) -> None:
        """Execute the statements of a batch, within the transaction."""
        for statement, rows in batch.statements:
            self._connection.execute(statement, rows)

    def close(self) -> None:
        """Let go of the connection, and close it."""
        self._connection.close()
        self._engine.dispose()
