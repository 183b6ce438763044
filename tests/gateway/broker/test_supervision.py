"""The supervised child: it comes back when it dies, and is adopted, not doubled."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from broker_client import Connect

from gateway.broker.configuration import BrokerPlan, Limits
from gateway.broker.files import Need
from gateway.broker.mosquitto import (
    BrokerError,
    BrokerMissingError,
    BrokerState,
    Mosquitto,
    Patience,
    PortTakenError,
    running,
)
from gateway.broker.process import birth_of, find_running, state_of

pytestmark = pytest.mark.broker


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - of another process; nothing to be woken by
            await asyncio.sleep(0.01)


def pid_of(broker: Mosquitto) -> int:
    pid = broker.status().pid
    assert pid is not None
    return pid


async def test_a_broker_that_dies_comes_back(broker: Mosquitto) -> None:
    first = pid_of(broker)
    os.kill(first, signal.SIGKILL)
    await until(lambda: broker.status().restarts == 1)
    await until(lambda: broker.status().state is BrokerState.RUNNING)
    assert pid_of(broker) != first
    assert state_of(first) == ""


async def test_a_broker_that_hangs_is_ended_and_comes_back(
    plan: BrokerPlan, tmp_path: Path
) -> None:
    patience = Patience(answer_s=0.2, check_every_s=0.1, hang_s=0.5, stop_s=0.5, restart_min_s=0.05)
    async with running(Mosquitto(plan, tmp_path, patience=patience)) as broker:
        first = pid_of(broker)
        os.kill(first, signal.SIGSTOP)
        await until(lambda: broker.status().restarts == 1)
        await until(lambda: broker.status().state is BrokerState.RUNNING)
        assert pid_of(broker) != first


async def test_a_graceful_stop_ends_the_broker_and_saves_what_waits(
    plan: BrokerPlan, tmp_path: Path
) -> None:
    async with running(Mosquitto(plan, tmp_path)) as broker:
        pid = pid_of(broker)
    assert state_of(pid) == ""
    assert broker.status().state is BrokerState.STOPPED
    assert (tmp_path / "queue.db").exists()


async def test_a_broker_left_behind_is_adopted_with_its_clients(
    plan: BrokerPlan, tmp_path: Path
) -> None:
    async with running(Mosquitto(plan, tmp_path, keep_running=True)) as left:
        pid = pid_of(left)
    async with running(Mosquitto(plan, tmp_path)) as broker:
        assert broker.status().adopted
        assert pid_of(broker) == pid
        assert find_running(tmp_path / "mosquitto.conf") == [pid]
    await until(lambda: state_of(pid) in {"", "Z"})


async def test_an_adopted_broker_that_dies_comes_back(plan: BrokerPlan, tmp_path: Path) -> None:
    async with running(Mosquitto(plan, tmp_path, keep_running=True)) as left:
        pid = pid_of(left)
    async with running(Mosquitto(plan, tmp_path)) as broker:
        os.kill(pid, signal.SIGKILL)
        await until(lambda: broker.status().restarts == 1)
        await until(lambda: broker.status().state is BrokerState.RUNNING)
        assert not broker.status().adopted


async def test_an_adopted_broker_with_other_settings_is_restarted(
    plan: BrokerPlan, tmp_path: Path
) -> None:
    async with running(Mosquitto(plan, tmp_path, keep_running=True)) as left:
        pid = pid_of(left)
    changed = msgspec.structs.replace(plan, limits=Limits(autosave_s=5))
    async with running(Mosquitto(changed, tmp_path)) as broker:
        assert pid_of(broker) != pid
        assert await broker.apply(plan) is Need.RESTART
        assert broker.status().state is BrokerState.RUNNING


async def test_an_adopted_broker_that_does_not_answer_is_replaced(
    plan: BrokerPlan, tmp_path: Path
) -> None:
    async with running(Mosquitto(plan, tmp_path, keep_running=True)) as left:
        pid = pid_of(left)
    os.kill(pid, signal.SIGSTOP)
    patience = Patience(start_s=4.0, stop_s=0.5)
    async with running(Mosquitto(plan, tmp_path, patience=patience)) as broker:
        assert pid_of(broker) != pid
        assert broker.status().state is BrokerState.RUNNING


async def test_a_stranger_with_the_noted_pid_is_never_touched(
    plan: BrokerPlan, tmp_path: Path
) -> None:
    async with running(Mosquitto(plan, tmp_path)):
        pass
    stranger = await asyncio.create_subprocess_exec("sleep", "60")
    birth = birth_of(stranger.pid)
    note = msgspec.json.decode((tmp_path / "running.json").read_bytes())
    note["birth"] = msgspec.to_builtins(birth)
    (tmp_path / "running.json").write_bytes(msgspec.json.encode(note))
    async with running(Mosquitto(plan, tmp_path)) as broker:
        assert pid_of(broker) != stranger.pid
    assert stranger.returncode is None
    stranger.kill()
    await stranger.wait()


async def test_a_port_that_is_taken_is_said_before_anything_starts(
    plan: BrokerPlan, tmp_path: Path
) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", plan.listeners[0].port))
        stranger.listen()
        with pytest.raises(PortTakenError, match=rf"\({os.getpid()}\) listens there"):
            await Mosquitto(plan, tmp_path).start()
    assert find_running(tmp_path / "mosquitto.conf") == []


async def test_a_broker_that_ends_at_once_is_an_error_with_its_last_words(
    plan: BrokerPlan, tmp_path: Path
) -> None:
    fake = tmp_path / "mosquitto-fake"
    fake.write_text("#!/bin/sh\necho 'Error: Unknown configuration variable'; exit 3\n", "utf-8")
    fake.chmod(0o700)
    with pytest.raises(BrokerError, match=r"code 3.*Unknown configuration variable"):
        await Mosquitto(plan, tmp_path / "broker", program=str(fake)).start()


async def test_a_machine_without_mosquitto_says_what_to_install(
    plan: BrokerPlan, tmp_path: Path
) -> None:
    with pytest.raises(BrokerMissingError, match="apt-get install mosquitto"):
        await Mosquitto(plan, tmp_path, program="mosquitto-that-is-not-there").start()


async def test_what_waited_for_the_gateway_survives_a_graceful_restart_of_the_broker(
    broker: Mosquitto, plan: BrokerPlan, connect: Connect
) -> None:
    away = connect("gateway", client_id="events", session=True)
    away.subscribe("campus/#")
    away.close()
    connect("school-no3-middle").publish("campus/no3-middle/smoke/lab/event", "alarm")
    await broker.apply(msgspec.structs.replace(plan, limits=Limits(autosave_s=5)))
    back = connect("gateway", client_id="events", session=True)
    assert back.next() == ("campus/no3-middle/smoke/lab/event", "alarm")


async def test_cancelling_the_watch_leaves_the_broker_to_stop(
    plan: BrokerPlan, tmp_path: Path
) -> None:
    broker = Mosquitto(plan, tmp_path)
    await broker.start()
    watching = asyncio.create_task(broker.watch())
    await asyncio.sleep(0)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    pid = pid_of(broker)
    assert broker.status().state is BrokerState.RUNNING
    await broker.stop()
    assert state_of(pid) == ""


@pytest.mark.parametrize("turns", [1, 3, 10, 30, 100, 300])
async def test_a_start_that_is_cancelled_leaves_nothing_behind(
    plan: BrokerPlan, tmp_path: Path, turns: int
) -> None:
    broker = Mosquitto(plan, tmp_path)
    starting = asyncio.create_task(broker.start())
    for _ in range(turns):
        await asyncio.sleep(0)
    starting.cancel()
    await asyncio.wait((starting,), timeout=30)
    assert starting.done()
    async with asyncio.timeout(30):
        await broker.stop()
    assert find_running(tmp_path / "mosquitto.conf") == []


async def test_stopping_ends_the_watch(plan: BrokerPlan, tmp_path: Path) -> None:
    broker = Mosquitto(plan, tmp_path)
    await broker.start()
    watching = asyncio.create_task(broker.watch())
    await broker.stop()
    async with asyncio.timeout(30):
        await watching
