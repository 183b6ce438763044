"""Noise as of a weak signal or a failing sensor (snow), and stripes across the picture."""

from __future__ import annotations

from typing import Final

from devices.camera.measures import Measures
from devices.camera.reference import Usual
from devices.camera.suspicion import Fault, Suspicion, Why, sure

SNOW_LEAST: Final = 9.0
"""Grey levels (standard deviation). Sensors at night have 3 to 8 (default of ours)."""
SNOW_TIMES: Final = 3.0
SNOW_UNKNOWN: Final = 26.0
"""Where nothing is learned of this light."""
STRIPES_LEAST: Final = 5.0
"""Grey levels by which lines stand out of their surroundings, in the mean."""
STRIPES_TIMES: Final = 1.6
STRIPES_UNKNOWN: Final = 22.0


def noise(measures: Measures, usual: Usual | None) -> Suspicion | None:
    """Whether the picture is full of noise."""
    before = usual.noise.value if usual else 0.0
    limit = SNOW_UNKNOWN
    if usual:
        limit = max(SNOW_LEAST, SNOW_TIMES * before, before + 8 * usual.noise.width)
    if measures.noise < limit:
        return None
    return Suspicion(
        fault=Fault.NOISE,
        confidence=sure(measures.noise, limit, 2 * limit),
        why=Why("noise", {"noise": round(measures.noise, 1), "usual": round(before, 1)}),
        measure="noise",
        value=measures.noise,
        limit=limit,
    )


def stripes(measures: Measures, usual: Usual | None, gain: float) -> Suspicion | None:
    """Whether lines stand out that do not belong to the scene; `gain`: its light to the usual."""
    worst: Suspicion | None = None
    for name, value in (("rows", measures.rows), ("columns", measures.columns)):
        spread = getattr(usual, name) if usual else None
        before = spread.value * max(1.0, gain) if spread else 0.0
        limit = STRIPES_UNKNOWN
        if spread:
            limit = max(STRIPES_LEAST, STRIPES_TIMES * before, before + 6 * spread.width)
        if value < limit or (worst and worst.value >= value):
            continue
        worst = Suspicion(
            fault=Fault.NOISE,
            confidence=sure(value, limit, 2 * limit),
            why=Why(f"stripes_{name}", {"levels": round(value, 1), "usual": round(before, 1)}),
            measure=name,
            value=value,
            limit=limit,
        )
    return worst
