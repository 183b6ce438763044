"""An event loop of its own, in a thread, for talking with recorders.

A recorder may answer with a hundred thousand segments at once. Reading them takes half a second,
in which the loop that judges alarms would stand still; a thread lets it have its turn.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Final, Self, TypeVar

Result = TypeVar("Result")

END_S: Final = 5.0


class Apart:
    """Runs coroutines there; use it as an asynchronous context, in which it runs."""

    def __init__(self) -> None:
        self._loop: Final = asyncio.new_event_loop()
        self._thread: Final = threading.Thread(
            target=self._loop.run_forever, name="recorders", daemon=True
        )

    async def __aenter__(self) -> Self:
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.run(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, END_S)
        if not self._thread.is_alive():
            self._loop.close()

    async def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What it returns or raises; when this is cancelled, so is ``work``."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


async def _cancel_others() -> None:
    """What is left ends here: a loop must not be closed over it."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=END_S)
