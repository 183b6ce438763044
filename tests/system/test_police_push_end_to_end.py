"""From a button on MQTT to a police platform over HTTP: whole processes, a real HTTP server.

What the platform checks is written here anew after docs/police-push.md, not taken from the sender.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import aiomqtt
import msgspec
import pytest

from benchmarks import measure
from benchmarks.police_campus import Page
from benchmarks.running_gateway import started, write_settings
from devices.model import Device, Place, School
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import put_devices, put_places, put_schools

pytestmark = pytest.mark.broker

SECRET: Final = "the secret of a town that is not there"
SCHOOL: Final = School("no3", "第三中学", "No. 3 Middle School")
PLACES: Final = [
    Place("teaching", "no3", "教学楼"),
    Place("third", "no3", "三层", parent="teaching"),
    Place("lab", "no3", "301", parent="third"),
    Place("gate", "no3", "校门"),
]
BUTTON: Final = Device("no3", "lab-button", "alarm-button", place="lab", name_zh="实验室按钮")
DETECTOR: Final = Device("no3", "lab-smoke", "smoke", place="lab")
CAMERAS: Final = [
    Device("no3", "gate-camera", "camera", place="gate", name_zh="校门"),
    Device("no3", "third-camera", "camera", place="third", name_zh="三层走廊"),
    Device("no3", "lab-camera", "camera", place="lab", name_zh="实验室"),
]
LONGITUDE, LATITUDE = 111.7492, 40.8426


class Pushed(msgspec.Struct, frozen=True):
    """One request, and when it came (ms)."""

    at: int
    headers: dict[str, str]
    octets: bytes

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]

    @property
    def body(self) -> Any:
        return json.loads(self.octets)

    @property
    def genuine(self) -> bool:
        stamp = self.headers["x-timestamp"]
        signed = b"\n".join((stamp.encode(), self.key.encode(), self.octets))
        expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        fresh = abs(int(stamp) - self.at) < 5_000
        return fresh and hmac.compare_digest(self.headers["x-signature"], f"sha256={expected}")


class Platform:
    """Keeps what it gets. ``refuses`` names messages that it has no room for; ``statuses`` are its
    next answers to alarms, tests of the link apart: those come when the gateway likes.
    """

    def __init__(self) -> None:
        self.pushed: list[Pushed] = []
        self.statuses: deque[int] = deque()
        self.refuses: set[str] = set()
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                octets = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = platform.take(Pushed(time.time_ns() // 1_000_000, headers, octets))
                answer = b'{"code": 0}' if status == 200 else b'{"code": 5}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/alarms"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def take(self, one: Pushed) -> int:
        self.pushed.append(one)
        body = one.body
        if body["message"] in self.refuses:
            return 503
        real = body["message"] == "alarm" and not body["test"]
        return self.statuses.popleft() if real and self.statuses else 200

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def of(self, message: str, *, restored: bool = False) -> list[Pushed]:
        return [
            one
            for one in self.pushed
            if one.body["message"] == message
            and one.body["restored"] is restored
            and not one.body.get("test")
        ]

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not what():  # noqa: ASYNC110 - the server's threads
                await asyncio.sleep(0.02)


class Town:
    """A gateway whose school's alarms go to the platform."""

    def __init__(self, directory: Path, broker: measure.Mosquitto, platform: Platform) -> None:
        self.broker = broker
        self.platform = platform
        self._directory = directory
        self._seq = 0
        self.page: Page

    def write(self) -> int:
        store = open_store(self._directory / "campus.db", reserve_bytes=16 << 20)
        devices = [BUTTON, DETECTOR, *CAMERAS]
        statements = [*put_schools([SCHOOL]), *put_places(PLACES), *put_devices(devices)]
        store.commit(Batch(statements=statements, now=1)).result()
        store.close()
        secret = self._directory / "platform.key"
        secret.write_text(SECRET, "utf-8")
        secret.chmod(0o600)
        school = {"contact": "保卫处 8001", "longitude": LONGITUDE, "latitude": LATITUDE}
        link = {
            "name": "platform",
            "category": "SP4",
            "unacknowledged_after_s": 20,
            "schools": {"no3": school},
            "http": {"url": self.platform.url, "secret": {"file": str(secret)}},
        }
        return write_settings(self._directory, self.broker.url, {"police_links": [link]})

    async def start(self, running: AsyncExitStack) -> None:
        port = await asyncio.to_thread(self.write)
        gateway = started(self._directory, port)
        known = await asyncio.to_thread(gateway.__enter__)
        running.push_async_callback(asyncio.to_thread, gateway.__exit__, None, None, None)
        self.page = await asyncio.to_thread(Page, known)

    async def says(self, device: Device, channel: str, **values: Any) -> int:
        self._seq += 1
        now = time.time_ns() // 1_000_000
        body = json.dumps({"ts": now, "seq": 4_000_000_000 + self._seq, **values})
        topic = f"campus/{device.school}/{device.kind}/{device.id}/{channel}"
        async with aiomqtt.Client("127.0.0.1", self.broker.port) as client:
            await client.publish(topic, body, qos=1)
        return now

    async def alert(self, condition: str, what: Callable[[Any], bool]) -> Any:
        async with asyncio.timeout(60):
            while True:
                for one in await self.alerts():
                    if one["condition"] == condition and what(one):
                        return one
                await asyncio.sleep(0.05)

    async def alerts(self) -> list[Any]:
        return list((await asyncio.to_thread(self.page.get, "/alerts"))["items"])


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    platform = Platform()
    with measure.mosquitto() as broker:
        async with AsyncExitStack() as running:
            running.callback(platform.close)
            made = Town(tmp_path, broker, platform)
            await made.start(running)
            yield made


