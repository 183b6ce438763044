"""Delivers what the store's outbox holds: at least once, in order per receiver, across restarts.

One lane a receiver: read the next rows, hand them over one by one, mark each as delivered. A crash
between handing over and marking repeats that one message, under the same key. What is done about
failures is decided in `gateway.notification.delivery`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeVar

import msgspec
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from alerts.finding import Finding
from alerts.notification.supervision import Backlog, judge_delivery
from gateway.clock import Clock
from gateway.metrics import Metrics
from gateway.notification import rows
from gateway.notification.delivery import (
    PATIENCE,
    Backoff,
    Delivered,
    Fate,
    Outcome,
    Receiver,
    Refused,
    Retry,
    fate,
)
from gateway.notification.rows import WaitingRow
from gateway.store.batch import GIVEN_UP, Batch
from gateway.store.store import Store, StoreError

Result = TypeVar("Result")

PAGE: Final = 64
"""Rows read at once."""

LOOK_AGAIN: Final = 30.0
"""Seconds after which a lane looks without being told: another process may have written rows."""

LOOK_EVERY: Final = 10.0
PRUNE_FIRST: Final = 60.0
PRUNE_EVERY: Final = 3600.0

_log: Final = structlog.get_logger(__name__)


class DeliveryStatus(msgspec.Struct, frozen=True):
    """How one receiver fares. Times in ms.

    ``oldest`` is when the oldest waiting message was written, ``aside`` how many of the waiting
    were refused and are tried by themselves, ``given_up`` those never tried again. ``failing`` is
    since when nothing has arrived though something was tried, ``error`` the last failure.
    """

    receiver: str
    waiting: int = 0
    oldest: int | None = None
    aside: int = 0
    given_up: int = 0
    failing: int | None = None
    error: str = ""
    delivered: int | None = None


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
        self._lanes: Final = {
            name: _Lane(name, receiver, store, clock, backoff or Backoff(), self._metrics, chance)
            for name, receiver in receivers.items()
        }

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as lanes:
            for name, lane in self._lanes.items():
                lanes.create_task(lane.run(), name=f"outbox {name}")
            lanes.create_task(self._prune(), name="outbox pruning")
            lanes.create_task(self._look(), name="outbox watch")

    async def aclose(self) -> None:
        """Close the receivers, when `run` has ended."""
        for lane in self._lanes.values():
            await lane.receiver.aclose()

    def notify(self) -> None:
        """There may be new rows. Call it on the event loop after each commit that had some."""
        for lane in self._lanes.values():
            lane.wake.set()

    async def status(self) -> list[DeliveryStatus]:
        """Every receiver, also those that rows are for and the configuration no longer names."""
        tallies = {one.receiver: one for one in await _read(self._store, rows.tallies)}
        names = [*self._lanes, *sorted(tallies.keys() - self._lanes.keys() - self._elsewhere)]
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
                )
            )
        return found

    def finding(self, now: int) -> Finding:
        """Whether a receiver has not been reached for long (`alerts.notification.supervision`), as
        of a few seconds ago. Fold it as a finding of the gateway itself.
        """
        return judge_delivery(
            (Backlog(one.receiver, one.waiting, one.oldest, one.error) for one in self._seen),
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
                dropped = await _read(self._store, rows.too_old(now))
                await _commit(self._store, rows.prune(now))
            except (StoreError, SQLAlchemyError) as error:
                # Nothing is lost by it; the next hour tries again.
                _log.warning("outbox.not_pruned", error=str(error))
            else:
                if dropped:
                    _log.error("outbox.dropped_undelivered", messages=dropped, after_days=30)


class _Lane:
    """The way to one receiver."""

    def __init__(
        self,
        name: str,
        receiver: Receiver,
        store: Store,
        clock: Clock,
        backoff: Backoff,
        metrics: Metrics,
        chance: Callable[[], float],
    ) -> None:
        self.name: Final = name
        self.receiver: Final = receiver
        self.wake: Final = asyncio.Event()
        self.failing: int | None = None
        self.error = ""
        self.delivered: int | None = None
        self._store: Final = store
        self._clock: Final = clock
        self._backoff: Final = backoff
        self._metrics: Final = metrics
        self._chance: Final = chance
        self._unmarked: list[int] = []
        self._failures = 0  # in a row, of the receiver
        self._closed_until = 0  # the receiver is not tried before (ms)
        self._emergency_tried = 0  # the newest row of an emergency that cut a wait short
        self._streak = 0  # messages in a row that stepped aside
        self._aside_from = 0  # no message that stepped aside is tried before (ms)
        self._store_failures = 0

    async def run(self) -> None:
        while True:
            self.wake.clear()
            try:
                pause = await self._pass()
                self._store_failures = 0
            except (StoreError, SQLAlchemyError) as error:
                self._store_failures += 1
                self.error = f"the store: {error}"
                _log.error("outbox.store", receiver=self.name, error=str(error))
                pause = self._backoff.wait(self._store_failures, self._chance())
            if pause > 0:
                await self._rest(min(pause / 1000, LOOK_AGAIN))

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.wake.wait()
        except TimeoutError:
            return

    async def _pass(self) -> int:
        """Deliver what can be delivered now; returns ms until there is more to do (0 = at once)."""
        await self._mark()
        page = await _read(self._store, rows.in_turn(self.name, PAGE))
        pause = await self._deliver_in_turn(page)
        aside = await self._deliver_aside()
        if pause == 0:
            return 0 if page else aside
        return min(pause, aside)

    async def _deliver_in_turn(self, page: list[WaitingRow]) -> int:
        if page and (wait := await self._closed()):
            return wait
        for row in page:
            # A clock that was set back must not keep a message for longer than any back-off.
            wait = min(row.entry.due - self._clock.now(), round(self._backoff.longest * 1000))
            if wait > 0:
                return wait
            outcome = await self._hand_over(row)
            if isinstance(outcome, Retry):
                return max(1, self._closed_until - self._clock.now())
            if isinstance(outcome, Refused) and (wait := await self._refused(row, outcome)):
                return wait
        return 0

    async def _closed(self) -> int:
        """How long the receiver is still left alone, in ms; a new emergency is worth a try."""
        wait = min(self._closed_until - self._clock.now(), round(self._backoff.longest * 1000))
        if wait <= 0:
            return 0
        emergency = await _read(self._store, rows.newest_emergency(self.name))
        if emergency is not None and emergency > self._emergency_tried:
            self._emergency_tried = emergency
            return 0
        return wait

    async def _deliver_aside(self) -> int:
        """Try one message that stepped aside, if one is due; ms until the next."""
        now = self._clock.now()
        if (wait := max(self._closed_until, self._aside_from) - now) > 0:
            return wait
        due = await _read(self._store, rows.next_aside(self.name))
        if due is None:
            return round(LOOK_AGAIN * 1000)
        if due > now:
            return due - now
        for row in await _read(self._store, rows.aside(self.name, now, 1)):
            outcome = await self._hand_over(row)
            self._aside_from = self._clock.now() + round(self._backoff.aside * 1000)
            if isinstance(outcome, Refused):
                await self._refused(row, outcome)
        return 1

    async def _hand_over(self, row: WaitingRow) -> Outcome:
        outcome = await self._attempt(row)
        now = self._clock.now()
        if isinstance(outcome, Delivered):
            self._metrics.outbox_delivered += 1
        else:
            self._metrics.outbox_failed += 1
        match outcome:
            case Delivered():
                self._failures = self._streak = 0
                self._closed_until = 0
                self.failing, self.error, self.delivered = None, "", now
                self._unmarked.append(row.row)
                await self._mark()
            case Retry(reason=reason, after=after):
                self._failures += 1
                wait = self._backoff.wait(self._failures, self._chance(), after)
                self._closed_until = now + wait
                self._failed(row, reason, now, wait)
            case Refused():
                self._failures = 0
                self._closed_until = 0
        return outcome

    async def _attempt(self, row: WaitingRow) -> Outcome:
        limit = self.receiver.time_limit
        try:
            async with asyncio.timeout(limit):
                return await self.receiver.deliver(row.entry)
        except TimeoutError:
            return Retry(f"no answer within {limit:g} s")
        except Exception as error:  # noqa: BLE001
            # A fault in one receiver's code must neither end the others nor hold up its own lane.
            _log.exception("outbox.receiver_broken", receiver=self.name, key=row.entry.key)
            return Refused(f"{type(error).__name__}: {error}")

    async def _refused(self, row: WaitingRow, outcome: Refused) -> int:
        """Write the refusal down; ms to wait before anything else goes to this receiver."""
        now = self._clock.now()
        attempts = row.attempts + 1
        decided = fate(row.entry.key, row.entry.created, attempts, self._streak, now)
        wait = self._backoff.wait(attempts, self._chance())
        self._failed(row, outcome.reason, now, wait)
        if decided is not Fate.AGAIN and row.attempts < PATIENCE:
            self._streak += 1
            attempts = max(attempts, PATIENCE)
            _log.error("outbox.aside", receiver=self.name, key=row.entry.key, why=outcome.reason)
        due = now + wait
        if decided is Fate.GIVEN_UP:
            due = GIVEN_UP
            _log.error("outbox.given_up", receiver=self.name, key=row.entry.key)
        await _commit(self._store, rows.mark_refused(row.row, attempts, due, outcome.reason, now))
        return wait if decided is Fate.AGAIN else 0

    def _failed(self, row: WaitingRow, reason: str, now: int, wait: int) -> None:
        self.error = reason
        if self.failing is None:
            self.failing = now
        _log.warning(
            "outbox.failed", receiver=self.name, key=row.entry.key, why=reason, again_in_ms=wait
        )

    async def _mark(self) -> None:
        """Mark what was delivered. If that fails nothing more is delivered until it succeeds."""
        if self._unmarked:
            await _commit(self._store, rows.mark_delivered(self._unmarked, self._clock.now()))
            self._unmarked.clear()


async def _read(store: Store, query: Callable[[Connection], Result]) -> Result:
    return await asyncio.to_thread(store.read, query)


async def _commit(store: Store, batch: Batch) -> None:
    # Shielded: whoever stops waiting must not take the batch back from under the writer.
    await asyncio.shield(asyncio.wrap_future(store.commit(batch)))
