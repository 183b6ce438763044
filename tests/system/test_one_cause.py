"""A power cut, a school's uplink, a dead broker: one alert each, through a real broker.

Three hundred devices of a building speak to a real Mosquitto, and a gateway in its own process
listens; then they are cut off.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiomqtt
import httpx
import pytest

from benchmarks import measure
from benchmarks.running_gateway import RunningGateway, fill_register, started, write_settings
from devices.model import Device, Place, School
from gateway.security import accounts, tokens
from gateway.security.access import Role
from gateway.security.accounts import User
from gateway.store.open import open_store

pytestmark = pytest.mark.broker

HEARTBEAT_S = 4
"""How often each device speaks."""

QUICK: dict[str, dict[str, object]] = {
    "silent": {
        "expected_s": HEARTBEAT_S,
        "grace_s": HEARTBEAT_S,
        "shortest_s": HEARTBEAT_S,
        "settle_s": HEARTBEAT_S,
    }
}
MORE = {"causes": {"hold_s": 3}}
IN_A, IN_B, IN_NO5 = 300, 40, 60


def campus() -> Any:
    def devices(school: str, block: str, count: int) -> list[Device]:
        return [
            Device(
                school,
                f"{block}-{number}",
                "temperature",
                address=f"{block}-{number}",
                place=f"{block}-{number % 4}",
                parameters=QUICK,
            )
            for number in range(count)
        ]

    def places(school: str, block: str) -> list[Place]:
        rooms = [Place(f"{block}-{n}", school, f"{n}", f"{n}", block) for n in range(4)]
        return [Place(block, school, f"{block} 楼", f"Block {block}"), *rooms]

    return SimpleNamespace(
        regions=[],
        schools=[School("no3", "第三中学", "No. 3"), School("no5", "第五中学", "No. 5")],
        places=[*places("no3", "a"), *places("no3", "b"), *places("no5", "c"), *places("no5", "d")],
        devices=[
            *devices("no3", "a", IN_A),
            *devices("no3", "b", IN_B),
            *devices("no5", "c", IN_NO5 // 2),
            *devices("no5", "d", IN_NO5 // 2),
        ],
    )


class Devices:
    """All of them, each speaking at a moment of its own, but for those that are cut off."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._all = campus().devices
        self._cut: set[str] = set()
        self._over = False

    def cut(self, *blocks: str) -> None:
        self._cut |= set(blocks)

    def mend(self, *, but: str = "") -> None:
        """They have power again; ``but`` is one that did not survive it."""
        self._cut = {but} - {""}

    def end(self) -> None:
        """For good. Nobody cancels `run`: a client that is about to go hides that it was."""
        self._over = True

    async def run(self) -> None:
        """Until `end`; whenever the broker is back, so are they."""
        while not self._over:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client("127.0.0.1", self._port, timeout=5) as client:
                    client.pending_calls_threshold = 40  # twenty speak at once
                    await self._speak(client)
            await asyncio.sleep(0.2)

    async def _speak(self, client: aiomqtt.Client) -> None:
        parts, turn = 20, 0
        while not self._over:
            turn += 1
            seq = turn // parts
            await asyncio.gather(
                *(
                    self._say(client, device, seq)
                    for device in self._all[turn % parts :: parts]
                    if self._cut.isdisjoint({device.id, device.id[0]})
                )
            )
            await asyncio.sleep(HEARTBEAT_S / parts)

    async def _say(self, client: aiomqtt.Client, device: Device, seq: int) -> None:
        now = int(time.time() * 1000)
        topic = f"campus/{device.school}/temperature/{device.id}/telemetry"
        body = json.dumps({"ts": now, "seq": seq, "temperature_c": 20.5})
        await client.publish(topic, body, qos=1)


class Site:
    """The broker, the gateway, and somebody who asks it."""

    def __init__(self, folder: Path, token: str, broker: measure.Mosquitto) -> None:
        self._folder = folder
        self.broker = broker
        self.devices = Devices(broker.port)
        self._port = write_settings(folder, f"mqtt://127.0.0.1:{broker.port}", MORE)
        self._running = contextlib.ExitStack()
        self.gateway: RunningGateway
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self._port}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )

    async def start(self) -> None:
        self.gateway = await asyncio.to_thread(
            self._running.enter_context, started(self._folder, self._port)
        )

    async def kill(self) -> None:
        """As a power cut would, and start it anew."""
        self.gateway.process.kill()
        await asyncio.to_thread(self._running.close)
        self._running = contextlib.ExitStack()
        await self.start()

    async def close(self) -> None:
        await self._http.aclose()
        await asyncio.to_thread(self._running.close)

    async def get(self, path: str) -> Any:
        answer = await self._http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ever(self) -> list[dict[str, Any]]:
        """All alerts there ever were."""
        return list((await self.get("/alerts?state=all&limit=500"))["items"])

    async def causes(self) -> list[dict[str, Any]]:
        return [one for one in await self.ever() if one["condition"] == "cut_off"]

    async def all_heard(self) -> bool:
        devices = [
            *(await self.get("/devices?school=no3&limit=500"))["items"],
            *(await self.get("/devices?school=no5&limit=500"))["items"],
        ]
        return len(devices) == IN_A + IN_B + IN_NO5 and all(one["heard"] for one in devices)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    store = open_store(tmp_path / "campus.db", reserve_bytes=64 << 20)
    fill_register(store, campus())
    now = int(time.time() * 1000)
    user = User(name="olga", display="Olga", role=Role.OPERATOR, scopes=("*",), created=now)
    store.commit(accounts.added(user, by="", now=now)).result()
    secret, _, batch = tokens.added("test", user="olga", expires=None, by="", now=now)
    store.commit(batch).result()
    store.close()
    async with running(tmp_path, secret) as there:
        await until(there.all_heard)
        assert await there.ever() == []
        yield there


