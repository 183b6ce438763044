"""A school with cameras and a gateway that asks its recorder; real files and threads."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import select

from alerts.alert import Alert
from alerts.lifecycle import Limits
from devices.dialects.native import Native
from devices.recording.folder import FolderSource
from devices.recording.local_time import HOUR_MS, named_zone, to_local
from devices.recording.places import in_folder
from devices.recording.source import Answer, DeviceTime, Span
from devices.simulator.film import film
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.desk import Feed
from gateway.kinds import load_kinds
from gateway.metrics import Metrics
from gateway.names import RegisterNames
from gateway.own_devices import ensure_registered
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.control import Control
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.flow import Flow, Pace
from gateway.pipeline.judge import Judge
from gateway.pipeline.live import Live
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.upkeep import Upkeep
from gateway.recordings.apart import Apart
from gateway.recordings.registering import REASON, device_of, is_recorder
from gateway.recordings.sampling import Sampling
from gateway.recordings.service import Recordings
from gateway.recordings.sources import Reached
from gateway.settings_recordings import RecorderSettings, RecordingSettings
from gateway.store.batch import Fact
from gateway.store.schema import facts
from gateway.store.sqlite import SqliteStore

SHANGHAI = named_zone("Asia/Shanghai")
CAMERAS = ("gate-01", "yard-01")
PIECE_MS = 6 * HOUR_MS


@cache
def six_hours() -> bytes:
    return film(PIECE_MS // 1000, every_s=60)


class Asked:
    """A source, and what it was asked."""

    def __init__(self, source: FolderSource, spans: list[Span]) -> None:
        self._source = source
        self._spans = spans

    async def ask(self, channel: str, span: Span) -> Answer:
        self._spans.append(span)
        return await self._source.ask(channel, span)

    async def clock(self) -> DeviceTime | None:
        return await self._source.clock()

    async def aclose(self) -> None:
        await self._source.aclose()


class Campus:
    """What the recordings of a gateway work with."""

    def __init__(self, store: SqliteStore, folder: Path, apart: Apart) -> None:
        self.store = store
        self.folder = folder
        self.apart = apart
        self.asked: list[Span] = []
        self.clock = ManualClock()
        settings = default_settings({"directory": str(folder)})
        kinds = load_kinds(settings.kinds)
        self.names = RegisterNames(store)
        snapshot = store.load()
        upkeep = Upkeep(self.names)
        self.book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None, upkeep=upkeep)
        self.book.load(snapshot.open_alerts, snapshot.last_alert, snapshot.last_transition)
        binder = Binder(kinds, snapshot.school_parameters)
        self.judge = Judge(
            dialects=[Native()],
            rules_of=binder.rules_of,
            book=self.book,
            discoveries=Discoveries(),
            rejects=Rejects(),
        )
        self.judge.roster.load(snapshot.devices, snapshot.states, self.clock.now())
        upkeep.load([], 0, book=self.book, roster=self.judge.roster)
        live = Live(older=lambda _after, _most: [])
        self.flow = Flow(
            sources=[],
            judge=self.judge,
            store=store,
            live=live,
            clock=self.clock,
            pace=Pace(),
            metrics=Metrics(),
        )
        self.control = Control(
            flow=self.flow,
            judge=self.judge,
            book=self.book,
            live=live,
            store=store,
            clock=self.clock,
            kinds=kinds,
            school_parameters=snapshot.school_parameters,
            check_parameters=binder.mistakes,
            feed=lambda: Feed(
                now=self.clock.now(), connected=True, last_message=None, rate=0.0, trouble=()
            ),
            upkeep=upkeep,
            cut_off=lambda _: None,
        )

    def recordings(self, *recorders: RecorderSettings, **settings: object) -> Recordings:
        """Who asks them; without playing anything unless ``samples`` says so."""
        sources = {
            one.key: Asked(FolderSource(one.folder or Path(), SHANGHAI), self.asked)
            for one in recorders
        }
        told = {"offline_minutes": 15, "samples": False, **settings}
        sampling = Sampling(
            reached=lambda one: Reached(sources[one.key], in_folder(one.folder or Path())),
            now=self.clock.now,
            limit_s=120.0,
            draw=lambda: f"seed {self.clock.now()}",
        )
        return Recordings(
            recorders,
            RecordingSettings.model_validate(told),
            source_of=lambda one: sources[one.key],
            sampling=sampling if told["samples"] else None,
            apart=self.apart,
            flow=self.flow,
            judge=self.judge,
            book=self.book,
            store=self.store,
            clock=self.clock,
            names=lambda: self.names.book,
            registering=self.control,
        )

    def recorder(self, **fields: object) -> RecorderSettings:
        """A folder with a channel for each camera."""
        return RecorderSettings.model_validate(
            {
                "school": "no3",
                "id": "nvr",
                "kind": "folder",
                "folder": str(self.folder / "nvr"),
                "commissioned": "2025-09-01",
                "cameras": {name: name for name in CAMERAS},
                **fields,
            }
        )

    def record(self, camera: str, days: float, until: float = 0, content: bytes = b"?") -> None:
        """Files of six hours, from so many days ago until so many days ago."""
        folder = self.folder / "nvr" / camera
        folder.mkdir(parents=True, exist_ok=True)
        now = self.clock.now()
        first = (now - round(days * 24) * HOUR_MS) // PIECE_MS * PIECE_MS
        for begin in range(first, now - round(until * 24) * HOUR_MS, PIECE_MS):
            wall = to_local(SHANGHAI, begin)
            end = wall + timedelta(milliseconds=PIECE_MS)
            (folder / f"{wall:%Y%m%d_%H%M%S}_{end:%Y%m%d_%H%M%S}.mp4").write_bytes(content)

    def alerts(self, *, active: bool = True) -> dict[str, Alert]:
        """The open alerts by ``device condition``."""
        found = {}
        for alert in self.book:
            device = self.judge.roster.device(alert.device)
            if alert.active is active and device is not None:
                found[f"{device.id} {alert.condition}"] = alert
        return found

    def facts(self, kind: str) -> list[Fact]:
        """Those of a kind, the oldest first."""
        query = select(facts).where(facts.c.kind == kind).order_by(facts.c.row)
        rows = self.store.read(lambda connection: connection.execute(query).all())
        return [Fact(*row[1:]) for row in rows]


async def begun(campus: Campus, *recorders: RecorderSettings, **settings: object) -> Recordings:
    """Who asks them, with each on the register."""
    recordings = campus.recordings(*recorders, **settings)
    await recordings.prepare()
    for recorder in recorders:
        problem = await ensure_registered(
            device_of(recorder),
            serves=is_recorder,
            reason=REASON,
            find=campus.judge.roster.named,
            has_school=lambda school: school == "no3",
            registering=campus.control,
        )
        assert problem == ""
    return recordings
