"""One source's way through the flow: taken, judged, handed to the store, acknowledged in order.

Plain callbacks instead of tasks: at 5,000 messages a second some 220 batches are committed, and
each task, future and turn of the event loop for one of them costs as much as several messages.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, Protocol, TypeAlias

from gateway.clock import Clock
from gateway.ingest.source import Source
from gateway.pipeline.work import Work

Settled: TypeAlias = Callable[[BaseException | None], None]
"""Told on the event loop when a batch is committed, or why it is not."""


class Keeper(Protocol):
    """What a lane needs of the flow that it belongs to."""

    def may_take(self, *, events: bool) -> bool:
        """Whether there is room for what comes."""
        ...

    def take(self, source: Source, *, events: bool) -> Work | None:
        """The next messages, judged; ``None`` when none wait."""
        ...

    def submit(self, work: Work, settled: Settled) -> None:
        """Hand a batch over; what is handed over first is written and told of first."""
        ...

    async def keep_trying(self, work: Work, error: BaseException) -> bool:
        """The same for one that was refused, after however many more attempts; false when the
        gateway ends without it."""
        ...

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the flow, and end the flow if it fails."""
        ...

    def broke(self, error: Exception) -> None:
        """A fault of our own: the flow cannot go on."""
        ...


class _Batch:
    """What was taken at once, until it is acknowledged."""

    __slots__ = ("kept", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.kept = False


class Lane:
    """Keeps up to ``most`` batches of one source under way."""

    def __init__(
        self, source: Source, keeper: Keeper, *, events: bool, most: int, clock: Clock
    ) -> None:
        self._source: Final = source
        self._keeper: Final = keeper
        self._events: Final = events
        self._most: Final = most
        self._clock: Final = clock
        self._blocked: float | None = None
        self._under_way = 0
        self._batches: deque[_Batch] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Handle | None = None

    def begin(self) -> None:
        """Take what waits, and from now on what comes."""
        self._loop = asyncio.get_running_loop()
        self._source.on_ready = self.go_on
        self.go_on()

    def end(self) -> None:
        """Take nothing more."""
        self._source.on_ready = _nothing
        self._loop = None
        if self._turn is not None:
            self._turn.cancel()

    @property
    def idle(self) -> bool:
        """Whether nothing is with the store."""
        return not self._under_way

    def waiting_s(self) -> float:
        """For how long (s) messages may have waited to be taken: here, or at the broker."""
        return 0.0 if self._blocked is None else self._clock.steady() - self._blocked

    def go_on(self) -> None:
        """Take one batch if it may be taken; the next one in the next turn of the event loop, so
        that events, answers and pages get in between."""
        if self._turn is None and self._loop is not None:
            self._take()
            self._note()

    def _take_turn(self) -> None:
        self._turn = None
        self._take()
        self._note()

    def _note(self) -> None:
        """Whether something waits, or would if it came."""
        if self._under_way < self._most and not self._source.waiting:
            self._blocked = None
        elif self._blocked is None:
            self._blocked = self._clock.steady()

    def _take(self) -> None:
        source, keeper, loop = self._source, self._keeper, self._loop
        if (
            loop is None
            or self._under_way >= self._most
            or not source.waiting
            or not keeper.may_take(events=self._events)
        ):
            return
        try:
            work = keeper.take(source, events=self._events)
            if work is None:
                return
            batch = _Batch(work)
            self._batches.append(batch)
            self._under_way += 1
            # Handed over at once: what is judged next builds on it and is numbered after it, and
            # must not be written before it.
            keeper.submit(work, partial(self._settled, batch))
        except Exception as error:  # noqa: BLE001 - handed to who ends the flow
            keeper.broke(error)
            return
        if source.waiting:
            self._turn = loop.call_soon(self._take_turn)

    def _settled(self, batch: _Batch, error: BaseException | None) -> None:
        if error is None:
            self._conclude(batch, kept=True)
        else:
            self._keeper.start(self._keep_trying(batch, error))

    async def _keep_trying(self, batch: _Batch, error: BaseException) -> None:
        kept = await self._keeper.keep_trying(batch.work, error)
        self._conclude(batch, kept=kept)

    def _conclude(self, batch: _Batch, *, kept: bool) -> None:
        batch.kept = kept
        self._under_way -= 1
        self._note()
        # In order, and never past one that is not committed: what it holds may have been
        # delivered once more, and be acknowledged with this one (`Delivery.known`).
        batches = self._batches
        while batches and batches[0].kept:
            for delivery in batches.popleft().work.deliveries:
                self._source.acknowledge(delivery)
        self.go_on()


def _nothing() -> None:
    pass
