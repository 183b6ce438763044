"""Real devices at a real broker go wrong, each in its way: the gateway says why."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiomqtt
import httpx
import pytest
from sqlalchemy import select

from benchmarks import measure
from benchmarks.running_gateway import RunningGateway, fill_register, started, write_settings
from devices.model import Device, School
from gateway.security import accounts, tokens
from gateway.security.access import Role
from gateway.security.accounts import User
from gateway.store.open import open_store
from gateway.store.schema import device_days, devices

pytestmark = pytest.mark.broker

QUICK: dict[str, dict[str, object]] = {
    "silent": {"expected_s": 4, "grace_s": 0, "shortest_s": 4, "settle_s": 4, "offline_for_s": 1}
}
SCHOOL = "no3"


def campus() -> Any:
    def smoke(name: str, **more: Any) -> Device:
        return Device(SCHOOL, name, "smoke", address=name, parameters=QUICK, **more)

    return SimpleNamespace(
        regions=[],
        schools=[School(SCHOOL, "第三中学", "No. 3")],
        places=[],
        devices=[
            Device(SCHOOL, "rep-1", "repeater", address="rep-1", parameters=QUICK),
            *(smoke(name) for name in ("well", "left", "garbled", "renamed", "zone", "quiet")),
            smoke("behind", repeater="rep-1"),
        ],
    )


class Site:
    """The school's devices, the broker, and somebody who asks the gateway."""

    def __init__(self, broker: int, gateway: RunningGateway, token: str) -> None:
        self.broker, self.gateway = broker, gateway
        self._http = httpx.AsyncClient(
            base_url=f"{gateway.url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )

    async def why(self, device: str) -> dict[str, Any]:
        answer = await self._http.get(f"/devices/{SCHOOL}/{device}/diagnosis")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def codes(self, device: str) -> list[str]:
        return [reason["code"] for reason in (await self.why(device))["reasons"]]

    async def get(self, path: str) -> Any:
        return (await self._http.get(path)).json()

    async def close(self) -> None:
        await self._http.aclose()


@pytest.fixture
def folder(tmp_path: Path) -> tuple[Path, str]:
    """A store that knows the school and a technician's token."""
    store = open_store(tmp_path / "campus.db", reserve_bytes=64 << 20)
    fill_register(store, campus())
    now = int(time.time() * 1000)
    user = User(name="tim", display="Tim", role=Role.TECHNICIAN, scopes=("*",), created=now)
    store.commit(accounts.added(user, by="", now=now)).result()
    secret, _, batch = tokens.added("test", user="tim", expires=None, by="", now=now)
    store.commit(batch).result()
    store.close()
    return tmp_path, secret


@asynccontextmanager
async def running(
    folder: Path, token: str, says: dict[str, Callable[[int], str]]
) -> AsyncIterator[Site]:
    """A broker to which the devices speak already, and a gateway started beside it."""
    with measure.mosquitto() as broker:
        port = write_settings(folder, f"mqtt://127.0.0.1:{broker.port}")
        speaking = asyncio.create_task(speak(broker.port, says))
        stack = contextlib.ExitStack()
        try:
            gateway = await asyncio.to_thread(stack.enter_context, started(folder, port))
            site = Site(broker.port, gateway, token)
            try:
                yield site
            finally:
                await site.close()
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)
            await asyncio.to_thread(stack.close)


async def until(true: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(60):
        while not await true():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


def reading(seq: int, fast_s: int = 0) -> str:
    ts = int(time.time() * 1000) + fast_s * 1000
    return json.dumps({"ts": ts, "seq": seq, "obscuration_pct_m": 0.1, "battery_pct": 77})


async def speak(broker: int, says: dict[str, Callable[[int], str]]) -> None:
    """Publish what each topic says five times a second, until cancelled."""
    async with aiomqtt.Client("127.0.0.1", broker) as client:
        seq = 0
        while True:
            seq += 1
            for topic, say in list(says.items()):
                await client.publish(topic, say(seq), qos=1)
            await asyncio.sleep(0.2)


@asynccontextmanager
async def with_last_will(broker: int, device: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A device that is connected, with its last will left at the broker."""
    topic = f"campus/{SCHOOL}/smoke/{device}/status"
    process = await asyncio.create_subprocess_exec(
        *("mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker), "-t", f"campus/{SCHOOL}/#"),
        *("--will-topic", topic, "--will-payload", '{"online": false}', "--will-qos", "1"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        # The broker has its will once it gives it what others say.
        async with asyncio.timeout(60):
            assert await process.stdout.readline()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_the_gateway_says_why_each_of_them_is_red(folder: tuple[Path, str]) -> None:
    path, token = folder
    smoke = f"campus/{SCHOOL}/smoke"
    repeater = f"campus/{SCHOOL}/repeater/rep-1/telemetry"
    says: dict[str, Callable[[int], str]] = {
        f"{smoke}/{name}/telemetry": reading
        for name in ("well", "left", "garbled", "renamed", "quiet", "behind")
    }
    says[f"{smoke}/zone/telemetry"] = lambda seq: reading(seq, 8 * 3600)
    says[repeater] = lambda seq: json.dumps(
        {"ts": int(time.time() * 1000), "seq": seq, "devices": 1}
    )

    async with (
        running(path, token, says) as site,
        with_last_will(site.broker, "left") as left,
    ):

        async def all_heard() -> bool:
            found = (await site.get("/devices?limit=200"))["items"]
            return len(found) == 8 and all(device["heard"] for device in found)

        await until(all_heard)
        assert await site.codes("well") == []

        # Each goes wrong in its way.
        says[f"{smoke}/garbled/telemetry"] = lambda seq: f"{{obscuration: {seq}"
        says[f"{smoke}/lab-7-new/telemetry"] = says.pop(f"{smoke}/renamed/telemetry")
        del says[f"{smoke}/quiet/telemetry"], says[f"{smoke}/left/telemetry"]
        del says[f"{smoke}/behind/telemetry"], says[repeater]
        left.kill()

        for device, first in (
            ("left", "left"),
            ("garbled", "rejected"),
            ("renamed", "elsewhere_began"),
            ("behind", "repeater_down"),
            ("zone", "clock_china_fast"),
        ):

            async def said(device: str = device, first: str = first) -> bool:
                return (await site.codes(device))[:1] == [first]

            await until(said)
        found = await site.why("garbled")
        assert "not JSON" in found["reasons"][0]["text"]["en"]
        assert found["reasons"][0]["advice"]["zh"]
        assert "lab-7-new" in (await site.why("renamed"))["reasons"][0]["text"]["en"]
        assert "silent" in await site.codes("quiet")
        assert (await site.why("well"))["verdict"] == "ok"
        line = await site.get(f"/devices/{SCHOOL}/well/timeline?days=2")
        assert line["days"][-1]["messages"] > 5
        site.gateway.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(site.gateway.process.wait, 30) == 0

    store = open_store(path / "campus.db", reserve_bytes=64 << 20)
    try:
        of = device_days.c
        rows = store.read(
            lambda connection: connection.execute(
                select(devices.c.id, of.messages, of.battery_pct).join_from(
                    device_days, devices, of.device == devices.c.row
                )
            ).all()
        )
    finally:
        store.close()
    counted = {name: (messages, battery) for name, messages, battery in rows}
    assert counted.keys() == {device.id for device in campus().devices}
    assert counted["well"][0] > 5
    assert counted["well"][1] == 77
