"""One look at a camera: what came of connecting, and the pictures that came with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Rows x columns x 3, blue, green, red; 0 to 255."""


class Outcome(StrEnum):
    """How far a look came."""

    SEEN = "seen"
    """At least one picture was decoded."""
    OFFLINE = "offline"
    """No connection, or it was cut before it answered."""
    REFUSED = "refused"
    """The password is wrong, or the account may not see this stream."""
    NO_STREAM = "no_stream"
    """It answers, and knows no stream under this path."""
    NO_FRAMES = "no_frames"
    """The stream was set up, and no whole picture came within the limit."""
    UNREADABLE = "unreadable"
    """Something came that cannot be decoded."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded picture; `at` in ms of the stream's own time, from the first picture on."""

    at: int
    image: Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look gave.

    `begun` and `ended` in ms UTC. `pictures` in order of `at`: one where a key frame was enough,
    several over some seconds where freezing or frame rate were asked. `fps` and `bitrate_kbps` are
    measured over what was read, None where too little was. `detail` is the camera's or the
    network's own words, in English, without credentials.
    """

    begun: int
    ended: int
    outcome: Outcome
    detail: str = ""
    pictures: tuple[Picture, ...] = ()
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float | None = None
    bitrate_kbps: float | None = None
