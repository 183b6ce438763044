"""The way to one receiver: what waits for it goes in order, is tried again, steps aside.

A receiver that people read (`Digesting`) is spared a flood: what is too much for one window goes
together in one message (`alerts.notification.digest`), and emergencies go before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from alerts.notification.digest import WINDOW, Course, Turn
from gateway.clock import Clock
from gateway.metrics import Metrics
from gateway.notification import rows
from gateway.notification.delivery import (
    PATIENCE,
    Backoff,
    Delivered,
    Digesting,
    Fate,
    Outcome,
    Receiver,
    Refused,
    Retaining,
    Retry,
    fate,
)
from gateway.notification.rows import WaitingRow
from gateway.store.batch import GIVEN_UP, Batch, OutboxEntry
from gateway.store.store import Store, StoreError

Result = TypeVar("Result")
Deliver: TypeAlias = Callable[[], Awaitable[Outcome]]

PAGE: Final = 64
"""Rows read at once."""

TOGETHER: Final = 10_000
"""Messages put together at most, some 15 MB; what is more goes with the next digest."""

MARKED: Final = 500
"""Rows marked in one commit: an alarm may be waiting behind it."""

GATHER: Final = 0.02
"""Seconds between two looks at what waits: in a storm a few messages come together for each."""

ASIDE_AGAIN: Final = 1_000
"""ms until those aside are looked for again when there were none: people may have put one there."""

LOOK_AGAIN: Final = 30.0
"""Seconds after which a lane looks without being told: another process may have written rows."""

_log: Final = structlog.get_logger(__name__)


class Lane:
    """Delivers to one receiver. `run` is the body of a task; `wake` says that there may be more.

    ``failing`` is since when nothing has arrived (ms), ``error`` why, ``delivered`` when something
    last did, ``holding`` until when messages are collected for a digest.
    """

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
        self.holding: int | None = None
        self._store: Final = store
        self._clock: Final = clock
        self._backoff: Final = backoff
        self._metrics: Final = metrics
        self._chance: Final = chance
        self._trying: Final = asyncio.Lock()
        self._course = _course_of(receiver)
        self._aside_pause: Final = (
            round(backoff.aside * 1000)
            if self._course is None
            else self._course.window // self._course.most  # no flood of those, either
        )
        self._recalled = False
        self._unmarked: list[str] = []
        self._marks_at: Final = PAGE if isinstance(receiver, Retaining) else 1
        self._failures = 0  # in a row, of the receiver
        self._closed_until = 0  # the receiver is not tried before (ms)
        self._emergency_tried = 0  # the newest row of an emergency that cut a wait short
        self._streak = 0  # messages in a row that stepped aside
        self._aside_from = 0  # no message that stepped aside is tried before (ms)
        self._none_aside = 0  # none has stepped aside, as of this time (ms)
        self._store_failures = 0

    async def run(self) -> None:
        """Deliver until cancelled."""
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
            passed = self._clock.steady()
            if pause > 0:
                await self._rest(min(pause / 1000, LOOK_AGAIN))
                await asyncio.sleep(passed + GATHER - self._clock.steady())

    async def attempt(self, entry: OutboxEntry) -> Outcome:
        """Hand over one entry of which the store knows nothing: a test. Not while another is tried.

        When it arrives, what waits is tried at once, too.
        """
        outcome = await self._attempt(lambda: self.receiver.deliver(entry), entry.key)
        if isinstance(outcome, Delivered):
            self._reached()
            self.wake.set()
        return outcome

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.wake.wait()
        except TimeoutError:
            return

    async def _pass(self) -> int:
        """Deliver what can be delivered now; returns ms until there is more to do (0 = at once)."""
        await self._mark()
        turn = await self._turn()
        if turn is Turn.SINGLY:
            page = await read(self._store, rows.in_turn(self.name, PAGE))
        else:
            page = await read(self._store, rows.in_turn(self.name, PAGE, emergencies=True))
        some = bool(page)
        pause = await self._deliver_in_turn(page)
        await self._mark()
        if not some and turn is Turn.TOGETHER:
            some, pause = True, await self._deliver_together()
        elif not some and turn is Turn.LATER:
            pause = max(1, (self.holding or 0) - self._clock.now())
        aside = await self._deliver_aside()
        if pause == 0:
            # What was written meanwhile wakes this lane: only what is known to wait needs no word.
            more = len(page) == PAGE if self._course is None else some
            return 0 if more else aside
        return min(pause, aside)

    async def _turn(self) -> Turn | None:
        """How messages go; ``None`` when there are none but emergencies.

        Then none is read, either: one that is written just now was not counted.
        """
        course = self._course
        if course is None:
            return Turn.SINGLY
        now = self._clock.now()
        if not self._recalled:
            course.recall(await read(self._store, rows.gone_since(self.name, now - course.window)))
            self._recalled = True
        if self.holding is not None and now < self.holding <= now + course.window:
            return Turn.LATER
        waiting = await read(self._store, rows.count_in_turn(self.name, course.most + 1))
        turn = course.turn(waiting, now) if waiting else None
        self.holding = course.due(now) if turn is Turn.LATER else None
        return turn

    async def _deliver_in_turn(self, page: list[WaitingRow]) -> int:
        if page and (wait := await self._closed()):
            return wait
        for row in page:
            if wait := self._until_due(row):
                return wait
            outcome = await self._hand_over(row)
            if isinstance(outcome, Retry):
                return max(1, self._closed_until - self._clock.now())
            if isinstance(outcome, Refused) and (wait := await self._refused([row], outcome)):
                return wait
            if self._course is not None and not row.emergency:
                return 0  # each one counts for how the next goes
        return 0

    async def _deliver_together(self) -> int:
        receiver = self.receiver
        page = await read(self._store, rows.in_turn(self.name, TOGETHER, emergencies=False))
        if not page or self._course is None or not isinstance(receiver, Digesting):
            return 0
        if wait := await self._closed() or self._until_due(page[0]):
            return wait
        entries = [row.entry for row in page]
        outcome = await self._attempt(
            lambda: receiver.deliver_together(entries), f"{len(page)} from {page[0].entry.key}"
        )
        await self._settle(page, outcome)
        if isinstance(outcome, Retry):
            return max(1, self._closed_until - self._clock.now())
        if isinstance(outcome, Refused):
            return await self._refused(page, outcome)
        return 0

    def _until_due(self, row: WaitingRow) -> int:
        # A clock that was set back must not keep a message for longer than any back-off.
        wait = row.entry.due - self._clock.now()
        return max(0, min(wait, round(self._backoff.longest * 1000)))

    async def _closed(self) -> int:
        """How long the receiver is still left alone, in ms; a new emergency is worth a try."""
        wait = min(self._closed_until - self._clock.now(), round(self._backoff.longest * 1000))
        if wait <= 0:
            return 0
        emergency = await read(self._store, rows.newest_emergency(self.name))
        if emergency is not None and emergency > self._emergency_tried:
            self._emergency_tried = emergency
            return 0
        return wait

    async def _deliver_aside(self) -> int:
        """Try one message that stepped aside, if one is due; ms until the next."""
        now = self._clock.now()
        if (wait := max(self._closed_until, self._aside_from) - now) > 0:
            return wait
        if 0 <= now - self._none_aside < ASIDE_AGAIN:
            return round(LOOK_AGAIN * 1000)
        due = await read(self._store, rows.next_aside(self.name))
        if due is None:
            self._none_aside = now
            return round(LOOK_AGAIN * 1000)
        if due > now:
            return due - now
        for row in await read(self._store, rows.aside(self.name, now, 1)):
            outcome = await self._hand_over(row)
            self._aside_from = self._clock.now() + self._aside_pause
            if isinstance(outcome, Refused):
                await self._refused([row], outcome)
        return 1

    async def _hand_over(self, row: WaitingRow) -> Outcome:
        outcome = await self._attempt(lambda: self.receiver.deliver(row.entry), row.entry.key)
        await self._settle([row], outcome)
        return outcome

    async def _settle(self, page: Sequence[WaitingRow], outcome: Outcome) -> None:
        """Remember what came of handing these over together."""
        now = self._clock.now()
        if isinstance(outcome, Delivered):
            self._metrics.outbox_delivered += len(page)
        else:
            self._metrics.outbox_failed += 1
        match outcome:
            case Delivered():
                self._streak = 0
                self._reached()
                if self._course is not None and not page[0].emergency:
                    self._course.went(len(page), now)
                self._unmarked += [row.entry.key for row in page]
                if len(self._unmarked) >= self._marks_at:
                    await self._mark()
            case Retry(reason=reason, after=after):
                self._failures += 1
                wait = self._backoff.wait(self._failures, self._chance(), after)
                self._closed_until = now + wait
                self._failed(page[0], reason, now, wait)
            case Refused():
                self._failures = 0
                self._closed_until = 0

    def _reached(self) -> None:
        self._failures = self._closed_until = 0
        self.failing, self.error, self.delivered = None, "", self._clock.now()

    async def _attempt(self, deliver: Deliver, key: str) -> Outcome:
        limit = self.receiver.time_limit
        async with self._trying:
            try:
                async with asyncio.timeout(limit):
                    return await deliver()
            except TimeoutError:
                return Retry(f"no answer within {limit:g} s")
            except Exception as error:  # noqa: BLE001
                # A fault in one receiver's code must neither end the others nor hold up its own.
                _log.exception("outbox.receiver_broken", receiver=self.name, key=key)
                return Refused(f"{type(error).__name__}: {error}")

    async def _refused(self, page: Sequence[WaitingRow], outcome: Refused) -> int:
        """Write the refusal down; ms to wait before anything else goes to this receiver."""
        now = self._clock.now()
        first = page[0]
        attempts = first.attempts + 1
        created = max(row.entry.created for row in page)
        decided = fate(first.entry.key, created, attempts, self._streak, now)
        wait = self._backoff.wait(attempts, self._chance())
        self._failed(first, outcome.reason, now, wait)
        self._none_aside = 0
        if decided is not Fate.AGAIN and first.attempts < PATIENCE:
            self._streak += 1
            attempts = max(attempts, PATIENCE)
            _log.error(
                "outbox.aside",
                receiver=self.name,
                key=first.entry.key,
                messages=len(page),
                why=outcome.reason,
            )
        due = now + wait
        if decided is Fate.GIVEN_UP:
            due = GIVEN_UP
            _log.error("outbox.given_up", receiver=self.name, key=first.entry.key)
        marked = [row.row for row in page]
        await commit(self._store, rows.mark_refused(marked, attempts, due, outcome.reason, now))
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
        now = self._clock.now()  # of all of them: what went together is known by it after a restart
        while self._unmarked:
            keys = self._unmarked[:MARKED]
            await commit(self._store, rows.mark_delivered(self.name, keys, now))
            del self._unmarked[:MARKED]


def _course_of(receiver: Receiver) -> Course | None:
    if isinstance(receiver, Digesting) and receiver.digest_over > 0:
        return Course(most=receiver.digest_over, window=WINDOW)
    return None


async def read(store: Store, query: Callable[[Connection], Result]) -> Result:
    """What the store holds, read in a thread."""
    return await asyncio.to_thread(store.read, query)


async def commit(store: Store, batch: Batch) -> None:
    """Write a batch and wait until it is durable."""
    # Shielded: whoever stops waiting must not take the batch back from under the writer.
    await asyncio.shield(asyncio.wrap_future(store.commit(batch)))
