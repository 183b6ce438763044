"""A sample is played from GStreamer: RTSP, digest and RTP that others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from benchmarks import gstreamer
from devices.recording.rtsp_replay import RtspPlace
from devices.recording.sample import play
from devices.recording.source import RefusedError
from devices.simulator.rtsp_camera import Codec, coded

BEGIN = datetime.fromisoformat("2026-11-20T08:00:00")


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    columns = np.arange(320)[None, :, None]
    pictures = [
        np.broadcast_to((columns + 8 * index) % 256, (192, 320, 3)).astype(np.uint8)
        for index in range(20)
    ]
    clips = {"h264": coded(pictures, codec=Codec.H264), "h265": coded(pictures, codec=Codec.H265)}
    with gstreamer.serving(clips, tmp_path_factory.mktemp("clips")) as url:
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
