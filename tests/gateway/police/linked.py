"""What the tests of this room work with."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from devices.police_link.link import (
    Code,
    Exchange,
    LinkEvent,
    OnExchange,
    Path,
    Report,
    Result,
)
from gateway.clock import Clock
from gateway.police.forwarding import encode_event
from gateway.police.lane import Lane, Told
from gateway.store.batch import OutboxEntry
from gateway.store.store import StoreError

OK = Result.ACKNOWLEDGED


class ScriptedLink:
    """Answers each event as told by ``answers`` (the next result), else acknowledges."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.answers: deque[Result | Exception] = deque()
        self.sent: list[LinkEvent] = []
        self.hangs: asyncio.Event | None = None

    @property
    def paths(self) -> Sequence[Path]:
        return (Path.PRIMARY,)

    async def send(self, event: LinkEvent, *, on_exchange: OnExchange | None = None) -> Report:
        self.sent.append(event)
        if self.hangs is not None:
            await self.hangs.wait()
        answer = self.answers.popleft() if self.answers else OK
        if isinstance(answer, Exception):
            raise answer
        exchange = exchanged(self._clock.now(), answer)
        if on_exchange is not None:
            on_exchange(exchange)
        return Report(key=event.key, exchanges=(exchange,))

    async def probe(self, path: Path, event: LinkEvent | None = None) -> Exchange:
        if event is not None:
            self.sent.append(event)
        return exchanged(self._clock.now(), self.answers.popleft() if self.answers else OK, path)

    async def aclose(self) -> None:
        return


def exchanged(now: int, result: Result | Exception = OK, path: Path = Path.PRIMARY) -> Exchange:
    assert isinstance(result, Result)
    return Exchange(
        path=path,
        started=now,
        elapsed_ms=3.0,
        sent=b"\nFRAME\r",
        received=b"" if result is Result.SILENT else b"\nACK\r",
        result=result,
        reason="" if result is OK else f"it was {result.value}",
    )


def event(number: int, *, alert: int | None = None, known: int = 0) -> LinkEvent:
    return LinkEvent(
        key=f"emergency/no3/{alert or number}/{number}/{known}",
        sequence=number,
        code=Code.PANIC,
        happened=known,
        known=known,
        school="no3",
        alert=alert or number,
    )


def entry(one: LinkEvent) -> OutboxEntry:
    return OutboxEntry("police:no3/110", one.key, one.known, encode_event(one), one.known)


class Road:
    """A lane with what it tells, running in the background."""

    def __init__(
        self, link: ScriptedLink, clock: Clock, *, late_after_s: float | None = 2.0
    ) -> None:
        self.told: list[Told] = []
        self.table: list[OutboxEntry] = []
        self.unread: list[StoreError] = []
        self.link = link
        self._came = asyncio.Event()
        self.lane = Lane(
            "no3/110",
            clock=clock,
            late_after_s=late_after_s,
            tell=self._tell,
            seen=lambda _: None,
            more=self._more,
        )
        self.task = asyncio.create_task(self.lane.run(link))

    def _tell(self, told: Told) -> None:
        self.told.append(told)
        self._came.set()

    async def _more(self, known: frozenset[str]) -> list[OutboxEntry]:
        if self.unread:
            raise self.unread.pop()
        return [one for one in self.table if one.key not in known]

    async def until(self, what: Callable[[], bool], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not what():
                self._came.clear()
                await self._came.wait()

    async def close(self) -> None:
        self.lane.end()
        self.task.cancel()
        await asyncio.wait([self.task])
