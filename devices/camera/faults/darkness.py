"""Black pictures, told from dark ones: night without a lamp is no fault, it cannot be judged."""

from __future__ import annotations

from typing import Final

from devices.camera.comparison import View, compare
from devices.camera.measures import Measures
from devices.camera.reference import HOURS, HourOfDay, Reference
from devices.camera.suspicion import Fault, Inputs, Suspicion, Undecidable, Why, sure

DARK_HIGH: Final = 36.0
"""Where hardly a point is brighter than this, it is dark (default of ours)."""
DARK_SHARE: Final = 0.25
"""Darker than this part of the usual light."""
UNUSUAL_SHARE: Final = 0.8
"""So dark, below this part of the usual light and with nothing of the scene in it: black."""
DEAD_HIGH: Final = 26.0
"""A sensor that gives nothing: no brighter than this (0.10 of video's scale, as blackdetect)..."""
DEAD_SPREAD: Final = 1.5
DEAD_NOISE: Final = 0.7
"""...and without form and noise, which a working sensor has in the dark more than ever."""
ALIVE_FIT: Final = 0.15
"""Chance alone makes two pictures as alike as 0.02 to 0.05 (14,400 related points)."""
LIT_LOOKS: Final = 20
LIT_SHARE: Final = 0.02
"""An hour is lit when, of so many looks, no larger share was too dark."""


def darkness(
    measures: Measures, reference: Reference, hour: int, usual_brightness: float | None
) -> Suspicion | Undecidable | None:
    """Black, too dark to judge, or None: light enough."""
    usual = usual_brightness or 0.0
    dim = measures.brightness < DARK_SHARE * usual
    if measures.high >= DARK_HIGH and not dim:
        return None
    # Night falls a little earlier or later every day: into the hours beside its own.
    hours = [reference.hours[(hour + one) % HOURS] for one in (-1, 0, 1)]
    dead = (
        measures.high < DEAD_HIGH and measures.spread < DEAD_SPREAD and measures.noise < DEAD_NOISE
    )
    if dead and not any(map(_usually_dark, hours)):
        inputs: Inputs = {"brightness": round(measures.brightness, 1)}
        confidence = sure(measures.high, DEAD_HIGH, DEAD_HIGH / 2)
        return _black("black_dead", max(confidence, 0.8), measures, inputs)
    unusual = measures.brightness < UNUSUAL_SHARE * usual
    if unusual and all(map(_usually_lit, hours)) and not _seen_again(measures, reference):
        inputs = {
            "percent": round(100 * measures.brightness / usual),
            "brightness": round(measures.brightness, 1),
        }
        confidence = sure(measures.brightness, UNUSUAL_SHARE * usual, 0)
        return _black("black_unusual", max(confidence, 0.6), measures, inputs)
    return Undecidable.TOO_DARK


def _black(code: str, confidence: float, measures: Measures, inputs: Inputs) -> Suspicion:
    return Suspicion(
        fault=Fault.BLACK,
        confidence=confidence,
        why=Why(code, inputs),
        measure="brightness",
        value=measures.brightness,
        limit=DARK_HIGH,
    )


def _usually_dark(hour: HourOfDay) -> bool:
    return hour.looks >= LIT_LOOKS and hour.dark > LIT_SHARE


def _usually_lit(hour: HourOfDay) -> bool:
    return hour.looks >= LIT_LOOKS and hour.dark <= LIT_SHARE


def _seen_again(measures: Measures, reference: Reference) -> bool:
    """Whether, however dark, it is the scene: then the camera works."""
    views: list[View] = [compare(measures, each) for each in reference.usual if each.learned]
    return any(view.fit >= ALIVE_FIT for view in views)
