"""An edge node of Sparkplug's, a real broker, and a gateway that is killed and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiomqtt
import pytest

from benchmarks import measure
from benchmarks.running_gateway import RunningGateway, fill_register, started, write_settings
from devices.model import Device, School
from devices.simulator.edge_node import BOOLEAN, EdgeNode, Message, Sample
from gateway.store.open import open_store

pytestmark = pytest.mark.broker

ROOM = Device("no3", "room", "smoke-temperature", dialect="sparkplug", address="edge/room")
MADE_OF = {
    "": [Sample("Uptime", 1, 8)],
    "room": [Sample("Temperature", 20.0, unit="°C"), Sample("Smoke Alarm", False, BOOLEAN)],
}
WAIT_S = 120
"""For what comes at once on a machine that has nothing else to do."""


class Site:
    """A gateway with its own broker and two schools with a group each; what it has kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.broker = measure.free_port()
        self._page = write_settings(
            folder,
            "",
            {
                "broker": {"embedded": {"listeners": [{"listen": f"127.0.0.1:{self.broker}"}]}},
                "dialects": [
                    {"dialect": "sparkplug", "school": school, "topic": f"spBv1.0/{school}"}
                    for school in ("no3", "no5")
                ],
            },
        )
        self.gateway: RunningGateway

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        with started(self._folder, self._page) as self.gateway:
            yield

    def client(self, school: str, will: Message | None = None) -> aiomqtt.Client:
        kept = json.loads((self._folder / "broker" / "credentials.json").read_text("utf-8"))
        return aiomqtt.Client(
            "127.0.0.1",
            self.broker,
            username=f"school-{school}",
            password=kept["passwords"][f"school-{school}"],
            will=None if will is None else aiomqtt.Will(*will, qos=1),
        )

    def kept(self, name: str) -> list[Any]:
        """Every value of that name, as it was committed."""
        return [
            values[name]
            for (body,) in self._rows("SELECT body FROM readings ORDER BY rowid")
            if name in (values := json.loads(body))
        ]

    def rejected(self, reason: str) -> int:
        ((count,),) = self._rows(
            "SELECT coalesce(sum(count), 0) FROM reject_counts WHERE reason = ?", reason
        )
        return int(count)

    def _rows(self, query: str, *given: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self._folder / "campus.db", timeout=30)) as store:
            return store.execute(query, given).fetchall()


class Edge:
    """The node, connected: it says what the test has it say, and is born whenever it is asked."""

    def __init__(self, node: EdgeNode, client: aiomqtt.Client) -> None:
        self._node = node
        self._client = client
        self.asked = 0

    async def say(self, *messages: Message) -> None:
        for topic, payload in messages:
            await self._client.publish(topic, payload)

    async def measure(self, celsius: float) -> None:
        now = int(time.time() * 1000)
        await self.say(self._node.data("room", now, {"Temperature": celsius}))

    async def obey(self) -> None:
        await self._client.subscribe(self._node.commands, qos=1)
        async for message in self._client.messages:
            assert b"Node Control/Rebirth" in bytes(message.payload)  # type: ignore[arg-type]
            self.asked += 1
            await self.say(*self._node.births(int(time.time() * 1000)))


@asynccontextmanager
async def connected(site: Site, node: EdgeNode) -> AsyncIterator[Edge]:
    async with site.client("no3", node.will()) as client:
        edge = Edge(node, client)
        obeying = asyncio.create_task(edge.obey())
        try:
            yield edge
        finally:
            obeying.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await obeying  # whoever ends the broker first has seen what is wrong


@pytest.fixture
def site(tmp_path: Path) -> Site:
    store = open_store(tmp_path / "campus.db", reserve_bytes=64 << 20)
    schools = [School("no3", "第三中学", "No. 3"), School("no5", "第五小学", "No. 5")]
    stock: Any = SimpleNamespace(regions=[], schools=schools, places=[], devices=[ROOM])
    fill_register(store, stock)
    store.close()
    return Site(tmp_path)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not true():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


async def test_values_go_on_after_the_gateway_was_killed_for_the_node_is_asked_who_it_is(
    site: Site,
) -> None:
    node = EdgeNode("no3", "edge", MADE_OF)
    async with AsyncExitStack() as connections:
        with site.running():
            edge = await connections.enter_async_context(connected(site, node))
            await edge.say(*node.births(int(time.time() * 1000)))
            await edge.measure(21.0)
            await until(lambda: site.kept("temperature_c") == [20.0, 21.0])
            site.gateway.process.kill()

        # The broker lives on, and keeps what the node says meanwhile; nobody knows what it means.
        await edge.measure(22.0)
        starting = ExitStack()
        await asyncio.to_thread(starting.enter_context, site.running())
        with starting:
            await until(lambda: len(site.kept("temperature_c")) > 2)
            assert edge.asked
            assert site.rejected("birth") == 1
            await edge.measure(23.0)
            await until(lambda: site.kept("temperature_c")[-1] == 23.0)
            assert 22.0 not in site.kept("temperature_c")

            await edge.say(node.will())  # as a node does that goes of its own accord
            await until(lambda: site.kept("online")[-1] is False)
            node.reconnect()
            await edge.say(*node.births(int(time.time() * 1000)))
            await until(lambda: site.kept("online")[-1] is True)
            await connections.aclose()
