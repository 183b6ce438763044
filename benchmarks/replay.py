"""Replay: 30 days of 1,000 devices out of a store, in readings a second.

Twice: through changed figures, of one rule of each kind, as they are tried before they go live; and
through all of today's rules, of which a device has 12 to 16. What speaks as seldom as here is shown
to all of its rules with each message.

The load mix, as it speaks on a campus: electrical monitors once a minute, all else every five. The
simulator gives what they measure, each device at each ten minutes of its own day; in between its
figures stay and its time goes on. Some burn, some fall silent, some run out of battery, so that
rules have something to find. 19 million readings take some 4 GB of disk; ``DAYS=3`` in the
environment takes a tenth, ``REPLAY_STORE=FILE`` keeps the store for the next run.

What counts is the wall time from the order to the comparison, processes and all, with the store in
the page cache (each of the processes looks through all of it).
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.measure import say
from devices.model import Device
from devices.simulator.behaviour import Conditions, measure
from devices.simulator.load import load_campus
from gateway.kinds import load_kinds
from gateway.replay import stored
from gateway.replay.changes import NO_CHANGES, Changes, Figured
from gateway.replay.order import Answer, Progress, Question
from gateway.replay.running import Replay
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import put_devices, put_places, put_regions, put_schools

DEVICES: Final = 1_000
DAYS: Final = 30
MINUTE: Final = 60_000
DAY: Final = 1440
"""Minutes."""
START: Final = 1_795_161_600_000
STEP: Final = 10
"""Minutes for which a device's figures stay."""
LEAST_A_SECOND: Final = 300_000
LEAST_TIMES: Final = 100
"""Times faster than it happened."""

FIRE: Final = Conditions(heat_c=60.0, smoke_pct_m=15.0)
EMPTY: Final = Conditions(battery_pct=8.0)
ORDINARY: Final = Conditions()


TRIED: Final = Changes(
    kinds={
        "temperature": {"heat": {"above": 45}},
        "smoke": {"chamber_dirty": {"above": 60}},
        "smoke-temperature": {"heat": {"above": 45}},
        "electrical": {"residual_current": {"above": 250}},
        "alarm-button": {"battery": {"low_pct": 30}},
    }
)


def main() -> dict[str, Any]:
    """The medians of three runs each over the whole store."""
    days = int(os.environ.get("DAYS", str(DAYS)))
    with tempfile.TemporaryDirectory(prefix="campus-replay-") as name:
        path = Path(os.environ.get("REPLAY_STORE", f"{name}/campus.db"))
        if not path.exists():
            make(path, days)
        return _figures(path, days)


def _figures(path: Path, days: int) -> dict[str, Any]:
    with closing(stored.opened(path)) as connection:
        count, devices = connection.execute(
            "SELECT count(*), count(DISTINCT device) FROM readings"
        ).fetchone()
    say(f"{count:,} readings, {path.stat().st_size / 1e9:.2f} GB")
    tried = _median(path, days, TRIED)
    today = _median(path, days, NO_CHANGES)
    return {
        "readings_a_second": round(tried.readings / tried.seconds),
        "times_real_time": round(tried.times_real_time),
        "all_rules_readings_a_second": round(today.readings / today.seconds),
        "all_rules_times_real_time": round(today.times_real_time),
        "readings": count,
        "devices": devices,
        "days": days,
        "bytes": path.stat().st_size,
        "holds": (
            tried.readings / tried.seconds >= LEAST_A_SECOND
            and min(tried.times_real_time, today.times_real_time) >= LEAST_TIMES
        ),
    }


def _median(path: Path, days: int, changes: Changes) -> Answer:
    """Of three runs."""
    kinds = load_kinds(Path(__file__).parent.parent / "config" / "kinds")
    question = Question(
        since=START,
        until=START + days * DAY * MINUTE,
        warm_up=0,
        only_changed=bool(changes),
    )
    answers = []
    for _ in range(3):
        run = Replay(path, question, today=Figured(kinds, {}), tried=Figured(kinds, {}, changes))
        answer = run.run(_Shown())
        say(
            f"{'changed figures' if changes else 'all rules'}: {answer.readings:,} readings in "
            f"{answer.seconds:.1f} s, {answer.readings / answer.seconds:,.0f} a second, "
            f"{answer.times_real_time:,.0f} times faster than it happened, "
            f"{len(answer.pairs):,} alerts"
        )
        answers.append(answer)
    return sorted(answers, key=lambda one: one.seconds)[1]


class _Shown:
    """Says now and then how far it is."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self._said > 10:
            self._said = time.monotonic()
            say(f"{100 * progress.done:.0f} %")


def make(path: Path, days: int) -> None:
    """A store with so many days of readings."""
    begun = time.monotonic()
    campus = load_campus(DEVICES, 8)
    with closing(open_store(path, reserve_bytes=0, low_water=0)) as store:
        batch = Batch(now=START)
        batch.statements += put_regions(campus.regions)
        batch.statements += put_schools(campus.schools)
        batch.statements += put_places(campus.places)
        batch.statements += put_devices(campus.devices)
        store.commit(batch).result()
        devices = store.load().devices
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for day in range(days):
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO readings(device, channel, happened, received, body) "
                "VALUES(?, 0, ?, ?, ?)",
                _readings(devices, day),
            )
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            say(f"day {day + 1} of {days} is stored, after {time.monotonic() - begun:.0f} s")


def _readings(devices: list[Device], day: int) -> Iterator[tuple[int, int, int, bytes]]:
    """One day: device, happened, received, body; in order of arrival."""
    bodies: dict[int, bytes] = {}
    for minute in range(day * DAY, (day + 1) * DAY):
        for place, device in enumerate(devices):
            row = device.row
            if minute % STEP == 0:
                told = measure(device, 1, START + minute * MINUTE, _conditions(row, minute))
                bodies[row] = msgspec.json.encode(told)[1:]
            if (device.kind != "electrical" and (minute + row) % 5) or _silent(row, minute):
                continue
            at = START + minute * MINUTE + place * MINUTE // len(devices)
            yield row, at - 40, at, b'{"ts":%d,"seq":%d,' % (at - 40, minute) + bodies[row]


def _conditions(row: int, minute: int) -> Conditions:
    """One device in ten burns for twenty minutes once in the month; some run out of battery."""
    since = minute - row * 40
    if row % 10 == 3 and 0 <= since < 20:
        return FIRE
    return EMPTY if row % 50 == 7 and since > 0 else ORDINARY


def _silent(row: int, minute: int) -> bool:
    """One in ten says nothing for three hours once in the month."""
    return row % 10 == 6 and 0 <= minute - row * 40 < 180


if __name__ == "__main__":
    print(main())
