"""Work that people ask for and that takes minutes, in tasks beside the gateway.

Each person sees their own and may break it off. A restart forgets all of it: nothing follows from
what could not be asked for again.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Final, Generic, Protocol, TypeVar


class Asked(Protocol):
    """One piece of work: whose it is, and when it was over (ms); ``None``: it is not."""

    id: str
    actor: str
    ended: int | None


Work = TypeVar("Work", bound=Asked)


class Runs(ABC, Generic[Work]):
    """All of one sort, the oldest first."""

    def __init__(self) -> None:
        self._runs: Final[dict[str, Work]] = {}
        self._tasks: Final[set[asyncio.Task[None]]] = set()

    def of(self, actor: str) -> list[Work]:
        """A person's own, the newest first."""
        return [run for run in reversed(self._runs.values()) if run.actor == actor]

    def find(self, name: str, actor: str) -> Work | None:
        """One of a person's own."""
        run = self._runs.get(name)
        return None if run is None or run.actor != actor else run

    @abstractmethod
    def cancel(self, run: Work) -> None:
        """Break it off; what is over stays as it is."""

    async def aclose(self) -> None:
        """Break all of them off and wait until they are."""
        for run in self._runs.values():
            self.cancel(run)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self, run: Work, work: Coroutine[object, object, None]) -> None:
        """Do the work of this one in a task."""
        self._runs[run.id] = run
        task = asyncio.create_task(work, name=f"{type(self).__name__} {run.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _standing(self) -> list[Work]:
        return [run for run in self._runs.values() if run.ended is None]

    def _over(self) -> list[Work]:
        return [run for run in self._runs.values() if run.ended is not None]
