"""Takes messages from the sources, has them judged and committed, and only then acknowledges.

Events and telemetry flow apart: events are committed one batch after the other and at once; of
telemetry two commits may be under way, and its source lets a few milliseconds of it come together
(`Endpoint.rest_s`), so that one commit serves many messages. What is taken is bounded by the
broker's window.

When the disk is full, telemetry that came to nothing waits with the broker. What came to something
does not: others build on it, so it goes with its readings where events go, into the reserve.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

import msgspec
import structlog

from alerts.alert import TransitionKind
from gateway.clock import Clock
from gateway.ingest.source import Source
from gateway.metrics import Metrics
from gateway.pipeline.judge import Judge
from gateway.pipeline.lane import Lane, Settled
from gateway.pipeline.live import Live
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.store import Committing, StoreError, StoreFullError

_log: Final = structlog.get_logger(__name__)


class Ticking(Protocol):
    """Something that happens by itself at its time, in the sequence of everything else."""

    def next(self) -> int | None:
        """When it wants to act next (ms); ``None`` = not before something happens."""
        ...

    def tick(self, now: int, work: Work) -> None:
        """Act if it is time; what comes of it goes into ``work``."""
        ...


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How messages are gathered.

    ``most`` bounds one batch and so how long the loop is kept from alarms and pages (500 messages
    are about 5 ms).
    """

    most: int = 500
    commits_under_way: int = 2
    retry_s: float = 0.5


