"""What a fixed camera sees in the course of days: one picture of a clip, lit anew for a minute.

Dusk and dawn, night under infra-red light, lamps or none at all, clouds, shadows that wander,
jumps of the exposure, headlights, rain, people before the lens, the noise of the sensor, and the
encoder's key frames (JPEG stands for them). All invented, from a seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np

from devices.camera.look import Image

Change = Callable[[Image], Image]

VIEW: Final = 0.8
"""The part of a clip that the camera shows: what is beside it is there to be turned to."""
DAWN: Final = 6.5
DUSK: Final = 18.5
TWILIGHT_H: Final = 0.75


class Night(StrEnum):
    """What a camera does at night."""

    INFRA_RED = "infra_red"
    LAMPS = "lamps"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Turn:
    """Where the camera looks: shift in parts of its width, degrees, and times nearer."""

    right: float = 0
    down: float = 0
    degrees: float = 0
    nearer: float = 1


AHEAD: Final = Turn()


class Weather:
    """The light of one camera, minute by minute; `minute` counts from midnight of the first day."""

    def __init__(self, night: Night, seed: int, *, calm: bool = False) -> None:
        """`calm`: no exposure jumps, rain, headlights or people: only time of day and noise."""
        self.night = night
        self._calm = calm
        self._invented = np.random.default_rng(seed)
        self._cloud = 0.0
        self._rain_left = 0
        self._jump_left = 0
        self._jump = 1.0
        self._someone_left = 0
        self._someone: tuple[float, float, float, float] = (0, 0, 0, 0)
        self._noise = self._invented.normal(0, 1, (1200, 1600)).astype(np.float32)

    def picture(
        self,
        frame: Image,
        minute: int,
        *,
        turn: Turn = AHEAD,
        optical: Change | None = None,
        signal: Change | None = None,
    ) -> Image:
        """One look. `optical` lies between the scene and the sensor, `signal` behind it."""
        invented = self._invented
        hour = minute / 60 % 24
        day = _daylight(hour)
        image = cropped(frame, turn).astype(np.float32)
        height, width = image.shape[:2]
        self._cloud = 0.98 * self._cloud + 0.2 * float(invented.normal(0, 0.15))
        if not self._calm:
            self._happen(day)
        noise = 1.0
        if day > 0.15:
            light = min(1.0, 0.45 + 0.6 * day) * math.exp(0.35 * self._cloud)
            image *= light
            noise += 2.5 * (1 - day)
            warm = 0.12 * (1 - day)
            image *= np.array([1 - warm, 1, 1 + warm], np.float32)
            if day > 0.5 and not self._calm:
                image *= _shadow(height, width, hour)
        elif self.night is Night.INFRA_RED:
            grey = image @ np.array([0.2, 0.45, 0.35], np.float32)
            grey = 12 + 0.75 * grey * _beam(height, width)
            image = np.repeat(grey[:, :, None], 3, axis=2)
            noise += 3.5
        elif self.night is Night.LAMPS:
            image *= np.array([0.3, 0.42, 0.5], np.float32) * _beam(height, width)[:, :, None]
            noise += 4
        else:
            image *= 0.03
            noise += 3
        if not self._calm:
            image = self._trouble(image, day)
            image *= self._jump if self._jump_left else 1.0
        if optical:
            image = optical(np.clip(image, 0, 255).astype(np.uint8)).astype(np.float32)
        image += self._sensor(height, width, noise)[:, :, None]
        seen = np.clip(image, 0, 255).astype(np.uint8)
        if signal:
            seen = signal(seen)
        return encoded(seen, int(invented.integers(55, 85)))

    def _sensor(self, height: int, width: int, strength: float) -> np.ndarray:
        top = int(self._invented.integers(0, self._noise.shape[0] - height))
        left = int(self._invented.integers(0, self._noise.shape[1] - width))
        return self._noise[top : top + height, left : left + width] * strength

    def _happen(self, day: float) -> None:
        invented = self._invented
        self._jump_left = max(0, self._jump_left - 1)
        if not self._jump_left and invented.random() < 1 / 45:
            self._jump_left = int(invented.integers(1, 3))
            self._jump = float(invented.choice([0.45, 0.6, 1.6, 2.2]))
        self._rain_left = max(0, self._rain_left - 1)
        if not self._rain_left and invented.random() < 1 / 700:
            self._rain_left = int(invented.integers(30, 150))
        self._someone_left = max(0, self._someone_left - 1)
        if not self._someone_left and invented.random() < (0.12 if day > 0.5 else 0.02):
            self._someone_left = int(invented.integers(1, 3))
            self._someone = tuple(invented.uniform((0, 0.2, 0.1, 0.3), (0.9, 0.6, 0.3, 0.8)))

    def _trouble(self, image: np.ndarray, day: float) -> np.ndarray:
        invented = self._invented
        height, width = image.shape[:2]
        if self._someone_left:
            left, top, wide, tall = self._someone
            sway = float(invented.normal(0, 0.02))
            box = image[
                int(top * height) : int((top + tall) * height),
                max(0, int((left + sway) * width)) : int((left + sway + wide) * width),
            ]
            if box.size:
                clothes = cv2.resize(
                    self._noise[: 6 + box.shape[0] // 12, : 3 + box.shape[1] // 12],
                    (box.shape[1], box.shape[0]),
                    interpolation=cv2.INTER_CUBIC,
                )
                colour = np.array([70, 60, 80], np.float32) * (0.4 + 0.6 * day)
                box[:] = colour + 14 * (0.3 + 0.7 * day) * clothes[:, :, None]
        if self._rain_left:
            streaks = np.zeros((height, width), np.float32)
            for _ in range(160):
                x, y = invented.integers(0, width), invented.integers(0, height)
                long = int(invented.integers(8, 26))
                end = (int(x) + long // 4, int(y) + long)
                cv2.line(streaks, (int(x), int(y)), end, 26.0, 1)
            image = 14 + 0.85 * image + streaks[:, :, None]
        if day < 0.15 and invented.random() < 0.08:
            lamp = np.zeros((height, width), np.float32)
            centre = (int(invented.integers(0, width)), int(invented.integers(0, height)))
            cv2.circle(lamp, centre, width // 24, 255.0, -1)
            image = image + 2 * cv2.GaussianBlur(lamp, (0, 0), width / 40)[:, :, None]
        return image


def cropped(frame: Image, turn: Turn) -> Image:
    """What the camera shows of a clip's picture."""
    height, width = frame.shape[:2]
    out = (round(width * VIEW), round(height * VIEW))
    centre = (width * (0.5 + turn.right * VIEW), height * (0.5 + turn.down * VIEW))
    if turn.degrees or turn.nearer != 1:
        turned = cv2.getRotationMatrix2D(centre, turn.degrees, turn.nearer)
        turned[0, 2] += out[0] / 2 - centre[0]
        turned[1, 2] += out[1] / 2 - centre[1]
        seen = cv2.warpAffine(frame, turned, out, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(seen, np.uint8)
    left = min(max(round(centre[0] - out[0] / 2), 0), width - out[0])
    top = min(max(round(centre[1] - out[1] / 2), 0), height - out[1])
    return np.ascontiguousarray(frame[top : top + out[1], left : left + out[0]])


def encoded(image: Image, quality: int) -> Image:
    """What is left of a picture after it was encoded: 55 to 85 is a stream of 1 to 4 Mbit/s."""
    _, body = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(body, cv2.IMREAD_COLOR), np.uint8)


def _daylight(hour: float) -> float:
    """0 at night, 1 by day."""
    up = (hour - DAWN) / TWILIGHT_H
    down = (DUSK - hour) / TWILIGHT_H
    return float(np.clip(0.5 + 0.5 * min(up, down), 0, 1))


def _beam(height: int, width: int) -> np.ndarray:
    """The camera's own lamp: strong in the middle, a third at the edges."""
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.asarray(0.35 + 0.75 * np.exp(-(x * x + y * y) / 0.7), np.float32)


def _shadow(height: int, width: int, hour: float) -> np.ndarray:
    """A building's shadow that goes from left to right in the course of the day."""
    y, x = np.ogrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    edge = (hour - 7) / 11
    inside = 1 / (1 + np.exp(-40 * (0.18 - np.abs(x + 0.4 * y - 1.4 * edge))))
    return np.asarray(1 - 0.45 * inside, np.float32)[:, :, None]
