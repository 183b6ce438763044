"""What an invented camera sees: a yard before a building, drawn, in which somebody walks about.

No photograph, no person: enough edges, texture and change for a probe to learn and to judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from devices.camera.look import Image

SIZE: Final = (640, 360)
"""Width and height."""

_NOISE: Final = 2.5
"""Grey levels, as of a sensor by day."""

_DARK: Final = 0.06
"""Of the light by day, on a night without a lamp."""


class DrawnView:
    """The view of one camera; the same number gives the same one."""

    def __init__(self, number: int) -> None:
        self._chance: Final = np.random.default_rng(number)
        self._place: Final = self._drawn()

    def pictures(self, count: int, *, covered: bool = False, dark: bool = False) -> Iterator[Image]:
        """So many pictures while somebody walks through. ``covered``: something hangs before most
        of the lens; ``dark``: the lamps are off.
        """
        for step in range(count):
            image = self._place.copy()
            self._walker(image, step / count)
            if covered:
                self._cover(image)
            light = _DARK if dark else 1.0
            noise = self._chance.normal(0, _NOISE, image.shape)
            yield np.clip(image * light + noise, 0, 255).astype(np.uint8)

    def _drawn(self) -> Image:
        chance, (width, height) = self._chance, SIZE
        horizon = int(chance.integers(120, 190))
        image = np.empty((height, width, 3), np.uint8)
        image[:horizon] = np.linspace((225, 205, 190), (240, 230, 225), horizon)[:, None]
        ground = chance.integers(95, 135, (height // 4, width // 4, 1)).repeat(3, 2)
        image[horizon:] = cv2.resize(ground.astype(np.uint8), SIZE)[horizon:]
        left = int(chance.integers(20, 160))
        right = left + int(chance.integers(300, 440))
        wall = tuple(int(each) for each in chance.integers((120, 140, 160), (175, 195, 215)))
        cv2.rectangle(image, (left, 40), (right, horizon + 40), wall, -1)
        for top in range(55, horizon + 10, 42):
            for at in range(left + 14, right - 30, 44):
                shade = int(chance.integers(40, 90))
                cv2.rectangle(image, (at, top), (at + 26, top + 24), (shade + 20, shade, shade), -1)
                cv2.rectangle(image, (at, top), (at + 26, top + 24), (230, 230, 230), 1)
        for _ in range(4):
            foot = int(chance.integers(0, width))
            cv2.line(image, (foot, height), (width // 2, horizon + 40), (200, 205, 205), 2)
        for _ in range(60):
            middle = (int(chance.integers(0, width)), int(chance.integers(horizon - 20, height)))
            leaf = (40, int(chance.integers(80, 150)), 50)
            cv2.circle(image, middle, int(chance.integers(3, 10)), leaf, -1)
        return image

    def _walker(self, image: Image, share: float) -> None:
        across, down = int(share * SIZE[0]), 250 + int(20 * np.sin(6.3 * share))
        cv2.ellipse(image, (across, down), (9, 28), 0, 0, 360, (60, 50, 45), -1)
        cv2.circle(image, (across, down - 36), 8, (150, 170, 190), -1)

    def _cover(self, image: Image) -> None:
        cloth = np.linspace(52, 68, SIZE[0], dtype=np.uint8)[None, :, None]
        image[:, : int(0.92 * SIZE[0])] = cloth[:, : int(0.92 * SIZE[0])]
