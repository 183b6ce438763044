"""Rolls up and removes readings in the background, and stands back while messages pour in."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from typing import Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from gateway.clock import Clock
from gateway.history.retention import Policy
from gateway.history.sqlite import Pending, SqliteHistory
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError

_LOG: Final = logging.getLogger(__name__)


class Keeping(msgspec.Struct, frozen=True):
    """When what is done. Times in seconds.

    Rolling up costs about as much CPU as taking a reading in. It is due when so many readings
    wait that a curve would have to read through too many of them, or when the oldest has waited
    long; a slice takes some 3 KB of memory a reading while it is added up. Above ``heavy`` readings
    a second it waits until the burst is over, but not for ever. While a whole slice more waits, it
    goes on after a ``breath``.
    """

    every: float = 2.0
    breath: float = 0.05
    due_rows: int = 100_000
    due_age: float = 60.0
    slice_rows: int = 40_000
    heavy: float = 15_000.0
    patience: float = 600.0
    retention_every: float = 3600.0


KEPT: Final = Policy()
AT_EASE: Final = Keeping()


async def keep_history(
    store: SqliteStore,
    history: SqliteHistory,
    clock: Clock,
    stop: asyncio.Event,
    *,
    policy: Policy = KEPT,
    keeping: Keeping = AT_EASE,
) -> None:
    """Run until ``stop`` is set. What fails is logged and tried again at the next time."""
    newest, looked = -1, clock.steady()
    rolled = clock.steady()
    removed = rolled - keeping.retention_every
    behind = False
    while not await _wait(stop, keeping.breath if behind else keeping.every):
        behind = False
        try:
            pending = await asyncio.to_thread(history.pending)
            now = clock.steady()
            rate = (pending.newest - newest) / max(now - looked, 1e-3) if newest >= 0 else 0.0
            newest, looked = pending.newest, now
            busy = rate > keeping.heavy or store.waiting() > 0
            if is_due(pending, clock.now(), keeping) and (
                not busy or now - rolled > keeping.patience
            ):
                rolled = now
                rows = await asyncio.to_thread(history.roll_up, clock.now(), keeping.slice_rows)
                behind = rows >= keeping.slice_rows
            if now - removed >= keeping.retention_every and not busy:
                removed = now
                gone = await asyncio.to_thread(history.keep, clock.now(), policy)
                _LOG.info("removed %d readings, %d roll-ups", gone.readings, gone.rollups)
        except (StoreError, sqlite3.Error, SQLAlchemyError, TimeoutError) as error:
            _LOG.warning("history: %s; tried again in %.0f s", error, keeping.every)


def is_due(pending: Pending, now: int, keeping: Keeping) -> bool:
    """Whether enough waits to be rolled up, or has waited long enough (``now`` in ms)."""
    if pending.rows >= keeping.due_rows:
        return True
    return pending.oldest is not None and now - pending.oldest >= keeping.due_age * 1000


async def _wait(stop: asyncio.Event, seconds: float) -> bool:
    """Wait that long at most; returns whether it was told to stop."""
    try:
        async with asyncio.timeout(seconds):
            return await stop.wait()
    except TimeoutError:
        return False
