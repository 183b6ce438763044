"""The yardstick: the prototype by which the limits were set, measured again on this machine.

Before the first line of the gateway a prototype showed what such a machine can do: a thin MQTT
connection, msgspec, one trivial rule, SQLite with ``synchronous=FULL``, and the acknowledgement
after the commit. Some limits of the gateway are bare figures that were set on that machine. Where
the prototype itself comes to half, machine and load mix are half as fast, and the limits are held
to that. Its messages had 130 bytes there, those of the load mix have 230.

``python -m benchmarks.peers.prototype URL FILE`` runs it until SIGTERM, with FILE as its database.
On SIGUSR1 it forgets how old messages were when they were committed; at the end it prints it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import queue
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import mqtt5
import msgspec
import psutil

from benchmarks import fake_broker, measure
from gateway.ingest.mqtt5_source import puback

BLAST_PER_S: Final = 350_000
"""Messages a second that it took from a broker that only blasts, one row each, where the limits
were set."""

CORE_AT_5000: Final = 0.26
"""Of a core, there, at 5,000 messages a second and with a linger of 5 ms."""

P99_AT_5000: Final = 8.6
"""Milliseconds from publishing to committed, there, at that rate and with that linger."""

LINGER_S: Final = 0.005
WINDOW: Final = 8192
MESSAGES: Final = 300_000

_Row: TypeAlias = tuple[str, int, int, bytes]


_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class _Connection(asyncio.Protocol):
    """Takes what comes, has one batch at a time committed, acknowledges it."""

    def __init__(self, commits: queue.SimpleQueue[Any], linger_s: float) -> None:
        self._commits = commits
        self._linger_s = linger_s
        self._rest = b""
        self._waiting: list[mqtt5.PublishPacket] = []
        self._busy = False
        self._hot = 0
        self.ages: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        once = mqtt5.QoS.AT_LEAST_ONCE
        connect = mqtt5.ConnectPacket("prototype", clean_start=True, receive_max=WINDOW)
        subscribe = mqtt5.SubscribePacket(1, [mqtt5.TopicFilter("campus/#", max_qos=once)])
        transport.write(connect.write() + subscribe.write())

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        buffer, offset = memoryview(data), 0
        with suppress(IndexError):  # the rest of the last packet is still to come
            while offset < len(data):
                packet, used = mqtt5.read(buffer[offset:])
                offset += used
                if isinstance(packet, mqtt5.PublishPacket):
                    self._waiting.append(packet)
        self._rest = data[offset:]
        self._go_on()

    def _go_on(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        if self._linger_s:
            asyncio.get_running_loop().call_later(self._linger_s, self._commit)
        else:
            self._commit()

    def _commit(self) -> None:
        packets, self._waiting = self._waiting, []
        now = time.time_ns() // 1_000_000
        rows: list[_Row] = []
        for packet in packets:
            values = _decode(packet.payload)
            at = values.pop("ts", now)
            self._hot += values.get("temperature_c", 0.0) > 60
            rows.append((packet.topic, at, now, packet.payload))
        ids = [packet.packet_id or 0 for packet in packets]
        self._commits.put((rows, lambda: self._done(ids, rows)))

    def _done(self, ids: list[int], rows: list[_Row]) -> None:
        now = time.time() * 1000
        self.ages += [now - row[1] for row in rows]
        self._transport.write(puback(ids))
        self._busy = False
        self._go_on()


def _write(
    commits: queue.SimpleQueue[tuple[list[_Row], Callable[[], None]]],
    file: Path,
    loop: asyncio.AbstractEventLoop,
) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE readings(topic, at, received, body)")
    while True:
        rows, done = commits.get()
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO readings VALUES(?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
        loop.call_soon_threadsafe(done)


async def _serve(url: str, file: Path, linger_s: float) -> None:
    loop = asyncio.get_running_loop()
    commits: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_write, args=(commits, file, loop), daemon=True).start()
    parts = urlsplit(url)
    _, connection = await loop.create_connection(
        lambda: _Connection(commits, linger_s), parts.hostname, parts.port
    )
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGUSR1, connection.ages.clear)
    print(json.dumps({"connected": True}), flush=True)
    await ended.wait()
    told = {"p50_ms": 0.5, "p99_ms": 0.99} if connection.ages else {}
    print(json.dumps({n: measure.percentile(connection.ages, q) for n, q in told.items()}))


class _Running:
    """A prototype at work; ``ages`` (ms) are there once it has ended."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.pid = process.pid
        self.ages: dict[str, float] = {}

    def cpu(self) -> float:
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)


@contextmanager
def _running(url: str, linger_s: float = 0.0) -> Iterator[_Running]:
    with tempfile.TemporaryDirectory(prefix="campus-prototype-") as name:
        command = [sys.executable, "-m", "benchmarks.peers.prototype", url, f"{name}/readings.db"]
        command += ["--linger", str(linger_s)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            running = _Running(process)
            try:
                assert process.stdout is not None
                if not process.stdout.readline():
                    raise RuntimeError("the prototype did not start; see its error above")
                yield running
            finally:
                process.terminate()
                process.wait(10)
            running.ages = json.loads(process.stdout.readline())


def blasted(devices: int) -> float:
    """Messages a second it takes from the fake broker, committed."""
    with (
        fake_broker.start(MESSAGES, devices=devices, hold=True) as broker,
        _running(f"mqtt://127.0.0.1:{broker.port}"),
    ):
        broker.go()
        rate = float(broker.report()["rate"])
    measure.say(f"yardstick: {rate:,.0f} messages/s, where the limits were set {BLAST_PER_S:,}")
    return rate


class Needed(NamedTuple):
    """What it needed for a load: share of a core, and the age (ms) of messages when committed."""

    cores: float
    p50_ms: float
    p99_ms: float


def needed_for(load: tuple[str, ...], *, warm_up_s: float) -> Needed:
    """What it needs for a load (`measure.load`'s options) over a real Mosquitto."""
    with measure.mosquitto() as broker:
        with (
            _running(broker.url, LINGER_S) as prototype,
            measure.load("--url", broker.url, *load) as publishing,
        ):
            time.sleep(warm_up_s)
            os.kill(prototype.pid, signal.SIGUSR1)
            started, cpu = time.perf_counter(), prototype.cpu()
            measure.load_report(publishing)
            cores = (prototype.cpu() - cpu) / (time.perf_counter() - started)
        needed = Needed(cores, **prototype.ages)
    measure.say(
        f"yardstick: {cores:.2f} core, p99 {needed.p99_ms:.1f} ms; "
        f"where the limits were set {CORE_AT_5000} and {P99_AT_5000}"
    )
    return needed


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="benchmarks.peers.prototype", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("file", type=Path)
    parser.add_argument("--linger", type=float, default=0.0, help="seconds")
    options = parser.parse_args()
    asyncio.run(_serve(options.url, options.file, options.linger))


if __name__ == "__main__":
    main()
