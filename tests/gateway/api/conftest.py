"""A campus for the HTTP interface: the real store, judge, life cycle and desk; no broker."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Connection
from told_recorders import Told
from two_links import TwoLinks
from two_recorders import TwoRecorders

from alerts.evidence import Reason
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import Limits
from devices.dialects.native import Native
from devices.model import Device, Place, Region, School
from gateway.api import broadcast
from gateway.api.app import close_streams, create_api
from gateway.camera_pictures.vault import Vault
from gateway.cameras.relearning import Relearning
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.desk import Feed, LiveAlert
from gateway.diagnosing import reasons_of
from gateway.gate_video.desk import NO_GATE_VIDEO, GateVideo
from gateway.history.sqlite import SqliteHistory
from gateway.ingest.source import Message
from gateway.kinds import load_kinds
from gateway.maintenance.service import Maintenances
from gateway.metrics import Metrics
from gateway.names import RegisterNames
from gateway.outbox import Outbox
from gateway.overview.survey import make_survey
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.causes import Causes
from gateway.pipeline.control import Control
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.fire_rooms import FireRooms
from gateway.pipeline.floods import Floods
from gateway.pipeline.flow import Flow, Pace
from gateway.pipeline.judge import Judge
from gateway.pipeline.live import Live
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.roster import GATEWAY
from gateway.pipeline.upkeep import Upkeep
from gateway.pipeline.work import Work
from gateway.police.desk import LinksDesk
from gateway.recordings.desk import RecordingsDesk
from gateway.security import accounts, sessions, tokens
from gateway.security.access import Role
from gateway.security.accounts import User
from gateway.security.sessions import Lifetime
from gateway.settings import Settings
from gateway.settings_recordings import RecordingSettings
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.read.stream import transitions_after
from gateway.store.registry import (
    next_register_version,
    put_devices,
    put_places,
    put_regions,
    put_schools,
)
from gateway.store.sqlite import SqliteStore
from gateway.verification.ports import NoLinks
from gateway.verification.service import Verifications
from gateway.words import Words

HOUR = 3_600_000
RESERVE = 1 << 20

SCHOOLS = ("no3", "no5")
USERS = {
    "ada": (Role.ADMINISTRATOR, ("*",)),
    "olga": (Role.OPERATOR, ("*",)),
    "oscar": (Role.OPERATOR, ("*",)),
    "tim": (Role.TECHNICIAN, ("*",)),
    "anna": (Role.AUDITOR, ("*",)),
    "east": (Role.OPERATOR, ("region:east",)),
    "east-tim": (Role.TECHNICIAN, ("region:east",)),
    "east-anna": (Role.AUDITOR, ("region:east",)),
    "east-ada": (Role.ADMINISTRATOR, ("region:east",)),
    "west": (Role.OPERATOR, ("school:no5",)),
    "eye": (Role.PROBE, ("region:east",)),
    "sofia": (Role.SAFETY_OFFICER, ("school:no3",)),
    "paul": (Role.PRINCIPAL, ("school:no3",)),
    "ines": (Role.INSPECTOR, ("region:east",)),
    "gwen": (Role.GROUP_LEADER, ("region:east",)),
}
"""Everybody, by name. `no3` lies in the county `east`, `no5` in none of its."""


class Buttons:
    """The simulated buttons of the demonstration."""

    buttons = frozenset({("no3", "gate-01"), ("no5", "gate-01"), ("no9", "gate-01")})

    def __init__(self, campus: Campus) -> None:
        self._campus = campus

    async def press(self, school: str, device: str) -> bool:
        if device != "gate-01":
            return False
        await self._campus.press(school, device)
        return True


class Campus:
    """Two schools with their devices, and the gateway that watches them."""

    kept: ClassVar[int] = 20_000
    resume_limit: ClassVar[int] = 100_000

    def __init__(self, store: SqliteStore, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.clock = ManualClock()
        self.connected = True
        self.trouble: tuple[str, ...] = ()
        self.metrics = Metrics()
        self.police: LinksDesk | None = None
        self.causes: Causes | None = None
        self.floods: Floods | None = None
        self.outbox: Outbox | None = None
        self.recordings: RecordingsDesk | None = None
        self.gate_video = NO_GATE_VIDEO
        self.kinds = load_kinds(settings.kinds)
        self.words = Words.load()
        self.history = SqliteHistory(store)
        self._register()
        snapshot = store.load()
        self.upkeep = Upkeep(RegisterNames(store))
        self.book = AlertBook(
            limits=Limits(), told=[], on_deadline=lambda _: None, upkeep=self.upkeep
        )
        self.book.load(snapshot.open_alerts, snapshot.last_alert, snapshot.last_transition)
        binder = Binder(self.kinds, snapshot.school_parameters)
        self.discoveries = Discoveries()
        self.fire_rooms = FireRooms(book=self.book, roster=lambda: self.judge.roster)
        self.judge = Judge(
            dialects=[Native()],
            rules_of=binder.rules_of,
            book=self.book,
            discoveries=self.discoveries,
            rejects=Rejects(),
            sift=self.fire_rooms.take,
        )
        self.judge.roster.load(snapshot.devices, snapshot.states, self.clock.now())
        self.upkeep.load(
            snapshot.maintenances,
            snapshot.last_maintenance,
            book=self.book,
            roster=self.judge.roster,
        )
        self.live = Live(older=self._older, kept=self.kept, resume_limit=self.resume_limit)
        self.live.start(snapshot.last_transition)
        self.flow = Flow(
            sources=[],
            judge=self.judge,
            store=store,
            live=self.live,
            clock=self.clock,
            pace=Pace(),
            metrics=self.metrics,
            after_commit=self._committed,
        )
        self.verifications = Verifications(
            flow=self.flow,
            judge=self.judge,
            book=self.book,
            store=store,
            clock=self.clock,
            kinds=self.kinds,
            sender=NoLinks(),
            reasons_of=self._reasons_of,
        )
        self.desk = Control(
            flow=self.flow,
            judge=self.judge,
            book=self.book,
            live=self.live,
            store=store,
            clock=self.clock,
            kinds=self.kinds,
            school_parameters=snapshot.school_parameters,
            check_parameters=binder.mistakes,
            feed=self._feed,
            upkeep=self.upkeep,
            cut_off=lambda row: None if self.causes is None else self.causes.cut_off(row),
        )
        self.maintenances = Maintenances(flow=self.flow, upkeep=self.upkeep, clock=self.clock)
        self.vault = Vault(settings.database.parent)
        self.relearning = Relearning(
            store=store,
            clock=self.clock,
            vault=self.vault,
            registered=lambda *key: self.desk.live(*key) is not None,
        )
        self._seq = 0

    async def _reasons_of(self, device: Device) -> Sequence[Reason]:
        return await reasons_of(self.desk, self.clock, self.store)(device)

    def _committed(self, work: Work) -> None:
        self.judge.windows.committed(work)
        self.verifications.committed(work)
        self.relearning.committed(work)

    @asynccontextmanager
    async def verifying(self) -> AsyncIterator[None]:
        """Whoever runs verifications, running."""
        task = asyncio.create_task(self.verifications.run())
        await asyncio.sleep(0)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    def _older(self, after: int, most: int) -> list[LiveAlert]:
        return [LiveAlert(*event) for event in self.store.read(transitions_after(after, most))]

    def _feed(self) -> Feed:
        return Feed(
            now=self.clock.now(),
            connected=self.connected,
            last_message=None,
            rate=0.0,
            trouble=self.trouble,
        )

    def _register(self) -> None:
        now = self.clock.now()
        batch = Batch(now=now)
        batch.statements += put_regions(
            [Region("city", "市", "City"), Region("east", "东区", "East", "city")]
        )
        batch.statements += put_schools(
            [
                School("no3", "第三中学", "No. 3 Middle School", "east"),
                School("no5", "第五中学", "No. 5 Middle School", "city"),
            ]
        )
        batch.statements += put_places(
            [
                Place("block-a", "no3", "教学楼", "Block A"),
                Place("a-3", "no3", "三层", "3rd floor", "block-a"),
            ]
        )
        batch.statements += put_devices(
            [
                Device("no3", "gate-01", "alarm-button", name_zh="门卫室", name_en="Gatehouse"),
                Device("no3", "lab-2", "smoke", name_zh="实验室", place="a-3"),
                Device("no3", "hall", "temperature"),
                Device("no5", "gate-01", "alarm-button"),
            ]
        )
        batch.statements += next_register_version()
        self.store.commit(batch).result()
        for name, (role, scopes) in USERS.items():
            user = User(name=name, display=name, role=role, scopes=scopes, created=now)
            self.store.commit(accounts.added(user, by="", now=now)).result()

    async def says(self, topic: str, payload: object) -> None:
        """A message comes in, is judged and committed."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        work = self.flow.work()
        self.judge.digest([Message(topic, body, 1, False)], work.batch.now, work)
        await self.flow.commit(work)

    async def press(self, school: str = "no3", device: str = "gate-01") -> int:
        """Somebody presses an alarm button; the alert's number."""
        self.clock.turn(10)
        self._seq += 1
        await self.says(
            f"campus/{school}/alarm-button/{device}/event",
            {"ts": self.clock.now(), "seq": self._seq, "event": "pressed"},
        )
        state = self.judge.roster.state(school, device)
        assert state is not None
        (alert,) = self.book.of_device(state.device.row)
        return alert.id

    async def press_often(self, times: int) -> None:
        """Presses that arrive together, as after an outage."""
        messages = []
        for _ in range(times):
            self.clock.turn(10)
            self._seq += 1
            body = {"ts": self.clock.now(), "seq": self._seq, "event": "pressed"}
            topic = "campus/no3/alarm-button/gate-01/event"
            messages.append(Message(topic, json.dumps(body).encode(), 1, False))
        work = self.flow.work()
        self.judge.digest(messages, work.batch.now, work)
        await self.flow.commit(work)

    async def find(
        self, condition: str, device: Device = GATEWAY, priority: Priority = Priority.MEDIUM
    ) -> int:
        """A rule finds something that is no emergency."""
        now = self.clock.turn(10)
        work = self.flow.work()
        why = Explanation(rule="test", code=condition)
        self.book.fold(Finding(condition, True, priority, now, now, why), device, work)
        await self.flow.commit(work)
        alert = self.book.of(device.row, condition)
        assert alert is not None
        return alert.id

    def device(self, school: str = "no3", device: str = "lab-2") -> Device:
        state = self.judge.roster.state(school, device)
        assert state is not None
        return state.device

    def cookie(self, name: str) -> str:
        """A session of that user, as a sign-in would give."""
        lifetime = Lifetime(longest=12 * HOUR, idle=0)
        secret, batch = sessions.begun(name, lifetime, how="test", address="", now=self.clock.now())
        self.store.commit(batch).result()
        return secret

    def token(self, name: str) -> str:
        """An API token of that user."""
        secret, _, batch = tokens.added(
            "test", user=name, expires=None, by="", now=self.clock.now()
        )
        self.store.commit(batch).result()
        return secret

    def counted(self, query: str) -> int:
        """One number from the store."""

        def read(connection: Connection) -> int:
            return int(connection.exec_driver_sql(query).scalar() or 0)

        return self.store.read(read)

    def api(self, *, demo: bool = False, page: Path | None = None) -> FastAPI:
        """The application on this campus."""
        more = {} if page is None else {"page": page}
        return create_api(
            desk=self.desk,
            store=self.store,
            history=self.history,
            kinds=self.kinds,
            words=self.words,
            maintenances=self.maintenances,
            survey=make_survey(self.judge.roster, self.book, self.causes, self.clock),
            settings=self.settings,
            clock=self.clock,
            demo=Buttons(self) if demo else None,
            metrics=self.metrics,
            verifications=self.verifications,
            police=self.police,
            causes=self.causes,
            floods=self.floods,
            outbox=self.outbox,
            recordings=self.recordings,
            gate_video=self.gate_video,
            relearning=self.relearning,
            **more,
        )


