"""Room on the disk: what is left, and a reserve that only events may spend.

A disk fills up with something other than us, too, so free space is looked at and not reckoned.
Telemetry stops at the low-water mark; the broker then keeps what we do not acknowledge. Events go
on: into what is left, and when a write fails for want of room into the reserve, a file of zeros
that is given back to the file system. Above the high-water mark the reserve is taken anew.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.store.store import Room

_LOG: Final = logging.getLogger(__name__)

RESERVE: Final = 64 * 1024 * 1024
"""Bytes kept for events: some 60,000 alerts with their facts, transitions and outbox rows."""

LOW_WATER: Final = 48 * 1024 * 1024
"""Free bytes below which telemetry is refused: a full write-ahead log (16 MiB, see
`gateway.store.checkpoint`), as much again in the main file when it is checkpointed, and air."""

_EVENT_ROOM: Final = 1024 * 1024

_FULL_CODES: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        # Not only ENOSPC: a quota (EDQUOT) or a limit on the file's size (EFBIG) ends up here.
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    }
)


def is_full(error: BaseException) -> bool:
    """Whether a database error means that there was no room to write."""
    # SQLAlchemy wraps the driver's error; asked for by name, so as not to import it (a second).
    cause = getattr(error, "orig", error)
    return isinstance(cause, sqlite3.Error) and (
        getattr(cause, "sqlite_errorcode", None) in _FULL_CODES
    )


def free_bytes(folder: Path) -> int:
    """Bytes an ordinary process may still write to the file system of ``folder``."""
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize


class Reserve:
    """A file that holds room. ``size`` in bytes; 0 means that none is kept."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self.size = size
        self._held = size > 0 and path.exists() and path.stat().st_size >= size

    @property
    def held(self) -> bool:
        """Whether there is room to give back."""
        return self._held

    @property
    def spent(self) -> bool:
        """Whether room is to be held and is not."""
        return self.size > 0 and not self._held

    def take(self) -> bool:
        """Hold the room; ``False`` when there is not enough of it."""
        if self._held or self.size == 0:
            return True
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self.size)
        except OSError as error:
            _LOG.warning("no room for the reserve of %d bytes: %s", self.size, error)
            self._path.unlink(missing_ok=True)
            return False
        self._held = True
        return True

    def release(self) -> bool:
        """Give the room back to the file system; ``False`` when none was held."""
        if not self._held:
            return False
        os.truncate(self._path, 0)
        self._held = False
        return True


class Headroom:
    """Decides who may write. Only the writer calls `look`, `failed` and `spend`."""

    def __init__(
        self,
        folder: Path,
        reserve: Reserve,
        *,
        low_water: int = LOW_WATER,
        reusable: Callable[[], int] = lambda: 0,
    ) -> None:
        """``reusable`` tells the bytes of the database file that hold nothing any more."""
        self._folder = folder
        self._reserve = reserve
        self._low = low_water
        self._high = low_water + low_water // 2
        self._reusable = reusable
        self._tight = False
        self.look()

    @property
    def tight(self) -> bool:
        """Whether only events are taken."""
        return self._tight

    def look(self) -> bool:
        """See how much is free and act on it; returns whether telemetry may be written."""
        free = free_bytes(self._folder)
        if self._tight:
            wanted = self._high + (self._reserve.size if self._reserve.spent else 0)
            # Pages that retention emptied count, but the log always needs room of its own.
            enough = free >= wanted or (
                not self._reserve.spent
                and free >= self._low // 2
                and free + self._reusable() >= self._high
            )
            if enough and self._reserve.take():
                self._tight = False
                _LOG.warning("room again: %d bytes free, telemetry is taken", free)
        else:
            short = free < self._low and (
                free < self._low // 3 or free + self._reusable() < self._low
            )
            if short or not self._reserve.take():
                self._refuse(free)
        return not self._tight

    def failed(self) -> None:
        """A write failed for want of room, whatever the file system says."""
        if not self._tight:
            self._refuse(free_bytes(self._folder))

    def spend(self) -> bool:
        """Give the reserve to events; ``False`` when it is spent already."""
        if not self._reserve.release():
            return False
        _LOG.error("the reserve of %d bytes is given to events", self._reserve.size)
        return True

    def room(self) -> Room:
        """How it stands now; may be called from any thread."""
        free = free_bytes(self._folder)
        return Room(
            free=free,
            telemetry=not self._tight,
            events=self._reserve.held or free >= _EVENT_ROOM,
        )

    def _refuse(self, free: int) -> None:
        self._tight = True
        _LOG.error(
            "the disk of %s is full (%d bytes free): telemetry is refused until %d are free",
            self._folder,
            free,
            self._high,
        )
