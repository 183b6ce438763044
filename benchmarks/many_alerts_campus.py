"""Who makes many alerts change: devices that are opened and closed, and operators at work."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable
from typing import Any, Final

import aiomqtt
import msgspec
from playwright.async_api import APIRequestContext

from devices.model import Device
from devices.simulator.campus import Campus, invent

OPEN: Final = 5_000
SPARE: Final = 600
"""Devices more than alerts: what closes one opens another."""

SCHOOLS: Final = 12
DEVICES_PER_S: Final = 42
OPERATORS_PER_S: Final = 10
PRESS_EVERY_S: Final = 20.0
OPEN_AT_ONCE: Final = 100
READY_S: Final = 120.0
PRIORITIES: Final = ("high", "medium", "medium", "low", "low", "low")
WRITE: Final = {"X-Campus-Request": "1"}


def crowded_campus() -> Campus:
    """A campus of detectors that can be opened, at different priorities, and some buttons."""
    campus = invent(seed=7, schools=SCHOOLS, devices=2 * (OPEN + SPARE), prefix="many")
    detectors = [one for one in campus.devices if "smoke" in one.kind or one.kind == "temperature"]
    buttons = [one for one in campus.devices if one.kind == "alarm-button"][:50]
    devices = [
        msgspec.structs.replace(
            one,
            kind="smoke-temperature",
            parameters={"tamper": {"priority": PRIORITIES[number % len(PRIORITIES)]}},
        )
        for number, one in enumerate(detectors[: OPEN + SPARE])
    ]
    return msgspec.structs.replace(campus, devices=(*devices, *buttons))


class Devices:
    """Opens and closes detectors over MQTT; what is open is an alert."""

    def __init__(self, port: int, campus: Campus) -> None:
        self._port = port
        self._dice = random.Random(1)
        self._detectors = [one for one in campus.devices if one.kind != "alarm-button"]
        self._buttons = [one for one in campus.devices if one.kind == "alarm-button"]
        self._opened = {one.key: False for one in self._detectors}
        self._opening = True
        self._seq = 0
        self.open = 0

    async def open_all(self) -> None:
        """As many alerts as are asked for, and half of the spare ones."""
        async with aiomqtt.Client("127.0.0.1", self._port) as client:
            first = self._detectors[: OPEN + SPARE // 2]
            for start in range(0, len(first), OPEN_AT_ONCE):
                for one in first[start : start + OPEN_AT_ONCE]:
                    await self._turn(client, one)
                await asyncio.sleep(0.2)
        self.open = len(first)

    async def run(self) -> None:
        """Change one after the other at the rate, and press a button now and then."""
        begun = time.monotonic()
        async with aiomqtt.Client("127.0.0.1", self._port) as client:
            turned = pressed = 0
            while True:
                await self._turn(client, self._next())
                turned += 1
                if time.monotonic() - begun > pressed * PRESS_EVERY_S:
                    button = self._buttons[pressed % len(self._buttons)]
                    await self._say(client, button, "pressed")
                    pressed += 1
                await asyncio.sleep(begun + turned / DEVICES_PER_S - time.monotonic())

    def _next(self) -> Device:
        """One to be closed and one to be opened in turn: as many are open at the end as at the
        beginning, and a page that needs more memory then keeps what it should let go of."""
        self._opening = not self._opening
        while True:
            one = self._dice.choice(self._detectors)
            if self._opened[one.key] is not self._opening:
                return one

    async def _turn(self, client: aiomqtt.Client, device: Device) -> None:
        opened = not self._opened[device.key]
        self._opened[device.key] = opened
        await self._say(client, device, "tamper" if opened else "tamper_restored")

    async def _say(self, client: aiomqtt.Client, device: Device, event: str) -> None:
        self._seq += 1
        body = {"ts": int(time.time() * 1000), "seq": self._seq, "event": event}
        topic = f"campus/{device.school}/{device.kind}/{device.id}/event"
        await client.publish(topic, msgspec.json.encode(body), qos=1)


class Operators:
    """Acknowledge and comment over HTTP, an emergency soon and the others by chance."""

    def __init__(self, url: str, request: APIRequestContext) -> None:
        self._url = f"{url}/api/v1"
        self._request = request
        self._dice = random.Random(2)

    async def until_open(self, wanted: int) -> None:
        """Wait for so many open alerts. Raises ``TimeoutError``."""
        async with asyncio.timeout(READY_S):
            last = -1
            while last < wanted or (now := await self.open_now()) != last:
                last = now if last >= wanted else await self.open_now()
                await asyncio.sleep(0.5)

    async def open_now(self) -> int:
        """How many are open."""
        counts = (await self._get("/summary"))["counts"]
        return sum(int(one["open"]) for one in counts.values())

    async def run(self) -> None:
        """Act at the rate on what a list shows, which is asked for every few seconds."""
        begun = time.monotonic()
        acted = 0
        while True:
            for number in await self._some():
                body: dict[str, object] = {"action": "acknowledge"}
                if acted % 3:
                    body = {"action": "comment", "text": f"looked at, {acted}"}
                answer = await self._request.post(
                    f"{self._url}/alerts/{number}/actions", data=body, headers=WRITE
                )
                if answer.status not in (200, 409):  # 409: it is over meanwhile
                    raise RuntimeError(f"{answer.status}: {await answer.text()}")
                acted += 1
                await asyncio.sleep(max(0.0, begun + acted / OPERATORS_PER_S - time.monotonic()))

    async def _some(self) -> Iterable[int]:
        urgent = await self._get("/alerts?state=unacknowledged&priority=emergency&limit=5")
        number = PRIORITIES[self._dice.randrange(len(PRIORITIES))]
        query = f"/alerts?state=unacknowledged&priority={number}&limit=200"
        others = [one["id"] for one in (await self._get(query))["items"]]
        some = self._dice.sample(others, min(30, len(others)))
        return [*(one["id"] for one in urgent["items"]), *some]

    async def _get(self, path: str) -> Any:
        answer = await self._request.get(self._url + path)
        if not answer.ok:
            raise RuntimeError(f"{answer.status}: {await answer.text()}")
        return await answer.json()
