"""What the probe publishes of its looks, and that it goes on whatever happens to one camera."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_scene import scene

from devices.camera.addresses import Address
from devices.camera.look import Look, Outcome, Picture
from devices.camera.pool import Pool
from devices.camera.privacy import masked
from devices.camera.probe import Pace, Probe, Watched, memory_file, order_relearning
from devices.camera.saying import messages
from devices.camera.watch import CameraWatch
from devices.dialects.native import Native
from devices.reading import Channel, Origin, Reject, Route
from devices.simulator.rtsp_camera import Camera, RtspServer, coded

NOW = 1_795_161_600_000


def looks(outcome: Outcome, count: int) -> list[Look]:
    image = next(scene(1))
    pictures = (Picture(0, image),) if outcome is Outcome.SEEN else ()
    return [
        Look(
            begun=NOW + 60_000 * number,
            ended=NOW + 60_000 * number + 500,
            outcome=outcome,
            pictures=pictures,
            width=320 if pictures else 0,
            height=240 if pictures else 0,
        )
        for number in range(count)
    ]


def said_after(sequence: list[Look]) -> list[list[tuple[str, dict[str, Any]]]]:
    """What is published after each of the looks: the last level of the topic and the object."""
    watch = CameraWatch()
    online: bool | None = None
    said = []
    for look in sequence:
        judgement = watch.see(look, look.begun)
        sent = messages("no3", "yard", look, judgement, was_online=online)
        for topic, _, retained in sent:
            assert topic.startswith("probe/no3/camera/yard/")
            assert retained is topic.endswith("/status")
        for topic, payload, _ in sent:
            if topic.endswith("/status"):
                online = json.loads(payload)["online"]
        said.append([(topic.rpartition("/")[2], json.loads(body)) for topic, body, _ in sent])
    return said


def test_a_camera_that_is_seen_is_online_and_has_its_figures() -> None:
    (first, second) = said_after(looks(Outcome.SEEN, 2))
    assert [channel for channel, _ in first] == ["status", "telemetry"]
    ((channel, values),) = second
    assert channel == "telemetry"
    assert values["online"] is True
    assert (values["width"], values["height"]) == (320, 240)
    assert values["faults"] == []
    assert values["ts"] == NOW + 60_000


def test_a_camera_that_cannot_be_reached_is_offline_by_its_status_and_says_nothing_else() -> None:
    said = said_after(looks(Outcome.OFFLINE, 6))
    flat = [message for look in said for message in look]
    assert [(channel, values["online"]) for channel, values in flat] == [("status", False)]
    assert said[0] == []  # one failed look proves nothing


def test_a_refused_password_is_a_fault_with_its_reason() -> None:
    said = said_after(looks(Outcome.REFUSED, 6))
    _, values = said[-1][-1]
    assert values["faults"] == ["auth"]
    assert values["why"]["auth"]["code"] == "refused"


def test_the_gateway_understands_what_is_published() -> None:
    look = looks(Outcome.SEEN, 1)[0]
    judgement = CameraWatch().see(look, look.begun)
    native = Native()
    for topic, payload, retained in messages("no3", "yard", look, judgement, was_online=None):
        route = native.route(topic)
        assert isinstance(route, Route)
        assert (route.school, route.kind, route.device) == ("no3", "camera", "yard")
        assert route.origin is Origin.PROBE
        assert route.channel in {Channel.STATUS, Channel.TELEMETRY}
        readings = native.read(route, payload, NOW, retained=retained)
        assert not isinstance(readings, Reject)
        assert readings[0].values["online"] is True


def test_private_areas_are_black_and_the_rest_is_untouched() -> None:
    image = next(scene(1))
    before = image.copy()
    shown = masked(image, [((0, 0), (0.5, 0), (0.5, 0.5), (0, 0.5))])
    assert not shown[:120, :160].any()
    assert np.array_equal(shown[130:], before[130:])
    assert np.array_equal(image, before)
    assert masked(image, []) is image


class Heard:
    """Takes messages; lets a test wait for one."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self._news = asyncio.Condition()

    def tell(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.messages.append((topic, json.loads(payload)))
        asyncio.get_running_loop().create_task(self._wake())

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def until(self, topic: str, enough: Callable[[list[dict[str, Any]]], bool]) -> None:
        """Wait until what came under ``topic`` is enough."""

        def met() -> bool:
            return enough([values for name, values in self.messages if name == topic])

        async with self._news:
            await self._news.wait_for(met)


async def test_a_probe_looks_again_and_again_and_remembers_what_is_usual(tmp_path: Path) -> None:
    server = RtspServer({"yard": Camera(coded(scene(20)), "viewer", "secret")})
    heard = Heard()
    async with server.serving(), Pool(processes=1, slots=4) as pool:
        watched = [
            Watched(
                school="no3",
                device=device,
                address=Address(url=server.url("yard"), user="viewer", password=password),
            )
            for device, password in (("yard", "secret"), ("gate", "wrong"))
        ]
        probe = Probe(
            watched,
            pool=pool,
            telling=heard,
            folder=tmp_path,
            clock=lambda: NOW,
            pace=Pace(period=0.5, limit=60, watch=0.5, watch_every=1000),
        )
        running = asyncio.create_task(probe.run())
        await heard.until("probe/no3/camera/yard/telemetry", lambda seen: len(seen) >= 3)
        await heard.until(
            "probe/no3/camera/gate/telemetry",
            lambda told: any(values["faults"] == ["auth"] for values in told),
        )
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    widths = {values["width"] for topic, values in heard.messages if "yard/tel" in topic}
    assert widths == {320}
    assert (tmp_path / "no3" / "yard.memory").stat().st_mode & 0o077 == 0
    assert "secret" not in str(heard.messages)


async def test_a_camera_learns_anew_on_command(tmp_path: Path) -> None:
    heard = Heard()
    (seen,) = looks(Outcome.SEEN, 1)

    class Taken:
        async def look(self, _address: Address, **_: float) -> Look:
            return seen

    probe = Probe(
        [Watched(school="no3", device="yard", address=Address(url="rtsp://camera/yard"))],
        pool=Taken(),
        telling=heard,
        folder=tmp_path,
        clock=lambda: NOW,
        pace=Pace(period=0.2),
    )
    topic = "probe/no3/camera/yard/telemetry"
    running = asyncio.create_task(probe.run())
    await heard.until(topic, lambda told: len(told) >= 2)
    file = memory_file(tmp_path, "no3", "yard")
    order_relearning(tmp_path, "no3", "yard")
    order = file.with_suffix(".relearn")
    count = len(heard.messages)
    await heard.until(topic, lambda _: not order.exists() and len(heard.messages) > count)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert file.exists()


async def test_a_fault_of_ours_over_one_camera_ends_no_looks_at_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard()
    (seen,) = looks(Outcome.SEEN, 1)

    class Taken:
        async def look(self, address: Address, **_: float) -> Look:
            if address.url.endswith("broken"):
                raise ZeroDivisionError
            return seen

    watched = [
        Watched(school="no3", device=device, address=Address(url=f"rtsp://camera/{device}"))
        for device in ("broken", "yard")
    ]
    probe = Probe(
        watched,
        pool=Taken(),
        telling=heard,
        folder=tmp_path,
        clock=lambda: NOW,
        pace=Pace(period=0.3),
    )
    running = asyncio.create_task(probe.run())
    await heard.until("probe/no3/camera/yard/telemetry", lambda seen: len(seen) >= 3)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
