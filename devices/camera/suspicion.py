"""What one look gives rise to: a suspected fault with its confidence and reason, or no verdict."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Fault(StrEnum):
    """What can be wrong with a camera's picture; the words of its messages (`faults`)."""

    OFFLINE = "offline"
    AUTH = "auth"
    NO_FRAMES = "no_frames"
    FROZEN = "frozen"
    BLACK = "black"
    WHITE = "white"
    BLURRED = "blurred"
    COVERED = "covered"
    MOVED = "moved"
    NOISE = "noise"
    COLOUR_CAST = "colour_cast"
    LOW_FPS = "low_fps"
    LOW_BITRATE = "low_bitrate"


class Undecidable(StrEnum):
    """Why a picture cannot be judged, or not wholly. No fault by itself."""

    TOO_DARK = "too_dark"
    NO_TEXTURE = "no_texture"
    """Too few edges that always are in the same place: focus and view cannot be judged."""
    LEARNING = "learning"
    """Nothing is known yet of what is usual; only what is wrong with any camera is found."""
    OTHER_LIGHT = "other_light"
    """In this light, at this time of day, too few pictures were seen yet."""


Inputs = dict[str, float | int | str]


class Why(msgspec.Struct, frozen=True):
    """An explanation as data: the sentence ``camera.why.{code}`` of the catalogues, and what fills
    it. Numbers are rounded for reading.
    """

    code: str
    inputs: Inputs = {}


class Suspicion(msgspec.Struct, frozen=True):
    """A fault that one look speaks for. `confidence` is 0.5 at the limit and 1 where there is no
    doubt; below 0.5 nothing is suspected. `blocks` are the numbers of those that show the fault,
    row by row, and `shift` (right, down; points of `measures.SMALL`) tells what moved: both must
    persist, not only the name. `measure` is the figure that was held against `limit`.
    """

    fault: Fault
    confidence: float
    why: Why
    measure: str = ""
    value: float = 0
    limit: float = 0
    blocks: frozenset[int] = frozenset()
    shift: tuple[float, float] | None = None


def sure(value: float, limit: float, certain: float) -> float:
    """Confidence of a measure: 0.5 at its limit, 1 at `certain` and beyond, 0 as far on the other
    side. `certain` may lie above or below.
    """
    return min(1.0, max(0.0, 0.5 + 0.5 * (value - limit) / (certain - limit)))