class Door:
    """Makes clients of one application."""

    def __init__(self, campus: Campus, app: FastAPI, stack: AsyncExitStack) -> None:
        self.campus = campus
        self.app = app
        self._stack = stack

    async def anybody(self, **more: object) -> httpx.AsyncClient:
        """A client that is not signed in."""
        transport = httpx.ASGITransport(self.app, client=("192.0.2.7", 4711))
        client = httpx.AsyncClient(transport=transport, base_url="http://campus", **more)
        return await self._stack.enter_async_context(client)

    async def as_(self, name: str) -> httpx.AsyncClient:
        """A client with a session of that user, like the page."""
        return await self.anybody(
            cookies={"campus_session": self.campus.cookie(name)},
            headers={"X-Campus-Request": "1"},
        )


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables, made once."""
    path = tmp_path_factory.mktemp("store") / "campus.db"
    open_store(path, reserve_bytes=RESERVE, low_water=RESERVE).close()
    return path


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub keeps 10 events, the desk 20, and it reads 60 from the store at most."""
    monkeypatch.setattr(broadcast, "KEPT", 10)
    monkeypatch.setattr(Campus, "kept", 20)
    monkeypatch.setattr(Campus, "resume_limit", 60)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return default_settings({"directory": str(tmp_path)})


