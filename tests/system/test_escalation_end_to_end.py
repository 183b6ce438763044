"""Nobody takes an alarm: its steps come in time, through a kill, and end with the one who does."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from benchmarks import measure
from benchmarks.police_campus import Page, buttons_of
from benchmarks.running_gateway import RunningGateway, fill_register, started, write_settings
from devices.model import Device
from devices.simulator.load import load_campus
from gateway.store.open import open_store

pytestmark = pytest.mark.broker

CAMPUS = load_campus(400, 2)
SCHOOL = CAMPUS.schools[0].id
FIRST, SECOND = buttons_of(CAMPUS)[SCHOOL][:2]
STEPS_S = (12, 5, 5)


class Bureau:
    """A receiver of webhooks that keeps what it is told."""

    def __init__(self) -> None:
        heard = self.heard = list[dict[str, Any]]()

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                heard.append(json.loads(self.rfile.read(length)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing on the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def kinds_of(self, alert: int) -> list[str]:
        return [one["kind"] for one in self.heard if one["alert"]["id"] == alert]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def bureau() -> Iterator[Bureau]:
    there = Bureau()
    try:
        yield there
    finally:
        there.close()


def settings_for(folder: Path, bureau: Bureau) -> dict[str, Any]:
    (folder / "secret").write_text("a secret of the bureau", "utf-8")
    return {
        "notification": {
            "webhooks": [
                {
                    "name": "bureau",
                    "url": bureau.url,
                    "secret": {"file": str(folder / "secret")},
                    "priorities": [],
                }
            ]
        },
        "escalation": {
            "plans": [
                {
                    "name": "alarms",
                    "steps": [
                        {"after_s": STEPS_S[0], "to": ["duty:control-room"]},
                        {"after_s": STEPS_S[1], "to": ["bureau"], "louder": True},
                        {"after_s": STEPS_S[2], "to": ["bureau"]},
                    ],
                }
            ]
        },
    }


async def press(port: int, button: Device, seq: int) -> None:
    body = {"ts": int(time.time() * 1000), "seq": seq, "event": "pressed"}
    topic = f"campus/{button.school}/{button.kind}/{button.id}/event"
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.publish(topic, json.dumps(body), qos=1)


class Watcher:
    """Asks the running gateway until something is so."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def get(self, path: str) -> Any:
        return await asyncio.to_thread(self._page.get, path)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        return await asyncio.to_thread(self._page.post, path, body)

    async def alert_of(self, button: Device) -> int:
        path = f"/alerts?device={button.school}/{button.id}"
        async with asyncio.timeout(60):
            while not (found := (await self.get(path))["items"]):  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.1)
        return int(found[0]["id"])

    async def steps(self, alert: int, count: int, seconds: float = 90) -> list[dict[str, Any]]:
        """What happened to it, once it has gone so many steps up."""
        async with asyncio.timeout(seconds):
            while True:
                told: list[dict[str, Any]] = (await self.get(f"/alerts/{alert}"))["transitions"]
                if sum(one["kind"] == "escalated" for one in told) >= count:
                    return told
                await asyncio.sleep(0.1)


def escalated(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in told if one["kind"] == "escalated"]


async def test_steps_come_in_time_through_a_kill_and_end_with_the_acknowledgement(
    tmp_path: Path,
) -> None:
    with bureau() as there, measure.mosquitto() as broker:
        await asyncio.to_thread(fill, tmp_path)
        port = write_settings(tmp_path, broker.url, settings_for(tmp_path, there))
        with started(tmp_path, port) as gateway:
            page = await asyncio.to_thread(Page, gateway)
            watcher = Watcher(page)
            now = int(time.time() * 1000)
            shift = {"team": "control-room", "user": "admin", "starts": now - 1000}
            await watcher.post("/duty/shifts", {**shift, "ends": now + 3_600_000})
            await press(broker.port, FIRST, 1)
            alert = await watcher.alert_of(FIRST)
            kill(gateway)
        with started(tmp_path, port):  # the session outlives the gateway
            there_again = int(time.time() * 1000)
            told = await watcher.steps(alert, 2)
            raised = told[0]
            first, second, *_ = escalated(told)
            # at its time, or at once where the machine takes longer than that to start again
            due = raised["known"] + STEPS_S[0] * 1000
            assert due <= first["happened"] < max(due, there_again) + 1000
            assert 0 <= second["happened"] - first["happened"] - STEPS_S[1] * 1000 < 1000
            # the rota was planned before the kill, and asked when the step came
            assert first["detail"]["called"] == "user:admin"
            assert second["detail"]["called"] == "bureau"
            assert (await watcher.get(f"/alerts/{alert}"))["alert"]["louder"] is True

            await watcher.post(f"/alerts/{alert}/actions", {"action": "acknowledge"})
            await press(broker.port, SECOND, 2)
            other = await watcher.alert_of(SECOND)
            await watcher.steps(other, 1)  # later than another step would have been
            kinds = [one["kind"] for one in (await watcher.get(f"/alerts/{alert}"))["transitions"]]
            assert "escalated" not in kinds[kinds.index("acknowledged") :]
            # the bureau is called by every step but the first
            heard = ["escalated"] * (kinds.count("escalated") - 1) + ["acknowledged"]
            assert await eventually(lambda: there.kinds_of(alert) == heard)
            assert there.kinds_of(other) == []


def fill(folder: Path) -> None:
    store = open_store(folder / "campus.db", reserve_bytes=64 << 20)
    fill_register(store, CAMPUS)
    store.close()


def kill(gateway: RunningGateway) -> None:
    gateway.process.kill()
    gateway.process.wait()


async def eventually(true: Any, seconds: float = 40) -> bool:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - another thread brings it about
            await asyncio.sleep(0.05)
    return True
