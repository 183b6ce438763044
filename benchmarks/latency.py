"""From publishing to committed at 5,000 messages a second, over a real Mosquitto, all rules on.

The limits asked for: p50 ≤ 6 ms, p99 ≤ 15 ms, ≤ 0.4 of a core. Publisher, broker, gateway and its
disk share one machine and one clock. p99 and the core were asked for where the yardstick
(`benchmarks.peers.prototype`) had 8.6 ms and 0.26 of a core; where that needs more, in the same
run, the gateway may need more in proportion. p50 is held to as it stands.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks import measure
from benchmarks.peers import prototype
from benchmarks.running_gateway import RunningGateway, fill_register, write_settings
from devices.simulator.load import load_campus
from gateway.store.open import open_store

RATE: Final = 5_000
SECONDS: Final = 15
WARM_UP_S: Final = 4
RUNS: Final = 5
DEVICES: Final = 10_000
P50_MS: Final = 6.0
P99_MS: Final = 15.0
CORES: Final = 0.4
LOAD: Final = ("--rate", str(RATE), "--seconds", str(SECONDS), "--devices", str(DEVICES))


def main() -> dict[str, Any]:
    """Median of five runs, each with the yardstick beside it."""
    runs = []
    for _ in range(RUNS):
        yardstick = prototype.needed_for(LOAD, warm_up_s=WARM_UP_S)
        measured = {f"yardstick_{name}": value for name, value in yardstick._asdict().items()}
        runs.append({**measured, **_run()})
    figures = measure.median_of(runs)
    figures["asked_cores"] = CORES * max(1.0, figures["yardstick_cores"] / prototype.CORE_AT_5000)
    figures["asked_p99_ms"] = P99_MS * max(1.0, figures["yardstick_p99_ms"] / prototype.P99_AT_5000)
    return {
        **{name: round(value, 3) for name, value in figures.items()},
        "holds": _hold(figures, figures["asked_p99_ms"], figures["asked_cores"]),
        "bare_limits_hold": _hold(figures, P99_MS, CORES),
    }


def _hold(figures: Mapping[str, float], p99_ms: float, cores: float) -> bool:
    return figures["p50_ms"] <= P50_MS and figures["p99_ms"] <= p99_ms and figures["cores"] <= cores


def _run() -> dict[str, Any]:
    with (
        measure.mosquitto() as broker,
        tempfile.TemporaryDirectory(prefix="campus-latency-") as name,
    ):
        directory = Path(name)
        store = open_store(directory / "campus.db", reserve_bytes=64 << 20)
        fill_register(store, load_campus(DEVICES, 8))
        store.close()
        port = write_settings(directory, broker.url)
        ages = directory / "ages"
        command = [sys.executable, "-m", "benchmarks.probed_gateway", str(ages)]
        with (directory / "campus.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, str(directory / "gateway.yaml")], stdout=log, stderr=log
            )
        try:
            gateway = RunningGateway(process, directory, port)
            gateway.wait_ready()
            cores = _load(gateway, broker.url)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        measured = [float(line) for line in ages.read_text().split()]
    figures = {
        "p50_ms": round(measure.percentile(measured, 0.50), 2),
        "p99_ms": round(measure.percentile(measured, 0.99), 2),
        "cores": round(cores, 3),
        "messages": len(measured),
    }
    measure.say(f"p50 {figures['p50_ms']} ms, p99 {figures['p99_ms']} ms, {cores:.2f} core")
    return figures


def _load(gateway: RunningGateway, url: str) -> float:
    """Put the load on; returns the share of a core the gateway used while it lasted."""
    with measure.load("--url", url, *LOAD) as load:
        # The first seconds fill caches and meet ten thousand devices for the first time.
        time.sleep(WARM_UP_S)
        os.kill(gateway.process.pid, signal.SIGUSR1)
        started, cpu = time.perf_counter(), gateway.cpu_seconds()
        measure.load_report(load)
        cores = (gateway.cpu_seconds() - cpu) / (time.perf_counter() - started)
    time.sleep(0.5)
    return cores
