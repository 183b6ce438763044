"""Parts that no alarm waits for fail alone, are begun anew, and are said to have failed."""

from __future__ import annotations

import asyncio

import pytest

from gateway import parts as parting
from gateway.clock import ManualClock
from gateway.parts import STEADY_MS, Parts


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    monkeypatch.setattr(parting, "FIRST_PAUSE_S", 0.001)
    return ManualClock()


async def test_a_part_that_fails_is_begun_anew_and_that_is_an_alert(clock: ManualClock) -> None:
    parts = Parts(clock)
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise TypeError("a fault of ours")

    await parts.keep("history", work)

    assert begun == 3
    finding = parts.finding(clock.now())
    assert finding.active
    assert finding.explanation.inputs == {"part": "history", "fault": "TypeError: a fault of ours"}
    clock.turn(STEADY_MS)
    assert not parts.finding(clock.now()).active


async def test_a_part_that_ends_by_itself_has_not_failed(clock: ManualClock) -> None:
    parts = Parts(clock)

    async def work() -> None:
        return

    await parts.keep("windows", work)
    assert not parts.finding(clock.now()).active


async def test_a_part_that_is_cancelled_is_not_begun_anew(clock: ManualClock) -> None:
    parts = Parts(clock)
    running = asyncio.Event()

    async def work() -> None:
        running.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(parts.keep("outbox", work))
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not parts.finding(clock.now()).active