@pytest.fixture
def campus(tmp_path: Path, empty_store: Path, settings: Settings) -> Iterator[Campus]:
    path = tmp_path / "campus.db"
    shutil.copy(empty_store, path)
    store = open_store(path, reserve_bytes=RESERVE, low_water=RESERVE)
    try:
        there = Campus(store, settings)
        yield there
        there.history.close()
    finally:
        store.close()


@pytest.fixture
async def door(campus: Campus) -> AsyncIterator[Door]:
    """The application, running, without a server."""
    async with campus.verifying(), running(campus.api()) as app, AsyncExitStack() as stack:
        yield Door(campus, app, stack)


@pytest.fixture
async def police_door(campus: Campus) -> AsyncIterator[Door]:
    """The application of a gateway with police links."""
    campus.police = TwoLinks()
    async with campus.verifying(), running(campus.api()) as app, AsyncExitStack() as stack:
        yield Door(campus, app, stack)


@pytest.fixture
async def recordings_door(campus: Campus) -> AsyncIterator[Door]:
    """The application of a gateway with recorders."""
    campus.recordings = TwoRecorders()
    async with campus.verifying(), running(campus.api()) as app, AsyncExitStack() as stack:
        yield Door(campus, app, stack)


@pytest.fixture
async def gate_door(campus: Campus) -> AsyncIterator[Door]:
    """The application of a gateway whose recorders told something; ``a-3`` is a gate."""
    told = Told()
    campus.recordings, campus.gate_video = TwoRecorders(), GateVideo(told, told)
    gates = RecordingSettings.model_validate({"gates": ["no3/a-3"]})
    campus.settings = campus.settings.model_copy(update={"recordings": gates})
    async with campus.verifying(), running(campus.api()) as app, AsyncExitStack() as stack:
        yield Door(campus, app, stack)


@pytest.fixture
async def demo_door(campus: Campus) -> AsyncIterator[Door]:
    """The application of a demonstration."""
    app = campus.api(demo=True)
    async with campus.verifying(), running(app), AsyncExitStack() as stack:
        yield Door(campus, app, stack)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def address(campus: Campus) -> AsyncIterator[str]:
    """The application behind a real server on loopback: streams need one."""
    app = campus.api()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="warning", access_log=False, lifespan="on"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        assert not serving.done(), "the server did not start"
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        close_streams(app)
        server.should_exit = True
        await serving
