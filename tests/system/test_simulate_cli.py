"""`campus simulate` as people run it: whole processes, a real broker, signals."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from benchmarks import measure
from devices.simulator.control import SOCKET

pytestmark = pytest.mark.broker

CAMPUS = [sys.executable, "-m", "gateway.cli", "simulate"]
COMMAND = [sys.executable, "-m", "gateway.cli.simulate"]
"""The same without loading all other commands, which takes seconds."""


async def campus(*arguments: str, access: Path | None = None) -> tuple[int, str, str]:
    """Run to the end: status, stdout, stderr."""
    more = ["--access", str(access)] if access else []
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        *more,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture
def access(tmp_path: Path, plain_mosquitto: measure.Mosquitto) -> Path:
    file = tmp_path / "simulator.json"
    file.write_text(json.dumps({"url": plain_mosquitto.url, "schools": {}}), "utf-8")
    return file


@pytest.fixture
def plain_mosquitto() -> Iterator[measure.Mosquitto]:
    with measure.mosquitto() as running:
        yield running


@asynccontextmanager
async def living(access: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "run", "--access", str(access), stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            # "303 devices of 3 schools speak to …": from then on the socket is there.
            assert process.stderr is not None
            assert b"devices of 3 schools" in await process.stderr.readline()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Gateway:
    """Replies to every event, as the gateway does, and remembers all it heard."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._client = client
        self._more = asyncio.Condition()

    async def serve(self) -> None:
        async for message in self._client.messages:
            topic, payload = str(message.topic), message.payload
            assert isinstance(payload, bytes)
            if topic.endswith("/event"):
                reply = json.dumps({"seq": json.loads(payload)["seq"]})
                await self._client.publish(topic.replace("/event", "/reply"), reply, qos=1)
            async with self._more:
                self.heard.append((topic, payload))
                self._more.notify_all()

    def said(self, ending: str) -> list[dict[str, object]]:
        """What was heard on topics with that ending."""
        return [json.loads(payload) for topic, payload in self.heard if topic.endswith(ending)]

    async def until(self, what: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until something holds of what was heard."""
        async with asyncio.timeout(seconds), self._more:
            await self._more.wait_for(what)


@asynccontextmanager
async def gateway(port: int) -> AsyncIterator[Gateway]:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("campus/#", qos=1)
        there = Gateway(client)
        serving = asyncio.create_task(there.serve())
        yield there
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_a_press_reaches_the_running_simulation_and_tells_of_the_reply(
    access: Path, plain_mosquitto: measure.Mosquitto
) -> None:
    async with gateway(plain_mosquitto.port) as there, living(access):
        arguments = ("press", "no3-middle", "button-gatehouse")
        status, out, err = await campus(*arguments, access=access)
        assert (status, err) == (0, "")
        assert "no3-middle/button-gatehouse pressed (seq " in out
        assert "reply after" in out
        [event] = there.said("campus/no3-middle/alarm-button/button-gatehouse/event")
        assert event["event"] == "pressed"
        assert isinstance(event["seq"], int)
        assert event["seq"] < 100  # the device's own count went on


async def test_a_press_without_a_simulation_speaks_for_the_button_itself(
    access: Path, plain_mosquitto: measure.Mosquitto
) -> None:
    async with gateway(plain_mosquitto.port) as there:
        status, out, _ = await campus("press", "no3-middle", "my-button", access=access)
    assert status == 0
    assert "reply after" in out
    assert len(there.said("campus/no3-middle/alarm-button/my-button/event")) == 1


async def test_without_a_reply_a_press_fails(access: Path) -> None:
    arguments = ("press", "no3-middle", "my-button", "--patience", "0.5")
    status, _, err = await campus(*arguments, access=access)
    assert status == 1
    assert "no reply yet" in err


async def test_a_scenario_begins_on_the_running_campus(
    access: Path, plain_mosquitto: measure.Mosquitto
) -> None:
    async with gateway(plain_mosquitto.port) as there, living(access):
        status, out, _ = await campus("scenario", "press", access=access)
        assert (status, out) == (0, "press has begun\n")
        await there.until(lambda: bool(there.said("/event")))


async def test_what_cannot_be_done_is_said_in_words(access: Path) -> None:
    status, _, err = await campus("scenario", "press", access=access)
    assert status == 1
    assert "no simulation runs" in err
    status, _, err = await campus("scenario", "flood", access=access)
    assert status == 1
    assert "there is no scenario 'flood'; there are ordinary-day" in err
    async with living(access):
        status, _, err = await campus("press", "no3-middle", "nowhere", access=access)
        assert status == 1
        assert "there is no device no3-middle/nowhere" in err
    status, _, err = await campus("press", "a", "b", access=access.parent / "missing.json")
    assert status == 1
    assert "campus run --demo" in err


async def test_a_signal_ends_it_and_the_last_wills_speak(
    access: Path, plain_mosquitto: measure.Mosquitto
) -> None:
    def online() -> list[object]:
        return [body["online"] for body in there.said("/hub/status")]

    async with gateway(plain_mosquitto.port) as there, living(access) as process:
        await there.until(lambda: online().count(True) == 3)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(40):
            assert await process.wait() == 0
        await there.until(lambda: online().count(False) == 3)
    assert not (access.parent / SOCKET).exists()


async def test_a_load_reports_one_json_object_last(plain_mosquitto: measure.Mosquitto) -> None:
    arguments = ("--url", plain_mosquitto.url, "--messages", "3000", "--devices", "100")
    process = await asyncio.create_subprocess_exec(
        *CAMPUS, "load", *arguments, "--connections", "2", "--report", "json",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    report = json.loads(out.splitlines()[-1])
    assert process.returncode == 0
    assert report["sent"] == report["acknowledged"] == 3_000


async def test_a_load_ends_in_order_on_a_signal(plain_mosquitto: measure.Mosquitto) -> None:
    arguments = ("--url", plain_mosquitto.url, "--rate", "500", "--seconds", "300")
    async with gateway(plain_mosquitto.port) as there:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, "load", *arguments, "--devices", "100", "--report", "json",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await there.until(lambda: bool(there.heard))
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(40):
            out, _ = await process.communicate()
    report = json.loads(out.splitlines()[-1])
    assert process.returncode == 0
    assert 0 < report["sent"] == report["acknowledged"] < 150_000


async def test_a_simulator_ends_with_whoever_started_it(access: Path) -> None:
    """A killed gateway cannot end it, and the next one starts another under the same names."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "run",
        "--until-stdin-closes",
        "--access",
        str(access),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdin is not None
        assert process.stderr is not None
        async with asyncio.timeout(60):
            assert b"devices of 3 schools" in await process.stderr.readline()
            process.stdin.close()
            await process.communicate()
        assert process.returncode == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
