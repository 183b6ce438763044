"""Durable ingest from a real Mosquitto, against a subscriber that does nothing, in the same run.

The limit asked for: at QoS 1, acknowledged after commit and with all rules on, at least 0.9 of
what a C subscriber that only counts gets from the same broker. Node-RED stands beside it when npm
can install it: its smaller job is mqtt in, JSON, switch, mqtt out, and no storage.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import Any, Final

from benchmarks import measure
from benchmarks.peers import node_red
from benchmarks.running_gateway import running
from devices.simulator.load import load_campus

MESSAGES: Final = 300_000
DEVICES: Final = 10_000
PAIRS: Final = 3
SHARE: Final = 0.9
LONGEST_S: Final = 300.0
LOAD: Final = ("--messages", str(MESSAGES), "--devices", str(DEVICES))


def main() -> dict[str, Any]:
    """Medians of three pairs, each pair one after the other on the same kind of broker."""
    pairs = []
    for _ in range(PAIRS):
        nothing, ours = _do_nothing(), _gateway()
        pairs.append(
            {
                "do_nothing_messages_per_s": round(nothing),
                "gateway_messages_per_s": round(ours),
                "share": round(ours / nothing, 3),
            }
        )
        measure.say(f"do-nothing {nothing:,.0f}, gateway {ours:,.0f} messages/s")
    figures = measure.median_of(pairs)
    figures["node_red_messages_per_s"] = node_red.rate()
    figures["holds"] = figures["share"] >= SHARE
    return figures


def _do_nothing() -> float:
    with (
        measure.mosquitto() as broker,
        measure.sub(broker.port, MESSAGES) as subscriber,
        measure.load("--url", broker.url, *LOAD) as load,
    ):
        report = subscriber.report()
        measure.load_report(load)
    return float(report["rate"])


def _gateway() -> float:
    """From the first message's arrival to the last one's, all of them committed."""
    with (
        measure.mosquitto() as broker,
        running(broker.url, load_campus(DEVICES, 8)) as gateway,
    ):
        started = time.perf_counter()
        with measure.load("--url", broker.url, *LOAD) as load:
            while gateway.metrics()["campus_readings_total"] < MESSAGES:
                if time.perf_counter() - started > LONGEST_S:
                    raise TimeoutError(f"not everything was committed in {LONGEST_S:.0f} s")
                time.sleep(0.2)
            measure.load_report(load)
        with closing(sqlite3.connect(gateway.directory / "campus.db", timeout=10)) as store:
            query = "SELECT max(received) - min(received) FROM readings"
            milliseconds = int(store.execute(query).fetchone()[0])
    return MESSAGES / milliseconds * 1000
