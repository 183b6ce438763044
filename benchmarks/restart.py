"""A restart with 100,000 registered devices: first commit, false "silent" alerts, memory.

The limits asked for: first commit ≤ 3 s after the process starts, no false alert, ≤ 4 KB of
memory a device after 20 messages each.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from benchmarks import fake_broker, measure
from benchmarks.running_gateway import RunningGateway, fill_register, started, write_settings
from devices.simulator.load import load_campus
from gateway.store.open import open_store

DEVICES: Final = 100_000
MESSAGES_EACH: Final = 20
FIRST_COMMIT_S: Final = 3.0
BYTES_A_DEVICE: Final = 4096
WATCH_S: Final = 20.0


def main() -> dict[str, Any]:
    """One long run: fill, twenty messages a device, stop, start again under load."""
    with tempfile.TemporaryDirectory(prefix="campus-restart-") as name:
        directory = Path(name)
        empty = _memory_of_an_empty_one(directory / "empty")
        work = directory / "full"
        work.mkdir()
        store = open_store(work / "campus.db", reserve_bytes=64 << 20)
        fill_register(store, load_campus(DEVICES, 8))
        store.close()
        per_device = (_speak(work) - empty) / DEVICES
        measure.say(f"{per_device:,.0f} bytes a device after {MESSAGES_EACH} messages each")
        first_commit = _restart(work)
        silent = _silent(work)
    measure.say(f"first commit after {first_commit:.2f} s, {silent} false alerts")
    return {
        "first_commit_s": round(first_commit, 3),
        "false_silent_alerts": silent,
        "bytes_per_device": round(per_device),
        "devices": DEVICES,
        "holds": first_commit <= FIRST_COMMIT_S and silent == 0 and per_device <= BYTES_A_DEVICE,
    }


def _memory_of_an_empty_one(directory: Path) -> int:
    directory.mkdir()
    with fake_broker.start(1, hold=True) as broker:
        port = write_settings(directory, f"mqtt://127.0.0.1:{broker.port}")
        with started(directory, port) as gateway:
            return gateway.memory_bytes()


def _speak(directory: Path) -> int:
    """Twenty messages from each device; the memory of the gateway then."""
    messages = DEVICES * MESSAGES_EACH
    with fake_broker.start(messages, devices=DEVICES, hold=True) as broker:
        port = write_settings(directory, f"mqtt://127.0.0.1:{broker.port}")
        with started(directory, port) as gateway:
            broker.go()
            broker.report()
            return gateway.memory_bytes()


def _restart(directory: Path) -> float:
    """Start again, with devices that speak at once; seconds from the start to the first commit."""
    with fake_broker.start(200_000, devices=DEVICES) as broker:
        port = write_settings(directory, f"mqtt://127.0.0.1:{broker.port}")
        before = _readings(directory)
        command = [sys.executable, "-c", "from gateway.cli import main; main()", "run", "--config"]
        with (directory / "campus.log").open("ab") as log:
            began = time.perf_counter()
            process = subprocess.Popen(
                [*command, str(directory / "gateway.yaml")], stdout=log, stderr=log
            )
            try:
                while _readings(directory) <= before:
                    if process.poll() is not None or time.perf_counter() - began > 60:
                        raise RuntimeError("the gateway committed nothing")
                    time.sleep(0.005)
                took = time.perf_counter() - began
                RunningGateway(process, directory, port).wait_ready()
                # Long enough for a storm to break out, if one were to.
                time.sleep(WATCH_S)
            finally:
                process.terminate()
                process.wait(30)
    return took


def _readings(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "campus.db", timeout=10)) as connection:
        row = connection.execute("SELECT max(row) FROM readings").fetchone()
        return int(row[0] or 0)


def _silent(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "campus.db", timeout=10)) as connection:
        query = "SELECT count(*) FROM alerts WHERE condition IN ('silent', 'offline')"
        return int(connection.execute(query).fetchone()[0])
