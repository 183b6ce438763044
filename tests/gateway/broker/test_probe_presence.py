"""A probe that dies is known to be gone in every school that it serves, by a real Mosquitto."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from broker_client import Client, Connect

from benchmarks.tcp_cut import Line, line
from devices.camera.saying import heartbeat, presence
from devices.camera.telling import Presence, Teller, Tellers
from gateway.broker.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

SCHOOLS = ("no3-middle", "no5-primary")


@pytest.fixture
def network(broker: Mosquitto) -> Iterator[Line]:
    """What lies between the probe and the broker."""
    with line(broker.listener.port) as made:
        yield made


@asynccontextmanager
async def telling(network: Line, password: str) -> AsyncIterator[Tellers]:
    made = Tellers(
        {
            school: Teller(
                host="127.0.0.1",
                port=network.port,
                identifier=f"probe-of-{school}",
                username="probe",
                password=password,
                presence=Presence(*presence(school, "eye")),
            )
            for school in SCHOOLS
        }
    )
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def heard(client: Client, count: int) -> dict[str, bool]:
    """What the next messages say of the probe, by school."""
    said = [await asyncio.to_thread(client.next) for _ in range(count)]
    return {topic.split("/")[1]: json.loads(body)["online"] for topic, body in said}


async def test_a_probe_that_is_cut_off_is_gone_in_each_of_its_schools(
    broker: Mosquitto, network: Line, connect: Connect
) -> None:
    gateway = connect("gateway")
    gateway.subscribe("probe/+/probe/eye/status")
    async with telling(network, broker.written.credentials.passwords["probe"]):
        assert await heard(gateway, 2) == dict.fromkeys(SCHOOLS, True)
        await asyncio.to_thread(network.cut)
        assert await heard(gateway, 2) == dict.fromkeys(SCHOOLS, False)
        # And who asks later is told so as well.
        late = connect("gateway", client_id="late")
        late.subscribe("probe/+/probe/eye/status")
        assert await heard(late, 2) == dict.fromkeys(SCHOOLS, False)
        network.mend()
        assert await heard(gateway, 2) == dict.fromkeys(SCHOOLS, True)


async def test_what_is_said_of_a_school_reaches_the_broker(
    broker: Mosquitto, network: Line, connect: Connect
) -> None:
    gateway = connect("gateway")
    gateway.subscribe("probe/+/probe/eye/telemetry")
    async with telling(network, broker.written.credentials.passwords["probe"]) as tellers:
        for school in SCHOOLS:
            topic, payload, retain = heartbeat(school, "eye", 1, cameras=3, looks=3, missed=0)
            tellers.tell(topic, payload, retain=retain)
        topics = {(await asyncio.to_thread(gateway.next))[0] for _ in SCHOOLS}
        assert topics == {f"probe/{school}/probe/eye/telemetry" for school in SCHOOLS}
        async with asyncio.timeout(30):
            while tellers.told < 2:  # noqa: ASYNC110 - the broker's answers are on their way
                await asyncio.sleep(0.01)
