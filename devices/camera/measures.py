"""What is measured in one picture: light, colour, edges, noise and stripes, from small copies.

A picture is shrunk once to `FINE` and from there to `HALF` and `SMALL`; only noise, stripes and
stillness are measured in samples of the picture itself, because shrinking averages them away. All
figures are in grey levels (0 to 255) unless they say otherwise; a block is one of `ROWS` x
`COLUMNS` equal parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.camera.look import Image

Grid = NDArray[np.float32]
"""Mostly one figure for each block: `ROWS` x `COLUMNS`."""
Mask = NDArray[np.bool_]

FINE: Final = (640, 360)
HALF: Final = (320, 180)
SMALL: Final = (160, 90)
"""Width and height. Whatever a camera sends is judged in these: its substream as well."""
ROWS: Final = 9
COLUMNS: Final = 16
TILE: Final = 16
TILE_ROWS: Final = 6
TILE_COLUMNS: Final = 8
"""Samples of the picture in its own size: 48 squares of 16 x 16 points."""

LEAST_POINTS: Final = 4 * TILE
"""High and wide: what is smaller cannot be judged."""
GREY_CHROMA: Final = 1.5
"""Mean difference of the strongest and the weakest colour below which a picture is grey (default
of ours: infra-red pictures come with neutral colour, a decoder leaves 0 to 1)."""
ONE_HUE: Final = 0.03
"""By which the colours of blocks differ in the middle, as logarithms, and still are one."""
CLIPPED_LOW: Final = 3
CLIPPED_HIGH: Final = 252
"""At or beyond these a sensor or an encoder has no more to tell."""

_NOISE_KERNEL: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_NOISE_SCALE: Final = math.sqrt(math.pi / 2) / 6
"""Immerkaer, Fast noise variance estimation (1996): this kernel is blind to ramps and edges."""
_COLOUR_LEAST: Final = 12.0
"""Darker blocks have no colour to speak of."""


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """One picture in figures. `brightness`, `low` and `high` are its mean, 1st and 99th percentile;
    `bright_share` the share of points at the upper end; `spread` the standard deviation.

    `noise` is that of the picture itself, `small_noise` what is left of it in `small`. `rows` and
    `columns`: how far neighbouring lines differ as a whole, which only stripes do. `detail`: mean
    square of the Laplacian of `HALF`, with what noise adds. `tint`: how warm (red against blue) and
    how far from green (to purple), from natural logarithms; NaN where it is too dark.
    """

    small: Grid
    tiles: NDArray[np.uint8]
    means: Grid
    brightness: float
    low: float
    high: float
    spread: float
    bright_share: float
    chroma: float
    noise: float
    small_noise: float
    rows: float
    columns: float
    detail: Grid
    tint: Grid

    @property
    def grey(self) -> bool:
        """Whether it has no colour: infra-red light, or hardly any light."""
        return self.chroma < GREY_CHROMA

    @property
    def one_hue(self) -> bool:
        """Whether all of it has nearly the same hue: a grey picture, tinted or not."""
        telling = self.tint[np.isfinite(self.tint).all(axis=2)]
        if len(telling) < ROWS * COLUMNS // 4:
            return True
        middle = np.median(telling, axis=0)
        away = float(np.median(np.abs(telling - middle)))
        return away < ONE_HUE + 0.1 * float(np.hypot(middle[0], middle[1]))


def measure(image: Image) -> Measures:
    """All figures of one picture of at least 64 x 64 points. Raises `ValueError` for less."""
    if image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < LEAST_POINTS:
        raise ValueError(f"not a picture that can be judged: shape {image.shape}")
    shrinks = image.shape[1] > FINE[0] and image.shape[0] > FINE[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    coloured = cv2.resize(image, FINE, interpolation=how)
    fine = cv2.cvtColor(coloured, cv2.COLOR_BGR2GRAY)
    colours = cv2.split(cv2.resize(coloured, SMALL, interpolation=cv2.INTER_AREA))
    strongest = cv2.max(cv2.max(colours[0], colours[1]), colours[2])
    weakest = cv2.min(cv2.min(colours[0], colours[1]), colours[2])
    small = cv2.resize(fine, SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
    tiles = sample_tiles(image)
    low, high = np.percentile(small, (1, 99))
    small_noise = _quiet(_noise_by_block(small))
    # In `FINE` the noise of a night is as strong as edges are; a blur that matters is wider.
    half = cv2.resize(fine, HALF, interpolation=cv2.INTER_AREA)
    laplace = cv2.Laplacian(half, cv2.CV_32F, ksize=1)
    return Measures(
        small=small,
        tiles=tiles,
        means=by_block(small),
        brightness=float(small.mean()),
        low=float(low),
        high=float(high),
        spread=float(small.std()),
        bright_share=float(np.count_nonzero(fine >= CLIPPED_HIGH)) / fine.size,
        chroma=cv2.mean(cv2.subtract(strongest, weakest))[0],
        noise=_tile_noise(tiles),
        small_noise=small_noise,
        rows=_stripes(image[:, ::8, 1].mean(axis=1, dtype=np.float32)),
        columns=_stripes(image[::8, :, 1].mean(axis=0, dtype=np.float32)),
        detail=by_block(laplace * laplace),
        tint=_tint(colours),
    )


def by_block(figures: Grid) -> Grid:
    """The mean of each block of a picture as large as `HALF` or `SMALL`."""
    return np.asarray(
        cv2.resize(figures, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), np.float32
    )


def raised(small: Grid) -> Grid:
    """A small picture without its slow changes of light: what is left are edges and texture."""
    return small - cv2.GaussianBlur(small, (0, 0), 5.0)


def sample_tiles(image: Image) -> NDArray[np.uint8]:
    """Green squares of the picture in its own size, evenly spread: 48 x 16 x 16."""
    height, width = image.shape[:2]
    tops = (np.arange(TILE_ROWS) + 0.5) * height / TILE_ROWS - TILE / 2
    lefts = (np.arange(TILE_COLUMNS) + 0.5) * width / TILE_COLUMNS - TILE / 2
    return np.stack(
        [
            image[int(top) : int(top) + TILE, int(left) : int(left) + TILE, 1]
            for top in tops
            for left in lefts
        ]
    )


def usable_tiles(tiles: NDArray[np.uint8]) -> Mask:
    """Which of them are neither black nor white: in those noise and change show."""
    means = tiles.mean(axis=(1, 2))
    usable: Mask = (means > CLIPPED_LOW) & (means < CLIPPED_HIGH)
    return usable


def _tile_noise(tiles: NDArray[np.uint8]) -> float:
    """Standard deviation of the noise: of the quarter of the tiles with the least."""
    chosen = tiles[usable_tiles(tiles)]
    if not len(chosen):
        return 0.0
    # Tiles under each other in one picture: one filter for all; the seams are cut off.
    column = chosen.reshape(-1, TILE).astype(np.float32)
    answers = np.abs(cv2.filter2D(column, cv2.CV_32F, _NOISE_KERNEL)).reshape(-1, TILE, TILE)
    each = answers[:, 1:-1, 1:-1].mean(axis=(1, 2)) * _NOISE_SCALE
    return float(np.percentile(each, 25))


def _noise_by_block(picture: Grid) -> Grid:
    answer = cv2.filter2D(picture, cv2.CV_32F, _NOISE_KERNEL)
    return by_block(np.abs(answer)) * _NOISE_SCALE


def _quiet(noise: Grid) -> float:
    """Where there is least texture, what is measured is noise."""
    return float(np.percentile(noise, 10))


def _stripes(profile: Grid) -> float:
    """How far single lines stand out of those around them: root of the mean square."""
    around = max(3, len(profile) // 40 | 1)
    # A box of odd length around each line; the ends are left out, they have neighbours on one side.
    smooth = np.convolve(profile, np.full(around, 1 / around, np.float32), "valid")
    lines = profile[around // 2 : around // 2 + len(smooth)] - smooth
    return float(np.sqrt((lines * lines).mean()))


def _tint(colours: Sequence[NDArray[Any]]) -> Grid:
    """How warm each block is, and how far from green: ROWS x COLUMNS x 2.

    Dusk and lamps change the first, hardly anything the second: so each has a spread of its own.
    """
    blue, green, red = (by_block(one.astype(np.float32)) for one in colours)
    dark = (blue + green + red) / 3 < _COLOUR_LEAST
    red, blue = np.log((red + 1) / (green + 1)), np.log((blue + 1) / (green + 1))
    tint = np.stack([red - blue, red + blue], axis=2) / math.sqrt(2)
    tint[dark] = np.nan
    return tint.astype(np.float32)
