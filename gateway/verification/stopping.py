"""At a graceful stop: no press stays held, and what goes out has a moment to arrive."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from gateway.notification.rows import tallies
from gateway.pipeline.flow import Flow
from gateway.pipeline.windows import Windows
from gateway.store.store import Store, StoreError

_log: Final = structlog.get_logger(__name__)

MOMENT_S: Final = 3.0
"""The police are reached within 2 s over either path; longer nobody waits for a gateway to end."""

_LOOK_S: Final = 0.02


async def let_out(flow: Flow, windows: Windows, store: Store, seconds: float = MOMENT_S) -> None:
    """Let every held press out as a real alarm, and hold back no more.

    What the store refuses now goes out at the next start: the press is stored, and overdue by then.
    """
    held = windows.held_presses()
    windows.stop()
    if not windows:
        return
    work = flow.work()
    windows.tick(work.batch.now, work)
    try:
        await flow.commit(work)
    except StoreError as error:
        _log.error("test_press.not_let_out", presses=len(held), error=str(error))
        return
    if not held:
        return
    _log.warning("test_press.let_out", presses=len(held))
    try:
        async with asyncio.timeout(seconds):
            while any(one.waiting for one in await asyncio.to_thread(store.read, tallies)):  # noqa: ASYNC110 - rows
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        _log.error("test_press.not_delivered_yet", seconds=seconds)
    except StoreError as error:
        _log.error("test_press.not_seen_delivered", error=str(error))
