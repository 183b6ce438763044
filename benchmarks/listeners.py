"""A thousand pages open, a hundred alerts a second: does everybody get everything, in order, soon?

The gateway's own parts in one process: life cycle, store (each alert committed and synced), live
stream, hub and HTTP server. A second process holds the listeners: raw sockets, each on a session
of its own, half of them scoped to a list of schools. One alert in twenty is an emergency, which
must not wait for others. The delay counts from before the commit until the bytes have arrived and
been checked.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import re
import resource
import tempfile
import time
from array import array
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import uvicorn

from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import Limits
from benchmarks import measure
from devices.model import Device, School
from gateway.api.app import close_streams, create_api
from gateway.clock import SystemClock
from gateway.configuration import default_settings
from gateway.desk import Feed, LiveAlert
from gateway.history.sqlite import SqliteHistory
from gateway.kinds import load_kinds
from gateway.maintenance.service import Maintenances
from gateway.metrics import Metrics
from gateway.names import RegisterNames
from gateway.overview.survey import make_survey
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.control import Control
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.flow import Flow, Pace
from gateway.pipeline.judge import Judge
from gateway.pipeline.live import Live
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.upkeep import Upkeep
from gateway.security import accounts, tokens
from gateway.security.access import Role
from gateway.security.accounts import User
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore
from gateway.words import Words

LISTENERS: Final = 1_000
USERS: Final = 20
RATE: Final = 100
SECONDS: Final = 30
ONE_EMERGENCY_IN: Final = 20
SCHOOLS: Final = 10
DEVICES: Final = 200
LIMIT_MS: Final = 1_000.0
CONNECT_SECONDS: Final = 120.0
FINISH_SECONDS: Final = 60.0


# The listeners' process


_ROW: Final = re.compile(rb'\{"row":(\d+),"alert":')
_OUT_OF_ORDER: Final = (-1, -1)


class _Seen:
    """What the frames say, looked into once for each different frame: most are shared by all."""

    def __init__(self) -> None:
        self._rows: dict[bytes, tuple[int, int] | None] = {}

    def rows(self, frame: bytes) -> tuple[int, int] | None:
        """First and last row of an ``alerts`` frame whose rows follow each other without a gap."""
        if frame in self._rows:
            return self._rows[frame]
        if len(self._rows) > 4_000:
            self._rows.clear()
        found: tuple[int, int] | None = None
        if frame.startswith(b"event: alerts\n"):
            rows = [int(row) for row in _ROW.findall(frame)]
            in_order = rows == list(range(rows[0], rows[0] + len(rows)))
            found = (rows[0], rows[-1]) if in_order else _OUT_OF_ORDER
        self._rows[frame] = found
        return found


class _Page(asyncio.Protocol):
    """One listener: takes the chunked response apart and notes when which rows came."""

    def __init__(self, request: bytes, seen: _Seen, opened: asyncio.Semaphore) -> None:
        self._request = request
        self._seen = seen
        self._opened = opened
        self._buffer = bytearray()
        self._head = True
        self.when = array("q")
        self.upto = array("q")
        self.first: int | None = None
        self.last = 0
        self.wrong = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.wrong = self.wrong or f"connection lost: {exc}"

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._head and not self._take_head():
            return
        while True:
            end = self._buffer.find(b"\r\n")
            if end < 0:
                return
            size = int(self._buffer[:end], 16)
            if len(self._buffer) < end + 2 + size + 2:
                return
            body = bytes(self._buffer[end + 2 : end + 2 + size])
            del self._buffer[: end + 2 + size + 2]
            self._take(body)

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            self.wrong = bytes(self._buffer[:300]).decode("latin-1")
        del self._buffer[: end + 4]
        self._head = False
        self._opened.release()
        return True

    def _take(self, body: bytes) -> None:
        now = time.monotonic_ns()
        for frame in body.split(b"\n\n"):
            rows = self._seen.rows(frame) if frame else None
            if rows is None:
                continue
            if self.first is None:
                self.first = rows[0]
            elif rows[0] != self.last + 1:
                self.wrong = self.wrong or f"row {rows[0]} follows row {self.last}"
            self.last = rows[1]
            self.when.append(now)
            self.upto.append(rows[1])


async def _listen(port: int, secrets: list[str], pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    seen, opened = _Seen(), asyncio.Semaphore(0)
    pages = []
    for number in range(LISTENERS):
        request = (
            f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {secrets[number % len(secrets)]}\r\n\r\n"
        ).encode()
        page = _Page(request, seen, opened)
        pages.append(page)
        await loop.create_connection(lambda page=page: page, "127.0.0.1", port)
    for _ in pages:
        await opened.acquire()
    pipe.send("open")

    last = await asyncio.to_thread(pipe.recv)
    deadline = loop.time() + FINISH_SECONDS
    # a thousand protocols, no single event: so it is looked at now and then
    while any(page.last < last and not page.wrong for page in pages):
        await asyncio.sleep(0.05)
        if loop.time() > deadline:
            break
    pipe.send([(page.first, page.last, page.wrong, page.when, page.upto) for page in pages])


def _listeners(port: int, secrets: list[str], pipe: Connection) -> None:
    gc.disable()
    asyncio.run(_listen(port, secrets, pipe))


# The gateway's process


class _Parts:
    """The gateway's parts around the live stream, on a store of their own."""

    def __init__(self, store: SqliteStore, folder: Path) -> None:
        self.clock = SystemClock()
        self.store = store
        self.metrics = Metrics()
        self.settings = default_settings({"directory": str(folder)})
        kinds = load_kinds(self.settings.kinds)
        self._fill()
        snapshot = store.load()
        self.devices = snapshot.devices
        upkeep = Upkeep(RegisterNames(store))
        self.book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None, upkeep=upkeep)
        binder = Binder(kinds, snapshot.school_parameters)
        judge = Judge(
            dialects=[],
            rules_of=binder.rules_of,
            book=self.book,
            discoveries=Discoveries(),
            rejects=Rejects(),
        )
        self.live = Live(older=lambda _after, _most: [])
        self.flow = Flow(
            sources=[],
            judge=judge,
            store=store,
            live=self.live,
            clock=self.clock,
            pace=Pace(),
            metrics=self.metrics,
        )
        desk = Control(
            flow=self.flow,
            judge=judge,
            book=self.book,
            live=self.live,
            store=store,
            clock=self.clock,
            kinds=kinds,
            school_parameters=snapshot.school_parameters,
            check_parameters=binder.mistakes,
            feed=self._feed,
            upkeep=upkeep,
        )
        self.app = create_api(
            desk=desk,
            store=store,
            history=SqliteHistory(store),
            kinds=kinds,
            words=Words.load(),
            maintenances=Maintenances(flow=self.flow, upkeep=upkeep, clock=self.clock),
            survey=make_survey(judge.roster, self.book, None, self.clock),
            settings=self.settings,
            clock=self.clock,
            metrics=self.metrics,
        )

    def _feed(self) -> Feed:
        return Feed(now=self.clock.now(), connected=True, last_message=None, rate=0.0)

    def _fill(self) -> None:
        now = self.clock.now()
        batch = Batch(now=now)
        batch.statements += put_schools(
            School(f"school-{number}", f"第{number}中学", f"School {number}")
            for number in range(SCHOOLS)
        )
        batch.statements += put_devices(
            Device(f"school-{n % SCHOOLS}", f"button-{n}", "alarm-button", name_zh=f"按钮 {n}")
            for n in range(DEVICES)
        )
        self.store.commit(batch).result()

    def secrets(self) -> list[str]:
        """A token for each user; half of the users have all schools by name."""
        now = self.clock.now()
        by_name = tuple(f"school:school-{number}" for number in range(SCHOOLS))
        made = []
        for number in range(USERS):
            scopes = ("*",) if number % 2 else by_name
            user = User(f"user-{number}", "", Role.OPERATOR, scopes, created=now)
            self.store.commit(accounts.added(user, by="", now=now)).result()
            secret, _, batch = tokens.added("x", user=user.name, expires=None, by="", now=now)
            self.store.commit(batch).result()
            made.append(secret)
        return made

    async def raise_alert(self, number: int) -> LiveAlert:
        """One more alert, judged, committed, told."""
        device = self.devices[number % len(self.devices)]
        emergency = number % ONE_EMERGENCY_IN == 0
        now = self.clock.now()
        why = Explanation(rule="pressed", code="pressed", source="benchmark")
        finding = Finding(
            condition=f"condition-{number}",
            active=True,
            priority=Priority.EMERGENCY if emergency else Priority.HIGH,
            happened=now,
            known=now,
            explanation=why,
        )
        work = self.flow.work()
        self.book.fold(finding, device, work)
        await self.flow.commit(work)
        return work.live[0]


