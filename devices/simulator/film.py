"""A film of hours in a few kilobytes: stands for what a recorder wrote, and can be played."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np

SIZE = (64, 48)


def film(duration_s: int, every_s: int = 30) -> bytes:
    """MP4 with H.264: a bright bar on a ramp, one picture every ``every_s`` seconds."""
    ramp = np.tile(np.linspace(20, 200, SIZE[0], dtype=np.uint8)[None, :, None], (SIZE[1], 1, 3))
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(1, every_s))
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.gop_size = 1_000
        stream.thread_count = 1
        stream.options = {"preset": "ultrafast", "x264-params": "scenecut=0:bframes=0"}
        for number in range(duration_s // every_s):
            picture = ramp.copy()
            picture[:, number // 10 % SIZE[0]] = 255
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(every_s)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()
