"""Colour casts: red and blue against green, block by block, held against the camera's usual.

Proportions of colours do not change with exposure. A coloured lorry changes some blocks, a cast
all of them in one direction; daylight and lamps are learned by time of day.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from devices.camera.comparison import View
from devices.camera.measures import Measures
from devices.camera.suspicion import Fault, Suspicion, Why, sure

CAST: Final = 0.3
"""A logarithm: a proportion of colours a third larger than usual (default of ours)."""
LAMPS: Final = 0.45
"""Weight of the change from blue to red, which dusk and lamps make: no light makes green or purple.
"""
CAST_BORROWED: Final = 0.45
"""Where only other times of day are known."""
TOGETHER: Final = 0.7
"""The share of the blocks that must have changed in the same direction."""
FEWEST: Final = 40
"""Of 144 blocks bright enough to have a colour."""


def cast(measures: Measures, view: View, *, borrowed: bool) -> Suspicion | None:
    """Whether colours as a whole differ from what is usual in this light."""
    difference = measures.tint - view.usual.tint.mean
    telling = np.isfinite(difference).all(axis=2)
    if telling.sum() < FEWEST:
        return None
    changes = difference[telling]
    middle = np.median(changes, axis=0)
    wander = np.median(view.usual.tint.deviation[telling], axis=0)
    # Light without colour is the same at any time.
    least = CAST_BORROWED if borrowed and not view.usual.grey else CAST
    limits = np.maximum([least / LAMPS, least], 6 * wander)
    size = float(np.linalg.norm(middle / limits))
    if size < 1:
        return None
    together = float((changes @ middle >= 0.4 * (middle @ middle)).mean())
    if together < TOGETHER:
        return None
    warmer, purpler = (float(one) / math.sqrt(2) for one in middle)
    red, blue = (round(100 * (math.exp(purpler + way * warmer) - 1)) for way in (1, -1))
    return Suspicion(
        fault=Fault.COLOUR_CAST,
        confidence=sure(size, 1, 2),
        why=Why("colour_cast", {"red_percent": red, "blue_percent": blue}),
        measure="cast",
        value=size,
        limit=1,
    )
