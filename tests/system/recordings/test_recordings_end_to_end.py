"""From what recorders hold to verdicts, alerts and files: a whole gateway and real recorders."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from isapi_recorder import PASSWORD, USER, HikvisionRecorder, hours

from benchmarks import measure
from benchmarks.police_campus import Page
from benchmarks.running_gateway import RunningGateway, started, write_settings
from devices.model import Device, School
from devices.recording.local_time import HOUR_MS, named_zone, to_local
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import next_register_version, put_devices, put_schools

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

SHANGHAI = named_zone("Asia/Shanghai")
CAMERAS = ("gate-01", "yard-01")
DAYS = 33
SETTINGS = {"look_minutes": 0.01, "offline_minutes": 0.0}


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

    def facts(self) -> list[str]:
        query = "SELECT subject FROM facts WHERE kind = 'recording_verdict' ORDER BY subject"
        with sqlite3.connect(self.gateway.directory / "campus.db") as store:
            return [row[0] for row in store.execute(query)]


@asynccontextmanager
async def site(directory: Path, recorder: dict[str, Any]) -> AsyncIterator[Site]:
    store = open_store(directory / "campus.db", reserve_bytes=16 << 20)
    batch = Batch(now=1)
    batch.statements += put_schools([School("no3", "第三中学", "No. 3 Middle School")])
    batch.statements += put_devices([Device("no3", name, "camera") for name in CAMERAS])
    batch.statements += next_register_version()
    store.commit(batch).result()
    store.close()
    with measure.mosquitto() as broker:
        settings = {"recorders": [{"school": "no3", **recorder}], "recordings": SETTINGS}
        port = write_settings(directory, broker.url, settings)
        running = started(directory, port)
        gateway = await asyncio.to_thread(running.__enter__)
        try:
            yield Site(gateway)
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)


def record(folder: Path, days: int) -> None:
    """Files of an hour, from so many days ago until now."""
    folder.mkdir(parents=True)
    now = time.time_ns() // 1_000_000
    last = now // HOUR_MS * HOUR_MS
    for begin in range(last - days * 24 * HOUR_MS, last, HOUR_MS):
        wall = to_local(SHANGHAI, begin)
        end = wall + timedelta(hours=1)
        (folder / f"{wall:%Y%m%d_%H%M%S}_{end:%Y%m%d_%H%M%S}.mp4").write_bytes(b"video")


async def test_a_folder_is_judged_told_of_and_missed(tmp_path: Path) -> None:
    nvr = tmp_path / "nvr"
    record(nvr / "gate-01", DAYS)
    record(nvr / "yard-01", 12)
    recorder = {
        "id": "nvr",
        "kind": "folder",
        "folder": "nvr",
        "commissioned": "2025-09-01",
        "cameras": {name: name for name in CAMERAS},
    }
    async with site(tmp_path, recorder) as it:
        found = await it.verdicts()
        assert {name: one["status"] for name, one in found.items()} == {
            "gate-01": "met",
            "yard-01": "short",
        }
        alert = await it.alert("recording_short")
        assert (alert["device"]["id"], alert["priority"]) == ("yard-01", "medium")
        assert it.facts() == ["device:no3/gate-01", "device:no3/yard-01"]

        checked = await asyncio.to_thread(command, it, "no3/gate-01")
        assert checked.returncode == 0, checked.stderr
        assert "gate-01: met" in checked.stdout
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
    now = datetime.fromisoformat("1970-01-01") + timedelta(
        milliseconds=time.time_ns() // 1_000_000 + 8 * HOUR_MS
    )
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    recorded = hours(begin, DAYS * 24)
    hole = recorded[-100:-94]
    fake = HikvisionRecorder([one for one in recorded if one not in hole], local_now=now)
    with fake.running():
        recorder = {
            "id": "nvr",
            "kind": "isapi",
            "url": fake.url,
            "user": USER,
            "password": {"env": "NVR_PASSWORD"},
            "z_means": "local",
            "commissioned": "2025-09-01",
            "cameras": {"gate-01": 1, "yard-01": 2},
        }
        async with site(tmp_path, recorder) as it:
            found = await it.verdicts()
            assert {name: one["status"] for name, one in found.items()} == {
                "gate-01": "gaps",
                "yard-01": "short",
            }
            detail = await it.get("/recordings/no3/gate-01")
            (gap,) = detail["gap_spans"]
            assert 6 * HOUR_MS <= gap["end"] - gap["begin"] <= 6 * HOUR_MS + 2000
            assert (await it.alert("recording_short"))["device"]["id"] == "yard-01"
            assert PASSWORD not in it.gateway.log()
            assert fake.failed_logins == 0


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
