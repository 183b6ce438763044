"""White pictures: over-exposed, dazzled or a sensor that fails; not a jump of the exposure."""

from __future__ import annotations

from typing import Final

import numpy as np

from devices.camera.measures import CLIPPED_HIGH, Measures
from devices.camera.reference import Usual
from devices.camera.suspicion import Fault, Suspicion, Why, sure

WHITE_SHARE: Final = 0.7
"""Of all points at the upper end of the scale (default of ours; a jump of the exposure to twice the
light leaves most walls below it)."""
BURNT_SHARE: Final = 0.4
BURNT_BRIGHTNESS: Final = 210.0
BURNT_TIMES: Final = 2.6
"""So much at the end of the scale, so bright in the mean, and what is left of the scene so many
times as bright as usual: a jump of the exposure is one stop or little more (defaults of ours)."""
BLANK_LOW: Final = 222.0
BLANK_SPREAD: Final = 6.0
"""Nowhere darker than this, and without any form: white though nothing is clipped."""


def white(measures: Measures, usual: Usual | None, part: int) -> Suspicion | None:
    """Whether the picture is white; `usual` None: nothing learned in this light."""
    before = usual.bright_share.value if usual else 0.0
    blank = measures.low >= BLANK_LOW and measures.spread < BLANK_SPREAD
    limit = max(WHITE_SHARE, (1 + before) / 2)
    if usual and usual.part == part and _burnt(measures, usual):
        limit = BURNT_SHARE
    if not blank and measures.bright_share < limit:
        return None
    if blank and usual and usual.brightness.value >= BLANK_LOW:
        return None
    confidence = max(sure(measures.bright_share, limit, 0.5 + limit / 2), 0.8 if blank else 0.5)
    return Suspicion(
        fault=Fault.WHITE,
        confidence=confidence,
        why=Why(
            "white",
            {
                "percent": round(100 * measures.bright_share),
                "usual_percent": round(100 * before),
                "brightness": round(measures.brightness),
            },
        ),
        measure="bright_share",
        value=measures.bright_share,
        limit=limit,
    )


def _burnt(measures: Measures, usual: Usual) -> bool:
    """Whether the points that still are no white are far brighter than they usually are."""
    if measures.bright_share < BURNT_SHARE or measures.brightness < BURNT_BRIGHTNESS:
        return False
    left = measures.small < CLIPPED_HIGH
    times = (measures.small[left] + 1) / (usual.small[left] + 1)
    return bool(left.any()) and float(np.median(times)) >= BURNT_TIMES
