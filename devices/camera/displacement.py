"""Whither a picture was displaced: shifted, turned or brought nearer; by putting it back.

Phase correlation finds shifts, however the light has changed. A turn and a nearer view are tried at
a few sizes: what is put back by nearly the right one fits far better than any other scene does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from devices.camera.measures import SMALL, Grid

DEGREES: Final = (-12.0, -8.0, -4.0, 4.0, 8.0, 12.0)
TIMES: Final = (0.72, 0.8, 0.89, 1.12, 1.25, 1.4)
"""Tried one by one. Half a step beside the right one, two thirds of the likeness are left."""
OVERLAP: Final = 0.5
"""The part of the picture that must be seen in both."""

_CLIP: Final = 24.0
"""A car or a lamp with strong edges must not outweigh the rest."""
_WINDOW: Final = cv2.createHanningWindow(SMALL, cv2.CV_32F)
_CENTRE: Final = ((SMALL[0] - 1) / 2, (SMALL[1] - 1) / 2)


@dataclass(frozen=True, slots=True)
class Turn:
    """Turned by `degrees`, clockwise as the picture shows it, or `times` nearer; `fit` is the
    likeness (-1 to 1) once it is put back.
    """

    degrees: float = 0.0
    times: float = 1.0
    fit: float = -1.0


def fit(now: Grid, then: Grid) -> float:
    """Likeness of two `raised` pictures as a whole, -1 to 1."""
    one, other = (np.clip(each, -_CLIP, _CLIP) for each in (now, then))
    return _likeness(one, other)


def shifted_by(now: Grid, then: Grid) -> tuple[tuple[float, float], float]:
    """Points right and down by which `now` is best explained, and the fit once it is put back."""
    one, other = (np.clip(each, -_CLIP, _CLIP) for each in (now, then))
    right, down = _phase(one, other)
    return (right, down), _fit_put_back(one, other, _moving(right, down))


def put_back(picture: Grid, by: tuple[float, float]) -> Grid:
    """The picture without that shift, its edges continued."""
    put = cv2.warpAffine(picture, _moving(*by), SMALL, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(put, np.float32)


def turned(now: Grid, then: Grid) -> Turn:
    """How `now` is best explained by a turn about the line of sight, or by coming nearer, wherever
    the centre went. Costs some 5 ms: for pictures with which something is wrong.
    """
    one, other = (np.clip(each, -_CLIP, _CLIP) for each in (now, then))
    best = Turn()
    tried = [(degrees, 1.0) for degrees in DEGREES] + [(0.0, times) for times in TIMES]
    for degrees, times in tried:
        back = np.asarray(cv2.getRotationMatrix2D(_CENTRE, degrees, 1 / times), np.float32)
        right, down = _phase(_warped(one, back), other)
        back[:, 2] -= np.array([right, down])
        found = _fit_put_back(one, other, back)
        if found > best.fit:
            best = Turn(degrees, times, found)
    return best


def _phase(one: Grid, other: Grid) -> tuple[float, float]:
    # Copies: the pictures that it is given are multiplied by the window in their places.
    (right, down), _ = cv2.phaseCorrelate(other.copy(), one.copy(), _WINDOW)
    return right, down


def _moving(right: float, down: float) -> Grid:
    return np.array([[1, 0, -right], [0, 1, -down]], np.float32)


def _fit_put_back(one: Grid, other: Grid, back: Grid) -> float:
    """Of what is seen in both; -1 where that is too little."""
    seen = _warped(np.ones_like(one), back)
    if float(seen.mean()) < OVERLAP:
        return -1.0
    return _likeness(_warped(one, back), other * seen)


def _warped(picture: Grid, by: Grid) -> Grid:
    return np.asarray(cv2.warpAffine(picture, by, SMALL), np.float32)


def _likeness(one: Grid, other: Grid) -> float:
    weight = math.sqrt(float((one * one).sum()) * float((other * other).sum()))
    return float((one * other).sum()) / max(weight, 1.0)
