"""Blocking reads, in a bounded number of threads, with a bounded number waiting for one."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import anyio
import anyio.to_thread

from gateway.api.problems import Problem

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.store.store import Store

Result = TypeVar("Result")

THREADS: Final = 6
"""Threads that read at once: enough that one slow curve holds nobody up."""

WAITING: Final = 2_000
"""Requests that may wait for one of them: two for each of a thousand pages that reconnect."""


class Reading(Protocol):
    """Something that runs a reading query without holding up the loop."""

    async def __call__(self, query: Callable[[Connection], Result], /) -> Result:
        """What the query gives."""
        ...


class Readers:
    """Runs reads of one store in threads."""

    def __init__(self, store: Store, threads: int = THREADS, waiting: int = WAITING) -> None:
        self._store = store
        self._limiter = anyio.CapacityLimiter(threads)
        self._waiting = waiting

    async def read(self, query: Callable[[Connection], Result], /) -> Result:
        """Run a reading query. Raises a 503 `Problem` when too many wait already."""
        return await self.run(lambda: self._store.read(query))

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do other blocking work, such as reading the history, under the same bounds."""
        if self._limiter.statistics().tasks_waiting >= self._waiting:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "busy",
                "Too many requests are waiting to read the store.",
                headers={"Retry-After": "1"},
            )
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)
