"""Open alerts on a real broker, for any MQTT client to show."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import msgspec
import pytest

from alerts.notification.mqtt_alert import Publication
from benchmarks.measure import free_port
from gateway.clock import SystemClock
from gateway.notification.delivery import Delivered, Refused, Retry
from gateway.notification.mqtt_alerts import MqttAlerts
from gateway.outbox import Outbox
from gateway.store.batch import Batch, OutboxEntry
from gateway.store.sqlite import SqliteStore

pytestmark = pytest.mark.broker
TOPIC = "campus/no3/alert/7"


class AlertBroker:
    """Mosquitto on a free loopback port; ``no4`` is closed to everybody."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        (folder / "access").write_text("topic readwrite campus/no3/#\n")
        self._configuration = folder / "alerts.conf"
        self._configuration.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\n"
            f"acl_file {folder / 'access'}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        executable = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._process = subprocess.Popen(
            [executable, "-c", str(self._configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert self._process.poll() is None, "mosquitto ended at once"
                assert time.monotonic() < deadline, "mosquitto does not listen"
                time.sleep(0.01)
            else:
                return

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def retained(self) -> list[str]:
        """What a stranger who subscribes now is shown, by ``mosquitto_sub``."""
        command = f"mosquitto_sub -p {self.port} -t campus/# --retained-only -W 1 -F"
        shown = subprocess.run([*command.split(), "%r %t %p"], capture_output=True, check=False)
        return shown.stdout.decode().splitlines()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[AlertBroker]:
    started = AlertBroker(tmp_path)
    started.start()
    yield started
    started.stop()


def publisher(broker: AlertBroker) -> MqttAlerts:
    return MqttAlerts(
        hostname="127.0.0.1", port=broker.port, identifier="gateway-alerts", time_limit=5.0
    )


def entry(payload: str, topic: str = TOPIC) -> OutboxEntry:
    body = Publication(topic=topic, payload=payload).encode()
    return OutboxEntry("mqtt", "high/no3/7/1/1", 0, body, 0)


async def test_an_open_alert_is_retained_and_a_closed_one_taken_away(broker: AlertBroker) -> None:
    publish = publisher(broker)
    assert await publish.deliver(entry('{"id":7,"version":1}')) == Delivered()
    assert await publish.deliver(entry('{"id":7,"version":2}')) == Delivered()
    assert broker.retained() == [f'1 {TOPIC} {{"id":7,"version":2}}']
    assert await publish.deliver(entry("")) == Delivered()
    assert broker.retained() == []
    await publish.aclose()


async def test_a_lost_broker_is_tried_again_and_reached_when_it_is_back(
    broker: AlertBroker,
) -> None:
    publish = publisher(broker)
    assert await publish.deliver(entry("1")) == Delivered()
    broker.stop()
    lost = await publish.deliver(entry("2"))
    assert isinstance(lost, Retry)
    assert isinstance(await publish.deliver(entry("2")), Retry)
    broker.start()
    assert await publish.deliver(entry("2")) == Delivered()
    assert broker.retained() == [f"1 {TOPIC} 2"]
    await publish.aclose()


async def test_a_broker_that_acknowledges_with_a_refusal_has_not_taken_it(
    broker: AlertBroker,
) -> None:
    publish = publisher(broker)
    refused = await publish.deliver(entry("x", topic="campus/no4/alert/7"))
    assert isinstance(refused, Refused)
    assert "Not authorized" in refused.reason
    assert await publish.deliver(entry("x")) == Delivered()
    await publish.aclose()


async def test_what_the_broker_retains_is_marked_many_at_a_time_in_its_order(
    broker: AlertBroker, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        OutboxEntry(
            "mqtt", f"high/no3/7/{version}/5", 5, Publication(TOPIC, f"v{version}").encode(), 5
        )
        for version in range(20)
    ]
    commit, marked = store.commit, asyncio.Queue[list[str]]()

    def noted(batch: Batch) -> Future[None]:
        if batch.arrived:
            marked.put_nowait([one.key for one in batch.arrived])
        return commit(batch)

    commit(Batch(outbox=rows)).result(10)
    monkeypatch.setattr(store, "commit", noted)
    box = Outbox(store, {"mqtt": publisher(broker)}, SystemClock())
    running = asyncio.create_task(box.run())
    try:
        async with asyncio.timeout(20):
            assert await marked.get() == [row.key for row in rows]
    finally:
        running.cancel()
        await asyncio.wait([running])
        await box.aclose()
    assert broker.retained() == [f"1 {TOPIC} v19"]


async def test_a_row_that_is_no_publication_is_refused(broker: AlertBroker) -> None:
    publish = publisher(broker)
    wrong = msgspec.structs.replace(entry(""), body=b'{"topic":7}')
    assert isinstance(await publish.deliver(wrong), Refused)
    await publish.aclose()