async def _raise_for(parts: _Parts, seconds: float) -> dict[int, tuple[int, bool]]:
    """Raise alerts at the rate; when each row was judged (monotonic ns), and how urgent it was."""
    told: dict[int, tuple[int, bool]] = {}
    start = time.monotonic()

    async def one(number: int) -> None:
        judged = time.monotonic_ns()
        event = await parts.raise_alert(number)
        told[event.row] = (judged, event.alert.emergency)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(seconds * RATE)):
            await asyncio.sleep(max(0.0, start + number / RATE - time.monotonic()))
            tasks.create_task(one(number))
            if number % (5 * RATE) == 0:
                measure.say(f"  {number} alerts")
    return told


async def _run(folder: Path) -> dict[str, Any]:
    store = open_store(folder / "campus.db", reserve_bytes=1 << 20, low_water=1 << 20)
    parts = _Parts(store, folder)
    secrets = parts.secrets()
    config = uvicorn.Config(
        parts.app, host="127.0.0.1", port=0, log_level="warning", access_log=False, lifespan="on"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]

    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_listeners, args=(port, secrets, theirs), daemon=True)
    process.start()
    try:
        opening = time.monotonic()
        async with asyncio.timeout(CONNECT_SECONDS):
            await asyncio.to_thread(ours.recv)
        opened_s = time.monotonic() - opening
        measure.say(f"  {LISTENERS} listeners after {opened_s:.1f} s")
        cpu, wall = time.process_time(), time.monotonic()
        told = await _raise_for(parts, SECONDS)
        cpu_share = (time.process_time() - cpu) / (time.monotonic() - wall)
        ours.send(max(told))
        pages = await asyncio.to_thread(ours.recv)
    finally:
        close_streams(parts.app)
        server.should_exit = True
        process.join(10)
        if process.is_alive():
            process.kill()
        await serving
        store.close()
    figures = _figures(told, pages)
    return {
        **figures,
        "connect_s": round(opened_s, 2),
        "gateway_cpu_cores": round(cpu_share, 2),
        "streams_cut": parts.metrics.streams_cut,
    }


