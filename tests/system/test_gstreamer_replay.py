"""A sample is played from GStreamer: RTSP, digest, basic, TLS and RTP that others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import gstreamer
from devices.recording.playing import Playing
from devices.recording.rtsp_replay import RtspPlace
from devices.recording.sample import play
from devices.recording.source import RefusedError, UnreachableError, UnsupportedError
from devices.simulator.rtsp_camera import Clip, Codec, coded
from gateway.broker.certificates import Authority

BEGIN = datetime.fromisoformat("2026-11-20T08:00:00")


@pytest.fixture(scope="module")
def clips() -> dict[str, Clip]:
    columns = np.arange(320)[None, :, None]
    pictures = [
        np.broadcast_to((columns + 8 * index) % 256, (192, 320, 3)).astype(np.uint8)
        for index in range(20)
    ]
    return {"h264": coded(pictures, codec=Codec.H264), "h265": coded(pictures, codec=Codec.H265)}


@pytest.fixture(scope="module")
def recorder(clips: dict[str, Clip], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with gstreamer.serving(clips, tmp_path_factory.mktemp("clips")) as url:
        yield url


@pytest.fixture(scope="module")
def candid(clips: dict[str, Clip], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One that knows basic authentication only."""
    with gstreamer.serving(clips, tmp_path_factory.mktemp("clips"), basic=True) as url:
        yield url


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def encrypted(
    clips: dict[str, Clip], authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The same within TLS."""
    shown = authority.server(["recorder.invalid"])
    pair = (shown.certificate, shown.key)
    folder = tmp_path_factory.mktemp("clips")
    with gstreamer.serving(clips, folder, basic=True, certificate=pair) as url:
        yield url


def place(url: str, **changed: Any) -> RtspPlace:
    told = {"user": "viewer", "password": "secret", **changed}
    return RtspPlace(url=url, begin=BEGIN, **told)


@pytest.mark.parametrize("path", ["h264", "h265"])
async def test_a_sample_is_decoded(recorder: str, path: str) -> None:
    sample = await play(place(f"{recorder}/{path}"), 1_000, limit_s=60)
    assert (sample.width, sample.height) == (320, 192)


async def test_a_wrong_password_is_refused(recorder: str) -> None:
    with pytest.raises(RefusedError, match="viewer"):
        await play(place(f"{recorder}/h264", password="wrong"), 1_000, limit_s=60)


async def test_what_is_not_recorded_is_refused(recorder: str) -> None:
    with pytest.raises(RefusedError, match="404"):
        await play(place(f"{recorder}/nothing"), 1_000, limit_s=60)


async def test_whoever_listens_hears_a_password_only_if_that_is_allowed(candid: str) -> None:
    with pytest.raises(UnsupportedError, match="rtsp_basic"):
        await play(place(f"{candid}/h264"), 1_000, limit_s=60)
    basic = Playing(basic=True)
    sample = await play(place(f"{candid}/h264", playing=basic), 1_000, limit_s=60)
    assert (sample.width, sample.height) == (320, 192)
    with pytest.raises(RefusedError, match="viewer"):
        await play(place(f"{candid}/h264", password="wrong", playing=basic), 1_000, limit_s=60)


@pytest.mark.parametrize("trusted", ["its authority", "the certificate itself"])
async def test_a_sample_is_played_within_tls(
    encrypted: str, authority: Authority, trusted: str
) -> None:
    shown = authority.folder / "server.crt"
    ca_file = authority.pair.certificate if trusted == "its authority" else shown
    assert ca_file.exists()
    playing = Playing(tls=True, ca_file=ca_file)
    sample = await play(place(f"{encrypted}/h265", playing=playing), 1_000, limit_s=60)
    assert (sample.width, sample.height) == (320, 192)


async def test_one_that_shows_another_certificate_is_told_nothing(
    encrypted: str, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other").pair.certificate
    playing = Playing(tls=True, ca_file=other, basic=True)
    with pytest.raises(UnreachableError, match="Cert"):
        await play(place(f"{encrypted}/h264", playing=playing), 1_000, limit_s=60)


async def test_a_certificate_that_nobody_checked_makes_no_password_private(encrypted: str) -> None:
    with pytest.raises(UnsupportedError, match="rtsp_ca_file"):
        await play(place(f"{encrypted}/h264", playing=Playing(tls=True)), 1_000, limit_s=60)
    playing = Playing(tls=True, basic=True)
    sample = await play(place(f"{encrypted}/h264", playing=playing), 1_000, limit_s=60)
    assert (sample.width, sample.height) == (320, 192)
