"""The probe of cameras from end to end: a camera, the probe, the gateway and its own broker."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
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
    """A store with two cameras and a technician, and the settings; the page's port, the token."""
    devices = [Device("no3", name, "camera") for name in ("yard", "gate")]
    campus: Any = SimpleNamespace(schools=[School("no3", "第三中学", "No. 3")], devices=devices)
    store = open_store(folder / "campus.db", reserve_bytes=64 << 20)
    fill_register(store, campus)
    now = int(time.time() * 1000)
    user = User(name="tim", display="Tim", role=Role.TECHNICIAN, scopes=("*",), created=now)
    store.commit(accounts.added(user, by="", now=now)).result()
    token, _, batch = tokens.added("probe", user="tim", expires=None, by="", now=now)
    store.commit(batch).result()
    store.close()
    (folder / "token").write_text(token)
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
    return page, token


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    server = RtspServer({"yard": Camera(coded(yard()), "viewer", PASSWORD)})
    probe = ["probe", "cameras", "--config", str(tmp_path / "gateway.yaml")]
    async with server.serving():
        page, token = await asyncio.to_thread(prepare, tmp_path, server)
        with contextlib.ExitStack() as running:
            await asyncio.to_thread(running.enter_context, started(tmp_path, page))
            running.enter_context(measure.campus(*probe, directory=tmp_path))
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{page}/api/v1",
                headers={"Authorization": f"Bearer {token}"},
                timeout=30,
            ) as client:
                yield client
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
    site: httpx.AsyncClient,
) -> None:
    async def refused() -> list[dict[str, Any]]:
        alerts = (await site.get("/alerts")).json()["items"]
        return [one for one in alerts if one["condition"] == "camera_auth"]

    async def pictures() -> Any:
        return (await site.get("/camera-pictures/no3/yard")).json()

    async def seen() -> Any:
        device = (await site.get("/devices/no3/yard")).json()
        return device["values"] if device["values"].get("picture") else None

    (picture, *_) = await until(pictures)
    shown = (await site.get(f"/camera-pictures/no3/yard/{picture['hash']}")).content
    assert sha256(shown).hexdigest() == picture["hash"]
    image = cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (240, 320, 3)
    assert image[:, :150].max() < 20  # the private half
    assert image[:, 170:].mean() > 60

    values = await until(seen)
    assert values["online"] is True
    assert values["picture"] == picture["hash"]
    assert (values["width"], values["height"]) == (320, 240)

    (alert,) = await until(refused)
    assert alert["device"]["id"] == "gate"
    assert "password" in alert["explanation"]["text"]["en"]
    assert (await site.get("/camera-pictures/no3/gate")).json() == []
