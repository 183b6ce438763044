"""The one writer: a thread that commits batches in the order in which they were handed over.

Batches that wait are joined in one transaction, because a commit costs the same for one as for
ten. Other work on the database waits its turn between the transactions, so that nothing ever
waits for SQLite's write lock, whose only way of waiting is to sleep.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from gateway.store.batch import Batch
from gateway.store.reserve import Headroom, is_full
from gateway.store.store import StoreBusyError, StoreError, StoreFullError

_LOG: Final = logging.getLogger(__name__)

Result = TypeVar("Result")

WAITING: Final = 1024
"""Batches that may wait. The broker's receive window lets far fewer come together."""

JOINED: Final = 64
"""Batches in one transaction at most, and readings in it, so that the first need not wait long."""
JOINED_READINGS: Final = 4000

ERRANDS: Final = 64
LOOK_EVERY: Final = 0.25
"""Seconds between two looks at the room on the disk."""


@dataclass
class _Commit:
    batch: Batch
    done: Future[None] = field(default_factory=Future)


@dataclass
class _Errand:
    work: Callable[[], Any]
    done: Future[Any]
    latest: float
    """Steady time (s) at which it goes before waiting batches."""


class Writer:
    """Owns the thread. ``write`` writes batches in one transaction, or none of them."""

    def __init__(
        self,
        write: Callable[[Sequence[Batch]], None],
        headroom: Headroom,
        where: str,
        relieve: Callable[[], None],
    ) -> None:
        """``relieve`` makes room without the file system: it empties the write-ahead log."""
        self._write = write
        self._relieve = relieve
        self._headroom = headroom
        self._where = where
        self._commits: deque[_Commit] = deque()
        self._errands: deque[_Errand] = deque()
        self._ready = threading.Condition(threading.Lock())
        self._closing = False
        self._looked = 0.0
        self.committed = 0
        """Transactions so far."""
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def commit(self, batch: Batch) -> Future[None]:
        """Hand over a batch; see `gateway.store.store.Store.commit`. Never blocks."""
        commit = _Commit(batch)
        with self._ready:
            if self._closing:
                raise StoreError(f"{self._where} is closed: nothing can be written any more")
            if len(self._commits) >= WAITING:
                commit.done.set_exception(
                    StoreBusyError(
                        f"{WAITING} batches wait to be written to {self._where}: "
                        "the disk is too slow for what arrives; commit again later"
                    )
                )
                return commit.done
            self._commits.append(commit)
            self._ready.notify()
        return commit.done

    def in_turn(self, work: Callable[[], Result], *, patience: float = 2.0) -> Future[Result]:
        """Run ``work`` on the writer's thread while no batch is being written.

        It waits until no batch waits, or for ``patience`` seconds. ``work`` uses a connection of
        its own and must take no longer than some 20 ms: an alarm may be waiting behind it.
        """
        errand = _Errand(work, Future(), time.monotonic() + patience)
        with self._ready:
            if self._closing:
                raise StoreError(f"{self._where} is closed: nothing can be written any more")
            if len(self._errands) >= ERRANDS:
                raise StoreBusyError(f"{ERRANDS} tasks wait their turn on {self._where}")
            self._errands.append(errand)
            self._ready.notify()
        return errand.done

    def waiting(self) -> int:
        """Batches handed over and not yet taken up."""
        return len(self._commits)

    def close(self) -> None:
        """Write what was handed over, then end the thread."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            errand: _Errand | None = None
            group: list[_Commit] = []
            with self._ready:
                if not (self._commits or self._errands or self._closing):
                    self._ready.wait(LOOK_EVERY)
                if self._errands and (
                    not self._commits or time.monotonic() >= self._errands[0].latest
                ):
                    errand = self._errands.popleft()
                elif self._commits:
                    group = self._take()
                elif self._closing:
                    return
            if errand is not None:
                _perform(errand)
            elif group:
                self._commit_or_fail(group)
            now = time.monotonic()
            if now - self._looked >= LOOK_EVERY:
                self._looked = now
                self._look()

    def _take(self) -> list[_Commit]:
        readings = 0
        group: list[_Commit] = []
        while self._commits and len(group) < JOINED:
            size = len(self._commits[0].batch.readings)
            if group and readings + size > JOINED_READINGS:
                break
            readings += size
            group.append(self._commits.popleft())
        return group

    def _commit_or_fail(self, group: list[_Commit]) -> None:
        try:
            self._commit_all(group)
        except Exception as error:  # noqa: BLE001 - the thread must live on, nobody wait for ever
            _LOG.exception("the writer of %s stumbled", self._where)
            for commit in group:
                if not commit.done.done():
                    commit.done.set_exception(self._failure(error))

    def _look(self) -> None:
        try:
            self._headroom.look()
        except (OSError, sqlite3.Error):
            _LOG.exception("cannot tell how much room there is for %s", self._where)

    def _commit_all(self, group: list[_Commit]) -> None:
        group = [commit for commit in group if commit.done.set_running_or_notify_cancel()]
        if self._headroom.tight:
            for commit in group:
                if not commit.batch.urgent:
                    commit.done.set_exception(self._no_room(None))
            group = [commit for commit in group if commit.batch.urgent]
        if not group:
            return
        if len(group) > 1:
            try:
                self._write([commit.batch for commit in group])
            except Exception as error:  # noqa: BLE001 - each is tried alone and then reported
                _LOG.info("a joined transaction failed, its batches go alone: %s", error)
            else:
                self._succeed(group)
                return
        for commit in group:
            self._commit_one(commit)

    def _commit_one(self, commit: _Commit) -> None:
        try:
            try:
                self._write([commit.batch])
            except Exception as error:
                if not is_full(error):
                    raise
                self._headroom.failed()
                if not commit.batch.urgent:
                    raise
                self._write_without_room(commit.batch)
        except Exception as error:  # noqa: BLE001 - handed to the one who waits
            commit.done.set_exception(self._failure(error))
        else:
            self._succeed([commit])
            if self._headroom.tight:
                # Left to itself the log would eat up the reserve for what the file needs no room.
                self._relieve()

    def _write_without_room(self, batch: Batch) -> None:
        """Write an event where a write has just failed: the log's room first, then the reserve."""
        self._relieve()
        try:
            self._write([batch])
        except Exception as error:
            if not (is_full(error) and self._headroom.spend()):
                raise
            self._relieve()
            self._write([batch])

    def _succeed(self, group: list[_Commit]) -> None:
        self.committed += 1
        for commit in group:
            commit.done.set_result(None)

    def _failure(self, error: Exception) -> StoreError:
        if is_full(error):
            return self._no_room(error)
        failure = StoreError(f"a batch could not be written to {self._where}: {error}")
        failure.__cause__ = error
        return failure

    def _no_room(self, cause: Exception | None) -> StoreFullError:
        failure = StoreFullError(
            f"no room for {self._where}: make room on its disk; writing goes on by itself"
        )
        failure.__cause__ = cause
        return failure


def _perform(errand: _Errand) -> None:
    if not errand.done.set_running_or_notify_cancel():
        return
    try:
        errand.done.set_result(errand.work())
    except Exception as error:  # noqa: BLE001 - handed to the one who waits
        errand.done.set_exception(error)
