"""What a camera usually shows, by time of day and light: learned from its healthy pictures.

There is one `Usual` for each part of the day and each light mode (with colour, or grey as under
infra-red light). Older pictures count less and less, but never vanish: see `MEMORY`.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.camera.measures import COLUMNS, ROWS, SMALL, Grid, Measures, by_block, raised

PARTS: Final = 6
"""Of four hours each (default of ours): shadows and lamps differ between them."""
HOURS: Final = 24
"""Darkness is remembered hour by hour: it falls within one part of the day."""
LEARNED: Final = 8
"""Pictures before a usual one is believed (default of ours: eight minutes of looks)."""
MEMORY: Final = 240
"""A new picture counts at least for this part (default of ours: four hours of looks a minute)."""
STILLS: Final = 40
"""How many differences between looks are remembered in each `Usual`."""

DETAIL_LEAST: Final = 0.5
"""Added before a logarithm is taken of fine edges, in squared grey levels."""

_LEVEL: Final = 256
"""The usual picture is kept in 256ths of a grey level: a 240th of a step must not be lost."""
_MOST_STEP: Final = 20.0
"""A passer-by changes the usual picture by no more than this, in grey levels, a 240th of it."""


class Spread(msgspec.Struct):
    """Running mean and mean deviation, of one figure or of one for each block."""

    mean: Grid
    deviation: Grid

    @classmethod
    def of(cls, *shape: int) -> Spread:
        """Nothing learned."""
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32))

    def learn(self, values: Grid | float, weight: float) -> None:
        """Take values in; NaN says nothing. The first one is believed whole."""
        difference = np.nan_to_num(np.asarray(values, np.float32) - self.mean)
        self.mean += weight * difference
        self.deviation += weight * (np.abs(difference) * (weight < 1) - self.deviation)

    @property
    def value(self) -> float:
        """The mean of a single figure."""
        return float(self.mean)

    @property
    def width(self) -> float:
        """The mean deviation of a single figure."""
        return float(self.deviation)


class Usual(msgspec.Struct):
    """What is usual in one part of the day under one light, after `looks` healthy pictures.

    `match` is how well blocks resemble `picture` (-1 to 1), `detail` the logarithm of their
    fine edges, `tint` their colour; `lost` the share of blocks that showed something else, such as
    people; `blur` and `soft` how far the sharpness of the whole wanders (`View`). `stills` holds
    differences between successive looks.
    """

    part: int
    grey: bool
    picture: NDArray[np.uint16]
    looks: int = 0
    match: Spread = msgspec.field(default_factory=lambda: Spread.of(ROWS, COLUMNS))
    detail: Spread = msgspec.field(default_factory=lambda: Spread.of(ROWS, COLUMNS))
    tint: Spread = msgspec.field(default_factory=lambda: Spread.of(ROWS, COLUMNS, 2))
    brightness: Spread = msgspec.field(default_factory=Spread.of)
    bright_share: Spread = msgspec.field(default_factory=Spread.of)
    noise: Spread = msgspec.field(default_factory=Spread.of)
    rows: Spread = msgspec.field(default_factory=Spread.of)
    columns: Spread = msgspec.field(default_factory=Spread.of)
    lost: Spread = msgspec.field(default_factory=Spread.of)
    blur: Spread = msgspec.field(default_factory=Spread.of)
    soft: Spread = msgspec.field(default_factory=Spread.of)
    stills: list[float] = msgspec.field(default_factory=list)

    @property
    def learned(self) -> bool:
        """Whether enough pictures were seen to judge others by."""
        return self.looks >= LEARNED

    @property
    def small(self) -> Grid:
        """The usual picture as `Measures.small` has one: shown to people, and compared with."""
        return np.asarray(self.picture / _LEVEL, np.float32)

    def learn(
        self, measures: Measures, *, lost: float = 0, blur: float = 0, soft: float = 0
    ) -> None:
        """Take one healthy picture in; the others as it was judged by this very `Usual`."""
        before = self.small
        self.looks += 1
        weight = max(1 / self.looks, 1 / MEMORY)
        most = _MOST_STEP if self.learned else 255.0
        step = np.clip(measures.small - before, -most, most)
        if self.learned:
            self.lost.learn(lost, weight)
            self.blur.learn(blur, weight)
            self.soft.learn(soft, weight)
        if self.looks > 1:
            # Against the picture as it was without this one: itself it resembles too well.
            alike = likeness(raised(measures.small), raised(before))
            self.match.learn(alike, max(1 / (self.looks - 1), 1 / MEMORY))
        self.picture = np.rint((before + weight * step) * _LEVEL).astype(np.uint16)
        self.detail.learn(np.log(measures.detail + DETAIL_LEAST), weight)
        self.tint.learn(measures.tint, weight)
        self.brightness.learn(measures.brightness, weight)
        self.bright_share.learn(measures.bright_share, weight)
        self.noise.learn(measures.noise, weight)
        self.rows.learn(measures.rows, weight)
        self.columns.learn(measures.columns, weight)

    def learn_still(self, difference: float) -> None:
        """Take in how far this look differed from the one before (`faults.stillness`)."""
        # Every one at first, then every fourth: so they reach over some hours.
        if len(self.stills) < STILLS or self.looks % 4 == 0:
            self.stills = [*self.stills[-(STILLS - 1) :], difference]


class HourOfDay(msgspec.Struct):
    """How often it was too dark to judge in one hour of the day."""

    looks: int = 0
    dark: float = 0

    def learn(self, *, dark: bool) -> None:
        """Take one look in, healthy or too dark."""
        self.looks += 1
        self.dark += max(1 / self.looks, 1 / MEMORY) * (dark - self.dark)


class Reference(msgspec.Struct):
    """All that is usual of one camera. A new one knows nothing."""

    usual: list[Usual] = msgspec.field(default_factory=list)
    hours: list[HourOfDay] = msgspec.field(
        default_factory=lambda: [HourOfDay() for _ in range(HOURS)]
    )

    def at(self, part: int, *, grey: bool) -> Usual:
        """What is usual then, learned or not."""
        for each in self.usual:
            if (each.part, each.grey) == (part, grey):
                return each
        new = Usual(part, grey, np.zeros((SMALL[1], SMALL[0]), np.uint16))
        self.usual.append(new)
        return new

    def nearest(self, part: int, *, grey: bool) -> list[Usual]:
        """The learned ones of this light, nearest in time of day first."""
        known = [each for each in self.usual if each.learned and each.grey == grey]
        return sorted(known, key=lambda each: _apart(each.part, part))

    def others(self, *, grey: bool) -> list[Usual]:
        """The learned ones of the other light."""
        return [each for each in self.usual if each.learned and each.grey != grey]


def likeness(one: Grid, other: Grid) -> Grid:
    """How far the structure of each block is the same in two `raised` pictures: correlation."""
    one_mean, other_mean = by_block(one), by_block(other)
    common = by_block(one * other) - one_mean * other_mean
    one_square = by_block(one * one) - one_mean**2
    other_square = by_block(other * other) - other_mean**2
    # A quarter of a squared level is what rounding leaves: blocks with no more resemble nothing.
    scale = np.sqrt((one_square + 0.25) * (other_square + 0.25))
    return np.asarray(common / scale, np.float32)


def _apart(one: int, other: int) -> int:
    away = abs(one - other)
    return min(away, PARTS - away)
