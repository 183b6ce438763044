"""Private areas: what lies in one leaves the probe in no form, neither judged nor stored nor shown.

A mask is a polygon in fractions of the picture (0 to 1 from the left and from the top), so that it
holds for main stream and substream alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np

from devices.camera.look import Image

Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""At least three corners."""


def masked(image: Image, masks: Sequence[Polygon]) -> Image:
    """A copy in which the areas are black; the image itself when there are none.

    Borders are drawn over: a point that a polygon touches is inside.
    """
    if not masks:
        return image
    height, width = image.shape[:2]
    covered = image.copy()
    for mask in masks:
        corners = np.array([(x * (width - 1), y * (height - 1)) for x, y in mask])
        points = np.rint(corners).astype(np.int32)
        cv2.fillPoly(covered, [points], (0, 0, 0))
        cv2.polylines(covered, [points], isClosed=True, color=(0, 0, 0), thickness=2)
    return covered
