"""Messages come together while a connection rests, and one session back brings the other back."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from itertools import pairwise

import aiomqtt
import pytest
from plain_broker import PlainBroker

from gateway.clock import SystemClock
from gateway.ingest.mqtt5_source import Mqtt5Source
from gateway.ingest.paho_source import PahoSource
from gateway.ingest.session import Endpoint, Recovery

TOPIC = "campus/a/temperature/hall/telemetry"


@pytest.mark.parametrize("kind", [Mqtt5Source, PahoSource])
async def test_what_comes_while_the_connection_rests_comes_together(
    plain_broker: PlainBroker, kind: type[Mqtt5Source | PahoSource]
) -> None:
    endpoint = Endpoint(host="127.0.0.1", port=plain_broker.port, client_id="resting", rest_s=0.4)
    source = kind(session="telemetry", endpoint=endpoint, filters=["campus/#"], clock=SystemClock())
    bursts: list[list[float]] = []
    ready = asyncio.Event()
    loop = asyncio.get_running_loop()
    reading = False

    def read() -> None:
        nonlocal reading
        reading = False

    def arrived() -> None:
        nonlocal reading
        ready.set()
        if delivery := source.take(1000):
            if not reading:  # what comes in one turn of the loop was read in one go
                reading = True
                loop.call_soon(read)
                bursts.append([])
            bursts[-1] += [time.monotonic()] * len(delivery.messages)

    source.on_ready = arrived
    task = asyncio.create_task(source.run())
    async with asyncio.timeout(40), aiomqtt.Client("127.0.0.1", plain_broker.port) as client:
        while not source.status().connected:
            await ready.wait()
            ready.clear()
        ready.clear()
        while not bursts:  # the broker may take this before our subscription
            await client.publish(TOPIC, b"{}", qos=1)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ready.wait(), 1.0)
        had = sum(map(len, bursts))
        for _ in range(50):
            await client.publish(TOPIC, b"{}", qos=1)
        while sum(map(len, bursts)) < had + 50:
            await ready.wait()
            ready.clear()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(bursts) > 1
    for before, after in pairwise(bursts):
        assert after[0] - before[-1] > 0.9 * endpoint.rest_s


async def test_who_is_back_brings_the_other_session_back(plain_broker: PlainBroker) -> None:
    recovery = Recovery()

    def make(session: str, pause: float) -> Mqtt5Source:
        endpoint = Endpoint(
            host="127.0.0.1",
            port=plain_broker.port,
            client_id=session,
            reconnect_min_s=pause,
            reconnect_max_s=pause,
        )
        return Mqtt5Source(
            session=session,
            endpoint=endpoint,
            filters=["campus/#"],
            clock=SystemClock(),
            recovery=recovery,
        )

    quick, slow = make("telemetry", 0.05), make("events", 600.0)
    tasks = [asyncio.create_task(source.run()) for source in (quick, slow)]

    changed = asyncio.Event()
    quick.on_ready = slow.on_ready = changed.set

    async def until(connected: bool) -> None:
        async with asyncio.timeout(40):
            while any(s.status().connected is not connected for s in (quick, slow)):
                await changed.wait()
                changed.clear()

    await until(True)
    await asyncio.to_thread(plain_broker.stop, signal.SIGTERM)
    await until(False)
    await asyncio.to_thread(plain_broker.start)
    await until(True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