def _figures(told: dict[int, tuple[int, bool]], pages: list[Any]) -> dict[str, Any]:
    first, last = min(told), max(told)
    complete, delays, urgent = 0, array("d"), array("d")
    wrong: set[str] = set()
    for page_first, page_last, said, when, upto in pages:
        if said:
            wrong.add(said)
        complete += not said and page_first == first and page_last == last
        row = page_first or last
        for arrived, until in zip(when, upto, strict=True):
            for each in range(row, until + 1):
                judged, emergency = told[each]
                delay = (arrived - judged) / 1e6
                delays.append(delay)
                if emergency:
                    urgent.append(delay)
            row = until + 1
    for said in sorted(wrong)[:5]:
        measure.say(f"  wrong: {said}")
    p99 = measure.percentile(delays, 0.99) if delays else float("inf")
    return {
        "listeners": LISTENERS,
        "alerts_per_second": RATE,
        "alerts": len(told),
        "listeners_with_all_in_order": complete,
        "p50_ms": round(measure.percentile(delays, 0.5), 1) if delays else None,
        "p99_ms": round(p99, 1) if delays else None,
        "max_ms": round(max(delays), 1) if delays else None,
        "emergency_p50_ms": round(measure.percentile(urgent, 0.5), 1) if urgent else None,
        "emergency_p99_ms": round(measure.percentile(urgent, 0.99), 1) if urgent else None,
        "holds": complete == LISTENERS and p99 <= LIMIT_MS,
    }


def main() -> dict[str, Any]:
    """p50 and p99 in ms over every alert of every listener; ``holds``: all in order, p99 ≤ 1 s."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8_192), hard))
    with tempfile.TemporaryDirectory(prefix="campus-listeners-") as folder:
        return asyncio.run(_run(Path(folder)))
