"""A real broker for the simulator's tests, and a listener that remembers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import aiomqtt
import pytest

from benchmarks import measure


@pytest.fixture
def broker() -> Iterator[measure.Mosquitto]:
    with measure.mosquitto() as running:
        yield running


class Ear:
    """Hears everything on a broker and can be waited on."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.heard: list[tuple[str, bytes]] = []
        self._more = asyncio.Condition()

    async def listen(self) -> None:
        async for message in self.client.messages:
            assert isinstance(message.payload, bytes)
            async with self._more:
                self.heard.append((str(message.topic), message.payload))
                self._more.notify_all()

    def on(self, topic: str) -> list[bytes]:
        """What was heard on one topic, in order."""
        return [payload for heard, payload in self.heard if heard == topic]

    async def until(self, what: Callable[[], bool], seconds: float = 40.0) -> None:
        """Wait until something holds of what was heard."""
        async with asyncio.timeout(seconds), self._more:
            await self._more.wait_for(what)


@pytest.fixture
async def ear(broker: measure.Mosquitto) -> AsyncIterator[Ear]:
    async with aiomqtt.Client("127.0.0.1", broker.port, identifier="ear") as client:
        listening = Ear(client)
        await client.subscribe("#", qos=1)
        task = asyncio.create_task(listening.listen())
        yield listening
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
