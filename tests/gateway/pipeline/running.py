"""A flow that runs, on sources filled by hand and a store that refuses when it is told to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from judged import BUTTON, WARM, Judged
from sqlalchemy import FromClause, func, select

from devices.dialects.dialect import Dialect
from gateway.clock import SystemClock
from gateway.ingest.redelivery import pack
from gateway.ingest.source import Delivery, Message, SourceStatus
from gateway.metrics import Metrics
from gateway.pipeline.flow import Flow, Pace
from gateway.pipeline.live import Live
from gateway.store.batch import Batch
from gateway.store.sqlite import SqliteStore
from gateway.store.store import Room, StoreError


class Line:
    """A source whose messages the test puts in by hand."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.on_ready: Callable[[], None] = lambda: None
        self.acknowledged: list[Delivery] = []
        self.published: list[tuple[str, bytes]] = []
        self.recalled: list[bytes] = []
        self._waiting: deque[Message] = deque()
        self._packet = 0

    def put(self, topic: str, body: bytes) -> None:
        self._packet += 1
        self._waiting.append(Message(topic, body, self._packet, retained=False))
        self.on_ready()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def take(self, most: int) -> Delivery | None:
        messages = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        return Delivery(self.session, 1, messages, pack(messages)) if messages else None

    def acknowledge(self, delivery: Delivery) -> None:
        self.acknowledged.append(delivery)

    def publish(self, topic: str, payload: bytes) -> bool:
        self.published.append((topic, payload))
        return True

    def recall(self, entries: Sequence[bytes]) -> None:
        self.recalled = list(entries)

    async def run(self) -> None:
        await asyncio.Event().wait()  # nothing comes but what the test puts in

    def status(self) -> SourceStatus:
        return SourceStatus(True, 0, "", 0, 0, len(self._waiting))

    def count(self) -> int:
        return sum(len(delivery.messages) for delivery in self.acknowledged)


class Gate:
    """A real store whose commits can be held back or refused, as a disk would."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.held: list[tuple[Batch, Future[None]]] = []
        self.hold = False
        self.refuse: Callable[[Batch], StoreError | None] = lambda _: None

    def commit(self, batch: Batch) -> Future[None]:
        refused = self.refuse(batch)
        if refused is not None:
            answer: Future[None] = Future()
            answer.set_exception(refused)
            return answer
        if self.hold:
            answer = Future()
            self.held.append((batch, answer))
            return answer
        return self._store.commit(batch)

    def release(self) -> None:
        self.hold = False
        for batch, answer in self.held:
            self._store.commit(batch).result()
            answer.set_result(None)
        self.held.clear()

    def room(self) -> Room:
        full = self.refuse(Batch()) is not None
        return Room(free=0 if full else 1 << 30, telemetry=not full, events=True)


class Running:
    """A flow with an event line and a telemetry line on a gated store."""

    def __init__(self, store: SqliteStore, *, foreign: Sequence[Dialect] = ()) -> None:
        self.store = store
        self.gate = Gate(store)
        self.judged = Judged(now=SystemClock().now(), foreign=foreign)
        self.events, self.telemetry = Line("events"), Line("telemetry")
        self.live = Live(older=lambda _a, _m: [])
        self.flow = Flow(
            sources=[(self.events, True), (self.telemetry, False)],
            judge=self.judged.judge,
            store=self.gate,
            live=self.live,
            clock=SystemClock(),
            pace=Pace(retry_s=0.02),
            metrics=Metrics(),
        )
        self._seq = 0

    def press(self) -> None:
        self._seq += 1
        now = SystemClock().now() + self._seq
        self.events.put(
            f"campus/no3/alarm-button/{BUTTON.id}/event",
            b'{"ts":%d,"seq":%d,"event":"pressed"}' % (now, self._seq),
        )

    def measure(self, celsius: float = 20.0) -> None:
        self._seq += 1
        self.telemetry.put(
            f"campus/no3/temperature/{WARM.id}/telemetry",
            b'{"ts":%d,"seq":%d,"temperature_c":%.1f}' % (SystemClock().now(), self._seq, celsius),
        )

    def rows(self, table: FromClause) -> int:
        return self.store.read(lambda c: c.scalar(select(func.count()).select_from(table)) or 0)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.002)
