"""A whole gateway beside a real database that is killed and started anew while devices talk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import measure
from benchmarks.databases import VictoriaMetrics, stored_values
from benchmarks.databases import running as database_running
from benchmarks.running_gateway import RunningGateway, running
from devices.simulator.load import load_campus

MESSAGES = 12_000
PATIENCE_S = 200.0

pytestmark = pytest.mark.broker


@pytest.fixture
def database(tmp_path: Path) -> Iterator[VictoriaMetrics]:
    with database_running(VictoriaMetrics(tmp_path)) as database:
        yield database


def wait_until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.1)


def test_what_comes_while_the_database_is_dead_is_there_when_it_has_caught_up(
    database: VictoriaMetrics,
) -> None:
    campus = load_campus(200, 2)
    history = {"engine": "victoria-metrics", "url": database.url}
    load = ("--devices", "200", "--connections", "2", "--messages", str(MESSAGES))
    with (
        measure.mosquitto() as broker,
        running(broker.url, campus, more={"history": history}) as gateway,
    ):
        count = Counts(gateway)
        with measure.load("--url", broker.url, *load, "--rate", "1500") as devices:
            wait_until(lambda: count("history_delivered_total") > 500, "readings arrive")
            database.kill()
            wait_until(lambda: count("history_failed_total") > 0, "it is seen to be away")
            wait_until(lambda: count("history_waiting") > 500, "readings wait")
            database.start()
            before = count("history_delivered_total")
            wait_until(lambda: count("history_delivered_total") > before, "they arrive again")
            # And so quickly that it may have been away between two requests.
            database.kill()
            database.start()
            assert measure.load_report(devices)["acknowledged"] == MESSAGES
        wait_until(lambda: count("messages_total") >= MESSAGES, "all is taken in")
        stored = gateway.directory / "campus.db"
        wait_until(
            lambda: database.values() >= stored_values(stored)[0] and not count("history_waiting"),
            "all is handed over",
        )
        values, points = stored_values(stored)
        assert database.values() == values
        assert points > MESSAGES * 0.9, "nearly every message holds a number"
        assert count("history_lost_total") == 0
        assert count("history_refused_total") == 0


class Counts:
    def __init__(self, gateway: RunningGateway) -> None:
        self._gateway = gateway

    def __call__(self, name: str) -> float:
        return self._gateway.metrics()[f"campus_{name}"]
