"""A gateway whose clock is turned by hand, with a button to press and a police link to answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress

from alerts.alert import Refusal
from alerts.lifecycle import Limits
from audit.verification.model import Verification
from audit.verification.procedure import LinkNotice
from devices.dialects.native import Native
from devices.model import Device
from devices.police_link.link import Code, Exchange, OnExchange, Path, Report, Result
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.ingest.source import Message
from gateway.kinds import load_kinds
from gateway.metrics import Metrics
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.flow import Flow, Pace
from gateway.pipeline.judge import Judge
from gateway.pipeline.live import Live
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.work import Work
from gateway.store.sqlite import SqliteStore
from gateway.verification.service import Verifications

KINDS = load_kinds(default_settings().kinds)
RESERVE = 1 << 20

DEVICES = [
    Device("no3", "gate-01", "alarm-button", place="gate"),
    Device("no3", "gate-02", "alarm-button"),
    Device("no3", "lab-2", "smoke"),
    Device("no3", "meter", "electrical"),
    Device("no3", "rep-1", "repeater"),
    Device("no3", "cam-1", "camera"),
    Device("no5", "gate-01", "alarm-button"),
]


class Post:
    """A police link of school `no3` that answers as the test wants; what was sent is in `sent`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Code]] = []
        self.result = Result.ACKNOWLEDGED
        self.error: Exception | None = None
        self.notice: LinkNotice | None = None

    def links_of(self, school: str) -> Sequence[str]:
        return ["no3/police"] if school == "no3" else []

    def notice_of(self, link_id: str) -> LinkNotice | None:
        return self.notice

    async def send_test(
        self,
        link_id: str,
        code: Code,
        *,
        actor: str,
        device: str | None,
        paths: Sequence[Path] | None,
        on_exchange: OnExchange | None,
    ) -> Report:
        self.sent.append((link_id, code))
        if self.error is not None:
            raise self.error
        exchange = Exchange(
            path=Path.PRIMARY,
            started=1,
            elapsed_ms=21.5,
            sent=b"frame",
            received=b"answer",
            result=self.result,
        )
        if on_exchange is not None:
            on_exchange(exchange)
        return Report(key="k", exchanges=(exchange,))


class House:
    """The gateway without its broker; `says` is a message that came in and was committed."""

    def __init__(self, store: SqliteStore, post: Post, now: int | None = None) -> None:
        self.store, self.post = store, post
        self.clock = ManualClock() if now is None else ManualClock(now)
        snapshot = store.load()
        self.book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None)
        self.book.load(snapshot.open_alerts, snapshot.last_alert, snapshot.last_transition)
        self.judge = Judge(
            dialects=[Native()],
            rules_of=Binder(KINDS, {}).rules_of,
            book=self.book,
            discoveries=Discoveries(),
            rejects=Rejects(),
        )
        self.judge.roster.load(snapshot.devices, snapshot.states, self.clock.now())
        self.judge.windows.load(snapshot.deadlines, snapshot.devices)
        self.asked: list[tuple[str, bytes]] = []
        self.flow = Flow(
            sources=[],
            judge=self.judge,
            store=store,
            live=Live(older=lambda _a, _m: []),
            clock=self.clock,
            pace=Pace(retry_s=0.01),
            metrics=Metrics(),
            after_commit=self._committed,
        )
        self.verifications = Verifications(
            flow=self.flow,
            judge=self.judge,
            book=self.book,
            store=store,
            clock=self.clock,
            kinds=KINDS,
            sender=post,
        )
        self.seq = 0
        self._task: asyncio.Task[None] | None = None

    def _committed(self, work: Work) -> None:
        self.asked += work.replies
        self.judge.windows.committed(work)
        self.verifications.committed(work)

    async def start(self) -> None:
        self._task = asyncio.create_task(self.verifications.run())
        await until(lambda: self.verifications._engine._group is not None)
        for _ in range(50):  # what it takes up at a start is read in a thread
            await asyncio.sleep(0.001)

    async def kill(self) -> None:
        """Nothing is said or done any more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def says(self, device: str, channel: str, *, after: int = 100, **values: object) -> None:
        self.clock.turn(after)
        self.seq += 1
        found = self.judge.roster.state("no3", device)
        assert found is not None
        topic = f"campus/no3/{found.device.kind}/{device}/{channel}"
        body = {"ts": self.clock.now(), "seq": self.seq, **values}
        work = self.flow.work()
        self.judge.digest(
            [Message(topic, json.dumps(body).encode(), 1, False)], work.batch.now, work
        )
        await self.flow.commit(work)

    async def pass_time(self, milliseconds: int) -> None:
        self.clock.turn(milliseconds)
        work = self.flow.work()
        self.judge.windows.tick(work.batch.now, work)
        await self.flow.commit(work)

    async def begin(self, device: str = "gate-01", *, key: str | None = None) -> Verification:
        begun = await self.verifications.begin("no3", device, actor="li.na", key=key)
        assert not isinstance(begun, Refusal), begun
        return begun

    async def reaches(
        self, run: Verification, arrived: Callable[[Verification], bool]
    ) -> Verification:
        """The run, once it is so."""
        async with asyncio.timeout(10):
            while True:
                found = await self.verifications.wait(run.id, run.version, 5)
                assert found is not None
                if arrived(found):
                    return found
                assert found.ended is None, found
                run = found

    def panic(self, device: str = "gate-01") -> int:
        state = self.judge.roster.state("no3", device)
        assert state is not None
        alert = self.book.of(state.device.row, "panic")
        return 0 if alert is None else alert.occurrences


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)


def waits_for(what: str) -> Callable[[Verification], bool]:
    return lambda run: run.waits_for == what


def over(run: Verification) -> bool:
    return run.ended is not None
