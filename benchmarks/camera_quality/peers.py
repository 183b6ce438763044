"""ffmpeg's blackdetect, freezedetect and blurdetect, run on the same looks, one look a second.

Their settings are their own defaults; blurdetect only gives a figure, so its limit is the best one
could set: just above what the same camera's healthy looks of the learning hours reached.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import av
import av.filter

from devices.camera.look import Image
from devices.camera.suspicion import Fault

LOOKS: Final = 3
"""In a row, as for our own judging; the filters' two seconds are two looks."""
_GRAPHS: Final = {
    Fault.BLACK: ("blackdetect", "d=2:pic_th=0.98:pix_th=0.10"),
    Fault.FROZEN: ("freezedetect", "n=-60dB:d=2"),
    Fault.BLURRED: ("blurdetect", ""),
}
FAULTS: Final = tuple(_GRAPHS)
_SECOND: Final = Fraction(1, 1)


class Peer:
    """One of the three filters, fed look by look."""

    def __init__(self, fault: Fault, limit: float = float("inf")) -> None:
        """`limit`: of blurdetect's figure."""
        self.fault = fault
        self.most = 0.0
        self._limit = limit
        self._graph: av.filter.Graph | None = None
        self._fed = 0
        self._streak = 0
        self._on = False

    def see(self, image: Image) -> bool:
        """Whether it raises its alarm with this look."""
        values = self._filtered(image)
        if self.fault is Fault.BLURRED:
            value = float(values.get("lavfi.blur", 0))
            # Not a number: a picture without any edge. It counts as blurred, not as a figure.
            if math.isfinite(value):
                self.most = max(self.most, value)
            self._streak = 0 if value <= self._limit else self._streak + 1
        else:
            name = "lavfi.black_" if self.fault is Fault.BLACK else "lavfi.freezedetect.freeze_"
            if name + "end" in values:
                self._streak = 0
            if name + "start" in values or self._streak:
                self._streak += 1
        # freezedetect says start when its two seconds are over, blackdetect at once.
        now = self._streak >= (1 if self.fault is Fault.FROZEN else LOOKS)
        self._on, fresh = now, now and not self._on
        return fresh

    def _filtered(self, image: Image) -> dict[str, str]:
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts = self._fed
        frame.time_base = _SECOND
        self._fed += 1
        if self._graph is None:
            self._graph = _graph(self.fault, frame)
        self._graph.push(frame)
        return dict(self._graph.pull().metadata)


def _graph(fault: Fault, frame: av.VideoFrame) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=_SECOND
    )
    name, settings = _GRAPHS[fault]
    nodes = [
        source,
        graph.add("format", "gray" if fault is Fault.BLURRED else "yuv420p"),
        graph.add(name, settings or None),
        graph.add("buffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    return graph
