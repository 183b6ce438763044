"""A school whose buttons are walked: gateway, broker and the receiver of the police, for tests."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt

from benchmarks import measure
from benchmarks.police_campus import Page, accounts_of, buttons_of, link_settings
from benchmarks.running_gateway import RunningGateway, fill_register, started, write_settings
from devices.model import Device
from devices.simulator.load import load_campus
from devices.simulator.receiver import Receiver
from gateway.security.tokens import issue_one_time_code
from gateway.store.open import open_store

CAMPUS = load_campus(400, 2)
SCHOOL = CAMPUS.schools[0].id
BUTTONS = buttons_of(CAMPUS)[SCHOOL]
ACCOUNTS: dict[str, bytes | None] = dict.fromkeys(accounts_of(CAMPUS).values())
ZONES = {button.id: 101 + number for number, button in enumerate(BUTTONS)}
HELD_S = 30


class School:
    """A gateway, its broker, and the receiver of the police."""

    def __init__(self, directory: Path, broker: measure.Mosquitto, **link: Any) -> None:
        self.directory, self.broker = directory, broker
        self._link = link
        self.police = Receiver(ACCOUNTS)
        self.gateway: RunningGateway
        self.page: Page | None = None
        self._port = 0
        self._seq = 0
        self._running: AsyncExitStack | None = None

    async def start(self) -> None:
        await self.police.start()
        await asyncio.to_thread(self._write)
        await self.start_gateway()

    def _write(self) -> None:
        store = open_store(self.directory / "campus.db", reserve_bytes=16 << 20)
        fill_register(store, CAMPUS)
        store.close()
        settings = link_settings(CAMPUS, (self.police.port,), **self._link)
        settings["police_links"][0]["schools"][SCHOOL]["zones"] = ZONES
        self._port = write_settings(self.directory, self.broker.url, settings)

    async def start_gateway(self) -> None:
        self._running = AsyncExitStack()
        gateway = started(self.directory, self._port)
        self.gateway = await asyncio.to_thread(gateway.__enter__)
        self._running.push_async_callback(asyncio.to_thread, gateway.__exit__, None, None, None)
        if self.page is None:  # a session outlives the gateway
            self.page = await asyncio.to_thread(Page, self.gateway)

    async def stop_gateway(self) -> None:
        if self._running is not None:
            await self._running.aclose()
            self._running = None

    async def code(self) -> str:
        """What signs its administrator in once."""
        return await asyncio.to_thread(self._code)

    def _code(self) -> str:
        store = open_store(self.directory / "campus.db", reserve_bytes=16 << 20)
        try:
            return issue_one_time_code(store, "admin", int(time.time() * 1000))
        finally:
            store.close()

    async def press(self, button: Device, **more: object) -> None:
        self._seq += 1
        at = int(time.time() * 1000)
        body = {"ts": at, "seq": 4_000_000_000 + self._seq, "event": "pressed", **more}
        topic = f"campus/{button.school}/{button.kind}/{button.id}/event"
        async with aiomqtt.Client("127.0.0.1", self.broker.port) as client:
            await client.publish(topic, json.dumps(body), qos=1)

    async def get(self, path: str) -> Any:
        assert self.page is not None
        return await asyncio.to_thread(self.page.get, path)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        assert self.page is not None
        return await asyncio.to_thread(self.page.post, path, body)

    async def register(self, device: Device) -> None:
        assert self.page is not None
        path = f"/devices/{device.school}/{device.id}"
        body = {"kind": device.kind, "name_zh": device.id}
        await asyncio.to_thread(self.page.post, path, body, method="PUT")

    async def window(self, button: Device, seconds: int = 600) -> dict[str, Any]:
        path = f"/devices/{button.school}/{button.id}/verify"
        return dict(await self.post(path, {"window_s": seconds}))

    async def act(self, run: dict[str, Any], what: str) -> None:
        await self.post(f"/verifications/{run['id']}/{what}", {})

    async def reaches(
        self, run: dict[str, Any], true: Callable[[dict[str, Any]], bool], seconds: float = 60
    ) -> dict[str, Any]:
        """The run, once it is so."""
        async with asyncio.timeout(seconds):
            while not true(run):
                path = f"/verifications/{run['id']}?version={run['version']}&wait_s=5"
                run = await self.get(path)
        return run

    def alarms(self, button: Device) -> int:
        """How many presses of it the police have as alarms."""
        return self._taken("120")[ZONES[button.id]]

    def tests(self) -> Counter[int]:
        """How many walk tests the police have, by zone."""
        return self._taken("607")

    def _taken(self, code: str) -> Counter[int]:
        taken = (
            one
            for one in self.police.events
            if one.code == code and not one.restore and not one.repeated
        )
        return Counter(one.zone for one in taken)

    async def alarmed(self, button: Device, times: int = 1, seconds: float = 30) -> None:
        await self.police.until(lambda: self.alarms(button) >= times, seconds)


@asynccontextmanager
async def school(tmp_path: Path, **link: Any) -> AsyncIterator[School]:
    """``link``: settings of its police link, besides the usual ones."""
    with measure.mosquitto() as broker:
        made = School(tmp_path, broker, **link)
        try:
            await made.start()
            yield made
        finally:
            await made.stop_gateway()
            await made.police.aclose()
