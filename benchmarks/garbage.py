"""A million pieces of garbage: none ends the gateway, and every one of them is accounted for.

In one process, for speed, through the judge and into the store; and a smaller part through a real
broker to a real gateway. Each message becomes readings, a counted reject, a counted message of a
discovery, or is of a topic that is known and carries nothing. Memory and disk stay bounded.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import sqlite3
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psutil
from paho.mqtt.client import topic_matches_sub

from alerts.lifecycle import Limits
from benchmarks import measure
from benchmarks.running_gateway import fill_register, started, write_settings
from devices.dialects import bind
from devices.dialects.dialect import Dialect
from devices.dialects.native import Native
from devices.reading import Channel, Reject
from devices.simulator.campus import DEMO_FOREIGN_SCHOOL, demo
from devices.simulator.foreign import TASMOTA_BASE, ZIGBEE_BASE
from devices.simulator.garbage import NOW, Garbage, garbage
from devices.simulator.packets import publish
from gateway.configuration import default_settings
from gateway.ingest.connecting import filters_of
from gateway.ingest.source import Message
from gateway.kinds import load_kinds
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.sqlite import SqliteStore

MESSAGES: Final = 1_000_000
OVER_THE_WIRE: Final = 50_000
SEED: Final = 20_261_121
AT_ONCE: Final = 500
FOREIGN: Final = (
    ("zigbee2mqtt", DEMO_FOREIGN_SCHOOL, ZIGBEE_BASE),
    ("tasmota", DEMO_FOREIGN_SCHOOL, TASMOTA_BASE),
)
MEMORY_BYTES: Final = 300 << 20
DISK_A_MESSAGE: Final = 1500
"""Garbage is as long as its messages, mostly some hundred bytes, seldom 64 KiB."""
SLACK_BYTES: Final = 80 << 20


class CountedDiscoveries(Discoveries):
    """Counts every message, also those of devices beyond what is kept."""

    heard = 0

    def add(self, *arguments: Any, **named: Any) -> None:
        """One message of a device that is not registered."""
        self.heard += 1
        super().add(*arguments, **named)


class Accountant:
    """A judge on a store, and what became of each message."""

    def __init__(self, store: SqliteStore) -> None:
        campus = demo()
        fill_register(store, campus)
        snapshot = store.load()
        self.dialects: Final[list[Dialect]] = [Native(), *bind(FOREIGN)]
        self.became: Final[Counter[str]] = Counter()
        self.unaccounted: Final[list[Garbage]] = []
        self._store: Final = store
        self._rejects: Final = Rejects()
        self._discoveries: Final = CountedDiscoveries()
        book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None)
        kinds = load_kinds(default_settings().kinds)
        self._judge: Final = Judge(
            dialects=self.dialects,
            rules_of=Binder(kinds, snapshot.school_parameters).rules_of,
            book=book,
            discoveries=self._discoveries,
            rejects=self._rejects,
        )
        self._now = NOW
        self._judge.roster.load(snapshot.devices, snapshot.states, self._now)

    def take(self, messages: list[Garbage]) -> None:
        """Judge them one by one, commit them together, and let pass a second."""
        work = Work(Batch(now=self._now))
        for topic, payload in messages:
            self._now += 2
            self.became[self._take_one(topic, payload, work)] += 1
        self._judge.tick(self._now, work)
        self._discoveries.tick(self._now, work)
        self._judge.finish(work)
        work.batch.urgent = True
        self._store.commit(work.batch).result()

    def _take_one(self, topic: str, payload: bytes, work: Work) -> str:
        readings, replies = len(work.batch.readings), len(work.replies)
        rejected, heard = self._rejects.total, self._discoveries.heard
        message = Message(topic, payload, 1, retained=False)
        self._judge.digest([message], self._now, work)
        if self._rejects.total > rejected:
            return "rejects"
        if len(work.batch.readings) > readings:
            return "readings"
        if self._discoveries.heard > heard:
            return "discoveries"
        if len(work.replies) > replies:
            return "events_repeated"
        return self._nothing(topic, payload)

    def _nothing(self, topic: str, payload: bytes) -> str:
        """Why nothing came of it, asked of the dialects anew."""
        for dialect in self.dialects:
            route = dialect.route(topic)
            if route is None:
                return "topics_that_carry_nothing"
            if isinstance(route, Reject):
                continue
            said = dialect.read(route, payload, self._now, retained=False)
            if isinstance(said, list) and not said:
                return "understood_and_nothing_to_keep"
            if isinstance(said, list) and all(one.channel is not Channel.TELEMETRY for one in said):
                return "events_repeated"
            break
        self.unaccounted.append((topic, payload))
        return "unaccounted"


def in_process(messages: int, seed: int = SEED) -> dict[str, Any]:
    """So many through the judge into a store; figures, and what is wrong by words."""
    process = psutil.Process()
    with tempfile.TemporaryDirectory(prefix="campus-garbage-") as name:
        database = Path(name) / "campus.db"
        store = open_store(database, reserve_bytes=1 << 20)
        try:
            accountant = Accountant(store)
            source = itertools.islice(garbage(seed), messages)
            began, settled, done = time.perf_counter(), 0, 0
            while batch := list(itertools.islice(source, AT_ONCE)):
                accountant.take(batch)
                done += len(batch)
                if not settled and done >= messages // 4:
                    settled = process.memory_info().rss
                if done % 100_000 == 0:
                    measure.say(f"{done:,} messages, {process.memory_info().rss >> 20} MiB")
            took = time.perf_counter() - began
            grown = process.memory_info().rss - settled
        finally:
            store.close()
        rows = _rows(database)
        size = sum(path.stat().st_size for path in Path(name).glob("campus.db*"))
    became = dict(accountant.became)
    wrong = []
    if sum(became.values()) != messages or accountant.unaccounted:
        wrong.append(f"not accounted for: {accountant.unaccounted[:3]}")
    if rows["counted"] != became.get("rejects", 0):
        wrong.append(f"{rows['counted']} rejects counted in the store")
    if rows["rejects"] > 10_200 or rows["discoveries"] > 20_000:
        wrong.append(f"samples and discoveries are not bounded: {rows}")
    if grown > SLACK_BYTES:
        wrong.append(f"memory grew by {grown >> 20} MiB after the first quarter")
    if size > messages * DISK_A_MESSAGE + SLACK_BYTES:
        wrong.append(f"{size >> 20} MiB on the disk")
    return {
        "messages": messages,
        "became": became,
        "messages_per_s": round(messages / took),
        "memory_growth_mib": grown >> 20,
        "disk_mib": size >> 20,
        "stored": rows,
        "wrong": wrong,
    }


def _rows(database: Path) -> dict[str, int]:
    queries = {
        "readings": "SELECT count(*) FROM readings",
        "rejects": "SELECT count(*) FROM rejects",
        "discoveries": "SELECT count(*) FROM discoveries",
        "counted": "SELECT coalesce(sum(count), 0) FROM reject_counts",
    }
    with closing(sqlite3.connect(database)) as connection:
        return {name: int(connection.execute(q).fetchone()[0]) for name, q in queries.items()}


def over_the_wire(messages: int, seed: int = SEED) -> dict[str, Any]:
    """So many through a real broker to a real gateway, which must have taken every one in."""
    dialects = [
        {"dialect": dialect, "school": school, "topic": topic} for dialect, school, topic in FOREIGN
    ]
    everyone: list[Dialect] = [Native(), *bind(FOREIGN)]
    sessions = [filters_of(everyone, events=events) for events in (True, False)]
    with (
        measure.mosquitto(persistence=True) as broker,
        tempfile.TemporaryDirectory(prefix="campus-garbage-") as name,
    ):
        directory = Path(name)
        store = open_store(directory / "campus.db", reserve_bytes=64 << 20)
        fill_register(store, demo())
        store.close()
        port = write_settings(directory, broker.url, {"dialects": dialects})
        with started(directory, port) as gateway:
            sent = list(itertools.islice(garbage(seed, publishable=True), messages))
            refused = _publish(broker.port, sent)
            ours = sum(_sessions(sessions, topic) for topic, _ in sent)
            ours -= sum(_sessions(sessions, topic) for topic, _ in refused)
            end = time.monotonic() + 60
            taken = 0
            while time.monotonic() < end and taken < ours:
                taken = round(gateway.metrics()["campus_messages_total"])
                time.sleep(0.2)
            gateway.wait_ready(10)
            memory = gateway.memory_bytes()
    wrong = []
    if taken != ours:
        wrong.append(f"the gateway took in {taken} of {ours} messages")
    if memory > MEMORY_BYTES:
        wrong.append(f"the gateway holds {memory >> 20} MiB")
    return {
        "published": messages,
        "on_topics_of_ours": ours,
        "taken_in": taken,
        "refused_by_the_broker": len(refused),
        "memory_mib": memory >> 20,
        "wrong": wrong,
    }


def _sessions(sessions: list[list[str]], topic: str) -> int:
    """How often the gateway gets a message of this topic: in each session, and there once for each
    filter that matches (MQTT 5, 3.3.4), as with the list of devices that teaches a dialect.
    """
    return sum(topic_matches_sub(pattern, topic) for filters in sessions for pattern in filters)


def _publish(port: int, messages: list[Garbage]) -> list[Garbage]:
    """Publish at QoS 1, one by one; what made the broker hang up instead of acknowledging.

    One by one, because a broker that hangs up does not say how far it had got.
    """
    refused: list[Garbage] = []
    line = _connect(port)
    for topic, payload in messages:
        acknowledgement = b""
        with contextlib.suppress(OSError):
            line.sendall(publish(topic, payload, qos=1, version=4))
            acknowledgement = line.recv(4)
        if not acknowledgement:
            refused.append((topic, payload))
            line.close()
            line = _connect(port)
    line.close()
    return refused


def _connect(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.sendall(b"\x10\x13\0\4MQTT\4\2\0\x3c\0\x07garbage")
    if line.recv(4)[3:] != b"\0":
        raise ConnectionError("the broker refused the garbage's connection")
    return line


def main() -> dict[str, Any]:
    """Figures of both parts, and whether they hold."""
    figures = {"in_process": in_process(MESSAGES), "over_the_wire": over_the_wire(OVER_THE_WIRE)}
    return {**figures, "holds": not any(part["wrong"] for part in figures.values())}
