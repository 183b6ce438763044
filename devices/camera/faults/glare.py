"""White pictures: over-exposed, dazzled or a sensor that fails; not a jump of the exposure."""

from __future__ import annotations

from typing import Final

from devices.camera.measures import Measures
from devices.camera.reference import Usual
from devices.camera.suspicion import Fault, Suspicion, Why, sure

WHITE_SHARE: Final = 0.7
"""Of all points at the upper end of the scale (default of ours; a jump of the exposure to twice the
light leaves most walls below it)."""
BLANK_LOW: Final = 222.0
BLANK_SPREAD: Final = 6.0
"""Nowhere darker than this, and without any form: white though nothing is clipped."""


def white(measures: Measures, usual: Usual | None) -> Suspicion | None:
    """Whether the picture is white; `usual` None: nothing learned in this light."""
    before = usual.bright_share.value if usual else 0.0
    blank = measures.low >= BLANK_LOW and measures.spread < BLANK_SPREAD
    limit = max(WHITE_SHARE, (1 + before) / 2)
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
