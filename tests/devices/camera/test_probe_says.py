"""What the probe publishes of its looks, and that it goes on whatever happens to one camera."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
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
from devices.camera.reference import Reference, Usual
from devices.camera.saying import messages
from devices.camera.suspicion import Undecidable
from devices.camera.watch import CameraWatch, Memory, recalled, remembered
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


def test_that_nothing_hinders_judging_is_said_in_so_many_words() -> None:
    (look,) = looks(Outcome.SEEN, 1)
    judgement = CameraWatch().see(look, NOW)
    for hindrance in (Undecidable.TOO_DARK, None):
        judged = replace(judgement, undecidable=hindrance)
        ((topic, payload, _),) = messages("no3", "yard", look, judged, was_online=True)
        native = Native()
        route = native.route(topic)
        assert isinstance(route, Route)
        readings = native.read(route, payload, NOW, retained=False)
        assert not isinstance(readings, Reject)
        # What a message leaves out stays as it was said before: it would be too dark for ever.
        assert readings[0].values["undecidable"] == hindrance


def test_what_kept_a_picture_from_being_judged_is_taken_back_when_it_is() -> None:
    (*_, learning), *_ = said_after(looks(Outcome.SEEN, 1))
    assert learning[1]["undecidable"] == "learning"
    (*_, seen), (refused,) = said_after(looks(Outcome.SEEN, 1) + looks(Outcome.REFUSED, 1))
    assert seen[1]["grey"] is False
    for name in ("undecidable", "grey", "learned"):
        assert refused[1][name] is None, name
    assert refused[1]["why"] == {}


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


class Taken:
    """Takes the same look each time, at once."""

    async def look(self, _address: Address, **_: float) -> Look:
        return looks(Outcome.SEEN, 1)[0]


class Hall:
    """Keeps what a probe shows; lets a test wait for it."""

    def __init__(self) -> None:
        self.usual: list[tuple[int, bool, int]] = []
        self.came = asyncio.Event()

    async def show(self, *_: object) -> str:
        return "f" * 64

    async def show_usual(self, camera: Watched, usual: Usual, at: int) -> bool:
        assert camera.device == "yard"
        assert at == NOW
        self.usual.append((usual.part, usual.grey, usual.looks))
        if len(self.usual) == 1:
            return False  # the gateway is away
        self.came.set()
        return True


YARD = Watched(school="no3", device="yard", address=Address(url="rtsp://camera/yard"))
TELEMETRY = "probe/no3/camera/yard/telemetry"
COMMAND = "probe/no3/camera/yard/command"
EVENT = "probe/no3/camera/yard/event"


def probe_of(heard: Heard, folder: Path, hall: Hall | None = None) -> Probe:
    return Probe(
        [YARD],
        pool=Taken(),
        telling=heard,
        folder=folder,
        clock=lambda: NOW,
        pace=Pace(period=0.1),
        gallery=hall,
        name="probe-1",
    )


@asynccontextmanager
async def looking(probe: Probe) -> AsyncIterator[None]:
    running = asyncio.create_task(probe.run())
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def usual_of(part: int, *, grey: bool = False, looks: int = 60) -> Usual:
    return Usual(part, grey, np.full((90, 160), 25_600, np.uint16), looks=looks)


def remember(folder: Path, *usual: Usual) -> Path:
    """As if the probe had learned it before."""
    file = memory_file(folder, "no3", "yard")
    file.parent.mkdir(parents=True)
    file.write_bytes(remembered(Memory(reference=Reference(usual=list(usual)))))
    return file


async def test_a_camera_learns_anew_on_command(tmp_path: Path) -> None:
    heard = Heard()
    file = remember(tmp_path, usual_of(0), usual_of(1))
    async with looking(probe_of(heard, tmp_path)):
        await heard.until(TELEMETRY, lambda told: len(told) >= 2)
        order_relearning(tmp_path, "no3", "yard")
        order = file.with_suffix(".relearn")
        count = len(heard.messages)
        await heard.until(TELEMETRY, lambda _: not order.exists() and len(heard.messages) > count)
    learned = recalled(file.read_bytes()).reference.usual
    assert not any(each.learned and each.part in {0, 1} and each.looks > 50 for each in learned)
    assert not [topic for topic, _ in heard.messages if topic == EVENT]  # nobody is to be answered


async def test_an_order_of_the_gateway_is_carried_out_once_and_answered_each_time(
    tmp_path: Path,
) -> None:
    heard = Heard()
    file = remember(tmp_path, usual_of(0))
    probe = probe_of(heard, tmp_path)
    order = b'{"id": "a1", "command": "relearn"}'
    async with looking(probe):
        probe.hear(COMMAND, order)
        await heard.until(EVENT, lambda told: len(told) >= 1)
        assert recalled(file.read_bytes()).order == "a1"
    # A probe that was restarted before the gateway had its answer.
    remembered_since = recalled(file.read_bytes())
    remembered_since.reference.usual = [usual_of(0)]
    file.write_bytes(remembered(remembered_since))
    again = probe_of(heard, tmp_path)
    again.hear(COMMAND, order)
    async with looking(again):
        await heard.until(EVENT, lambda told: len(told) >= 2)
    events = [values for topic, values in heard.messages if topic == EVENT]
    assert events == [{"ts": NOW, "event": "relearned", "id": "a1"}] * 2
    assert any(each.looks >= 60 for each in recalled(file.read_bytes()).reference.usual)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("probe/no3/camera/gate/command", b'{"id": "a1", "command": "relearn"}'),
        ("probe/no5/camera/yard/command", b'{"id": "a1", "command": "relearn"}'),
        ("probe/no3/camera/yard/reply", b'{"id": "a1", "command": "relearn"}'),
        ("probe/no3/camera/../yard/command", b'{"id": "a1", "command": "relearn"}'),
        (COMMAND, b""),
        (COMMAND, b"no json"),
        (COMMAND, b'{"id": "a1", "command": "reboot"}'),
        (COMMAND, b'{"id": "", "command": "relearn"}'),
        (COMMAND, b'{"id": 3, "command": "relearn"}'),
        (COMMAND, b'{"command": "relearn"}'),
    ],
)
def test_what_is_no_order_for_its_cameras_changes_nothing(
    tmp_path: Path, topic: str, payload: bytes
) -> None:
    probe_of(Heard(), tmp_path).hear(topic, payload)
    assert list(tmp_path.rglob("*.relearn")) == []


async def test_a_probe_shows_that_it_works(tmp_path: Path) -> None:
    heard = Heard()
    topic = "probe/no3/probe/probe-1/telemetry"
    async with looking(probe_of(heard, tmp_path)):
        await heard.until(topic, lambda told: len(told) >= 1)
    values = next(values for name, values in heard.messages if name == topic)
    assert values == {"ts": NOW, "cameras": 1, "looks": 0, "looks_missed": 0}


async def test_what_is_usual_is_brought_one_a_look_and_again_when_it_was_not_taken(
    tmp_path: Path,
) -> None:
    remember(tmp_path, usual_of(0), usual_of(3, grey=True), usual_of(5, looks=3))
    heard, hall = Heard(), Hall()
    async with looking(probe_of(heard, tmp_path, hall)):
        await hall.came.wait()
        count = len(heard.messages)
        await heard.until(TELEMETRY, lambda _: len(heard.messages) > count + 2)
    brought = [(part, grey) for part, grey, _ in hall.usual]
    assert brought[:3] == [(0, False), (0, False), (3, True)]
    assert (5, False) not in brought  # too few looks to be believed


async def test_a_fault_of_ours_over_one_camera_ends_no_looks_at_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard()
    (seen,) = looks(Outcome.SEEN, 1)

    class Brittle:
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
        pool=Brittle(),
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
