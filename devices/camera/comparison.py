"""A picture held against a usual one: where it shows something else, how sharp, how far shifted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from devices.camera.displacement import fit, put_back, shifted_by
from devices.camera.measures import Grid, Mask, Measures, by_block, raised
from devices.camera.reference import DETAIL_LEAST, Spread, Usual, likeness

STEADY_MATCH: Final = 0.45
"""Blocks that usually resemble the usual picture at least so well, give or take, can testify."""
LOST_MATCH: Final = 0.25
"""A block that resembles it less than this shows something else."""
FEWEST_BLOCKS: Final = 10
"""Of 144: with fewer that can testify a view cannot be judged (default of ours)."""

_TEXTURE_LEAST: Final = 1.0
"""Edges of a block in grey levels, below which rounding is as large as they are."""
_TEXTURE_OVER_NOISE: Final = 1.5
_DARK_BLOCK: Final = 8.0
_BRIGHT_BLOCK: Final = 244.0
UNMOVED: Final = 0.7
SHAKE: Final = 2.4
"""Points of 160, 1.5 % of the width (`faults.view.SHIFT`): less is put back before comparing."""
SMOOTH: Final = 0.4
"""A block with less than this part of its usual edges has nothing to see."""
OTHER_LIGHT: Final = 0.25
"""A logarithm: a block this much brighter or darker than others have become shows another thing,
or lies in a shadow; alone it proves nothing."""
SAME_FORMS: Final = 0.8
"""A coarse fit that other views seldom have."""
OTHER_COLOUR: Final = 0.2
"""The same for proportions of colours, as logarithms, against those of the whole picture."""
CRISP: Final = 0.5
"""Where lost blocks have such a part of the usual fine edges, the picture is not out of focus."""
DEFOCUSED_FIT: Final = 0.3
"""A likeness that no other scene has, nor one that is covered."""
_DEFOCUS: Final = (1.0, 2.5, 5.0)
"""Points of `SMALL`: 0.6, 1.6 and 3 % of the width."""
_CROSS: Final = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_PLAIN: Final = 3.0
_DETAIL_OVER_NOISE: Final = 1.0
_DETAIL_LEAST: Final = 4.0
_EDGE_LEAST: Final = 2.0
"""Squared grey levels of edges that can be weak or strong."""
_MOST_BLOCKS: Final = 60
"""Percent of the blocks that must be less sharp: blur is everywhere."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How a picture compares with `usual`.

    `gain`: brightness in proportion to the usual, judged by blocks that still show the same.
    `able`: how many blocks can testify in the usual light; `decidable`: those that can now; `lost`:
    those of them that show something else; `hidden`: the area in which there is nothing to see,
    with most lost blocks in it; `smooth`: all such blocks; `changed`: where light or colour are
    not what they are around.
    `blur`: logarithm of the energy of fine edges in proportion to the usual at the same contrast;
    `soft`: logarithm of how much less than larger ones the usual edges of `SMALL` are found again;
    both None where too few blocks tell. `sharpness`: the energy of fine edges in lost blocks, in
    proportion to the usual. `contrast`: of larger edges, in proportion to the usual.
    `fit`: likeness of the whole (-1 to 1), `striped_fit` the same without
    what whole rows and columns have in common, `coarse_fit` that of its large forms.
    `shift`: points of `SMALL`, right and down, by which it is best explained; `shifted_fit` the
    likeness of the whole when it is put back. `shaken`: that is so little that nothing moved.
    """

    usual: Usual
    gain: float
    able: int
    decidable: Mask
    lost: Mask
    hidden: Mask
    smooth: Mask
    changed: Mask
    blur: float | None
    soft: float | None
    sharpness: float
    contrast: float
    fit: float
    striped_fit: float
    coarse_fit: float
    shift: tuple[float, float]
    shifted_fit: float
    shaken: bool

    @property
    def judged(self) -> int:
        """How many blocks testify."""
        return int(self.decidable.sum())

    @property
    def lost_share(self) -> float:
        """The share of blocks that show something else."""
        return float(self.lost.sum()) / max(1, self.judged)

    @property
    def hidden_share(self) -> float:
        """The share of blocks that show something else, and nothing to see."""
        return float((self.lost & self.hidden).sum()) / max(1, self.judged)

    @property
    def smooth_share(self) -> float:
        """The share of the lost blocks in which there is nothing to see."""
        return float((self.lost & self.smooth).sum()) / max(1, int(self.lost.sum()))

    @property
    def hidden_area(self) -> float:
        """The part of the whole picture in which there is nothing to see any more, or light of
        its own.
        """
        return float((self.hidden & (self.lost | self.changed)).mean())


def compare(measures: Measures, usual: Usual) -> View:
    """Hold a picture against what is usual; pure."""
    before = usual.small
    now, then = raised(measures.small), raised(before)
    whole = fit(now, then)
    shift, shifted_fit = shifted_by(now, then)
    alike = likeness(now, then)
    # Wind and warmth move a camera by a point: what is seen again beside its place is no loss.
    shaken = UNMOVED < math.hypot(*shift) <= SHAKE and shifted_fit > whole
    if shaken:
        alike = np.maximum(alike, likeness(raised(put_back(measures.small, shift)), then))
    usual_means = by_block(before)
    same = alike >= STEADY_MATCH
    if same.sum() < FEWEST_BLOCKS:
        gain = float(measures.brightness + 1) / float(before.mean() + 1)
    else:
        gain = float(np.median((measures.means[same] + 1) / (usual_means[same] + 1)))
    texture = np.sqrt(np.maximum(by_block(then * then), 0))
    expected = texture * min(gain, 1.0)
    steady = (usual.match.mean - 2 * usual.match.deviation >= LOST_MATCH) & (
        usual.match.mean >= STEADY_MATCH
    )
    able = steady & (texture >= _TEXTURE_LEAST)
    decidable = (
        able
        & (expected >= _TEXTURE_LEAST)
        & (expected >= _TEXTURE_OVER_NOISE * measures.small_noise)
        & (usual_means * gain > _DARK_BLOCK)
        & (usual_means * gain < _BRIGHT_BLOCK)
        & (measures.means < _BRIGHT_BLOCK)
    )
    lost = decidable & (alike < LOST_MATCH)
    contrast = _contrast(now, then, texture, gain)
    change = np.abs(np.log((measures.means + 2) / (usual_means * gain + 2))) > OTHER_LIGHT
    if not measures.grey and not usual.grey:
        change |= _recoloured(measures.tint, usual.tint)
    # Where nearly all is lost there is nothing else to go by.
    seen = decidable & ~lost
    focus = seen if seen.sum() >= max(FEWEST_BLOCKS, 0.2 * decidable.sum()) else decidable
    smooth = _smooth(measures.small, measures.small_noise, before, now, then, gain)
    where_hidden = hidden(lost, smooth, change | ~able)
    # Edges in other places: the view has changed, and nothing is known of its focus.
    coarse_fit = _coarse(measures.small, before)
    sharpness = _sharpness(measures, usual, lost, gain)
    least = 0.35 if coarse_fit >= SAME_FORMS else 0.5
    bare = (lost & smooth).sum() >= least * lost.sum()
    crisp = sharpness >= CRISP and coarse_fit < SAME_FORMS
    elsewhere = lost.sum() > 0.4 * able.sum() and (crisp or not bare)
    # By night the noise alone is as strong as edges were.
    elsewhere = elsewhere and not out_of_focus(measures, usual, whole)
    return View(
        usual=usual,
        gain=gain,
        able=int(able.sum()),
        decidable=decidable,
        lost=lost,
        hidden=where_hidden,
        smooth=smooth,
        changed=change,
        blur=None if elsewhere else _blur(measures, usual, contrast, focus),
        soft=None if elsewhere else _soft(measures.small, before, now, then, focus),
        sharpness=sharpness,
        contrast=contrast,
        fit=whole,
        striped_fit=fit(_levelled(now), _levelled(then)),
        coarse_fit=coarse_fit,
        shift=shift,
        shifted_fit=shifted_fit,
        shaken=shaken,
    )


def out_of_focus(measures: Measures, usual: Usual, whole: float) -> bool:
    """Whether it looks like the usual picture, put out of focus; `whole`: how well it fits that
    picture as it is. To be asked when something is wrong.
    """
    now, before = raised(measures.small), usual.small
    best = max(
        fit(now, raised(np.asarray(cv2.GaussianBlur(before, (0, 0), width), np.float32)))
        for width in _DEFOCUS
    )
    return best >= max(DEFOCUSED_FIT, 0.9 * whole)


def _recoloured(tint: Grid, usual: Spread) -> Mask:
    """Blocks whose colour has changed otherwise than the whole, which changes with the light."""
    difference = tint - usual.mean
    known: Mask = np.isfinite(difference).all(axis=2)
    if not known.any():
        return known
    own = difference - np.median(difference[known], axis=0)
    limit = np.maximum(OTHER_COLOUR, 4 * np.linalg.norm(usual.deviation, axis=2))
    away: Mask = np.linalg.norm(own, axis=2) > limit
    return known & away


def _contrast(now: Grid, then: Grid, texture: Grid, gain: float) -> float:
    """How strong edges are in proportion to the usual ones: median slope of the textured blocks."""
    slopes = by_block(now * then) / np.maximum(by_block(then * then), 0.25)
    textured = texture >= _TEXTURE_LEAST
    if not textured.any():
        return gain
    # Where the picture is gone there is no slope to go by; then its light has to do.
    return max(float(np.median(slopes[textured])), 0.6 * min(gain, 1.0), 0.02)


def _blur(measures: Measures, usual: Usual, contrast: float, where: Mask) -> float | None:
    """By the energy of fine edges, without what the flattest blocks have: that is noise."""
    usual_detail = np.exp(usual.detail.mean) - DETAIL_LEAST
    usual_noise = float(np.percentile(usual_detail, 10))
    expected = (usual_detail - usual_noise) * contrast**2
    noise = float(np.percentile(measures.detail, 10))
    telling = where & (expected >= _DETAIL_OVER_NOISE * max(noise, usual_noise) + _DETAIL_LEAST)
    if telling.sum() < FEWEST_BLOCKS:
        return None
    found = np.maximum(measures.detail[telling] - noise, 0)
    proportion = np.log((found + DETAIL_LEAST) / (expected[telling] + DETAIL_LEAST))
    return float(np.percentile(proportion, _MOST_BLOCKS))


def _smooth(small: Grid, noise: float, before: Grid, now: Grid, then: Grid, gain: float) -> Mask:
    """Blocks with nothing to see: without their fine edges where they had some, else without any.

    A cover's folds are soft, for it is out of focus.
    """
    light = min(gain, 1.0) ** 2
    energy = by_block(now * now)
    floor = min(float(np.percentile(energy, 10)), 4 * noise**2 + 1)
    large = energy - floor < SMOOTH**2 * np.maximum(by_block(then * then) * light, _PLAIN**2)
    fine_then = by_block(_edges(before) ** 2) * light
    fine = _energy(_edges(small)) < SMOOTH**2 * fine_then
    smooth: Mask = np.where(fine_then >= _EDGE_LEAST, fine, large)
    return smooth


def hidden(lost: Mask, smooth: Mask, change: Mask) -> Mask:
    """The connected area of blocks without edges that holds most of the lost ones."""
    able = (smooth & (lost | change)).astype(np.uint8)
    # Noise tears holes into what is hidden, a block wide.
    bridged = cv2.morphologyEx(able, cv2.MORPH_CLOSE, _CROSS)
    count, numbers = cv2.connectedComponents(bridged, connectivity=4)
    if count < 2:
        return np.zeros_like(lost)
    held = np.bincount(numbers[lost], minlength=count)
    held[0] = 0
    largest: Mask = (numbers == int(np.argmax(held))) & (able > 0)
    return largest if held.any() else np.zeros_like(lost)


def _soft(small: Grid, before: Grid, now: Grid, then: Grid, where: Mask) -> float | None:
    """By how much of the usual edges is found again in their places: noise cannot fake that."""
    fine_now, fine_then = (_edges(each) for each in (small, before))
    energy = by_block(fine_then * fine_then)
    telling = where & (energy >= _EDGE_LEAST)
    if telling.sum() < FEWEST_BLOCKS:
        return None
    fine = by_block(fine_now * fine_then)[telling] / energy[telling]
    large = by_block(now * then)[telling] / by_block(then * then)[telling]
    known = large > 0.05
    if known.sum() < FEWEST_BLOCKS:
        return None
    proportion = np.log(np.maximum(fine[known], 0.01) / large[known])
    return float(np.percentile(proportion, _MOST_BLOCKS))


def _energy(edges: Grid) -> Grid:
    """Mean squares by block, without what the flattest blocks have: that is noise."""
    energy = by_block(edges * edges)
    return np.asarray(np.maximum(energy - np.percentile(energy, 10), 0), np.float32)


def _sharpness(measures: Measures, usual: Usual, where: Mask, gain: float) -> float:
    """Energy of fine edges in proportion to the usual, wherever in those blocks they lie."""
    usual_detail = np.exp(usual.detail.mean)
    usual_detail = np.maximum(usual_detail - np.percentile(usual_detail, 10), 0)
    found = np.maximum(measures.detail - np.percentile(measures.detail, 10), 0)
    expected = float(usual_detail[where].sum()) * min(gain, 1.0) ** 2
    return float(found[where].sum()) / max(expected, 1.0)


def _edges(small: Grid) -> Grid:
    edges: Grid = small - cv2.blur(small, (3, 3))
    return edges


def _levelled(picture: Grid) -> Grid:
    level = picture - picture.mean(axis=1, keepdims=True)
    return np.asarray(level - level.mean(axis=0, keepdims=True), np.float32)


def _coarse(now: Grid, then: Grid) -> float:
    one, other = (by_block(each) for each in (now, then))
    one, other = one - one.mean(), other - other.mean()
    weight = math.sqrt(float((one * one).sum()) * float((other * other).sum()))
    # 144 blocks that differ by less than two levels have no form.
    return float((one * other).sum()) / max(weight, 144 * 4.0)
