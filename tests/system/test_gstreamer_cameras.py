"""Looks at cameras served by GStreamer: digest, TCP and UDP, H.264 and H.265."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks import gstreamer
from devices.camera.addresses import Address, Transport
from devices.camera.look import Outcome
from devices.camera.stream import look
from devices.simulator.rtsp_camera import Codec, coded


@pytest.fixture(scope="module")
def cameras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    columns = np.arange(640)[None, :, None]
    pictures = [
        np.broadcast_to((columns + 8 * index) % 256, (352, 640, 3)).astype(np.uint8)
        for index in range(20)
    ]
    clips = {
        "h264": coded(pictures, codec=Codec.H264),
        "h265": coded(pictures, codec=Codec.H265),
    }
    with gstreamer.serving(clips, tmp_path_factory.mktemp("clips")) as url:
        yield url


@pytest.mark.parametrize("transport", list(Transport))
@pytest.mark.parametrize(("path", "codec"), [("h264", "h264"), ("h265", "hevc")])
def test_a_camera_is_seen(cameras: str, path: str, codec: str, transport: Transport) -> None:
    address = Address(
        url=f"{cameras}/{path}", user="viewer", password="secret", transport=transport
    )
    seen = look(address, now=0, limit=60)
    assert (seen.outcome, seen.codec, seen.width, seen.height) == (Outcome.SEEN, codec, 640, 352)
    assert len(seen.pictures) == 1


def test_its_rate_is_measured(cameras: str) -> None:
    address = Address(url=f"{cameras}/h264", user="viewer", password="secret")
    seen = look(address, now=0, seconds=2, limit=60)
    assert seen.outcome is Outcome.SEEN
    assert len(seen.pictures) >= 2
    assert seen.fps is not None


def test_a_wrong_password_is_refused(cameras: str) -> None:
    address = Address(url=f"{cameras}/h264", user="viewer", password="wrong")
    assert look(address, now=0, limit=60).outcome is Outcome.REFUSED


def test_an_unknown_path_is_no_stream(cameras: str) -> None:
    address = Address(url=f"{cameras}/nothing", user="viewer", password="secret")
    assert look(address, now=0, limit=60).outcome is Outcome.NO_STREAM
