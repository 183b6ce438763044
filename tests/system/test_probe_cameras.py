"""The probe of cameras from end to end: a camera, the probe, the gateway and its own broker."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import httpx
import numpy as np
import psutil
import pytest

from benchmarks import measure
from benchmarks.running_gateway import fill_register, started, write_settings
from devices.model import Device, School
from devices.simulator.rtsp_camera import Camera, RtspServer, coded
from gateway.security import accounts, tokens
from gateway.security.access import Role
from gateway.security.accounts import User
from gateway.store.open import open_store

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]

PASSWORD = "not-to-be-told"


def yard() -> list[np.ndarray[Any, Any]]:
    patches = np.random.default_rng(1).integers(60, 200, (15, 20, 3), dtype=np.uint8)
    return [patches.repeat(16, 0).repeat(16, 1)] * 10


def prepare(folder: Path, server: RtspServer) -> tuple[int, str]:
    """A store with a probe, its two cameras and a technician, and the settings; the page's port and
    the technician's token.
    """
    at_once: dict[str, dict[str, object]] = {"silent": {"offline_for_s": 0, "settle_s": 0}}
    devices = [
        Device("no3", "camera-probe", "probe", parameters=at_once),
        *(Device("no3", name, "camera", repeater="camera-probe") for name in ("yard", "gate")),
    ]
    campus: Any = SimpleNamespace(
        regions=[], schools=[School("no3", "第三中学", "No. 3")], places=[], devices=devices
    )
    store = open_store(folder / "campus.db", reserve_bytes=64 << 20)
    fill_register(store, campus)
    now = int(time.time() * 1000)
    given = {}
    for name, role in (("tim", Role.TECHNICIAN), ("eye", Role.PROBE)):
        user = User(name=name, display=name, role=role, scopes=("school:no3",), created=now)
        store.commit(accounts.added(user, by="", now=now)).result()
        given[name], _, batch = tokens.added("test", user=name, expires=None, by="", now=now)
        store.commit(batch).result()
    store.close()
    (folder / "token").write_text(given["eye"])
    (folder / "camera-password").write_text(PASSWORD)
    (folder / "wrong-password").write_text("wrong")
    page = measure.free_port()

    def camera(device: str, password: str) -> dict[str, Any]:
        return {
            "school": "no3",
            "device": device,
            "url": server.url("yard"),
            "user": "viewer",
            "password": {"file": password},
            "masks": [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]],
        }

    more = {
        "broker": {"embedded": {"listeners": [{"listen": f"127.0.0.1:{measure.free_port()}"}]}},
        "web": {"listen": f"127.0.0.1:{page}"},
        "cameras": {
            "period_s": 8,
            "limit_s": 8,
            "processes": 1,
            "gateway": f"http://127.0.0.1:{page}",
            "token": {"file": "token"},
            "watched": [camera("yard", "camera-password"), camera("gate", "wrong-password")],
        },
    }
    write_settings(folder, "", more)
    return page, given["tim"]


@dataclass
class Site:
    """What runs, and a technician who asks the gateway."""

    folder: Path
    client: httpx.AsyncClient
    camera: Camera
    running: contextlib.ExitStack
    probe: subprocess.Popen[bytes]

    async def get(self, path: str) -> Any:
        return (await self.client.get(path)).json()

    async def alert(self, condition: str) -> dict[str, Any]:
        """Wait for the alert."""

        async def found() -> Any:
            alerts = (await self.get("/alerts"))["items"]
            return next((one for one in alerts if one["condition"] == condition), None)

        alert: dict[str, Any] = await until(found)
        return alert

    async def start_probe(self) -> None:
        command = ["probe", "cameras", "--config", str(self.folder / "gateway.yaml")]
        campus = measure.campus(*command, directory=self.folder)
        self.probe = await asyncio.to_thread(self.running.enter_context, campus)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    camera = Camera(coded(yard()), "viewer", PASSWORD)
    server = RtspServer({"yard": camera})
    probe = ["probe", "cameras", "--config", str(tmp_path / "gateway.yaml")]
    async with server.serving():
        page, token = await asyncio.to_thread(prepare, tmp_path, server)
        with contextlib.ExitStack() as running:
            await asyncio.to_thread(running.enter_context, started(tmp_path, page))
            looking = running.enter_context(measure.campus(*probe, directory=tmp_path))
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{page}/api/v1",
                headers={"Authorization": f"Bearer {token}"},
                timeout=30,
            ) as client:
                yield Site(tmp_path, client, camera, running, looking)
            await asyncio.to_thread(running.close)
    log = (tmp_path / "campus.log").read_text("utf-8", "replace")
    assert PASSWORD not in log
    assert not [one for one in psutil.Process().children(recursive=True) if is_eye(one)]


def is_eye(process: psutil.Process) -> bool:
    try:
        return "devices.camera.eye" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


async def until(found: Callable[[], Awaitable[Any]]) -> Any:
    while not (result := await found()):  # noqa: ASYNC110 - other processes
        await asyncio.sleep(0.2)
    return result


async def test_what_the_probe_sees_is_known_and_what_it_cannot_see_is_an_alert(
    site: Site,
) -> None:
    async def pictures() -> Any:
        return await site.get("/camera-pictures/no3/yard")

    async def seen() -> Any:
        device = await site.get("/devices/no3/yard")
        return device["values"] if device["values"].get("picture") else None

    (picture, *_) = await until(pictures)
    path = f"/camera-pictures/no3/yard/{picture['hash']}"
    shown = (await site.client.get(path)).content
    assert sha256(shown).hexdigest() == picture["hash"]
    image = cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (240, 320, 3)
    assert image[:, :150].max() < 20  # the private half
    assert image[:, 170:].mean() > 60

    async def small() -> Any:
        answer = await site.client.get(f"{path}/small")
        return answer.content if answer.status_code == 200 else None

    image = cv2.imdecode(np.frombuffer(await until(small), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (120, 160, 3)

    values = await until(seen)
    assert values["online"] is True
    assert values["picture"] == picture["hash"]
    assert (values["width"], values["height"]) == (320, 240)

    alert = await site.alert("camera_auth")
    assert alert["device"]["id"] == "gate"
    assert "password" in alert["explanation"]["text"]["en"]
    assert await site.get("/camera-pictures/no3/gate") == []


async def test_a_fault_has_its_picture_and_a_silent_probe_is_one_alert(site: Site) -> None:
    async def judged() -> Any:
        return (await site.get("/cameras"))["totals"]["cannot_judge"]  # learning

    await until(judged)
    site.camera.clip = coded([np.zeros((240, 320, 3), np.uint8)] * 10)
    black = await site.alert("camera_black")
    assert (await site.get(f"/alerts/{black['id']}/camera"))["picture"]["faulty"] is True
    dark = await site.get("/cameras/no3/yard")
    assert (dark["state"], dark["alert"]) == ("trouble", black["id"])
    assert dark["good_picture"]["hash"] != dark["picture"]["hash"]

    site.probe.kill()
    offline = await site.alert("offline")
    assert offline["device"]["id"] == "camera-probe"
    assert offline["victims"] == 2
    assert (await site.get("/cameras"))["totals"]["unknown"] == 2

    order = await site.client.post("/cameras/no3/yard/relearn", json={"reason": "repainted"})
    assert order.status_code == 202
    await site.start_probe()

    async def done() -> Any:
        return (await site.get("/cameras/no3/yard"))["relearn"]["done_at"]

    assert await until(done) >= order.json()["asked_at"]

    async def back() -> Any:
        return (await site.get(f"/alerts/{offline['id']}"))["alert"]["active"] is False

    await until(back)
