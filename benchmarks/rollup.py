"""What rolling up costs: CPU a reading, memory, and how long the writer is kept, for whole minutes.

The load mix: 10,000 devices, each once every two seconds, with what the load generator sends. The
first of three minutes is left out of the cost: with the others their hours are there already.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final, TypeVar

import msgspec
import psutil

from benchmarks.measure import say
from devices.simulator.behaviour import measure
from devices.simulator.load import load_campus
from gateway.history.rollup import MINUTE
from gateway.history.sqlite import SqliteHistory
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.sqlite import SqliteStore

DEVICES: Final = 10_000
LAPS: Final = 30
"""Readings of a device a minute."""
MINUTES: Final = 3
START: Final = 1_795_161_600_000
BATCH: Final = 500

MOST_MICROSECONDS: Final = 10.0
MOST_BYTES: Final = 20_000_000
MOST_WRITER_CPU: Final = 0.008
"""Seconds of CPU in one turn on the writer's thread; turns are sized for half of it."""

Result = TypeVar("Result")


def main() -> dict[str, Any]:
    """Figures of the median minute; the longest turn is that of all."""
    with tempfile.TemporaryDirectory(prefix="campus-rollup-") as name:
        store = open_store(Path(name) / "campus.db", reserve_bytes=0, low_water=0)
        with closing(store):
            say(f"writing {MINUTES} minutes of {DEVICES * LAPS} readings each")
            _fill(store)
            with closing(SqliteHistory(store)) as history:
                return _roll_up(store, history)


def _roll_up(store: SqliteStore, history: SqliteHistory) -> dict[str, Any]:
    turns = _Turns(store)
    costs: list[float] = []
    memory = 0
    for minute in range(1, MINUTES + 1):
        turns.clear()
        with _most_memory() as most:
            cpu = time.thread_time()
            rows = history.roll_up(before=START + minute * MINUTE)
            own = time.thread_time() - cpu
        cost = 1e6 * (own + sum(turns.cpu)) / rows
        say(
            f"minute {minute}: {rows} readings, {cost:.1f} us each ({1e6 * own / rows:.1f} beside "
            f"the writer), {len(turns.cpu)} turns, the longest {1000 * max(turns.cpu):.1f} ms CPU "
            f"and {1000 * max(turns.wall):.1f} ms with the disk, memory +{most.bytes / 1e6:.1f} MB"
        )
        memory = max(memory, most.bytes)
        if minute > 1:
            costs.append(cost)
    longest = max(turns.cpu)
    return {
        "us_a_reading": round(median(costs), 2),
        "memory_bytes": memory,
        "turns": len(turns.cpu),
        "longest_turn_cpu_ms": round(1000 * longest, 2),
        "longest_turn_ms": round(1000 * max(turns.wall), 2),
        "holds": (
            median(costs) <= MOST_MICROSECONDS
            and memory <= MOST_BYTES
            and longest <= MOST_WRITER_CPU
        ),
    }


class _Turns:
    """Times the turns on the writer's thread."""

    def __init__(self, store: SqliteStore) -> None:
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self._in_turn = store.in_turn
        store.in_turn = self._timed  # type: ignore[method-assign]  # measured without a trace in the product

    def clear(self) -> None:
        self.cpu.clear()
        self.wall.clear()

    def _timed(self, work: Callable[[], Result], *, patience: float = 2.0) -> Future[Result]:
        def timed() -> Result:
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return work()
            finally:
                self.cpu.append(time.thread_time() - cpu)
                self.wall.append(time.perf_counter() - wall)

        return self._in_turn(timed, patience=patience)


class _Most:
    bytes = 0


@contextmanager
def _most_memory() -> Iterator[_Most]:
    """The most resident memory within the block, above that at its beginning."""
    process = psutil.Process()
    before = process.memory_info().rss
    most = _Most()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            most.bytes = max(most.bytes, process.memory_info().rss - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def _fill(store: SqliteStore) -> None:
    campus = load_campus(DEVICES, 8)
    devices = list(enumerate(campus.devices, 1))
    Random(1).shuffle(devices)
    laps = [
        [(row, msgspec.json.encode(measure(one, 1, START + lap * MINUTE))) for row, one in devices]
        for lap in range(4)
    ]
    for lap in range(LAPS * MINUTES):
        begun = START + lap * (MINUTE // LAPS)
        for first in range(0, DEVICES, BATCH):
            some = laps[lap % 4][first : first + BATCH]
            at = begun + first * (MINUTE // LAPS) // DEVICES
            head = b'{"ts":%d,"seq":%d,' % (at - 3, 1_000_000_000 + lap)
            rows = [(row, 0, at - 3, at, head + body[1:]) for row, body in some]
            store.commit(Batch(readings=rows)).result()


if __name__ == "__main__":
    print(main())
