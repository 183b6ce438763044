"""Which pictures the probe sends to the store; a store that refuses costs the picture alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest

from devices.camera.addresses import Address
from devices.camera.look import Look, Outcome, Picture
from devices.camera.probe import Watched
from devices.camera.reference import Usual
from devices.camera.suspicion import Fault
from devices.camera.watch import CameraWatch, Judgement
from devices.simulator.rtsp_camera import Visitors
from gateway.camera_pictures.views import SMALL_SIDE
from gateway.camera_probe import QUALITY, WIDEST, jpeg_of, make_gallery
from gateway.settings_cameras import CamerasSettings

NOW = 1_795_161_600_000
IMAGE = np.full((240, 320, 3), 120, np.uint8)
CAMERA = Watched(school="no3", device="yard", address=Address(url="rtsp://camera/yard"))


def look_at(moment: int) -> Look:
    return Look(
        begun=moment, ended=moment + 300, outcome=Outcome.SEEN, pictures=(Picture(0, IMAGE),)
    )


WELL: Judgement = CameraWatch().see(look_at(NOW), NOW)


@dataclass
class PictureStore:
    """Takes pictures as the gateway does, or refuses."""

    status: str = "200 OK"
    answer: bytes | None = None
    taken: list[dict[str, list[str]]] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    usual: list[tuple[dict[str, list[str]], tuple[int, ...]]] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2])
        assert fields["authorization"] == "bearer cgt_token"
        body = await reader.readexactly(int(fields["content-length"]))
        url = urlsplit(head.split(" ")[1])
        asked = parse_qs(url.query)
        assert asked["sha256"] == [sha256(body).hexdigest()]
        picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_UNCHANGED)
        assert picture is not None
        if url.path == "/api/v1/camera-pictures":
            self.taken.append(asked)
        elif url.path == "/api/v1/camera-references":
            self.usual.append((asked, picture.shape))
        else:
            assert max(picture.shape) == SMALL_SIDE
            self.small.append(url.path)
        said = self.answer or json.dumps({"hash": asked["sha256"][0]}).encode()
        lines = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(said)}\r\nConnection: close"
        writer.write(lines.encode() + b"\r\n\r\n" + said)
        await writer.drain()


@pytest.fixture
async def store() -> AsyncIterator[tuple[PictureStore, CamerasSettings]]:
    there = PictureStore()
    async with Visitors(there.talk).received() as port:
        settings = CamerasSettings.model_validate(
            {"gateway": f"http://127.0.0.1:{port}", "token": {"env": "TOKEN"}},
            context={"environment": {"TOKEN": "cgt_token"}},
        )
        yield there, settings


async def shown(settings: CamerasSettings, *looks: tuple[int, Judgement]) -> list[str | None]:
    async with make_gallery(settings) as gallery:
        assert gallery is not None
        return [
            await gallery.show(CAMERA, look_at(at), judgement, IMAGE) for at, judgement in looks
        ]


async def test_a_picture_of_a_healthy_camera_is_sent_now_and_then(store) -> None:
    there, settings = store
    minute, quarter = 60_000, 900_000
    names = await shown(
        settings,
        (NOW, WELL),
        (NOW + minute, WELL),
        (NOW + quarter - 1, WELL),
        (NOW + quarter, WELL),
    )
    assert [int(one["at"][0]) - NOW for one in there.taken] == [0, quarter]
    assert len(set(names)) == 1  # the name of the newest one goes with every message


async def test_a_fault_that_is_raised_or_over_sends_one_at_once(store) -> None:
    there, settings = store
    fresh = replace(WELL, fresh=frozenset({Fault.COVERED}))
    over = replace(WELL, over=frozenset({Fault.COVERED}))
    await shown(settings, (NOW, WELL), (NOW + 60_000, fresh), (NOW + 120_000, over))
    assert len(there.taken) == 3


async def test_a_small_copy_goes_with_each_picture(store) -> None:
    there, settings = store
    names = await shown(settings, (NOW, WELL), (NOW + 1, WELL))
    assert there.small == [f"/api/v1/camera-pictures/no3/yard/{names[0]}/small"]


async def test_what_is_usual_is_sent_as_it_is_compared_with(store) -> None:
    there, settings = store
    usual = Usual(2, True, np.full((90, 160), 100 * 256, np.uint16), looks=60)
    async with make_gallery(settings) as gallery:
        assert gallery is not None
        assert await gallery.show_usual(CAMERA, usual, NOW)
        there.status = "507 Full"
        assert not await gallery.show_usual(CAMERA, usual, NOW)
    (asked, shape), _ = there.usual
    assert shape == (90, 160)
    assert {name: asked[name] for name in ("part", "grey", "looks", "at")} == {
        "part": ["2"],
        "grey": ["true"],
        "looks": ["60"],
        "at": [str(NOW)],
    }


@pytest.mark.parametrize(
    ("status", "answer"),
    [("507 Full", None), ("403 No", b"{}"), ("200 OK", b"no json"), ("200 OK", b"{}")],
)
async def test_a_store_that_refuses_costs_the_picture_and_nothing_else(
    store, status: str, answer: bytes | None
) -> None:
    there, settings = store
    there.status, there.answer = status, answer
    assert await shown(settings, (NOW, WELL), (NOW + 1, WELL)) == [None, None]
    assert len(there.taken) == 2  # it is tried again with the next look


async def test_without_a_gateway_no_picture_leaves_the_probe() -> None:
    async with make_gallery(CamerasSettings()) as gallery:
        assert gallery is None


def test_large_pictures_are_made_smaller() -> None:
    body = np.frombuffer(jpeg_of(np.zeros((1080, 1920, 3), np.uint8), WIDEST, QUALITY), np.uint8)
    small = cv2.imdecode(body, cv2.IMREAD_COLOR)
    assert small is not None
    assert small.shape == (720, WIDEST, 3)
