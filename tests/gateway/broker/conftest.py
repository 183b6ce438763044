"""A real broker, and clients that sign in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from broker_client import Client, Connect

from benchmarks.measure import free_port
from devices.dialects.sparkplug import Sparkplug
from gateway.broker.access import DeviceAccess, SchoolAccess
from gateway.broker.configuration import BrokerPlan, Listener
from gateway.broker.mosquitto import Mosquitto, running


@pytest.fixture
def plan() -> BrokerPlan:
    return BrokerPlan(
        listeners=(Listener(free_port()),),
        schools=(
            SchoolAccess("no3-middle", writes=("z2m-no3/#",), reads=("z2m-no3/#",)),
            SchoolAccess("no5-primary"),
            *(
                SchoolAccess(school, tuple(group.spoken()), tuple(group.heard()))
                for school in ("no7-east", "no7-west")
                for group in [Sparkplug(school, f"spBv1.0/{school}")]
            ),
        ),
        devices=(DeviceAccess("no3-middle", "alarm-button", "gate-01"),),
    )


@pytest.fixture
async def broker(plan: BrokerPlan, tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with running(Mosquitto(plan, tmp_path / "broker")) as started:
        yield started


@pytest.fixture
def connect(broker: Mosquitto) -> Iterator[Connect]:
    """Sign in as a principal with its own password."""
    clients: list[Client] = []

    def connect_as(principal: str, **options: object) -> Client:
        password = broker.written.credentials.passwords[principal]
        client = Client(broker.listener.port, principal, password, **options)  # type: ignore[arg-type]
        clients.append(client)
        assert client.code == 0
        return client

    yield connect_as
    for client in clients:
        client.close()
