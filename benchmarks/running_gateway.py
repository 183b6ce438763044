"""A gateway under measurement: its own process, its register filled with the load's devices."""

from __future__ import annotations

import json
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import psutil

from benchmarks import measure
from devices.model import Device, Place, Region, School
from devices.simulator.campus import Campus
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import put_devices, put_places, put_regions, put_schools
from gateway.store.sqlite import SqliteStore

START_S: Final = 180.0
"""Some 7 s of processor, which a busy machine gives in minutes."""


class RunningGateway:
    """One gateway process. ``directory`` holds its configuration, database and log."""

    def __init__(self, process: Any, directory: Path, port: int) -> None:
        self.process = process
        self.directory = directory
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._usage = psutil.Process(process.pid)

    def cpu_seconds(self) -> float:
        """User and system time so far, with that of the processes it began."""
        times = [process.cpu_times() for process in self._processes()]
        own = times[0]
        ended = own.children_user + own.children_system
        return float(ended + sum(each.user + each.system for each in times))

    def memory_bytes(self) -> int:
        """Resident memory, with that of the processes it began."""
        return sum(int(process.memory_info().rss) for process in self._processes())

    def _processes(self) -> list[psutil.Process]:
        return [self._usage, *self._usage.children()]

    def metrics(self) -> dict[str, float]:
        """Its metrics without labels, by name."""
        with _opener().open(f"{self.url}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        plain = (line.rsplit(" ", 1) for line in lines if line and line[0] != "#")
        return {name: float(value) for name, value in plain if "{" not in name}

    def wait_ready(self, seconds: float = START_S) -> float:
        """Wait for ``/readyz``; how long it took."""
        started = time.perf_counter()
        while time.perf_counter() - started < seconds:
            if self.process.poll() is not None:
                raise RuntimeError(f"the gateway ended: {self.log()[-2000:]}")
            try:
                with _opener().open(f"{self.url}/readyz", timeout=10):
                    return time.perf_counter() - started
            except OSError:
                time.sleep(0.02)
        raise TimeoutError(f"the gateway is not ready: {self.log()[-2000:]}")

    def log(self) -> str:
        """What it wrote to its log."""
        return (self.directory / "campus.log").read_text("utf-8", "replace")


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Stock(Protocol):
    """What a register is filled with: a simulated campus, or a city."""

    @property
    def regions(self) -> Sequence[Region]:
        """Each after the one around it."""
        ...

    @property
    def schools(self) -> Sequence[School]:
        """All of them."""
        ...

    @property
    def places(self) -> Sequence[Place]:
        """Each after the one around it."""
        ...

    @property
    def devices(self) -> Sequence[Device]:
        """All of them."""
        ...


def fill_register(store: SqliteStore, stock: Stock) -> None:
    """Put the load's schools and devices into the register."""
    schools = [School(school.id, school.name_zh, school.name_en) for school in stock.schools]
    statements = [*put_regions(stock.regions), *put_schools(schools), *put_places(stock.places)]
    store.commit(Batch(statements=statements, now=1)).result()
    for start in range(0, len(stock.devices), 5000):
        part = stock.devices[start : start + 5000]
        store.commit(Batch(statements=put_devices(part), now=1)).result()


def write_settings(directory: Path, broker_url: str, more: Mapping[str, Any] | None = None) -> int:
    """Write ``gateway.yaml``; returns the page's port."""
    port = measure.free_port()
    settings: dict[str, Any] = {
        "directory": str(directory),
        "store": {"reserve_mb": 64},
        "broker": {"url": broker_url},
        "log": {"format": "json", "level": "warning"},
        **(more or {}),
    }
    web = {"listen": f"127.0.0.1:{port}", "metrics_open": True}
    settings["web"] = {**web, **settings.get("web", {})}
    (directory / "gateway.yaml").write_text(json.dumps(settings), "utf-8")
    return port


@contextmanager
def running(
    broker_url: str, campus: Campus, *, more: Mapping[str, Any] | None = None
) -> Iterator[RunningGateway]:
    """A gateway on a fresh store that knows the devices of ``campus``, ready when it begins."""
    with tempfile.TemporaryDirectory(prefix="campus-gateway-") as name:
        directory = Path(name)
        store = open_store(directory / "campus.db", reserve_bytes=64 << 20)
        fill_register(store, campus)
        store.close()
        port = write_settings(directory, broker_url, more)
        with started(directory, port) as gateway:
            yield gateway


@contextmanager
def started(directory: Path, port: int) -> Iterator[RunningGateway]:
    """A gateway on the settings and store in ``directory``."""
    with measure.campus(
        "run", "--config", str(directory / "gateway.yaml"), directory=directory
    ) as process:
        gateway = RunningGateway(process, directory, port)
        gateway.wait_ready()
        yield gateway
