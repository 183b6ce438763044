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
from devices.camera.suspicion import Fault
from devices.camera.watch import CameraWatch, Judgement
from devices.simulator.rtsp_camera import Visitors
from gateway.camera_probe import WIDEST, jpeg_of, make_show
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

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2])
        assert fields["authorization"] == "bearer cgt_token"
        body = await reader.readexactly(int(fields["content-length"]))
        asked = parse_qs(urlsplit(head.split(" ")[1]).query)
        assert asked["sha256"] == [sha256(body).hexdigest()]
        self.taken.append(asked)
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
    async with make_show(settings) as show:
        assert show is not None
        return [await show(CAMERA, look_at(at), judgement, IMAGE) for at, judgement in looks]


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
    async with make_show(CamerasSettings()) as show:
        assert show is None


def test_large_pictures_are_made_smaller() -> None:
    body = np.frombuffer(jpeg_of(np.zeros((1080, 1920, 3), np.uint8)), np.uint8)
    small = cv2.imdecode(body, cv2.IMREAD_COLOR)
    assert small is not None
    assert small.shape == (720, WIDEST, 3)
