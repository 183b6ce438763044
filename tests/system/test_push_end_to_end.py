"""From the button on the wall to the lock screen: a whole gateway, a push service and browsers that
decrypt, through refusals, a kill, and a browser that is no more.
"""

from __future__ import annotations

import asyncio
import json
import stat
import time
from collections.abc import Callable
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
from tests.gateway.push.push_service import PushService

pytestmark = pytest.mark.broker

CAMPUS = load_campus(400, 2)
SCHOOL = CAMPUS.schools[0].id
FIRST, SECOND = buttons_of(CAMPUS)[SCHOOL][:2]
STEP_S = 5


def settings_for(service: PushService) -> dict[str, Any]:
    step = {"after_s": STEP_S, "to": ["user:admin"]}
    return {
        "notification": {
            "push": {"services": [service.origin], "contact": "mailto:duty@example.org"}
        },
        "escalation": {"plans": [{"name": "alarms", "steps": [step]}]},
    }


def fill(folder: Path) -> None:
    store = open_store(folder / "campus.db", reserve_bytes=64 << 20)
    fill_register(store, CAMPUS)
    store.close()


async def press(port: int, button: Device, seq: int) -> None:
    body = {"ts": int(time.time() * 1000), "seq": seq, "event": "pressed"}
    topic = f"campus/{button.school}/{button.kind}/{button.id}/event"
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.publish(topic, json.dumps(body), qos=1)


async def eventually(so: Callable[[], bool], seconds: float = 90) -> None:
    async with asyncio.timeout(seconds):
        while not so():  # noqa: ASYNC110 - other processes bring it about
            await asyncio.sleep(0.05)


def kinds(service: PushService, browser: str) -> list[tuple[str, str]]:
    return [(one["kind"], one["tag"]) for one in service.of(browser)]


async def test_alarms_reach_the_browsers_of_those_who_want_them_and_of_those_who_are_called(
    tmp_path: Path,
) -> None:
    with PushService() as service, measure.mosquitto() as broker:
        await asyncio.to_thread(fill, tmp_path)
        port = write_settings(tmp_path, broker.url, settings_for(service))
        with started(tmp_path, port) as gateway:
            page = await asyncio.to_thread(Page, gateway)
            phone = await subscribe(page, service, "phone", priorities=[])
            await subscribe(page, service, "desk", priorities=["emergency"], language="en")
            key = (await asyncio.to_thread(page.get, "/push"))["key"]
            assert stat.S_IMODE((tmp_path / "push.key").stat().st_mode) == 0o600

            await press(broker.port, FIRST, 1)
            alert = await alert_of(page, FIRST)
            await eventually(lambda: len(service.of("desk")) >= 1)
            raised = service.of("desk")[0]
            assert (raised["tag"], raised["url"]) == (f"alert-{alert}", f"/alerts/{alert}")
            assert raised["title"].startswith("■ Emergency")
            assert {one.key for one in service.arrived} == {key}
            assert service.arrived[0].claims["sub"] == "mailto:duty@example.org"

            # The phone wants nothing of itself: a step calls its user.
            await eventually(lambda: len(service.of("phone")) >= 1)
            assert service.of("phone")[0]["title"].startswith("■ 紧急")
            await act(page, alert)
            await eventually(
                lambda: (
                    kinds(service, "phone")[-1]
                    == kinds(service, "desk")[-1]
                    == ("end", f"alert-{alert}")
                )
            )
            assert {one.headers["Urgency"] for one in service.arrived} == {"high"}

            # The push service is in trouble, and the gateway is killed meanwhile.
            service.usual["desk"] = 500
            service.usual["phone"] = 410
            await press(broker.port, SECOND, 2)
            other = await alert_of(page, SECOND)
            await eventually(lambda: ("desk", 500) in service.refused)
            kill(gateway)
        before = len(service.of("desk"))
        del service.usual["desk"]
        with started(tmp_path, port) as again:
            await eventually(lambda: len(service.of("desk")) > before)
            assert kinds(service, "desk")[before] == ("alert", f"alert-{other}")
            # The step that calls the phone's user finds that the browser is no more.
            await eventually(lambda: ("phone", 410) in service.refused)
            page = await asyncio.to_thread(Page, again)
            await gone(page, phone)
        assert service.wrong == []


async def subscribe(page: Page, service: PushService, name: str, **more: Any) -> str:
    body = service.subscribed(name, **more)
    made = await asyncio.to_thread(page.post, "/push/subscriptions", body)
    return str(made["id"])


async def alert_of(page: Page, button: Device) -> int:
    path = f"/alerts?device={button.school}/{button.id}"
    async with asyncio.timeout(60):
        while True:
            if found := (await asyncio.to_thread(page.get, path))["items"]:
                return int(found[0]["id"])
            await asyncio.sleep(0.1)


async def act(page: Page, alert: int) -> None:
    path = f"/alerts/{alert}/actions"
    await asyncio.to_thread(page.post, path, {"action": "acknowledge"})


async def gone(page: Page, browser: str) -> None:
    """Wait until it is neither among one's own browsers nor among the receivers."""
    async with asyncio.timeout(60):
        while True:
            mine = (await asyncio.to_thread(page.get, "/push/subscriptions"))["items"]
            here = (await asyncio.to_thread(page.get, "/notification"))["items"]
            names = {one["id"] for one in mine} | {one["name"].split("/")[-1] for one in here}
            if browser not in names:
                assert len(mine) == 1
                return
            await asyncio.sleep(0.1)


def kill(gateway: RunningGateway) -> None:
    gateway.process.kill()
    gateway.process.wait()
