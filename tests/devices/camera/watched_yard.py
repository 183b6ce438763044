"""Pictures that the tests draw: a yard with walls, windows and a road, and its camera's noise."""

from __future__ import annotations

import cv2
import numpy as np

from devices.camera.look import Image, Look, Outcome, Picture
from devices.camera.watch import CameraWatch, Judgement

MINUTE_MS = 60_000
NOON = 1_795_147_200_000
"""12:00 in China."""


def yard(seed: int = 1, size: tuple[int, int] = (640, 360)) -> Image:
    """A scene with edges everywhere: the same for the same seed."""
    invented = np.random.default_rng(seed)
    width, height = size
    image = np.full((height, width, 3), (150, 140, 130), np.uint8)
    for _ in range(60):
        x, y = int(invented.integers(0, width)), int(invented.integers(0, height))
        wide, tall = int(invented.integers(12, width // 6)), int(invented.integers(12, height // 5))
        colour = [int(one) for one in invented.integers(50, 210, 3)]
        cv2.rectangle(image, (x, y), (x + wide, y + tall), colour, -1)
    return image


class Camera:
    """A camera before a scene, and the watch over it: a look a minute."""

    def __init__(self, scene: Image | None = None, *, noise: float = 2.0, seed: int = 7) -> None:
        self.scene = yard() if scene is None else scene
        self.noise = noise
        self.watch = CameraWatch()
        self.now = NOON
        self._invented = np.random.default_rng(seed)

    def picture(self, scene: Image | None = None) -> Image:
        """The scene as the sensor gives it, never twice the same."""
        seen = self.scene if scene is None else scene
        drawn = self._invented.normal(0, self.noise, seen.shape[:2])[:, :, None]
        return np.clip(seen + drawn, 0, 255).astype(np.uint8)

    def show(self, *images: Image) -> Judgement:
        """One look, a minute after the last one, at exactly these pictures."""
        self.now += MINUTE_MS
        return self.watch.see(look(*images, at=self.now), self.now)

    def looks(self, count: int, scene: Image | None = None) -> list[Judgement]:
        """So many looks at the scene, or at another one."""
        return [self.show(self.picture(scene)) for _ in range(count)]

    def give(self, seen: Look) -> Judgement:
        """A look that came otherwise."""
        self.now += MINUTE_MS
        return self.watch.see(seen, self.now)


def look(
    *images: Image, at: int = NOON, fps: float | None = None, kbps: float | None = None
) -> Look:
    """A look that saw these pictures, two seconds apart."""
    height, width = images[0].shape[:2]
    return Look(
        begun=at,
        ended=at,
        outcome=Outcome.SEEN,
        pictures=tuple(Picture(2000 * n, each) for n, each in enumerate(images)),
        width=width,
        height=height,
        fps=fps,
        bitrate_kbps=kbps,
    )


def unseen(outcome: Outcome, at: int = NOON) -> Look:
    """A look that saw nothing."""
    return Look(begun=at, ended=at, outcome=outcome)