class Flow:
    """The one sequence in which everything is judged. Its loops run in `run`."""

    def __init__(
        self,
        *,
        sources: Sequence[tuple[Source, bool]],
        judge: Judge,
        store: Committing,
        live: Live,
        clock: Clock,
        pace: Pace,
        metrics: Metrics,
        after_commit: Callable[[Work], None] = lambda _: None,
    ) -> None:
        """``sources`` with whether each carries events."""
        self._lanes: Final = [
            Lane(
                source,
                self,
                events=events,
                most=1 if events else pace.commits_under_way,
                clock=clock,
            )
            for source, events in sources
        ]
        self._judge: Final = judge
        self._ticking: Final[list[Ticking]] = [judge]
        self._store: Final = store
        self._live: Final = live
        self._clock: Final = clock
        self._pace: Final = pace
        self._after_commit: Final = after_commit
        self._tick = asyncio.Event()
        self._draining = False
        self._group: asyncio.TaskGroup | None = None
        self._broken: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._full = asyncio.Event()
        self._writer: Source | None = next((s for s, events in sources if events), None)
        self.figures: Final = FlowFigures(metrics)

    async def run(self) -> None:
        """Until cancelled. Raises what went wrong in a way that is nobody's but our own fault."""
        self._broken = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.TaskGroup() as self._group:
                for lane in self._lanes:
                    lane.begin()
                self._group.create_task(self._run_timers(), name="timers")
                self._group.create_task(self._await_room(), name="room for telemetry")
                await self._broken
        finally:
            for lane in self._lanes:
                lane.end()

    def add(self, *ticking: Ticking, before_rules: bool = False) -> None:
        """These act by themselves at their time, after the rules or before. Before `run`."""
        at = 0 if before_rules else len(self._ticking)
        self._ticking[at:at] = ticking

    @property
    def paused(self) -> bool:
        """Whether telemetry waits for room in the store."""
        return self._full.is_set()

    def waiting_s(self) -> float:
        """For how long (s) messages may have waited to be taken."""
        return max((lane.waiting_s() for lane in self._lanes), default=0.0)

    async def drain(self) -> None:
        """Take nothing more, and return when what was taken is committed and acknowledged.

        What cannot be committed now is given up unacknowledged: the broker keeps it.
        """
        self._draining = True
        self._room.set()
        while not all(lane.idle for lane in self._lanes):  # noqa: ASYNC110 - at the end only
            await asyncio.sleep(0.005)

    def work(self) -> Work:
        """An empty piece of work at the present time."""
        return Work(Batch(now=self._clock.now()))

    async def commit(self, work: Work) -> None:
        """Commit what a person or a timer did; raises `StoreError` when it cannot be kept."""
        if work.empty:
            return
        work.batch.urgent = True
        self._judge.finish(work)
        error = await self._submitted(work)
        if error is not None:
            raise error

    async def keep(self, work: Work) -> None:
        """Commit what is so in memory already, such as what somebody did to an alert.

        Raises `StoreError` when it cannot be kept now. It is written later all the same: with what
        follows it and without it, the record would prove an alert that never was.
        """
        try:
            await self.commit(work)
        except StoreError as error:
            if self._group is not None:
                self.start(self._see_through(work, error))
            raise

    async def write_down(self, work: Work) -> bool:
        """Commit what is so in memory already and no person waits for, as often as it takes.

        ``False`` when the gateway is about to end without it.
        """
        try:
            await self.commit(work)
        except StoreError as error:
            return await self.keep_trying(work, error)
        return True

    def wake_timers(self) -> None:
        """A timer was set from outside the flow."""
        self._tick.set()

    # What the lanes need (`Keeper`)

    def may_take(self, *, events: bool) -> bool:
        """Whether there is room for what comes."""
        return not self._draining and (events or self._room.is_set())

    def take(self, source: Source, *, events: bool) -> Work | None:
        """The next messages, judged; ``None`` when none wait."""
        delivery = source.take(self._pace.most)
        if delivery is None:
            return None
        now = self._clock.now()
        work = Work(Batch(now=now), [delivery])
        self._judge.digest(delivery.messages, now, work)
        # At once: what is saved of a device must not know of messages that are committed later.
        self._judge.finish(work)
        if delivery.entries:
            work.batch.acknowledging.append(
                (delivery.session, delivery.entries, len(delivery.messages))
            )
        work.batch.urgent = work.batch.urgent or events or work.concluded
        self.figures.took(len(delivery.messages), now)
        self._tick.set()
        return work

    def submit(self, work: Work, settled: Settled) -> None:
        """Hand a batch over. ``settled`` is told on the event loop, after those who are to be told
        of what is in it; what is handed over first is written first and told of first.
        """
        started = self._clock.steady()
        try:
            future = self._store.commit(work.batch)
        except StoreError as error:
            future = Future()
            future.set_exception(error)
        loop = asyncio.get_running_loop()
        # One way for everything that is committed, with as many turns of the event loop for each:
        # a longer one for some would let later transitions overtake theirs on the stream. And
        # nothing in the batch knows the future: in a circle they would stay until garbage is
        # collected, with all their messages, and that would stop everything for 70 ms.
        future.add_done_callback(
            partial(_hand_over, loop, partial(self._settle, work, started, settled))
        )

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the flow, and end the flow if it fails."""
        if self._group is None:
            raise RuntimeError("the flow does not run")
        self._group.create_task(work)

    def broke(self, error: Exception) -> None:
        """A fault of our own: the flow cannot go on."""
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(error)

    async def keep_trying(self, work: Work, error: BaseException) -> bool:
        """Nothing that was taken is dropped: what cannot be written now is written later.

        ``error`` is why it could not. ``False`` when the gateway is about to end without it.
        """
        failure: BaseException | None = error
        while failure is not None:
            if not isinstance(failure, StoreError):
                raise failure
            self.figures.failed()
            _log.error("commit.failed", error=str(failure), messages=work.messages)
            self._judge.refused(work)
            if self._draining:
                return False
            if isinstance(failure, StoreFullError) and not work.batch.urgent:
                self._pause()
                await self._room.wait()
            else:
                await asyncio.sleep(self._pace.retry_s)
            # Others may have been committed meanwhile: theirs must not be undone.
            self._judge.finish(work)
            failure = await self._submitted(work)
        return True

    async def _see_through(self, work: Work, error: StoreError) -> None:
        await self.keep_trying(work, error)

    def _pause(self) -> None:
        """No telemetry is taken until there is room again."""
        if not self._full.is_set() and not self._draining:
            _log.error("telemetry.paused")
            self._room.clear()
            self._full.set()

    async def _await_room(self) -> None:
        while True:
            await self._full.wait()
            while not (await asyncio.to_thread(self._store.room)).telemetry:  # noqa: ASYNC110 - a disk
                await asyncio.sleep(self._pace.retry_s)
            self._full.clear()
            self._room.set()
            _log.info("telemetry.resumed")
            for lane in self._lanes:
                lane.go_on()

    def _settle(self, work: Work, started: float, settled: Settled, future: Future[None]) -> None:
        try:
            error = future.exception()
            if error is None:
                self._written(work, started)
            settled(error)
        except Exception as fault:  # noqa: BLE001 - it ends the flow
            self.broke(fault)

    async def _submitted(self, work: Work) -> BaseException | None:
        """Hand a batch over and wait for it; why it was not written, if it was not."""
        waiter: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

        def settled(error: BaseException | None) -> None:
            if not waiter.done():  # nobody may be waiting any more
                waiter.set_result(error)

        self.submit(work, settled)
        return await waiter

    def _written(self, work: Work, started: float) -> None:
        ended = self._clock.steady()
        age = self._clock.now() - work.batch.now
        self.figures.wrote(ended, ended - started, age, work)
        if work.deliveries and work.batch.urgent and not self._store.room().telemetry:
            # It went into the reserve; those behind it must not all come to something.
            self._pause()
        self._committed(work)

    def _committed(self, work: Work) -> None:
        writer = self._writer
        if writer is not None:
            for topic, payload in work.replies:
                writer.publish(topic, payload)
        self._live.publish(work.live)
        self._after_commit(work)

    # What happens by itself

    async def _run_timers(self) -> None:
        while True:
            due = [when for each in self._ticking if (when := each.next()) is not None]
            wait = min([1.0, *((when - self._clock.now()) / 1000 for when in due)])
            if wait > 0:
                try:
                    async with asyncio.timeout(wait):
                        await self._tick.wait()
                except TimeoutError:
                    pass
            self._tick.clear()
            work = self.work()
            for each in self._ticking:
                each.tick(work.batch.now, work)
            if not work.empty:
                work.batch.urgent = True
                self._judge.finish(work)
                error = await self._submitted(work)
                if error is not None:
                    await self.keep_trying(work, error)
            # A message sets the event too; a short pause keeps this from running once a batch.
            await asyncio.sleep(0.05)


def _hand_over(
    loop: asyncio.AbstractEventLoop, settle: Callable[[Future[None]], None], future: Future[None]
) -> None:
    """From the writer's thread to the event loop; a loop that has ended needs no word of it."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(settle, future)


class FlowFigures:
    """How the flow is doing, for the health watch and the page. Cheap to count."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics: Final = metrics
        self.messages = 0
        self.last_message: int | None = None
        self.commits: deque[tuple[float, float]] = deque(maxlen=2048)
        """When (steady) commits were made and how many seconds each took."""

    def took(self, messages: int, now: int) -> None:
        """Messages were taken from a source."""
        self.messages += messages
        self.last_message = now
        self._metrics.messages += messages
        self._metrics.batch_messages.add(messages)

    def wrote(self, steady: float, seconds: float, age: int, work: Work) -> None:
        """A commit took so many seconds; its messages had been taken ``age`` ms before."""
        self.commits.append((steady, seconds))
        metrics = self._metrics
        metrics.batches += 1
        metrics.readings += len(work.batch.readings)
        metrics.transitions += len(work.batch.transitions)
        metrics.delay_seconds.add(age / 1000)
        for numbered in work.batch.transitions:
            metrics.alerts_raised += numbered.transition.kind is TransitionKind.RAISED
        metrics.commit_seconds.add(seconds)

    def failed(self) -> None:
        """A commit was not made."""
        self._metrics.commits_failed += 1
