"""A scene drawn for tests: a wall of patches before which something walks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from devices.camera.look import Image


def scene(pictures: int, *, width: int = 320, height: int = 240) -> Iterator[Image]:
    """So many pictures; a white column goes from left to right."""
    patches = np.random.default_rng(1).integers(
        0, 255, (height // 16, width // 16, 3), dtype=np.uint8
    )
    wall = patches.repeat(16, 0).repeat(16, 1)
    for index in range(pictures):
        image = wall.copy()
        left = 8 * index % (width - 16)
        image[:, left : left + 16] = 255
        yield image
