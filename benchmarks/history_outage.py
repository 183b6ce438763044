"""The history's database is away for an hour at 5,000 messages a second, and comes back.

Limits asked for: a press is stored as soon as before (p50 and p99 at most 1.1 times), and
everything is in the database after catching up, at 50,000 points a second at least. A point is one
value of one metric at one time, as the database counts them; a reading, a line, holds some eight.

Both are measured with the devices talking on at 5,000 messages a second. Presses first: rounds with
the database there and rounds with it killed, one after the other, so that what else goes on in the
machine meets both. Then the catching up of what would have been left waiting. That backlog is not
waited for: the readings of so many minutes are written into the store, and the cursor is put before
them, as an outage would have left it. ``OUTAGE_MINUTES=60`` is the whole hour (18 million readings,
5 GB, half an hour to run); by default it is 6 minutes, which take as long a reading.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import aiomqtt
import msgspec

from benchmarks import measure
from benchmarks.databases import VictoriaMetrics, stored_values
from benchmarks.running_gateway import RunningGateway, fill_register, started, write_settings
from devices.simulator.behaviour import measure as measured
from devices.simulator.campus import Campus
from devices.simulator.load import load_campus
from gateway.history.delivered import Cursor, write_cursor
from gateway.history.rollup import Position, write_position
from gateway.settings_history import HistorySettings
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.sqlite import connect

MINUTES: Final = float(os.environ.get("OUTAGE_MINUTES", "6"))
RATE: Final = 5_000
DEVICES: Final = 10_000
ROUNDS: Final = 4
ROUND_S: Final = 25.0
WARM_UP_S: Final = 10.0
PRESSES: Final = 8
"""A second, each of another button in turn."""

LATENCY_RATIO: Final = 1.1
LEAST_RATE: Final = 50_000.0
BATCH: Final = 500
CATCH_UP_S: Final = 3_600.0


def main() -> dict[str, Any]:
    """One run."""
    campus = load_campus(DEVICES, 8)
    with (
        tempfile.TemporaryDirectory(prefix="campus-outage-") as name,
        measure.mosquitto() as broker,
    ):
        directory = Path(name)
        database = VictoriaMetrics(directory, memory_mb=2_000)
        database.start()
        try:
            port = _prepare(directory, campus, broker.url, database)
            latency = _latency(directory, port, campus, broker.port, database)
            caught_up = _catch_up(directory, port, campus, broker.port, database)
        finally:
            database.kill()
    figures = {**latency, **caught_up}
    return {
        "outage_minutes": MINUTES,
        **{key: round(value, 3) for key, value in figures.items()},
        "holds": latency["p50_ratio"] <= LATENCY_RATIO
        and latency["p99_ratio"] <= LATENCY_RATIO
        and caught_up["values_per_s"] >= LEAST_RATE
        and caught_up["values_there"] == caught_up["values_stored"],
    }


def _prepare(directory: Path, campus: Campus, url: str, database: VictoriaMetrics) -> int:
    """A store with the readings of the outage, all of them handed over already so far."""
    settings = HistorySettings.model_validate({"engine": "victoria-metrics", "url": database.url})
    store = open_store(directory / "campus.db", reserve_bytes=64 << 20)
    with closing(store):
        fill_register(store, campus)
        rows = round(60 * MINUTES * RATE)
        measure.say(f"writing {rows:,} readings of {MINUTES:g} minutes")
        encoded = [
            (row, msgspec.json.encode(measured(device, 1, 1_795_161_600_000)))
            for row, device in enumerate(campus.devices, 1)
        ]
        Random(1).shuffle(encoded)
        first = time.time_ns() // 1_000_000 - round(60_000 * MINUTES)
        for start in range(0, rows, BATCH):
            batch = []
            for number in range(start, min(start + BATCH, rows)):
                row, body = encoded[number % len(encoded)]
                at = first + number * 1000 // RATE
                head = b'{"ts":%d,"seq":%d,' % (at, number)
                batch.append((row, 0, at, at + 5, head + body[1:]))
            store.commit(Batch(readings=batch)).result()
    _set_cursor(directory, settings, rows)
    with closing(connect(directory / "campus.db")) as connection:
        # Rolling up keeps pace while the database is away; it is not what is measured.
        write_position(connection, Position(done=rows, until=rows, first=rows + 1))
    history = {"engine": "victoria-metrics", "url": database.url}
    return write_settings(directory, url, {"history": history})


def _set_cursor(directory: Path, settings: HistorySettings, row: int) -> None:
    if settings.target is None:
        raise RuntimeError("the settings name no database")
    with closing(connect(directory / "campus.db")) as connection:
        write_cursor(connection, Cursor(settings.target.name, row, row))


def _latency(
    directory: Path, port: int, campus: Campus, broker: int, database: VictoriaMetrics
) -> dict[str, float]:
    """How long presses took with the database there, and with it away."""
    before: list[float] = []
    during: list[float] = []
    with started(directory, port) as gateway, _load(broker, CATCH_UP_S):
        time.sleep(WARM_UP_S)
        for number in range(ROUNDS):
            before += asyncio.run(_press(broker, campus, ROUND_S))
            database.kill()
            during += asyncio.run(_press(broker, campus, ROUND_S))
            waiting = gateway.metrics()["campus_history_waiting"]
            measure.say(f"round {number + 1} of {ROUNDS}: {waiting:,.0f} readings wait")
            if waiting < ROUND_S * RATE / 2:
                raise RuntimeError("the database was not away")
            database.start()
            _wait_until_less(gateway, 2 * RATE, CATCH_UP_S)
    found = {"presses": float(len(before) + len(during))}
    for name, share in (("p50", 0.50), ("p99", 0.99)):
        there, away = measure.percentile(before, share), measure.percentile(during, share)
        found |= {f"{name}_there_ms": there, f"{name}_away_ms": away, f"{name}_ratio": away / there}
    measure.say(json.dumps({key: round(value, 2) for key, value in found.items()}))
    return found


def _catch_up(
    directory: Path, port: int, campus: Campus, broker: int, database: VictoriaMetrics
) -> dict[str, float]:
    """From the database's return until nothing waits, with the devices talking on."""
    target = HistorySettings.model_validate({"engine": "victoria-metrics", "url": database.url})
    _set_cursor(directory, target, 0)
    database.kill()
    with started(directory, port) as gateway, _load(broker, CATCH_UP_S) as load:
        time.sleep(WARM_UP_S)
        while not gateway.metrics()["campus_history_failed_total"]:
            time.sleep(0.1)
        backlog = gateway.metrics()["campus_history_waiting"]
        measure.say(f"{backlog:,.0f} readings wait; the database comes back")
        database.start()
        begun, cpu = time.monotonic(), gateway.cpu_seconds()
        delivered, taken = (
            gateway.metrics()[f"campus_{name}_total"] for name in ("history_delivered", "readings")
        )
        while gateway.metrics()["campus_history_delivered_total"] == delivered:
            time.sleep(0.05)
        first = time.monotonic() - begun
        presses = asyncio.run(_press(broker, campus, ROUND_S))
        _wait_until_less(gateway, 2 * RATE, CATCH_UP_S)
        took = time.monotonic() - begun - first
        now = gateway.metrics()
        # Not what was handed over, of which some may have been sent twice.
        done = backlog + now["campus_readings_total"] - taken - now["campus_history_waiting"]
        cores = (gateway.cpu_seconds() - cpu) / (time.monotonic() - begun)
        load.terminate()
        load.wait(30)
        _wait_until_less(gateway, 1, CATCH_UP_S)
    measure.say(f"{done:,.0f} readings in {took:.1f} s: {done / took:,.0f} a second")
    stored, points = stored_values(directory / "campus.db")
    return {
        "backlog_readings": backlog,
        "first_after_s": first,
        "catch_up_s": took,
        "readings_per_s": done / took,
        "values_per_s": done / took * stored / points,
        "gateway_cores": cores,
        "p50_catching_up_ms": measure.percentile(presses, 0.50),
        "p99_catching_up_ms": measure.percentile(presses, 0.99),
        "values_stored": float(stored),
        "values_there": float(database.values()),
    }


