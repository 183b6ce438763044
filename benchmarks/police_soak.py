"""Killed between a press and the police's acknowledgement, a hundred times: every alarm arrives.

``SOAK_ROUNDS`` sets how many kills there are (100). Each round presses a button, kills the gateway
(SIGKILL) at a random instant before the receiver has answered, starts it anew, and waits for the
alarm. What arrived before the kill comes once more, under the number that it had: the receiver
knows it for a repetition.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiomqtt

from benchmarks import measure
from benchmarks.police_campus import accounts_of, buttons_of, link_settings, press
from benchmarks.running_gateway import RunningGateway, fill_register, write_settings
from devices.simulator.load import load_campus
from devices.simulator.receiver import Receiver, Taken
from devices.simulator.receiver_answers import Fault
from gateway.store.open import open_store

ROUNDS: Final = 100
ANSWER_S: Final = 0.25
"""The receiver takes so long to answer, so that there is time to be killed in."""

KILLED_WITHIN_S: Final = 0.3
ARRIVES_S: Final = 120.0
"""That it arrives is what is looked at; how long a busy machine takes to start is told aside."""

LOOK_S: Final = 1.0
LOG_KEPT: Final = 6000
PANIC: Final = "120"


def main() -> dict[str, Any]:
    """How many alarms arrived, and how many of them came again under their number."""
    rounds = int(os.environ.get("SOAK_ROUNDS", ROUNDS))
    figures = asyncio.run(kills(rounds))
    measure.say(
        f"{figures['presses']} presses, {figures['arrived']} alarms arrived, "
        f"{figures['again']} of them repeated after a kill"
    )
    return figures


async def kills(rounds: int, *, seed: int = 1) -> dict[str, Any]:
    """So many rounds; ``holds`` when each press arrived once, and nothing else did."""
    campus = load_campus(40, 1)
    button = next(iter(buttons_of(campus).values()))[0]
    chance = random.Random(seed)
    receiver = Receiver(dict.fromkeys(accounts_of(campus).values()))
    receiver.late_s = ANSWER_S
    with measure.mosquitto() as broker, tempfile.TemporaryDirectory(prefix="campus-kills-") as name:
        directory = Path(name)
        await receiver.start()
        gateway: _Gateway | None = None
        try:
            port = await asyncio.to_thread(_write, directory, broker.url, campus, receiver.port)
            gateway = await asyncio.to_thread(_Gateway, directory, port, ready=True)
            arrived, slowest, broke_off = 0, 0.0, None
            for number in range(1, rounds + 1):
                receiver.fault = Fault.LATE
                async with aiomqtt.Client("127.0.0.1", broker.port) as client:
                    await press(client, button, number)
                await asyncio.sleep(chance.random() * KILLED_WITHIN_S)
                await asyncio.to_thread(gateway.kill)
                receiver.fault = Fault.NONE
                gateway = await asyncio.to_thread(_Gateway, directory, port)
                started = time.monotonic()
                if not await _arrives(receiver, gateway, number):
                    broke_off = {"round": number, "gateway": gateway.how, "log": _log(directory)}
                    measure.say(f"WRONG: the alarm has not arrived: {broke_off}")
                    break
                arrived, slowest = number, max(slowest, time.monotonic() - started)
            await _settled(directory)
        finally:
            if gateway is not None:
                await asyncio.to_thread(gateway.end)
            await receiver.aclose()
        occurrences, waiting = await asyncio.to_thread(_kept, directory)
    alarms = _alarms(receiver)
    return {
        "presses": rounds,
        "arrived": arrived,
        "alarms": len(alarms),
        "again": sum(one.repeated for one in receiver.taken if _is_alarm(one)),
        "occurrences": occurrences,
        "still_waiting": waiting,
        "slowest_s": round(slowest, 1),
        "broke_off": broke_off,
        "holds": rounds == arrived == len(alarms) == occurrences and not waiting,
    }


class _Gateway:
    """A gateway process that may be killed. Once started it is not waited for: alarms are on their
    way before pages are there, and a kill may come at any time.
    """

    def __init__(self, directory: Path, port: int, *, ready: bool = False) -> None:
        config = str(directory / "gateway.yaml")
        self._run: Final = measure.campus("run", "--config", config, directory=directory)
        self._process: Final = self._run.__enter__()
        if ready:
            RunningGateway(self._process, directory, port).wait_ready()

    @property
    def runs(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process.poll() is None

    @property
    def how(self) -> str:
        """How it is, in words."""
        return "runs" if self.runs else f"ended with status {self._process.returncode}"

    def kill(self) -> None:
        """As a power cut would. Raises ``RuntimeError`` when it had ended by itself."""
        if not self.runs:
            raise RuntimeError(f"the gateway {self.how} before it was killed")
        self._process.kill()
        self.end()

    def end(self) -> None:
        """As an administrator would, unless it is dead."""
        self._run.__exit__(None, None, None)


def _write(directory: Path, url: str, campus: Any, receiver: int) -> int:
    store = open_store(directory / "campus.db", reserve_bytes=16 << 20)
    fill_register(store, campus)
    store.close()
    return write_settings(directory, url, link_settings(campus, (receiver,), dc09={}))


def _is_alarm(one: Taken) -> bool:
    return one.code == PANIC and not one.restore


def _alarms(receiver: Receiver) -> list[Taken]:
    """Alarms without repetitions."""
    return [one for one in receiver.events if _is_alarm(one)]


def _came(receiver: Receiver, alarms: int) -> bool:
    return len(_alarms(receiver)) >= alarms


async def _arrives(receiver: Receiver, gateway: _Gateway, number: int) -> bool:
    """Wait for the alarm; not for a gateway that has ended."""
    for _ in range(int(ARRIVES_S / LOOK_S)):
        try:
            await receiver.until(partial(_came, receiver, number), LOOK_S)
        except TimeoutError:
            if gateway.runs:
                continue
            return False
        return True
    return False


def _log(directory: Path) -> str:
    return (directory / "campus.log").read_text("utf-8", "replace")[-LOG_KEPT:]


async def _settled(directory: Path) -> None:
    """Wait until nothing waits to be delivered, or for some seconds."""
    for _ in range(100):
        _, waiting = await asyncio.to_thread(_kept, directory)
        if not waiting:
            return
        await asyncio.sleep(0.1)


def _kept(directory: Path) -> tuple[int, int]:
    """Presses that are occurrences of the alert, and events that still wait for the link."""
    with sqlite3.connect(directory / "campus.db") as store:
        (occurrences,) = store.execute(
            "SELECT count(*) FROM transitions WHERE kind IN ('raised', 'occurred') "
            "AND alert IN (SELECT id FROM alerts WHERE condition = 'panic')"
        ).fetchone()
        (waiting,) = store.execute(
            "SELECT count(*) FROM outbox WHERE receiver LIKE 'police:%' AND delivered IS NULL"
        ).fetchone()
    return int(occurrences), int(waiting)
