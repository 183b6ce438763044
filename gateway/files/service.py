"""Takes files in, gives them out, and removes what nothing ever came to refer to.

The bytes first, then the row: a row always has its bytes. One change at a time, so that none is
removed while it is attached anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection

from gateway.clock import Clock
from gateway.files.shelf import Shelf, ShelfError, ShelfFullError
from gateway.files.sight import Sight, look_at, safe_name
from gateway.store.batch import Batch
from gateway.store.files import kept, removed
from gateway.store.read.files import (
    KeptFile,
    bytes_of_files,
    files_of,
    known_files,
    unused_files,
)
from gateway.store.reserve import LOW_WATER
from gateway.store.store import Store, StoreError

_log: Final = structlog.get_logger(__name__)

MOST_OF_SCHOOL: Final = 1024 * 1024 * 1024
"""Bytes of files that one school may have: sixty of the largest, two thousand usual photos."""

UNUSED_MS: Final = 30 * 86_400_000
"""A file waits so long to be used: a phone without a network may keep what was stated over a
holiday, of which the photo has been sent already."""

LOOK_S: Final = 3600.0
AT_ONCE: Final = 100
COMMIT_S: Final = 15.0
LOOKED_AT: Final = 2
"""Files looked at at the same time: each may unpack to a hundred megabytes."""

LEFT_FREE: Final = LOW_WATER
"""Bytes of the disk that no file may take: what they are for is said in `gateway.store.reserve`."""

Result = TypeVar("Result")


class FullError(Exception):
    """The school has as many bytes of files as it may."""


class Files:
    """The attached files of the running gateway."""

    def __init__(self, *, store: Store, shelf: Shelf, clock: Clock) -> None:
        self._store: Final = store
        self._shelf: Final = shelf
        self._clock: Final = clock
        self._changing: Final = asyncio.Lock()
        self._looking: Final = asyncio.Semaphore(LOOKED_AT)

    async def put(self, school: str, raw: bytes, name: str, by: str) -> KeptFile:
        """Keep a file for a school. Raises `FileError` for what cannot be kept, `FullError`,
        `ShelfError`, `ShelfFullError`, `StoreError`."""
        async with self._looking:
            seen, digest = await asyncio.to_thread(_looked_at, raw, name)
        file = KeptFile(
            school, digest, seen.media_type, len(seen.body), safe_name(name, seen.media_type)
        )
        async with self._changing:
            return await self._keep(file, seen.body, by)

    async def _keep(self, wanted: KeptFile, body: bytes, by: str) -> KeptFile:
        # Refused before a byte is written: what is refused again and again must not fill the disk.
        known = (await self._read(files_of(wanted.school, [wanted.hash]))).get(wanted.hash)
        if known is None:
            taken = await self._read(bytes_of_files(wanted.school))
            if taken + wanted.size > MOST_OF_SCHOOL:
                raise FullError(f"the school has {MOST_OF_SCHOOL >> 20} MB of files already")
        room = self._store.room()
        if not room.telemetry or room.free - wanted.size < LEFT_FREE:
            raise ShelfFullError(f"the disk has {room.free >> 20} MB left, which are for alarms")
        await asyncio.to_thread(self._shelf.keep, body)
        file = known or wanted
        await self._commit(kept(file, by=by, now=self._clock.now()))
        return file

    async def body(self, file: KeptFile) -> bytes:
        """Its bytes, as they were kept. Raises ``LookupError``, `ShelfError`."""
        return await asyncio.to_thread(self._shelf.read, file.hash)

    async def run(self) -> None:
        """Look every hour, until cancelled. What refuses is asked again the next time."""
        while True:
            try:
                await self.remove_unused()
            except (StoreError, ShelfError, OSError) as error:
                _log.warning("files.put_off", error=str(error))
            await asyncio.sleep(LOOK_S)

    async def remove_unused(self) -> int:
        """Remove those that have waited too long, and bytes that no row is of; how many rows."""
        found = 0
        before = self._clock.now() - UNUSED_MS
        while keys := await self._read(unused_files(before, AT_ONCE)):
            async with self._changing:
                await self._commit(removed(keys, before, now=self._clock.now()))
                await self._remove_rowless([digest for _, digest in keys])
            found += len(keys)
            _log.info("files.removed", files=len(keys))
        # What was written before a crash and never came to have a row. By the disk's own time:
        # it is compared with nothing else.
        old = await asyncio.to_thread(self._shelf.kept_before, self._clock.now() / 1000 - 3600)
        for start in range(0, len(old), AT_ONCE):
            async with self._changing:
                await self._remove_rowless(old[start : start + AT_ONCE])
        return found

    async def _remove_rowless(self, digests: list[str]) -> None:
        known = await self._read(known_files(digests))
        for digest in digests:
            if digest not in known:
                await asyncio.to_thread(self._shelf.remove, digest)

    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        return await asyncio.to_thread(self._store.read, query)

    async def _commit(self, batch: Batch) -> None:
        # Shielded: a commit handed over is done whether or not anybody waits for it.
        written = asyncio.wrap_future(self._store.commit(batch))
        done, _ = await asyncio.wait([written], timeout=COMMIT_S)
        if not done:
            raise StoreError(
                f"the store did not confirm within {COMMIT_S:.0f} s; look before trying again"
            )
        written.result()


def _looked_at(raw: bytes, name: str) -> tuple[Sight, str]:
    """What a file is, and the hash of what is kept of it. Blocks."""
    seen = look_at(raw, name)
    return seen, sha256(seen.body).hexdigest()
