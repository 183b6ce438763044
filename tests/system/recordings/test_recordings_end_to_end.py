"""From what recorders hold to verdicts, alerts and files: a whole gateway and real recorders."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dahua_recorder import DahuaRecorder
from isapi_recorder import PASSWORD, USER, DigestServer, HikvisionRecorder, hours
from onvif_recorder import OnvifRecorder, Recorded
from replaying_recorder import ReplayingRecorder

from benchmarks import measure
from benchmarks.police_campus import Page
from benchmarks.running_gateway import RunningGateway, started, write_settings
from devices.model import Device, School
from devices.recording.local_time import HOUR_MS, named_zone, to_local
from devices.simulator.film import film
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import next_register_version, put_devices, put_schools

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

SHANGHAI = named_zone("Asia/Shanghai")
CAMERAS = ("gate-01", "yard-01")
ALL_CAMERAS = (*CAMERAS, "hall-01", "lab-01", "door-01")
DAYS = 33
SETTINGS = {"look_minutes": 0.01, "offline_minutes": 0.0, "sample_timeout_s": 150}


class Site:
    """A gateway with its recorders."""

    def __init__(self, gateway: RunningGateway) -> None:
        self.gateway = gateway
        self.page = Page(gateway)

    async def get(self, path: str) -> Any:
        return await asyncio.to_thread(self.page.get, path)

    async def until(self, path: str, what: Callable[[Any], bool]) -> Any:
        """What a GET answers, once ``what`` is true of it."""
        found = None
        async with asyncio.timeout(120):
            while not what(found := await self.get(path)):  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.1)
        return found

    async def verdicts(self) -> dict[str, Any]:
        """All cameras, once each was asked about."""
        found = await self.until(
            "/recordings", lambda page: all(one["asked"] is not None for one in page["items"])
        )
        return {one["camera"]: one for one in found["items"]}

    async def alert(self, condition: str) -> Any:
        """The alert of a condition that stands, once it does."""

        def standing(page: Any) -> list[Any]:
            return [one for one in page["items"] if one["condition"] == condition]

        return standing(await self.until("/alerts", lambda page: bool(standing(page))))[0]

    def shows(self, secret: str) -> list[str]:
        """What of the database and the log holds a secret."""
        names = ("campus.db", "campus.db-wal", "campus.log")
        files = [self.gateway.directory / name for name in names]
        return [each.name for each in files if secret.encode() in each.read_bytes()]

    def facts(self) -> list[str]:
        query = "SELECT subject FROM facts WHERE kind = 'recording_verdict' ORDER BY subject"
        with sqlite3.connect(self.gateway.directory / "campus.db") as store:
            return [row[0] for row in store.execute(query)]


@asynccontextmanager
async def site(
    directory: Path, *recorders: dict[str, Any], cameras: Sequence[str] = CAMERAS
) -> AsyncIterator[Site]:
    store = open_store(directory / "campus.db", reserve_bytes=16 << 20)
    batch = Batch(now=1)
    batch.statements += put_schools([School("no3", "第三中学", "No. 3 Middle School")])
    batch.statements += put_devices([Device("no3", name, "camera") for name in cameras])
    batch.statements += next_register_version()
    store.commit(batch).result()
    store.close()
    with measure.mosquitto() as broker:
        told = [{"school": "no3", "commissioned": "2025-09-01", **one} for one in recorders]
        settings = {"recorders": told, "recordings": SETTINGS}
        port = write_settings(directory, broker.url, settings)
        begun_gateway = started(directory, port)
        gateway = await asyncio.to_thread(begun_gateway.__enter__)
        try:
            yield Site(gateway)
        finally:
            await asyncio.to_thread(begun_gateway.__exit__, None, None, None)


def record(folder: Path, days: int) -> None:
    """Files of an hour, from so many days ago until now."""
    folder.mkdir(parents=True)
    now = time.time_ns() // 1_000_000
    last = now // HOUR_MS * HOUR_MS
    hour = film(3600)
    for begin in range(last - days * 24 * HOUR_MS, last, HOUR_MS):
        wall = to_local(SHANGHAI, begin)
        end = wall + timedelta(hours=1)
        (folder / f"{wall:%Y%m%d_%H%M%S}_{end:%Y%m%d_%H%M%S}.mp4").write_bytes(hour)


async def test_a_folder_is_judged_told_of_and_missed(tmp_path: Path) -> None:
    nvr = tmp_path / "nvr"
    record(nvr / "gate-01", DAYS)
    record(nvr / "yard-01", 12)
    recorder = {
        "id": "nvr",
        "kind": "folder",
        "folder": "nvr",
        "cameras": {name: name for name in CAMERAS},
    }
    async with site(tmp_path, recorder) as it:
        found = await it.verdicts()
        assert {name: one["status"] for name, one in found.items()} == {
            "gate-01": "met",
            "yard-01": "short",
        }
        assert {one["sample"]["outcome"] for one in found.values()} == {"played"}
        alert = await it.alert("recording_short")
        assert (alert["device"]["id"], alert["priority"]) == ("yard-01", "medium")
        assert it.facts() == ["device:no3/gate-01", "device:no3/yard-01"]

        checked = await asyncio.to_thread(command, it, "no3/gate-01")
        assert checked.returncode == 0, checked.stderr
        assert "gate-01: met" in checked.stdout
        assert checked.stdout.splitlines()[1].strip() in {"Played", "已放出画面"}
        short = await asyncio.to_thread(command, it, "no3/yard-01")
        assert (short.returncode, len(it.facts())) == (1, 4)
        nobody = await asyncio.to_thread(command, it, "no3/hall")
        assert (nobody.returncode, nobody.stdout) == (2, "")

        nvr.rename(tmp_path / "away")
        away = await it.alert("recorder_offline")
        assert (away["device"]["id"], away["victims"]) == ("nvr", 2)
        victims = await it.get(f"/alerts/{away['id']}/victims")
        assert [one["id"] for one in victims["items"]] == list(CAMERAS)
        (tmp_path / "away").rename(nvr)
        await it.until(f"/alerts/{away['id']}", lambda one: not one["alert"]["active"])


async def test_a_hikvision_recorder_is_asked_over_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NVR_PASSWORD", PASSWORD)
    now = local_now()
    recorded = hours(begun(now), DAYS * 24)
    hole = recorded[-100:-94]
    fake = HikvisionRecorder([one for one in recorded if one not in hole], local_now=now)
    player = ReplayingRecorder(begun(now))
    async with player.running(), running(fake):
        recorder = {
            "id": "nvr",
            "kind": "isapi",
            "url": fake.url,
            "user": USER,
            "password": {"env": "NVR_PASSWORD"},
            "rtsp_port": player.port,
            "z_means": "local",
            "cameras": {"gate-01": 1, "yard-01": 2},
        }
        async with site(tmp_path, recorder) as it:
            found = await it.verdicts()
            assert {name: one["status"] for name, one in found.items()} == {
                "gate-01": "gaps",
                "yard-01": "short",
            }
            assert found["gate-01"]["sample"]["outcome"] == "played", found["gate-01"]["sample"]
            detail = await it.get("/recordings/no3/gate-01")
            (gap,) = detail["gap_spans"]
            assert 6 * HOUR_MS <= gap["end"] - gap["begin"] <= 6 * HOUR_MS + 2000
            assert (await it.alert("recording_short"))["device"]["id"] == "yard-01"
            assert it.shows(PASSWORD) == []
            assert fake.failed_logins == 0


async def test_dahua_and_onvif_are_complete_or_unknown_and_never_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that answer and play, one that hangs half way, one that refuses the password."""
    monkeypatch.setenv("NVR_PASSWORD", PASSWORD)
    monkeypatch.setenv("OLD_PASSWORD", "another one")
    now = local_now()
    recorded = hours(begun(now), DAYS * 24)
    hole = recorded[-100:-94]
    player = ReplayingRecorder(begun(now))
    gate = DahuaRecorder([one for one in recorded if one not in hole], local_now=now)
    hanging = DahuaRecorder(recorded, local_now=now)
    hanging.hang_at_page = 5  # on the third day of 37
    utc_now = now - timedelta(hours=8)
    hall, door = (
        OnvifRecorder([Recorded("1", hours(begun(utc_now), DAYS * 24))], utc_now=utc_now)
        for _ in range(2)
    )
    # By the clock of the recorder, signatures are good for a minute; how slow are we?
    hall.http_digest = door.http_digest = True
    async with player.running(), running(gate, hanging, hall, door):
        hall.replay_port = player.port
        password = {"env": "NVR_PASSWORD"}
        access = {"user": USER, "password": password, "answer_timeout_s": 60.0}
        recorders: list[dict[str, Any]] = [
            {
                "id": "nvr-1",
                "kind": "dahua",
                "url": gate.url,
                **access,
                "rtsp_port": player.port,
                "cameras": {"gate-01": 1, "yard-01": 2},
            },
            {
                "id": "nvr-2",
                "kind": "dahua",
                "url": hanging.url,
                **access,
                "answer_timeout_s": 2.0,
                "cameras": {"lab-01": 1},
            },
            {
                "id": "nvr-3",
                "kind": "onvif",
                "url": hall.url,
                **access,
                "cameras": {"hall-01": "Camera 1"},
            },
            {
                "id": "nvr-4",
                "kind": "onvif",
                "url": door.url,
                **access,
                "password": {"env": "OLD_PASSWORD"},
                "cameras": {"door-01": "Camera 1"},
            },
        ]
        async with site(tmp_path, *recorders, cameras=ALL_CAMERAS) as it:
            found = await it.verdicts()
            assert {name: one["status"] for name, one in found.items()} == {
                "gate-01": "gaps",
                "yard-01": "short",
                "hall-01": "met",
                "lab-01": "unknown",
                "door-01": "unknown",
            }
            samples = {name: one["sample"] for name, one in found.items()}
            assert (samples["lab-01"], samples["door-01"]) == (None, None)
            assert samples["gate-01"]["outcome"] == "played", samples["gate-01"]
            assert samples["hall-01"]["outcome"] == "played", samples["hall-01"]
            assert samples["yard-01"]["outcome"] == "nothing"
            (hung, *_) = found["lab-01"]["reasons"]
            assert (hung["kind"], hung["text"]["en"][-11:]) == ("unknown_span", "(timed out)")
            assert (await it.alert("recorder_offline"))["device"]["id"] == "nvr-2"
            assert (await it.alert("recorder_refused"))["device"]["id"] == "nvr-4"
            assert it.shows(PASSWORD) == []
    assert door.failed_logins == 1
    assert hall.violations == []


@asynccontextmanager
async def running(*recorders: DigestServer) -> AsyncIterator[None]:
    """Recorders that answer meanwhile."""
    with ExitStack() as those:
        for recorder in recorders:
            those.enter_context(recorder.running())
        yield


def local_now() -> datetime:
    """What clocks in Shanghai show."""
    return to_local(SHANGHAI, time.time_ns() // 1_000_000)


def begun(now: datetime) -> datetime:
    """The full hour since which is recorded."""
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)


def command(it: Site, camera: str) -> subprocess.CompletedProcess[str]:
    """``campus recordings check`` from the shell."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "gateway.cli", "recordings", "check", camera),
            *("--config", str(it.gateway.directory / "gateway.yaml"), "--user", "admin"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
