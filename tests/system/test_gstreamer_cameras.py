"""Looks at cameras served by GStreamer: digest and basic, TCP, UDP and TLS, H.264 and H.265."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gstreamer
from devices.camera.addresses import Address, Transport
from devices.camera.look import Outcome
from devices.camera.stream import look
from devices.simulator.rtsp_camera import Clip, Codec, coded
from gateway.broker.certificates import Authority


@pytest.fixture(scope="module")
def clips() -> dict[str, Clip]:
    columns = np.arange(640)[None, :, None]
    pictures = [
        np.broadcast_to((columns + 8 * index) % 256, (352, 640, 3)).astype(np.uint8)
        for index in range(20)
    ]
    return {
        "h264": coded(pictures, codec=Codec.H264),
        "h265": coded(pictures, codec=Codec.H265),
    }


@pytest.fixture(scope="module")
def cameras(clips: dict[str, Clip], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with gstreamer.serving(clips, tmp_path_factory.mktemp("clips")) as url:
        yield url


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def encrypted(
    clips: dict[str, Clip], authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Cameras within TLS that know basic authentication only."""
    shown = authority.server(["127.0.0.1"])
    pair = (shown.certificate, shown.key)
    folder = tmp_path_factory.mktemp("clips")
    with gstreamer.serving(clips, folder, basic=True, certificate=pair) as url:
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


@pytest.mark.parametrize("checked", [True, False])
def test_a_camera_is_seen_within_tls(encrypted: str, authority: Authority, checked: bool) -> None:
    address = Address(
        url=f"{encrypted}/h264",
        user="viewer",
        password="secret",
        ca_file=str(authority.pair.certificate) if checked else "",
    )
    seen = look(address, now=0, limit=60)
    assert (seen.outcome, seen.width, seen.height) == (Outcome.SEEN, 640, 352), seen.detail


def test_basic_with_a_wrong_password_is_refused(encrypted: str) -> None:
    address = Address(url=f"{encrypted}/h264", user="viewer", password="wrong")
    assert look(address, now=0, limit=60).outcome is Outcome.REFUSED


def test_one_that_shows_another_certificate_is_not_looked_at(
    encrypted: str, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other").pair.certificate
    address = Address(url=f"{encrypted}/h264", user="viewer", password="secret", ca_file=str(other))
    seen = look(address, now=0, limit=60)
    assert (seen.outcome, seen.pictures) == (Outcome.OFFLINE, ())
