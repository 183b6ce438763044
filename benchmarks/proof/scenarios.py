"""What may befall a gateway, one function each: each gives the verdict on what was left of it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

from benchmarks import measure
from benchmarks.proof.audit import Verdict
from benchmarks.proof.disk import SmallDisk, fillable
from benchmarks.proof.network import Network
from benchmarks.proof.trial import Trial, trial

EARLY = 0.35
"""Share of the kills that come during the start."""


async def kills(rounds: int, *, seed: int = 1, **crowd: Any) -> Verdict:
    """``kill -9`` at random instants under load, and a new start at once."""
    chance = random.Random(seed)
    began = time.monotonic()
    async with trial(seed=seed, **crowd) as one:
        await one.begin()
        early = 0
        for number in range(1, rounds + 1):
            starts = sorted(one.gateway.starts[1:] or one.gateway.starts)
            if number > 1 and chance.random() < EARLY:
                early += 1
                await asyncio.sleep(chance.uniform(0, starts[len(starts) // 2]))
            else:
                if number > 1:
                    await one.gateway.ready()
                await asyncio.sleep(chance.uniform(0, 1.0))
            one.gateway.kill()
            one.gateway.start()
            if number % 10 == 0:
                ledger = one.crowd.ledger
                measure.say(
                    f"{number} kills, {time.monotonic() - began:.0f} s: {len(ledger.kept)} "
                    f"readings, {len(ledger.events)} events, {ledger.outstanding} without reply"
                )
        await one.gateway.ready()
        verdict = await one.verdict()
        starts = sorted(one.gateway.starts)
        verdict.figures |= {
            "kills": rounds,
            "kills_while_starting": early,
            "start_ms_p50": round(starts[len(starts) // 2] * 1000),
            "start_ms_max": round(starts[-1] * 1000),
        }
        return verdict


async def broker_restarted(*, away_s: float, seed: int = 2, **crowd: Any) -> Verdict:
    """The broker is ended by SIGTERM and started again; the gateway runs all the while."""
    async with trial(seed=seed, **crowd) as one:
        await one.begin()
        await _speak_for(one, 2)
        await asyncio.to_thread(one.broker.stop)
        await asyncio.sleep(away_s)
        await asyncio.to_thread(one.broker.start)
        await one.gateway.ready()
        await _speak_for(one, 2)
        return await one.verdict()


async def broker_killed(*, away_s: float, seed: int = 3, **crowd: Any) -> Verdict:
    """The broker is killed while it keeps messages for a gateway that is away.

    What it had acknowledged is lost, as far as it had not saved it; a native alarm device loses
    nothing even then.
    """
    async with trial(seed=seed, **crowd) as one:
        one.broker_killed = True
        await one.begin()
        await _speak_for(one, 2)
        one.gateway.kill()
        await _speak_for(one, 2)
        await asyncio.to_thread(one.broker.kill)
        await asyncio.sleep(away_s)
        await asyncio.to_thread(one.broker.start)
        one.gateway.start()
        await one.gateway.ready()
        await _speak_for(one, 2)
        return await one.verdict()


async def network_cut(
    *, stall_s: float, away_s: float, silent_after_s: int = 20, seed: int = 4, **crowd: Any
) -> Verdict:
    """The network between gateway and broker, and between devices and broker, fails in each way.

    Devices that are cut off for longer than ``silent_after_s`` are silent, and rightly called so:
    theirs fails for less than that.
    """
    brief = silent_after_s / 3
    with measure.mosquitto(persistence=True) as broker:
        async with (
            Network(broker.port) as ours,
            Network(broker.port) as theirs,
            trial(
                seed=seed,
                broker=broker,
                broker_port=ours.port,
                device_port=theirs.port,
                silent_after_s=silent_after_s,
                **crowd,
            ) as one,
        ):
            await one.begin()
            await _speak_for(one, 1)
            for network, most in ((ours, stall_s + away_s), (theirs, brief)):
                network.half_close()
                await _speak_for(one, 1)
                network.reset()
                await asyncio.sleep(min(away_s, most))
                network.heal()
                await _speak_for(one, 1)
                network.stall()
                await asyncio.sleep(min(stall_s, most))
                network.heal()
                await one.gateway.ready()
                await _speak_for(one, 1)
            return await one.verdict()


async def stood_still(*, still_s: float, seed: int = 6, **crowd: Any) -> Verdict:
    """The gateway gets no time while devices speak on, as on a machine that is starved or sleeps.

    No silence waits for others: each one that is false is an alert.
    """
    async with trial(seed=seed, settings={"causes": {"hold_s": 0}}, **crowd) as one:
        await one.begin()
        if not await _until(lambda: _true(one.crowd.all_spoke), 30):
            raise TimeoutError("the broker does not acknowledge a message of each device")
        await _speak_for(one, 1)
        os.kill(one.gateway.pid, signal.SIGSTOP)
        await asyncio.sleep(still_s)
        os.kill(one.gateway.pid, signal.SIGCONT)
        await _speak_for(one, 2)
        return await one.verdict()


async def disk_full(*, full_s: float, seed: int = 5, **crowd: Any) -> Verdict:
    """The disk of the store is full: events are kept, telemetry waits, and all goes on by itself.

    In the middle of it the gateway is killed and has to start on the full disk.
    """
    with fillable() as disk:
        async with trial(seed=seed, directory=disk.directory, **crowd) as one:
            await one.begin()
            await _speak_for(one, 2)
            disk.fill(one.gateway.pid, leave=8 << 20)
            missing: list[str] = []
            if not await _until(lambda: _says(one, "disk_full"), 20):
                missing.append("the page does not say that the disk is full")
            answered = len(one.crowd.ledger.replied)
            await asyncio.sleep(full_s / 2)
            if isinstance(disk, SmallDisk):
                disk.fill(one.gateway.pid)
                if not await _until(lambda: _answers(one, answered), 20):
                    missing.append("presses are not kept while the disk is full")
                one.gateway.kill()
                one.gateway.start()
                await one.gateway.ready("healthz")
                answered = len(one.crowd.ledger.replied)
                if not await _until(lambda: _answers(one, answered), 20):
                    missing.append("presses are not kept after a start on a full disk")
            await asyncio.sleep(full_s / 2)
            disk.free(one.gateway.pid)
            if not await _until(lambda: _is_well(one), 30):
                missing.append("the gateway does not go on by itself when there is room")
            await _speak_for(one, 2)
            verdict = await one.verdict()
            verdict.figures["disk_full_by"] = disk.how
            verdict.wrong += missing
            return verdict


async def _speak_for(one: Trial, seconds: float) -> None:
    """Let devices speak for a while, and until the broker has acknowledged something new."""
    kept = len(one.crowd.ledger.kept)
    await asyncio.sleep(seconds)
    if not await _until(lambda: _true(len(one.crowd.ledger.kept) > kept), 30):
        raise TimeoutError("the devices' messages are not acknowledged by the broker")


async def _until(true: Callable[[], Any], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if await true():
            return True
        await asyncio.sleep(0.1)
    return False


async def _true(value: bool) -> bool:
    return value


async def _says(one: Trial, trouble: str) -> bool:
    return trouble in (await one.feed())["trouble"]


async def _is_well(one: Trial) -> bool:
    return not await _says(one, "disk_full")


async def _answers(one: Trial, before: int) -> bool:
    return len(one.crowd.ledger.replied) > before + 3