def ms(iso: str) -> int:
    return round(datetime.fromisoformat(iso).timestamp() * 1000)


async def test_a_press_is_pushed_with_all_that_the_police_need_until_the_platform_has_it(
    town: Town,
) -> None:
    platform = town.platform
    platform.statuses.extend([500, 500])
    pressed = await town.says(BUTTON, "event", event="pressed")
    await platform.until(lambda: len(platform.of("alarm")) >= 3)  # more, if it answers too late
    alert = await town.alert("panic", lambda one: one["police"]["state"] == "acknowledged")
    alarms = platform.of("alarm")
    assert all(one.genuine for one in platform.pushed)
    assert len({one.key for one in alarms}) == 1, "the platform knows a repetition by its key"
    assert len({one.octets for one in alarms}) == 1
    signatures = {one.headers["x-signature"] for one in alarms}
    assert len(signatures) == len(alarms), "each attempt is dated anew"

    body = alarms[0].body
    assert body["id"] == alarms[0].key
    assert (body["type"], body["contact_id"], body["test"]) == ("panic", 120, False)
    assert body["school"] == {"id": "no3", "name": "第三中学", "contact": "保卫处 8001"}
    assert body["device"]["id"] == BUTTON.id
    assert body["place"] == {
        "name": "教学楼 / 三层 / 301",
        "coordinate_system": "WGS84",
        "longitude": LONGITUDE,
        "latitude": LATITUDE,
    }
    assert body["description"]
    assert ms(body["occurred_at"]) == pressed
    assert ms(body["video"]["from"]) == pressed - 30_000
    cameras = body["video"]["cameras"]
    assert [one["id"] for one in cameras] == ["lab-camera", "third-camera", "gate-camera"]
    assert cameras[0]["name"] == "实验室"
    assert cameras[0]["recording"] == f"no3/lab-camera/{pressed - 30_000}"

    (way,) = alert["police"]["links"]
    assert (way["link"], way["path"], way["attempts"]) == ("no3/platform", "primary", len(alarms))
    told = await asyncio.to_thread(town.page.get, f"/alerts/{alert['id']}/exchanges")
    results = [one["result"] for one in told["items"]]
    assert (results.count("unable"), results[-1]) == (2, "acknowledged")
    unable = next(one for one in told["items"] if one["result"] == "unable")
    assert "HTTP 500" in unable["received"]
    assert SECRET not in json.dumps(told)

    await town.says(BUTTON, "event", event="released")
    await platform.until(lambda: bool(platform.of("alarm", restored=True)))
    (end,) = platform.of("alarm", restored=True)
    assert end.genuine
    assert (end.body["type"], end.body["device"]["id"]) == ("panic", BUTTON.id)
    assert end.key != alarms[0].key


async def test_faults_of_devices_and_their_end_are_pushed(town: Town) -> None:
    platform = town.platform
    await town.says(DETECTOR, "event", event="fault")
    await platform.until(lambda: bool(platform.of("device_state")))
    (fault,) = platform.of("device_state")
    assert fault.genuine
    assert (fault.body["fault"], fault.body["contact_id"]) == ("sensor_fault", 380)
    assert fault.body["device"]["id"] == DETECTOR.id
    assert fault.body["place"]["name"] == "教学楼 / 三层 / 301"
    await town.alert("device_fault", lambda one: one["police"]["state"] == "acknowledged")

    await town.says(DETECTOR, "event", event="fault_cleared")
    await platform.until(lambda: bool(platform.of("device_state", restored=True)))
    (well,) = platform.of("device_state", restored=True)
    assert (well.body["fault"], well.body["device"]["id"]) == ("sensor_fault", DETECTOR.id)


async def test_no_alarm_waits_behind_a_fault_that_the_platform_does_not_take(town: Town) -> None:
    platform = town.platform
    platform.refuses.add("device_state")
    await town.says(DETECTOR, "event", event="fault")
    await platform.until(lambda: bool(platform.of("device_state")))
    pressed = await town.says(BUTTON, "event", event="pressed")
    await platform.until(lambda: bool(platform.of("alarm")))
    assert platform.of("alarm")[0].at - pressed <= 2000
    await town.alert("panic", lambda one: one["police"]["state"] == "acknowledged")
    fault = await town.alert("device_fault", lambda one: one["police"]["links"][0]["state"] != "")
    assert fault["police"]["state"] == "sending", "it is tried on, and calls nobody"
    assert not [one for one in await town.alerts() if one["condition"] == "police_unreached"]
