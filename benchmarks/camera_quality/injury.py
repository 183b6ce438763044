"""Faults to inject, each at several strengths: in the view, before the lens, or in the signal.

And what looks like one and is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from benchmarks.camera_quality.weather import AHEAD, Change, Turn, encoded
from devices.camera.look import Image
from devices.camera.suspicion import Fault


@dataclass(frozen=True, slots=True)
class Injury:
    """One fault at one strength, for so many `looks`. `also`: other names under which it is rightly
    found. `fault` None: nothing is wrong, nothing may be raised.

    `after` changes the encoded picture and is given the last good one; `scene` shows another clip,
    `empty` the place without anybody in it.
    """

    fault: Fault | None
    strength: str
    looks: int = 3
    turn: Turn = AHEAD
    optical: Change | None = None
    signal: Change | None = None
    after: Callable[[Image, int], Image] | None = None
    scene: bool = False
    empty: bool = False
    also: frozenset[Fault] = field(default_factory=frozenset)


def injuries(invented: np.random.Generator) -> Iterator[Injury]:
    """All of them; where it lies and how it looks is drawn anew each time."""
    yield from _light(invented)
    yield from _focus()
    yield from _covers(invented)
    yield from _turns(invented)
    yield from _signal(invented)
    yield from _colours()
    yield Injury(Fault.FROZEN, "the same picture", after=lambda last, _: last)
    yield Injury(Fault.FROZEN, "encoded anew", after=lambda last, _: encoded(last, 85))
    yield Injury(Fault.FROZEN, "a clock goes on", after=_with_clock)
    yield from _nothing_wrong()


def _nothing_wrong() -> Iterator[Injury]:
    yield Injury(None, "nobody there", looks=20, empty=True)
    for times, looks in ((0.45, 2), (2.2, 2), (0.5, 8), (1.6, 8)):

        def change(image: Image, times: float = times) -> Image:
            return np.asarray(np.clip(image * times, 0, 255), np.uint8)

        yield Injury(None, f"exposure × {times}, {looks} looks", looks=looks, optical=change)


def _light(invented: np.random.Generator) -> Iterator[Injury]:
    def flat(level: float, noise: float) -> Change:
        def change(image: Image) -> Image:
            drawn = invented.normal(level, noise, image.shape[:2])
            return np.repeat(np.clip(drawn, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)

        return change

    yield Injury(Fault.BLACK, "level 0", signal=flat(0, 0))
    yield Injury(Fault.BLACK, "level 16", signal=flat(16, 0.3))
    yield Injury(Fault.BLACK, "level 24, noise 4", signal=flat(24, 4))
    yield Injury(Fault.BLACK, "with a clock", signal=lambda image: _clock(image * 0, 7))
    yield Injury(Fault.WHITE, "level 255", signal=flat(255, 0))
    yield Injury(Fault.WHITE, "level 238", signal=flat(238, 2))
    yield Injury(
        Fault.WHITE,
        "over-exposed",
        signal=lambda image: np.clip(
            40 + image * (510 / max(float(image.mean()), 1)), 0, 255
        ).astype(np.uint8),
    )


def _focus() -> Iterator[Injury]:
    for per_mille in (4, 8, 16, 32):

        def change(image: Image, per_mille: int = per_mille) -> Image:
            blurred = cv2.GaussianBlur(image, (0, 0), image.shape[1] * per_mille / 1000)
            return np.asarray(blurred, np.uint8)

        yield Injury(Fault.BLURRED, f"{per_mille / 10} % of the width", optical=change)


def _covers(invented: np.random.Generator) -> Iterator[Injury]:
    black = frozenset({Fault.BLACK})
    for share in (0.3, 0.5, 1.0):
        for name, colour, texture in (
            ("grey", (110, 110, 110), 0),
            ("dark", (42, 40, 44), 3),
            ("cloth", (70, 95, 140), 10),
        ):
            side = int(invented.integers(4))
            change = _cover(share, side, np.array(colour, np.float32), texture, invented)
            yield Injury(
                Fault.COVERED,
                f"{share:.0%} {name}",
                optical=change,
                also=black if share == 1 and name == "dark" else frozenset(),
            )


def _cover(
    share: float, side: int, colour: np.ndarray, texture: float, invented: np.random.Generator
) -> Change:
    folds = invented.normal(0, texture + 0.01, (5, 7)).astype(np.float32)

    def change(image: Image) -> Image:
        height, width = image.shape[:2]
        y, x = np.ogrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
        along = (x + 0.1 * y, 1 - x + 0.1 * y, y + 0.1 * x, 1 - y + 0.1 * x)[side]
        edge = 2.0 if share == 1 else float(np.quantile(along, share))
        # A cover near the lens is out of focus, its edge as well.
        over = (1 / (1 + np.exp(60 * (along - edge))))[:, :, None]
        light = min(1.0, float(image.mean()) / 90 + 0.25)
        cloth = (
            colour + cv2.resize(folds, (width, height), interpolation=cv2.INTER_CUBIC)[:, :, None]
        )
        return np.clip(image * (1 - over) + light * cloth * over, 0, 255).astype(np.uint8)

    return change


def _turns(invented: np.random.Generator) -> Iterator[Injury]:
    way = 1 if invented.random() < 0.5 else -1
    yield Injury(Fault.MOVED, "by 3 %", turn=Turn(right=way * 0.03, down=0.01))
    yield Injury(Fault.MOVED, "by 6 %", turn=Turn(right=way * 0.06, down=-way * 0.03))
    yield Injury(Fault.MOVED, "by 12 %", turn=Turn(right=way * 0.12, down=0.06))
    yield Injury(Fault.MOVED, "turned by 8°", turn=Turn(degrees=way * 8.0))
    yield Injury(Fault.MOVED, "1.3 × nearer", turn=Turn(nearer=1.3))
    yield Injury(Fault.MOVED, "another scene", scene=True)


def _signal(invented: np.random.Generator) -> Iterator[Injury]:
    def snow(strength: float) -> Change:
        def change(image: Image) -> Image:
            drawn = invented.normal(0, strength, image.shape[:2])[:, :, None]
            return np.clip(image + drawn, 0, 255).astype(np.uint8)

        return change

    def pepper(image: Image) -> Image:
        drawn = invented.random(image.shape[:2])
        spoilt = image.copy()
        spoilt[drawn < 0.05] = 0
        spoilt[drawn > 0.95] = 255
        return spoilt

    def bars(levels: float, period: int, axis: int) -> Change:
        def change(image: Image) -> Image:
            length = image.shape[axis]
            line = ((np.arange(length) + invented.integers(period)) % period < period / 2) - 0.5
            shape = (length, 1, 1) if axis == 0 else (1, length, 1)
            return np.clip(image + 2 * levels * line.reshape(shape), 0, 255).astype(np.uint8)

        return change

    def torn(image: Image) -> Image:
        spoilt = image.copy()
        for row in invented.integers(0, image.shape[0], image.shape[0] // 12):
            spoilt[row] = invented.integers(0, 256)
        return spoilt

    yield Injury(Fault.NOISE, "snow of 25", signal=snow(25))
    yield Injury(Fault.NOISE, "snow of 60", signal=snow(60))
    yield Injury(Fault.NOISE, "salt and pepper, 10 %", signal=pepper)
    yield Injury(Fault.NOISE, "stripes across, 12 levels", signal=bars(12, 8, 0))
    yield Injury(Fault.NOISE, "stripes across, 40 levels", signal=bars(40, 14, 0))
    yield Injury(Fault.NOISE, "stripes down, 20 levels", signal=bars(20, 10, 1))
    yield Injury(Fault.NOISE, "torn lines", signal=torn)


def _colours() -> Iterator[Injury]:
    for name, factors in (
        ("red × 1.6", (1, 1, 1.6)),
        ("blue × 0.5", (0.5, 1, 1)),
        ("green × 1.5", (1, 1.5, 1)),
        ("no green", (1, 0.2, 1)),
        ("purple", (1.35, 0.8, 1.3)),
    ):

        def change(image: Image, factors: tuple[float, ...] = factors) -> Image:
            return np.clip(image * np.array(factors, np.float32), 0, 255).astype(np.uint8)

        yield Injury(Fault.COLOUR_CAST, name, signal=change)


def _clock(image: Image, seconds: int) -> Image:
    marked = np.ascontiguousarray(image)
    height, width = marked.shape[:2]
    said = f"2026-11-22 08:{seconds // 60 % 60:02}:{seconds % 60:02}"
    size = width / 1000
    where = (width // 40, height // 14)
    cv2.putText(marked, said, where, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 1)
    return marked


def _with_clock(last: Image, number: int) -> Image:
    return encoded(_clock(last.copy(), 61 * number), 90)
