"""Frozen pictures: nothing changes between looks, not even the noise that every sensor has.

A quiet room is not frozen: its picture is never twice the same. How far two looks at it differ at
least is learned. Squares in the picture's own size are compared, a few of them may change: many
recorders and cameras write their clock into a picture that stands.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.camera.measures import CLIPPED_HIGH, CLIPPED_LOW, usable_tiles
from devices.camera.reference import Usual
from devices.camera.suspicion import Fault, Suspicion, Why, sure

CLOCK_SHARE: Final = 0.08
"""Of the squares: three to four of 48, as many as a line of text touches."""
FEWEST: Final = 12
"""Squares neither black nor white; with fewer nothing can be said."""
STILL: Final = 0.02
"""Grey levels: as good as nothing, when nothing is learned yet (default of ours)."""
STILL_MOST: Final = 0.6
"""What a new encoding of the same picture, nearly as good, may change at most (default of ours;
with another quality it changes as much as noise does, and cannot be told from a quiet room)."""
STILL_PART: Final = 0.2
"""Of the least change that is usual: a working sensor never gets so quiet."""


def change(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float | None:
    """Mean difference in grey levels, of the square that changed most but for those a clock may
    have changed; None where too few can tell.
    """
    usable = usable_tiles(one) & usable_tiles(other)
    if usable.sum() < FEWEST:
        return None
    points = (one[usable] > CLIPPED_LOW) & (one[usable] < CLIPPED_HIGH)
    differences = np.abs(one[usable].astype(np.int16) - other[usable]) * points
    return float(np.percentile(differences.mean(axis=(1, 2)), 100 * (1 - CLOCK_SHARE)))


def least_change(known: list[Usual]) -> float | None:
    """The least change between looks that is usual: one look in twenty changed less; in the
    quietest part of the day that is known. None while nothing is.
    """
    lows = [float(np.percentile(each.stills, 5)) for each in known if len(each.stills) >= 8]
    return min(lows, default=None)


def frozen(changed: float, least: float | None) -> Suspicion | None:
    """Whether this look shows the same picture as the one before."""
    limit = STILL
    if least is not None:
        limit = min(max(STILL_PART * least, STILL), STILL_MOST)
        if least < STILL:
            # This camera's encoder drops so much that quiet pictures are alike: it cannot be told.
            return None
    if changed > limit:
        return None
    return Suspicion(
        fault=Fault.FROZEN,
        confidence=sure(changed, limit, 0),
        why=Why("frozen", {"change": round(changed, 2), "usual": round(least or 0, 2)}),
        measure="change",
        value=changed,
        limit=limit,
    )
