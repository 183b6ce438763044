"""A gateway is killed; its broker goes on, and the next gateway takes it over."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from benchmarks.measure import free_port
from gateway.broker.access import SchoolAccess
from gateway.broker.configuration import BrokerPlan, Listener
from gateway.broker.mosquitto import Mosquitto, running
from gateway.broker.process import find_running, state_of

pytestmark = pytest.mark.broker

GATEWAY = """
import asyncio, sys
from pathlib import Path
from gateway.broker.access import SchoolAccess
from gateway.broker.configuration import BrokerPlan, Listener
from gateway.broker.mosquitto import Mosquitto, running

async def main():
    plan = BrokerPlan((Listener(int(sys.argv[2])),), (SchoolAccess("no3"),))
    async with running(Mosquitto(plan, Path(sys.argv[1]))) as broker:
        print("pid", broker.status().pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def a_gateway(
    folder: Path, port: int
) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A process that does nothing but keep its broker running; and the broker's pid."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", GATEWAY, str(folder), str(port), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while not (line := await process.stdout.readline()).startswith(b"pid"):
                assert line, "the gateway ended"
        yield process, int(line.split()[1])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def password(folder: Path, principal: str) -> str:
    kept = json.loads((folder / "credentials.json").read_text("utf-8"))
    return str(kept["passwords"][principal])


def client(folder: Path, port: int, principal: str, name: str | None = None) -> aiomqtt.Client:
    return aiomqtt.Client(
        "127.0.0.1",
        port,
        username=principal,
        password=password(folder, principal),
        identifier=name,
        clean_session=None if name is None else False,
    )


async def test_the_broker_of_a_killed_gateway_queues_on_and_is_adopted(tmp_path: Path) -> None:
    port = free_port()
    async with a_gateway(tmp_path, port) as (gateway, first):
        async with client(tmp_path, port, "gateway", "events") as session:
            await session.subscribe("campus/#", qos=1)
        gateway.send_signal(signal.SIGKILL)
        await gateway.wait()

    assert state_of(first) not in {"", "Z"}
    async with client(tmp_path, port, "school-no3") as button:
        await button.publish("campus/no3/alarm-button/gate/event", "pressed", qos=1)

    async with a_gateway(tmp_path, port) as (gateway, second):
        assert second == first
        async with client(tmp_path, port, "gateway", "events") as session:
            async with asyncio.timeout(60):
                message = await anext(session.messages)
            assert message.payload == b"pressed"
        gateway.send_signal(signal.SIGKILL)
        await gateway.wait()

    plan = BrokerPlan((Listener(port),), (SchoolAccess("no3"),))
    async with running(Mosquitto(plan, tmp_path)) as broker:
        assert broker.status().pid == first
    assert find_running(tmp_path / "mosquitto.conf") == []


@pytest.mark.parametrize("after_ms", [0, 20, 60, 120])
async def test_a_gateway_killed_while_it_starts_its_broker_leaves_at_most_one(
    tmp_path: Path, after_ms: int
) -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", GATEWAY, str(tmp_path), str(port), stdout=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(60):
        while not (tmp_path / "mosquitto.conf").exists():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.001)
    # Not a wait for anything: the moments at which it is killed.
    await asyncio.sleep(after_ms / 1000)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()

    plan = BrokerPlan((Listener(port),), (SchoolAccess("no3"),))
    async with running(Mosquitto(plan, tmp_path)) as broker:
        assert find_running(tmp_path / "mosquitto.conf") == [broker.status().pid]
    assert find_running(tmp_path / "mosquitto.conf") == []
