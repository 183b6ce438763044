"""How devices were connected, by day: counted on the way, written once an hour and at the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from judged import WARM, Judged
from sqlalchemy import Connection, func, select

from devices.model import Device
from gateway.pipeline import device_days
from gateway.pipeline.device_days import DAY_MS, HOUR_MS, DeviceDays
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.schema import device_days as table
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreFullError

MIDNIGHT = 1_795_219_200_000  # 2026-11-21 00:00 UTC
TODAY = MIDNIGHT // DAY_MS


def rows(store: SqliteStore) -> list[dict[str, object]]:
    def query(connection: Connection) -> list[dict[str, object]]:
        found = connection.execute(select(table).order_by(table.c.day, table.c.device))
        return [dict(row._mapping) for row in found]

    return store.read(query)


def measure(judged: Judged, seq: int, **values: Any) -> None:
    judged.clock.turn(1_000)
    values = {"temperature_c": 20.5, **values}
    judged.say(WARM, "telemetry", ts=judged.now - 20, seq=seq, **values)


@pytest.fixture
def judged() -> Judged:
    return Judged(now=MIDNIGHT + HOUR_MS)


async def test_a_day_holds_what_came_what_was_lost_and_how_the_device_was(
    store: SqliteStore, judged: Judged
) -> None:
    days = DeviceDays(judged.judge.roster, store, judged.clock)
    for seq, battery in ((1, 91), (2, 91), (5, 90)):
        measure(judged, seq, battery_pct=battery, rssi_dbm=-71)
    judged.say(WARM, "status", online=False)
    judged.say(WARM, "status", online=True)

    assert await days.write(TODAY) == 1

    assert rows(store) == [
        {
            "day": TODAY,
            "device": WARM.row,
            "messages": 5,
            "lost": 2,
            "reconnects": 1,
            "reboots": 0,
            "battery_pct": 90.0,
            "signal_dbm": -71.0,
            "heard": judged.now,
        }
    ]


async def test_what_comes_later_is_added_to_the_day_and_nothing_is_written_twice(
    store: SqliteStore, judged: Judged
) -> None:
    days = DeviceDays(judged.judge.roster, store, judged.clock)
    measure(judged, 1, battery_pct=91)
    await days.write(TODAY)
    assert await days.write(TODAY) == 0
    measure(judged, 4)
    measure(judged, 0)
    await days.write(TODAY)
    (day,) = rows(store)
    assert (day["messages"], day["lost"], day["reboots"]) == (3, 2, 1)
    assert day["battery_pct"] == 91.0


async def test_what_came_late_the_next_day_is_taken_off_the_loss(
    store: SqliteStore, judged: Judged
) -> None:
    days = DeviceDays(judged.judge.roster, store, judged.clock)
    measure(judged, 1)
    begun = judged.now
    measure(judged, 4)
    await days.write(TODAY - 1)
    for seq in (2, 3):
        judged.say(WARM, "telemetry", ts=begun + seq, seq=seq, temperature_c=20.5)
    await days.write(TODAY)
    assert store.read(lambda connection: connection.scalar(select(func.sum(table.c.lost)))) == 0


async def test_who_was_heard_only_through_a_retained_message_has_no_day(
    store: SqliteStore, judged: Judged
) -> None:
    days = DeviceDays(judged.judge.roster, store, judged.clock)
    judged.say(WARM, "status", online=True, retained=True)
    assert await days.write(TODAY) == 0


async def test_what_the_register_changes_is_not_counted_twice(
    store: SqliteStore, judged: Judged
) -> None:
    days = DeviceDays(judged.judge.roster, store, judged.clock)
    measure(judged, 1)
    measure(judged, 4)
    await days.write(TODAY)
    judged.judge.register(Device("no3", WARM.id, "temperature", row=WARM.row), judged.now)
    measure(judged, 5)
    await days.write(TODAY)
    (day,) = rows(store)
    assert (day["messages"], day["lost"]) == (3, 2)


async def test_on_a_full_disk_nothing_is_lost_but_written_later(
    store: SqliteStore, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = DeviceDays(judged.judge.roster, store, judged.clock)
    measure(judged, 1)
    commit = store.commit

    def full(_: Batch) -> Future[None]:
        refused: Future[None] = Future()
        refused.set_exception(StoreFullError("no room"))
        return refused

    monkeypatch.setattr(store, "commit", full)
    assert await days.write(TODAY) == 0
    monkeypatch.setattr(store, "commit", commit)
    assert await days.write(TODAY) == 1
    assert rows(store)[0]["messages"] == 1


async def test_at_midnight_what_was_counted_goes_to_the_day_that_is_over(
    store: SqliteStore, until: Callable[[Callable[[], bool]], Coroutine[None, None, None]]
) -> None:
    judged = Judged(now=MIDNIGHT - 10_000)
    days = DeviceDays(judged.judge.roster, store, judged.clock, look_s=0.005, breath_s=0)
    measure(judged, 1)
    running = asyncio.create_task(days.run())
    await asyncio.sleep(0)  # it has looked at the clock
    judged.clock.turn(10_000)
    await until(lambda: bool(rows(store)))
    measure(judged, 2)
    await days.finish()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert [(day["day"], day["messages"]) for day in rows(store)] == [(TODAY - 1, 1), (TODAY, 1)]


async def test_many_devices_are_written_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = [Device("no3", f"t-{row}", "temperature", row=row) for row in range(1, 26)]
    judged = Judged(now=MIDNIGHT + HOUR_MS, devices=devices)
    monkeypatch.setattr(device_days, "AT_ONCE", 10)
    with contextlib.closing(open_store(tmp_path / "many.db", reserve_bytes=1 << 20)) as store:
        sizes: list[int] = []
        commit = store.commit

        def counting(batch: Batch) -> Future[None]:
            sizes.append(len(batch.device_days))
            return commit(batch)

        monkeypatch.setattr(store, "commit", counting)
        for device in devices[:-2]:
            judged.say(device, "telemetry", ts=judged.now - 20, seq=1, temperature_c=20.5)
        await DeviceDays(judged.judge.roster, store, judged.clock).write(TODAY)
        assert sizes == [10, 10, 3]
        assert len(rows(store)) == 23


def test_looking_at_all_devices_keeps_nothing_decoded(judged: Judged) -> None:
    for seq in range(3):
        measure(judged, seq, battery_pct=91)
    state = judged.judge.roster.awake(WARM.row)
    assert state is not None
    assert state.peek()["battery_pct"] == 91
    assert state._values is None
