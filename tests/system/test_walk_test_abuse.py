"""Test mode abused, against real servers: whatever is no confirmed test reaches the police.

Each button of one school is abused in its own way, at the same time, at one gateway with a real
broker and a receiver of its own; only the confirmed press is not an alarm there.
"""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from walked_school import BUTTONS, HELD_S, SCHOOL, ZONES, school

from benchmarks.police_campus import LINK

pytestmark = pytest.mark.broker


def held(run: dict[str, Any]) -> bool:
    return bool(run["waits_for"] == "confirm")


def over(run: dict[str, Any]) -> bool:
    return run["ended"] is not None


async def test_only_a_confirmed_press_of_the_right_button_in_its_window_is_a_test(
    tmp_path: Path,
) -> None:
    tested, claiming, other, neighbour, late, twice, lost, given_up = BUTTONS[:8]
    async with school(tmp_path) as it:
        runs = {
            button.id: await it.window(button) for button in (tested, other, twice, lost, given_up)
        }
        runs[late.id] = await it.window(late, seconds=10)
        opened = time.monotonic()

        await it.press(tested)
        run = await it.reaches(runs[tested.id], held)
        await it.act(run, "confirm")
        run = await it.reaches(run, over)
        assert run["verdict"] == "met", run["text"]
        assert run["link"] == f"{SCHOOL}/{LINK}"
        assert run["steps"][-1]["exchanges"][0]["result"] == "acknowledged"
        assert "1607" in run["steps"][-1]["exchanges"][0]["sent"]
        assert it.tests() == {ZONES[tested.id]: 1}

        await it.press(claiming, test=True)
        await it.alarmed(claiming)

        await it.press(neighbour)
        await it.alarmed(neighbour)

        await it.press(twice)
        await it.reaches(runs[twice.id], held)
        await it.press(twice)
        await it.alarmed(twice, times=2)

        await it.press(given_up)
        run = await it.reaches(runs[given_up.id], held)
        await it.act(run, "cancel")
        await it.alarmed(given_up)

        before = time.monotonic()
        await it.press(lost)
        await it.reaches(runs[lost.id], held)
        pressed = time.monotonic()

        await asyncio.sleep(max(0.0, 10.2 - (time.monotonic() - opened)))  # till its window is over
        await it.press(late)
        await it.alarmed(late)

        assert it.alarms(lost) == 0
        await it.alarmed(lost, seconds=HELD_S + 10)
        assert time.monotonic() - before >= HELD_S
        assert time.monotonic() - pressed <= HELD_S + 3
        run = await it.reaches(runs[lost.id], over)
        assert (run["verdict"], run["code"]) == ("unknown", "unconfirmed")

        assert it.alarms(tested) == 0
        assert it.alarms(other) == 0
        assert it.tests() == {ZONES[tested.id]: 1}


async def test_a_gateway_that_ends_keeps_no_press(tmp_path: Path) -> None:
    killed, stopped, waiting = BUTTONS[:3]
    async with school(tmp_path) as it:
        for button in (killed, waiting):
            run = await it.window(button)
            if button is killed:
                await it.press(button)
                await it.reaches(run, held)
                pressed = time.monotonic()
        it.gateway.process.kill()
        await it.stop_gateway()
        await it.start_gateway()

        # The window of the other one is still open, and the gateway stops in an orderly way.
        await it.press(waiting)
        async with asyncio.timeout(60):
            while True:
                items = (await it.get("/held-presses"))["items"]
                if {one["device"]["id"] for one in items} == {killed.id, waiting.id}:
                    break
                await asyncio.sleep(0.05)
        run = await it.window(stopped)
        await it.press(stopped)
        await it.reaches(run, held)
        it.gateway.process.send_signal(signal.SIGTERM)
        for button in (killed, waiting, stopped):
            await it.alarmed(button)
        assert time.monotonic() - pressed < HELD_S
        await it.stop_gateway()
        await it.start_gateway()
        assert (await it.get("/held-presses"))["items"] == []
        for button in (killed, waiting, stopped):
            assert it.alarms(button) == 1
