"""Rolls up and removes readings in the background, and stands back while messages pour in."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeAlias

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from gateway.clock import Clock
from gateway.history.retention import Policy, Removed
from gateway.history.rollup import MINUTE
from gateway.history.sqlite import Pending, SqliteHistory
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError

_LOG: Final = logging.getLogger(__name__)

Run: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]


class Keeping(msgspec.Struct, frozen=True):
    """When what is done. Times in seconds.

    Readings are rolled up by whole minutes, ``grace`` after each, so that each minute of a device
    is written about once; sooner when ``due_rows`` wait, because a curve has to read through them.
    At most ``slice_rows`` at once: each takes some 15 bytes meanwhile. Above ``heavy`` readings a
    second all that waits until the burst is over, but not for longer than ``patience``. While more
    is due, it goes on after a ``breath``. Unless it falls behind it works for ``share`` of the
    time, so that its turns on the writer's thread do not come one after the other. What is kept
    beyond its time for a database that is away is looked at every ``held_every``, because the disk
    may come to need its room.
    """

    every: float = 2.0
    breath: float = 0.05
    share: float = 0.25
    grace: float = 3.0
    due_rows: int = 400_000
    slice_rows: int = 400_000
    heavy: float = 15_000.0
    patience: float = 600.0
    retention_every: float = 3600.0
    held_every: float = 60.0


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
    with own_thread("history") as run:
        await _keep(store, history, clock, stop, policy, keeping, run)


async def _keep(
    store: SqliteStore,
    history: SqliteHistory,
    clock: Clock,
    stop: asyncio.Event,
    policy: Policy,
    keeping: Keeping,
    run: Run,
) -> None:
    newest, looked = -1, clock.steady()
    rolled = clock.steady()
    removed = rolled - keeping.retention_every
    again = keeping.retention_every
    behind = False
    while not await _wait(stop, keeping.breath if behind else keeping.every):
        behind = False
        try:
            pending = await run(history.pending)
            now = clock.steady()
            rate = (pending.newest - newest) / max(now - looked, 1e-3) if newest >= 0 else 0.0
            newest, looked = pending.newest, now
            busy = rate > keeping.heavy or store.waiting() > 0
            due = what_is_due(pending, clock.now(), keeping)
            if due and (not busy or now - rolled > keeping.patience):
                rolled = now
                work = partial(
                    history.roll_up, keeping.slice_rows, before=due.before, share=due.share
                )
                behind = await run(work) > 0
            if now - removed >= again and not busy:
                removed = now
                gone = await run(lambda: history.keep(clock.now(), policy))
                if again == keeping.retention_every or gone.readings:
                    _tell(gone)
                again = keeping.held_every if gone.held else keeping.retention_every
        except (StoreError, sqlite3.Error, SQLAlchemyError, TimeoutError) as error:
            _LOG.warning("history: %s; tried again in %.0f s", error, keeping.every)


def _tell(gone: Removed) -> None:
    _LOG.info("removed %d readings, %d roll-ups", gone.readings, gone.rollups)
    if gone.held:
        _LOG.warning("%d readings are kept beyond their time: not handed over yet", gone.held)
    if gone.undelivered:
        _LOG.error("%d readings removed before they were handed over: no room", gone.undelivered)


class Due(msgspec.Struct, frozen=True):
    """What is to be rolled up: all received before a time (ms), or simply all that waits; and for
    which share of the time to work at it."""

    before: int | None
    share: float = 1.0


def what_is_due(pending: Pending, now: int, keeping: Keeping) -> Due | None:
    """What is to be rolled up at the time ``now`` (ms), if anything."""
    if pending.rows >= keeping.due_rows:
        return Due(None)
    settled = now - int(keeping.grace * 1000)
    before = settled - settled % MINUTE
    if pending.oldest is None or pending.oldest >= before:
        return None
    return Due(before, keeping.share)


@contextmanager
def own_thread(name: str) -> Iterator[Run]:
    """Run things in one thread of their own."""
    pool = ThreadPoolExecutor(1, name)
    loop = asyncio.get_running_loop()

    async def run(work: Callable[[], Any]) -> Any:
        return await loop.run_in_executor(pool, work)

    try:
        yield run
    finally:
        # What is under way goes on to its end; who closes what it works with sees to that.
        pool.shutdown(wait=False, cancel_futures=True)


async def _wait(stop: asyncio.Event, seconds: float) -> bool:
    """Wait that long at most; returns whether it was told to stop."""
    try:
        async with asyncio.timeout(seconds):
            return await stop.wait()
    except TimeoutError:
        return False
