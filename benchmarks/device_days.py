"""What the days of 100,000 devices cost, once an hour: CPU, and how long the loop is kept by it.

Every device was heard since the last hour, the worst there is. Then one device is asked about
among 20 days of all of them.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any, Final

from alerts.lifecycle import Limits
from benchmarks.measure import say
from devices.dialects.native import Native
from devices.model import Device
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.ingest.source import Message
from gateway.kinds import load_kinds
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.device_days import BREATH_S, DAY_MS, DeviceDays
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.read.connectivity import days_listened, days_of
from gateway.store.sqlite import SqliteStore

DEVICES: Final = 100_000
DAYS: Final = 20
ASKED: Final = 200

MOST_CPU_S: Final = 5.0
MOST_KEPT_MS: Final = 20.0
MOST_QUERY_MS: Final = 20.0


def main() -> dict[str, Any]:
    """Figures of the first hour of a day, of a later one, and of asking."""
    with tempfile.TemporaryDirectory(prefix="campus-days-") as name:
        store = open_store(Path(name) / "campus.db", reserve_bytes=0, low_water=0)
        with closing(store):
            return asyncio.run(_measure(store))


async def _measure(store: SqliteStore) -> dict[str, Any]:
    clock = ManualClock()
    judge = _judge(clock)
    days = DeviceDays(judge.roster, store, clock)
    today = clock.now() // DAY_MS
    for seq in (1, 2):
        _all_speak(judge, clock, seq)
    gc.collect()
    gc.freeze()
    first = await _write(days, today)
    _all_speak(judge, clock, 3)
    again = await _write(days, today)
    for ago in range(1, DAYS):
        _all_speak(judge, clock, 3 + ago)
        await days.write(today - ago)
    asked = median(_ask(store, 1 + number * DEVICES // ASKED, today) for number in range(ASKED))
    figures = {
        "first_hour_cpu_s": first[0],
        "hour_cpu_s": again[0],
        "loop_kept_ms": max(first[1], again[1]),
        "query_ms": asked,
    }
    say(", ".join(f"{name} {value:.2f}" for name, value in figures.items()))
    holds = (
        max(first[0], again[0]) <= MOST_CPU_S
        and figures["loop_kept_ms"] <= MOST_KEPT_MS
        and asked <= MOST_QUERY_MS
    )
    return {**{name: round(value, 3) for name, value in figures.items()}, "holds": holds}


def _judge(clock: ManualClock) -> Judge:
    judge = Judge(
        dialects=[Native()],
        rules_of=Binder(load_kinds(default_settings().kinds), {}).rules_of,
        book=AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None),
        discoveries=Discoveries(),
        rejects=Rejects(),
    )
    judge.roster.load(
        [Device("school", f"d{row}", "temperature", row=row) for row in range(1, DEVICES + 1)],
        {},
        clock.now(),
    )
    return judge


def _all_speak(judge: Judge, clock: ManualClock, seq: int) -> None:
    now = clock.turn(5_000)
    body = b'{"ts":%d,"seq":%d,"temperature_c":20.5,"battery_pct":81,"rssi_dbm":-70}' % (now, seq)
    for start in range(1, DEVICES + 1, 500):
        messages = [
            Message(f"campus/school/temperature/d{row}/telemetry", body, 1, retained=False)
            for row in range(start, start + 500)
        ]
        judge.digest(messages, now + 20, Work(Batch(now=now + 20)))


async def _write(days: DeviceDays, day: int) -> tuple[float, float]:
    """Seconds of CPU, the writer's included, and the most (ms) for which the loop was kept."""
    kept = 0.0

    async def watch() -> None:
        nonlocal kept
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0)
            kept = max(kept, time.thread_time() - begun)
            await asyncio.sleep(0.002)

    watching = asyncio.create_task(watch())
    begun = time.process_time()
    written = await days.write(day, breath_s=BREATH_S)
    cpu = time.process_time() - begun
    watching.cancel()
    if written != DEVICES:
        raise RuntimeError(f"{written} devices were written")
    return cpu, 1000 * kept


def _ask(store: SqliteStore, row: int, today: int) -> float:
    begun = time.perf_counter()
    found = store.read(days_of(row, today - 119, today))
    store.read(days_listened(today - 89, today))
    if len(found) != DAYS:
        raise RuntimeError(f"{len(found)} days were found")
    return 1000 * (time.perf_counter() - begun)