@asynccontextmanager
async def running(folder: Path, token: str) -> AsyncIterator[Site]:
    with measure.mosquitto() as broker:
        site = Site(folder, token, broker)
        speaking = asyncio.create_task(site.devices.run())
        try:
            await site.start()
            yield site
        finally:
            site.devices.end()
            await site.close()
            async with asyncio.timeout(40):
                await speaking


async def until(true: Callable[[], Awaitable[object]], seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.2)


async def test_a_power_cut_of_a_building_is_one_alert_even_if_the_gateway_is_killed(
    site: Site,
) -> None:
    site.devices.cut("a")

    async def lists(victims: int) -> bool:
        causes = await site.causes()
        return [one["victims"] for one in causes] == [victims]

    await until(lambda: lists(IN_A))
    (alert,) = await site.ever()
    assert (alert["scope"], alert["school"], alert["priority"]) == ("place:a", "no3", "high")
    assert alert["device"]["name"]["en"] == "Block a"
    victims = await site.get(f"/alerts/{alert['id']}/victims?limit=500")
    assert (victims["total"], victims["out"], len(victims["items"])) == (IN_A, IN_A, IN_A)
    device = await site.get("/devices/no3/a-7")
    assert device["health"] == "unknown"
    assert f"#{alert['id']}" in device["why"][0]["text"]["en"]
    diagnosis = await site.get("/devices/no3/a-7/diagnosis")
    assert diagnosis["verdict"] == "unknown", diagnosis["reasons"]
    first = diagnosis["reasons"][0]
    assert (first["code"], first["alert"]) == ("cut_off", alert["id"])
    assert (await site.get("/devices/no3/b-7"))["health"] == "ok"

    await site.kill()
    assert [one["id"] for one in await site.ever()] == [alert["id"]]

    site.devices.mend()

    async def over() -> bool:
        (one,) = await site.causes()
        listed = await site.get(f"/alerts/{one['id']}/victims?limit=1")
        return not one["active"] and listed["out"] == 0

    # The heartbeat itself and a second to look; the rest is for a busy machine.
    await until(over, HEARTBEAT_S + 16)
    assert (await site.get("/devices/no3/a-7"))["health"] == "ok"
    assert [one["id"] for one in await site.ever()] == [alert["id"]]


async def test_power_that_flaps_is_one_alert_and_who_stays_silent_after_it_one_of_its_own(
    site: Site,
) -> None:
    async def standing() -> bool:
        (one,) = await site.causes() or [{"active": False, "victims": 0}]
        return bool(one["active"]) and one["victims"] == IN_A

    async def over() -> bool:
        return not any(one["active"] for one in await site.causes())

    site.devices.cut("a")
    await until(standing)
    site.devices.mend()
    await until(over)
    site.devices.cut("a")
    await until(standing)
    site.devices.mend(but="a-7")
    await site.kill()

    async def alone() -> bool:
        return {one["condition"] for one in await site.ever()} == {"cut_off", "silent"}

    await until(alone)
    silent, cause = sorted(await site.ever(), key=lambda one: one["condition"], reverse=True)
    assert (silent["device"]["id"], silent["active"], cause["active"]) == ("a-7", True, False)
    listed = await site.get(f"/alerts/{cause['id']}/victims?limit=500")
    assert [one["id"] for one in listed["items"] if one["alone"] == silent["id"]] == ["a-7"]
    assert listed["out"] == 0
    diagnosis = await site.get("/devices/no3/a-7/diagnosis")
    assert diagnosis["verdict"] == "trouble"


async def test_a_school_whose_uplink_is_gone_is_one_alert(site: Site) -> None:
    site.devices.cut("c", "d")

    async def listed() -> bool:
        causes = await site.causes()
        return bool(sum(one["victims"] for one in causes if one["active"]) == IN_NO5)

    await until(listed)
    (alert,) = await site.ever()
    assert (alert["scope"], alert["school"]) == ("school", "no5")
    assert alert["device"]["name"]["en"] == "No. 5"
    site.devices.mend()

    async def over() -> bool:
        (one,) = await site.ever()
        return not one["active"]

    await until(over, HEARTBEAT_S + 16)


async def test_a_dead_broker_is_one_alert_of_the_gateway(site: Site) -> None:
    await asyncio.to_thread(site.broker.kill)

    async def lost() -> bool:
        return [one["condition"] for one in await site.ever() if one["active"]] == ["feed_lost"]

    await until(lost)
    (alert,) = await site.ever()
    everybody = IN_A + IN_B + IN_NO5
    assert alert["victims"] == everybody
    victims = await site.get(f"/alerts/{alert['id']}/victims?limit=500")
    assert (victims["total"], len(victims["items"])) == (everybody, everybody)
    # Far longer than any device may be silent.
    await asyncio.sleep(3 * HEARTBEAT_S)
    assert len(await site.ever()) == 1

    await asyncio.to_thread(site.broker.start)

    async def back() -> bool:
        (one,) = await site.ever()
        return not one["active"] and one["victims"] == 0

    await until(back)
    await until(site.all_heard)
    await asyncio.sleep(3 * HEARTBEAT_S)
    assert [one["condition"] for one in await site.ever()] == ["feed_lost"]
