"""The live stream: committed transitions in order, to whoever listens; resumable."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Final

from gateway.desk import LiveAlert

if TYPE_CHECKING:
    from gateway.store.store import Store

JOIN_S: Final = 0.2
"""Frames may be joined this long; an emergency goes out at once."""

SIGN_OF_LIFE_S: Final = 1.0


def older_events(store: Store) -> Callable[[int, int], list[LiveAlert]]:
    """What `Live` reads a point from that it no longer holds."""

    def older(after: int, most: int) -> list[LiveAlert]:
        from gateway.store.read.stream import transitions_after  # noqa: PLC0415 - `gateway.app.LATE`

        return [LiveAlert(*event) for event in store.read(transitions_after(after, most))]

    return older


class Live:
    """Keeps the last ``kept`` events; an older point to resume from is read by ``older``.

    ``older(after, most)`` returns stored events with a row above ``after``, oldest first; it
    blocks and is called in a thread.
    """

    def __init__(
        self,
        *,
        older: Callable[[int, int], Sequence[LiveAlert]],
        kept: int = 20_000,
        resume_limit: int = 100_000,
    ) -> None:
        self._older: Final = older
        self._kept: Final[deque[LiveAlert]] = deque(maxlen=kept)
        self._resume_limit: Final = resume_limit
        self._last = 0
        self._overtaken = 0
        self._waiters: set[asyncio.Event] = set()
        self._urgent: set[asyncio.Event] = set()

    def start(self, last_row: int) -> None:
        """At start: the last row that is in the store."""
        self._last = last_row

    @property
    def last(self) -> int:
        """The row of the last event committed."""
        return self._last

    def publish(self, events: Sequence[LiveAlert]) -> None:
        """These have been committed."""
        if not events:
            return
        if events[0].row <= self._last:
            # Their commit had to be tried again, and later ones were told before: whoever listens
            # is past them, and has to load anew.
            self._overtaken += 1
            self._kept.clear()
        else:
            self._kept.extend(events)
        self._last = max(self._last, events[-1].row)
        for waiter in self._waiters:
            waiter.set()
        if any(event.alert.emergency for event in events):
            for waiter in self._urgent:
                waiter.set()

    async def stream(self, after: int | None) -> AsyncIterator[list[LiveAlert]]:
        """Events above ``after`` in order; an empty list each second when there are none.

        Raises `LookupError` when ``after`` lies too far back to resume from, and when an event
        came after later ones.
        """
        position = self._last if after is None else min(after, self._last)
        overtaken = self._overtaken
        arrived, urgent = asyncio.Event(), asyncio.Event()
        self._waiters.add(arrived)
        self._urgent.add(urgent)
        try:
            while True:
                arrived.clear()
                urgent.clear()
                events = await self._since(position)
                if overtaken != self._overtaken:
                    raise LookupError(f"an event at or before {position} was told late")
                if events:
                    position = events[-1].row
                yield events
                await _wait(arrived, SIGN_OF_LIFE_S)
                if arrived.is_set():
                    await _wait(urgent, JOIN_S)
        finally:
            self._waiters.discard(arrived)
            self._urgent.discard(urgent)

    async def _since(self, position: int) -> list[LiveAlert]:
        if position >= self._last:
            return []
        if self._kept and self._kept[0].row <= position + 1:
            events: list[LiveAlert] = []
            for event in reversed(self._kept):
                if event.row <= position:
                    break
                events.append(event)
            events.reverse()
            return events
        if self._last - position > self._resume_limit:
            raise LookupError(f"event {position} is too far back; the last one is {self._last}")
        most = 5000
        return list(await asyncio.to_thread(self._older, position, most))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