async def _press(port: int, campus: Campus, seconds: float) -> list[float]:
    """Press buttons at a steady pace; ms from each press to the reply that it is stored."""
    buttons = [device for device in campus.devices if device.kind == "alarm-button"]
    pressed: dict[int, float] = {}
    took: list[float] = []
    end = time.monotonic() + seconds
    first = time.time_ns() // 1_000_000 % 2**31
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("campus/+/alarm-button/+/reply", qos=1)

        async def hear() -> None:
            async for message in client.messages:
                payload = message.payload
                assert isinstance(payload, bytes)
                at = pressed.pop(msgspec.json.decode(payload)["seq"], None)
                if at is not None:
                    took.append(1000 * (time.perf_counter() - at))

        hearing = asyncio.create_task(hear())
        number = first
        while time.monotonic() < end:
            button = buttons[number % len(buttons)]
            payload = b'{"ts":%d,"seq":%d,"event":"pressed"}' % (time.time() * 1000, number)
            pressed[number] = time.perf_counter()
            topic = f"campus/{button.school}/{button.kind}/{button.id}/event"
            await client.publish(topic, payload, qos=1)
            number += 1
            await asyncio.sleep(1 / PRESSES)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hearing, 5)  # the last replies
    if pressed:
        raise RuntimeError(f"{len(pressed)} presses got no reply")
    return took


@contextmanager
def _load(port: int, seconds: float) -> Iterator[Any]:
    arguments = ("--rate", str(RATE), "--seconds", str(seconds), "--devices", str(DEVICES))
    with measure.load("--url", f"mqtt://127.0.0.1:{port}", *arguments) as process:
        yield process


def _wait_until_less(gateway: RunningGateway, rows: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while gateway.metrics()["campus_history_waiting"] >= rows:
        if time.monotonic() > end:
            raise TimeoutError(f"not caught up after {seconds:.0f} s: {gateway.log()[-2000:]}")
        time.sleep(0.2)


if __name__ == "__main__":
    print(main())
