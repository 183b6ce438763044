"""ffmpeg's blackdetect, freezedetect and blurdetect, run on the same looks, one look a second.

Their settings are their own defaults; blurdetect only gives a figure, so its limit is the best one
could set: just above what the same camera's healthy looks of the learning hours reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import av.filter
import numpy as np
from numpy.typing import NDArray

from devices.camera.look import Image
from devices.camera.suspicion import Fault

LOOKS: Final = 3
"""In a row, as for our own judging; the filters' two seconds are two looks."""
FAULTS: Final = (Fault.BLACK, Fault.FROZEN, Fault.BLURRED)
_FILTERS: Final = (
    ("format", "yuv420p"),
    ("blackdetect", "d=2:pic_th=0.98:pix_th=0.10"),
    ("freezedetect", "n=-60dB:d=2"),
    ("blurdetect", None),
)
_SECOND: Final = Fraction(1, 1)


@dataclass(frozen=True, slots=True)
class Said:
    """What they said of one look: whether it lies in a black or a frozen time, and blurdetect's
    figure, NaN where the picture has no edge.
    """

    black: bool
    frozen: bool
    blur: float


class Filters:
    """The three of them over one camera, fed look by look."""

    def __init__(self) -> None:
        self._graph: av.filter.Graph | None = None
        self._fed = 0
        self._black = False
        self._frozen = False

    def see(self, image: Image) -> Said:
        """What they say of the next look."""
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts = self._fed
        frame.time_base = _SECOND
        self._fed += 1
        if self._graph is None:
            self._graph = _graph(frame)
        self._graph.push(frame)
        values = self._graph.pull().metadata
        self._black = _goes_on(self._black, values, "lavfi.black_")
        self._frozen = _goes_on(self._frozen, values, "lavfi.freezedetect.freeze_")
        return Said(self._black, self._frozen, float(values.get("lavfi.blur", "nan")))


def alarms(said: NDArray[np.void], fault: Fault, blur_limit: float) -> NDArray[np.bool_]:
    """At which of these looks the filter for a fault raises its alarm."""
    if fault is Fault.FROZEN:
        # freezedetect says so when its two seconds are over, the others at once.
        on = said["frozen"]
    else:
        # Without any edge a picture counts as blurred.
        each = said["black"] if fault is Fault.BLACK else ~(said["blur"] <= blur_limit)
        on = np.convolve(each, np.ones(LOOKS, int))[: len(each)] >= LOOKS
    return np.asarray(on & ~np.concatenate(([False], on[:-1])))


def _goes_on(before: bool, values: dict[str, str], name: str) -> bool:
    return name + "start" in values or (before and name + "end" not in values)


def _graph(frame: av.VideoFrame) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=_SECOND
    )
    filters = [graph.add(name, settings) for name, settings in _FILTERS]
    graph.link_nodes(source, *filters, graph.add("buffersink")).configure()
    return graph
