"""Removes pictures that were uploaded and that nothing ever came to refer to."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from gateway.clock import Clock
from gateway.store.pictures import removed
from gateway.store.read.pictures import unused
from gateway.store.store import Store, StoreError

_log: Final = structlog.get_logger(__name__)

UNUSED_MS: Final = 30 * 86_400_000
"""An uploaded picture waits so long to be used. A phone without a network keeps what was done, of
which the photo may have been uploaded already, and lies in a drawer over a week of holidays.
"""

LOOK_S: Final = 3600.0
AT_ONCE: Final = 10
"""Pictures removed in one commit: 40 MB at most, and alarms get in between."""

COMMIT_S: Final = 15.0


async def keep_pictures(store: Store, clock: Clock, *, look_s: float = LOOK_S) -> None:
    """Look every hour, until cancelled. A store that refuses is asked again the next time."""
    while True:
        try:
            await remove_unused(store, clock.now())
        except (StoreError, TimeoutError) as error:
            _log.warning("pictures.put_off", error=str(error))
        await asyncio.sleep(look_s)


async def remove_unused(store: Store, now: int) -> int:
    """Remove those that have waited too long; returns how many were found.

    What comes to be used between the look and the removal stays: the removal looks again, in the
    transaction that removes.
    """
    found = 0
    while keys := await asyncio.to_thread(store.read, unused(now - UNUSED_MS, AT_ONCE)):
        batch = removed(keys, now - UNUSED_MS, now=now)
        async with asyncio.timeout(COMMIT_S):
            await asyncio.wrap_future(store.commit(batch))
        found += len(keys)
        _log.info("pictures.removed", pictures=len(keys))
    return found
