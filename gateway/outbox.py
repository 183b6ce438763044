"""Delivers what the store's outbox holds: at least once, in order per receiver, across restarts.

One lane a receiver (`gateway.notification.lane`): read the next rows, hand them over one by one,
mark each as delivered. A crash between handing over and marking repeats that one message, under the
same key; of the alerts that the broker retains, a few dozen. What is done about failures is decided
in `gateway.notification.delivery`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from alerts.finding import Finding
from alerts.notification.supervision import Backlog, judge_delivery
from gateway.clock import Clock
from gateway.metrics import Metrics
from gateway.notification import rows
from gateway.notification.delivery import Backoff, Outcome, Receiver
from gateway.notification.lane import Lane, commit, read
from gateway.store.batch import OutboxEntry
from gateway.store.store import Store, StoreError

LOOK_EVERY: Final = 10.0
PRUNE_FIRST: Final = 60.0
PRUNE_EVERY: Final = 3600.0

_log: Final = structlog.get_logger(__name__)


class DeliveryStatus(msgspec.Struct, frozen=True):
    """How one receiver fares. Times in ms.

    ``oldest`` is when the oldest waiting message was written, ``aside`` how many of the waiting
    were refused and are tried by themselves, ``given_up`` those never tried again. ``failing`` is
    since when nothing has arrived though something was tried, ``error`` the last failure.
    ``holding`` is until when messages are collected, to go together.
    """

    receiver: str
    waiting: int = 0
    oldest: int | None = None
    aside: int = 0
    given_up: int = 0
    failing: int | None = None
    error: str = ""
    delivered: int | None = None
    holding: int | None = None


class Outbox:
    """Owns the receivers. `run` is the body of a task, `notify` is told of every commit."""

    def __init__(
        self,
        store: Store,
        receivers: Mapping[str, Receiver],
        clock: Clock,
        *,
        backoff: Backoff | None = None,
        metrics: Metrics | None = None,
        chance: Callable[[], float] = random.random,
        elsewhere: Collection[str] = (),
    ) -> None:
        """``receivers`` by name, as in the rows. ``chance`` gives the jitter, in [0, 1).
        ``elsewhere`` are receivers that others deliver to and watch over: the police links.
        """
        self._store: Final = store
        self._clock: Final = clock
        self._metrics: Final = metrics or Metrics()
        self._elsewhere: Final = frozenset(elsewhere)
        self._seen: list[DeliveryStatus] = []
        self._backoff: Final = backoff or Backoff()
        self._chance: Final = chance
        self._lanes: Final[dict[str, Lane]] = {}
        self._tasks: Final[dict[str, asyncio.Task[None]]] = {}
        self._running: asyncio.TaskGroup | None = None
        for name, receiver in receivers.items():
            self.add(name, receiver)

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            async with asyncio.TaskGroup() as lanes:
                self._running = lanes
                for name in self._lanes:
                    self._start(name)
                lanes.create_task(self._prune(), name="outbox pruning")
                lanes.create_task(self._look(), name="outbox watch")
        finally:
            self._running = None
            self._tasks.clear()

    def add(self, name: str, receiver: Receiver) -> None:
        """One receiver more, from now on. There is none of this name."""
        self._lanes[name] = Lane(
            name, receiver, self._store, self._clock, self._backoff, self._metrics, self._chance
        )
        self._start(name)

    async def remove(self, name: str) -> None:
        """Deliver nothing more to this one. What waits for it stays; nothing if there is none."""
        lane, task = self._lanes.pop(name, None), self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        if lane is not None:
            await lane.receiver.aclose()

    def _start(self, name: str) -> None:
        if self._running is not None:
            self._tasks[name] = self._running.create_task(
                self._lanes[name].run(), name=f"outbox {name}"
            )

    async def aclose(self) -> None:
        """Close the receivers, when `run` has ended."""
        for lane in self._lanes.values():
            await lane.receiver.aclose()

    def notify(self, receivers: Iterable[str] | None = None) -> None:
        """There may be new rows, for these or (``None``) for anybody. Call it on the event loop
        after each commit that had some.
        """
        for name in self._lanes if receivers is None else set(receivers):
            if (lane := self._lanes.get(name)) is not None:
                lane.wake.set()

    @property
    def receivers(self) -> frozenset[str]:
        """The names of those that are delivered to."""
        return frozenset(self._lanes)

    async def attempt(self, receiver: str, entry: OutboxEntry) -> Outcome:
        """Hand over an entry that is in no store: a test. Raises ``KeyError`` without the receiver.

        Takes up to twice the receiver's time limit: a delivery under way is not disturbed.
        """
        return await self._lanes[receiver].attempt(entry)

    async def status(self) -> list[DeliveryStatus]:
        """Every receiver, also those that rows are for and the configuration no longer names."""
        tallies = {one.receiver: one for one in await read(self._store, rows.tallies)}
        waited = {name for name, one in tallies.items() if one.waiting or one.given_up}
        names = [*self._lanes, *sorted(waited - self._lanes.keys() - self._elsewhere)]
        found = []
        for name in names:
            tally = tallies.get(name) or rows.Tally(name, 0, None, 0, 0)
            lane = self._lanes.get(name)
            found.append(
                DeliveryStatus(
                    receiver=name,
                    waiting=tally.waiting,
                    oldest=tally.oldest,
                    aside=tally.aside,
                    given_up=tally.given_up,
                    failing=lane.failing if lane else tally.oldest,
                    error=lane.error if lane else "no receiver of this name is configured",
                    delivered=lane.delivered if lane else None,
                    holding=lane.holding if lane else None,
                )
            )
        return found

    def finding(self, now: int) -> Finding:
        """Whether a receiver has not been reached for long (`alerts.notification.supervision`), as
        of a few seconds ago. Fold it as a finding of the gateway itself.
        """
        return judge_delivery(
            (
                Backlog(one.receiver, one.waiting, one.oldest, one.error)
                for one in self._seen
                if one.holding is None or one.failing is not None  # else it waits by intent
            ),
            now=now,
        )

    async def _look(self) -> None:
        while True:
            try:
                self._seen = await self.status()
                self._metrics.outbox_waiting = sum(one.waiting for one in self._seen)
            except (StoreError, SQLAlchemyError) as error:
                # What was seen before stands; the lanes say what is wrong with the store.
                _log.debug("outbox.not_seen", error=str(error))
            await asyncio.sleep(LOOK_EVERY)

    async def _prune(self) -> None:
        pause = PRUNE_FIRST  # not while the gateway is still starting
        while True:
            await asyncio.sleep(pause)
            pause, now = PRUNE_EVERY, self._clock.now()
            try:
                dropped = await read(self._store, rows.too_old(now))
                await commit(self._store, rows.prune(now))
            except (StoreError, SQLAlchemyError) as error:
                # Nothing is lost by it; the next hour tries again.
                _log.warning("outbox.not_pruned", error=str(error))
            else:
                if dropped:
                    _log.error("outbox.dropped_undelivered", messages=dropped, after_days=30)
