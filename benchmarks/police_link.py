"""From a button on MQTT to the acknowledgement of the police's receiver, under load.

The limits asked for: ten schools pressed in the same second, 5,000 telemetry messages a second
behind: all within 2 s, p99 within 250 ms on the loopback; with the primary receiver dead all
within 2 s over the back-up. A press ends when the receiver, in this process, has written its
acknowledgement. Everything shares one machine and one clock.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from typing import Any, Final

import aiomqtt

from benchmarks import measure
from benchmarks.police_campus import accounts_of, buttons_of, link_settings, press
from benchmarks.running_gateway import RunningGateway, running
from devices.model import Device
from devices.simulator.campus import Campus
from devices.simulator.load import load_campus
from devices.simulator.receiver import Receiver, Taken
from devices.simulator.receiver_answers import Fault

RATE: Final = 5_000
DEVICES: Final = 10_000
SCHOOLS: Final = 10
ROUNDS: Final = 30
DEAD_ROUNDS: Final = 5
PAUSE_S: Final = 0.5
SETTLE_S: Final = 5.0
LIMIT_MS: Final = 2000
P99_MS: Final = 250
PANIC: Final = "120"


class Arrivals:
    """When each school's alarm was acknowledged, in ms since 1970."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._came: Final = asyncio.Event()

    def taken(self, one: Taken) -> None:
        """A receiver has taken a frame, and answers it in this very turn of the loop."""
        if one.code == PANIC and not one.restore and one.fault is Fault.NONE:
            self._at.setdefault(one.account, time.time() * 1000)
            self._came.set()

    def forget(self) -> None:
        """A new round begins."""
        self._at.clear()

    async def of(self, accounts: set[str], seconds: float) -> dict[str, float]:
        """Those of ``accounts`` that came within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while not accounts <= self._at.keys():
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            pass
        return dict(self._at)


def main() -> dict[str, Any]:
    """Thirty rounds with both receivers there, then some with each way of being dead."""
    campus = load_campus(DEVICES, SCHOOLS)
    return asyncio.run(_measure(campus))


async def _measure(campus: Campus) -> dict[str, Any]:
    arrivals = Arrivals()
    known = dict.fromkeys(accounts_of(campus).values())
    primary = Receiver(known, on_taken=arrivals.taken)
    backup = Receiver(known, on_taken=arrivals.taken)
    await primary.start()
    await backup.start()
    try:
        return await _with_gateway(campus, arrivals, primary, backup)
    finally:
        await primary.aclose()
        await backup.aclose()


async def _with_gateway(
    campus: Campus, arrivals: Arrivals, primary: Receiver, backup: Receiver
) -> dict[str, Any]:
    settings = link_settings(campus, (primary.port, backup.port))
    load = ("--rate", str(RATE), "--seconds", "600", "--devices", str(DEVICES))
    with measure.mosquitto() as broker:
        gateway = running(broker.url, campus, more=settings)
        # In a thread: the receivers answer on this loop while the gateway starts.
        known = await asyncio.to_thread(gateway.__enter__)
        try:
            with measure.load(
                "--url", broker.url, "--alarm-every", "0", "--connections", str(SCHOOLS), *load
            ):
                await asyncio.sleep(SETTLE_S)
                figures = await _rounds(campus, broker.port, arrivals, primary)
                figures["of_these_in_the_gateway"] = await asyncio.to_thread(_within, known)
                return figures
        finally:
            await asyncio.to_thread(gateway.__exit__, None, None, None)


async def _rounds(
    campus: Campus, port: int, arrivals: Arrivals, primary: Receiver
) -> dict[str, Any]:
    buttons = [its[0] for its in buttons_of(campus).values()]
    accounts = accounts_of(campus)
    figures: dict[str, Any] = {}
    async with aiomqtt.Client("127.0.0.1", port) as client:
        presses = Presses(client, buttons, accounts, arrivals)
        both = await presses.rounds(ROUNDS)
        primary.fault = Fault.SILENT
        silent = await presses.rounds(DEAD_ROUNDS)
        await primary.aclose()
        closed = await presses.rounds(DEAD_ROUNDS)
    for name, delays in (("", both), ("primary_silent_", silent), ("primary_closed_", closed)):
        figures |= _figures(name, delays)
    measure.say(
        f"p50 {figures['p50_ms']} ms, p99 {figures['p99_ms']} ms, most {figures['most_ms']} ms; "
        f"primary silent: most {figures['primary_silent_most_ms']} ms; "
        f"closed: most {figures['primary_closed_most_ms']} ms"
    )
    all_arrived = all(
        len(one) == presses_of
        for one, presses_of in (
            (both, ROUNDS * SCHOOLS),
            (silent, DEAD_ROUNDS * SCHOOLS),
            (closed, DEAD_ROUNDS * SCHOOLS),
        )
    )
    figures["all_arrived"] = all_arrived
    figures["holds"] = (
        all_arrived and figures["p99_ms"] <= P99_MS and max(*both, *silent, *closed) <= LIMIT_MS
    )
    return figures


def _within(gateway: RunningGateway) -> dict[str, float]:
    """From what the gateway knew to the acknowledgement, as it says itself, in ms."""
    query = "SELECT json_extract(body, '$.detail.ack_ms') FROM transitions WHERE kind = 'forwarded'"
    with sqlite3.connect(gateway.directory / "campus.db") as store:
        delays = [float(delay) for (delay,) in store.execute(query)]
    return {
        "p50_ms": measure.percentile(delays, 0.50),
        "p90_ms": measure.percentile(delays, 0.90),
    }


def _figures(name: str, delays: Sequence[float]) -> dict[str, Any]:
    if not delays:
        return {f"{name}arrived": 0, f"{name}most_ms": float("inf")}
    return {
        f"{name}arrived": len(delays),
        f"{name}p50_ms": round(measure.percentile(delays, 0.50), 1),
        f"{name}p99_ms": round(measure.percentile(delays, 0.99), 1),
        f"{name}most_ms": round(max(delays), 1),
    }


class Presses:
    """All schools' buttons, pressed at once."""

    def __init__(
        self,
        client: aiomqtt.Client,
        buttons: Sequence[Device],
        accounts: dict[str, str],
        arrivals: Arrivals,
    ) -> None:
        self._client: Final = client
        self._buttons: Final = buttons
        self._accounts: Final = accounts
        self._arrivals: Final = arrivals
        self._number = 0

    async def rounds(self, rounds: int) -> list[float]:
        """Milliseconds from each press to its acknowledgement."""
        delays: list[float] = []
        for _ in range(rounds):
            self._arrivals.forget()
            self._number += 1
            pressed = await asyncio.gather(
                *(press(self._client, button, self._number) for button in self._buttons)
            )
            by_account = {
                self._accounts[button.school]: at
                for button, at in zip(self._buttons, pressed, strict=True)
            }
            arrived = await self._arrivals.of(set(by_account), 10.0)
            its = [arrived[one] - at for one, at in by_account.items() if one in arrived]
            measure.say(f"round {self._number}: {max(its, default=float('inf')):.0f} ms at most")
            delays += its
            await asyncio.sleep(PAUSE_S)
        return delays
