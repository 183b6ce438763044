"""Blurred pictures: fine edges against what this camera usually has at the same contrast."""

from __future__ import annotations

import math
from typing import Final

from devices.camera.comparison import View, out_of_focus
from devices.camera.measures import Measures
from devices.camera.suspicion import Fault, Suspicion, Why, sure

BLUR: Final = -1.2
"""A logarithm: fine edges (squares) at 30 % of the usual. What a weak encoder takes is half at most
(default of ours)."""
BLUR_BORROWED: Final = -1.8
"""Where only other times of day are known: 17 %."""
SOFT: Final = -0.35
"""A logarithm: edges of a 160th of the width at 70 % of what larger ones have (default of ours)."""
SOFT_BORROWED: Final = -0.6
SOFT_SHAKEN: Final = -1.1
"""Where the picture lies a point beside its place, its fine edges do not meet the usual ones."""
STILL_SHARP: Final = -0.3
"""With so much energy the fine edges are all there, only not in their places: that is no blur."""
SAME_SCENE: Final = 0.55
"""The large forms must be the usual ones, or, where cars are as large, the picture must be like the
usual one put out of focus: else it is covered or moved, not blurred."""


def blurred(measures: Measures, view: View, *, borrowed: bool) -> Suspicion | None:
    """Whether the whole picture has lost its fine edges, not its forms."""
    found = None
    for name, value, usual, limits in (
        ("blur", view.blur, view.usual.blur, (BLUR, BLUR_BORROWED)),
        ("soft", view.soft, view.usual.soft, (SOFT, SOFT_BORROWED)),
    ):
        if name == "soft" and view.blur is not None and view.blur > STILL_SHARP:
            continue
        least = SOFT_SHAKEN if name == "soft" and view.shaken else limits[borrowed]
        limit = min(least, usual.value - 6 * usual.width)
        if value is None or value > limit:
            continue
        confidence = sure(value, limit, 2 * limit)
        if found is None or confidence > found.confidence:
            # Energy is a square: people are told of edges.
            edges = math.exp(value / 2 if name == "blur" else value)
            why = Why("blurred", {"percent": round(100 * edges)})
            found = Suspicion(
                fault=Fault.BLURRED,
                confidence=confidence,
                why=why,
                measure=name,
                value=value,
                limit=limit,
            )
    same = view.coarse_fit >= SAME_SCENE
    if found and (same or out_of_focus(measures, view.usual, view.fit)):
        return found
    return None
