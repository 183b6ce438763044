"""From a button on MQTT to people and machines: whole processes, real HTTP, SMTP and MQTT."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from http_listener import Listener
from smtp_listener import Mailbox

from benchmarks import measure
from benchmarks.police_campus import Page, buttons_of, press
from benchmarks.running_gateway import RunningGateway, fill_register, started, write_settings
from devices.simulator.load import load_campus
from gateway.store.open import open_store

pytestmark = pytest.mark.broker

CAMPUS = load_campus(200, 1)
BUTTONS = buttons_of(CAMPUS)[CAMPUS.schools[0].id]
PUBLIC = "http://campus.example"


class Town:
    """A gateway, its broker, a bureau over HTTP, a chat over HTTP, and a mailbox."""

    def __init__(self, directory: Path, broker: measure.Mosquitto) -> None:
        self.directory = directory
        self.broker = broker
        self.bureau, self.chat, self.mailbox = Listener(), Listener(), Mailbox()
        self.gateway: RunningGateway
        self.page: Page
        self._running: Any = None
        self._port = 0
        self._presses = 0

    async def open(self) -> None:
        for one in (self.bureau, self.chat, self.mailbox):
            await one.open()
        await asyncio.to_thread(self._write)
        await self.start()

    def _write(self) -> None:
        store = open_store(self.directory / "campus.db", reserve_bytes=16 << 20)
        fill_register(store, CAMPUS)
        store.close()
        secrets = {
            "bureau": "the-bureaus-secret-key",
            "chat": f"json://127.0.0.1:{self.chat.port}/room",
            "mail": self.mailbox.url,
        }
        for name, secret in secrets.items():
            (self.directory / name).write_text(secret, "utf-8")
        everything = {"priorities": ["emergency"]}
        bureau = {
            "name": "bureau",
            "url": self.bureau.url,
            "secret": {"file": "bureau"},
            "timeout_s": 1,
            "format": "cloudevents",
            **everything,
        }
        chat = {"name": "chat", "url": {"file": "chat"}, "timeout_s": 1, **everything}
        mail = {
            "name": "mail",
            "url": {"file": "mail"},
            "user": "admin",
            "language": "en",
            "course": True,
            **everything,
        }
        web = {"web": {"listen": "", "metrics_open": True, "public_url": PUBLIC}}
        more = {"notification": {"webhooks": [bureau], "messages": [chat, mail]}}
        self._port = write_settings(self.directory, self.broker.url, more)
        path = self.directory / "gateway.yaml"
        settings = json.loads(path.read_text("utf-8"))
        settings["web"] = {**web["web"], "listen": settings["web"]["listen"]}
        path.write_text(json.dumps(settings), "utf-8")

    async def start(self) -> None:
        self._running = started(self.directory, self._port)
        self.gateway = await asyncio.to_thread(self._running.__enter__)

    async def kill(self) -> None:
        """As a power failure does."""
        self.gateway.process.kill()
        await self.stop()

    async def stop(self) -> None:
        if self._running is not None:
            await asyncio.to_thread(self._running.__exit__, None, None, None)
            self._running = None

    async def close(self) -> None:
        await self.stop()
        for one in (self.bureau, self.chat, self.mailbox):
            await one.shut()

    async def press(self, number: int) -> None:
        """Press a button of its own: an alert of its own."""
        async with aiomqtt.Client("127.0.0.1", self.broker.port) as client:
            self._presses += 1
            await press(client, BUTTONS[number], self._presses)

    def rows(self) -> list[tuple[str, str, int | None]]:
        """Receiver, key and when it was delivered, in the order in which they were written."""
        query = "SELECT receiver, key, delivered FROM outbox ORDER BY row"
        with sqlite3.connect(self.directory / "campus.db") as store:
            return list(store.execute(query))

    async def until_told(self, alerts: int) -> None:
        """Wait until so many alerts are known and everything about them has arrived."""
        async with asyncio.timeout(150):
            while True:
                rows = await asyncio.to_thread(self.rows)
                known = {key.split("/")[2] for _, key, _ in rows}
                if len(known) >= alerts and all(delivered for _, _, delivered in rows):
                    return
                await asyncio.sleep(0.1)

    def written(self, receiver: str) -> list[str]:
        return [key for name, key, _ in self.rows() if name == receiver]


@asynccontextmanager
async def town(directory: Path) -> AsyncIterator[Town]:
    with measure.mosquitto() as broker:
        made = Town(directory, broker)
        try:
            await made.open()
            yield made
        finally:
            await made.close()


def firsts(keys: list[str]) -> list[str]:
    """In the order in which they came first; a repetition has the same key."""
    return list(dict.fromkeys(keys))


async def test_receivers_that_fail_in_every_way_and_a_killed_gateway_lose_no_message_and_no_order(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as here:
        await here.press(0)
        await here.until_told(1)
        # Now one answers 500, one is slow, one is gone; and the gateway dies in the midst of it.
        here.bureau.script.extend([500, 503, "cut"])
        here.chat.script.extend(["hang"])
        await here.mailbox.shut()
        for number in range(1, 6):
            await here.press(number)
        await here.bureau.until(3)
        await here.kill()
        await here.press(6)
        await here.mailbox.open()
        await here.start()
        await here.press(7)
        await here.until_told(8)

        assert firsts(here.bureau.events) == here.written("bureau")
        assert firsts(here.chat.events) == here.written("chat")
        assert firsts(here.mailbox.keys) == here.written("mail")
        assert len(here.written("bureau")) >= 8
        envelope = json.loads(here.bureau.heard[0].body)
        assert (envelope["specversion"], envelope["source"]) == ("1.0", PUBLIC)
        assert envelope["id"] == here.bureau.events[0]
        assert here.bureau.heard[0].headers["content-type"] == "application/cloudevents+json"

        retained: set[str] = set()
        async with aiomqtt.Client("127.0.0.1", here.broker.port) as client:
            await client.subscribe("campus/+/alert/+", qos=1)
            async with asyncio.timeout(20):
                async for message in client.messages:
                    retained.add(str(message.topic))
                    if len(retained) == 8:
                        break


async def test_the_link_in_a_mail_acknowledges_once_it_is_pressed(tmp_path: Path) -> None:
    def fetch(link: str, data: bytes | None = None) -> str:
        with urllib.request.urlopen(link, data, timeout=10) as answer:
            return answer.read().decode()

    async with town(tmp_path) as here:
        await here.press(0)
        await here.mailbox.until(1)
        body = here.mailbox.mails[0].get_body(("plain", "html"))
        assert body is not None
        found = re.search(rf"{PUBLIC}(/acknowledge/[\w?=-]+)", body.get_content())
        assert found is not None
        link = here.gateway.url + found[1]
        assert 'data-standing="open"' in await asyncio.to_thread(fetch, link)
        assert 'data-standing="done"' in await asyncio.to_thread(fetch, link, b"")
        page = await asyncio.to_thread(Page, here.gateway)
        (alert,) = (await asyncio.to_thread(page.get, "/alerts?priority=emergency"))["items"]
        assert alert["acknowledged_by"] == "admin"
        await here.mailbox.until(2)
        assert "Acknowledged · admin" in str(
            here.mailbox.mails[1].get_body(("plain", "html")).get_content()
        )
