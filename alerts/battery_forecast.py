"""When a battery will be empty: a straight line through its days that odd values do not move.

The line is Theil and Sen's (the median of the slopes between all pairs of days), its interval
Sen's, from the variance of Kendall's rank correlation. Batteries fall faster at their end than a
line does, so the forecast looks no farther ahead than a few times as long as it could look back,
and there is none while the days do not tell that the battery falls at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import ceil, floor, sqrt
from statistics import median
from typing import Final

import msgspec

LOOK_BACK: Final = 120
"""Days that count: 7,140 pairs, some milliseconds."""

LEAST_DAYS: Final = 10
LEAST_SPAN: Final = 14
"""Days with a value, and days from the first to the last of them, that a forecast needs."""

REPLACED: Final = 15.0
"""Percent by which a level rises only when the battery was changed or charged."""

AHEAD: Final = 4
"""Times the days looked back on."""

_SURE: Final = 2.576
"""99 % of a normal distribution, for what is then extrapolated."""

_MOST_INERTIA: Final = 0.8

_GRAIN: Final = 0.5
"""Percent: half of the step in which devices tell a level."""


class Forecast(msgspec.Struct, frozen=True):
    """Days since 1970 (UTC): when it will be empty, and not before and not after which day."""

    on: int
    earliest: int
    latest: int


def forecast(levels: Sequence[tuple[int, float]], today: int) -> Forecast | None:
    """When the battery will be empty by ``levels``, (day since 1970, percent) in order of days.

    ``None`` when they are too few or too close together, or do not clearly fall.
    """
    used = _since_replaced([level for level in levels if today - LOOK_BACK < level[0] <= today])
    if len(used) < LEAST_DAYS or used[-1][0] - used[0][0] < LEAST_SPAN:
        return None
    slopes = sorted(
        (later - earlier) / (end - begin)
        for number, (begin, earlier) in enumerate(used)
        for end, later in used[number + 1 :]
    )
    slope = median(slopes)
    middle = median(day for day, _ in used)
    level = median(percent - slope * (day - middle) for day, percent in used)
    odds = [percent - level - slope * (day - middle) for day, percent in used]
    steepest, flattest = _bounds(slopes, [percent for _, percent in used], _inertia(odds))
    if flattest >= 0 or slope >= 0:
        return None
    spread = median(map(abs, odds))
    slack = max(1.5 * spread, _GRAIN)
    on = middle - level / slope
    latest = middle - (level + slack) / flattest
    if on - today > AHEAD * (used[-1][0] - used[0][0]):
        return None
    earliest = middle - (level - slack) / steepest
    return Forecast(
        on=max(today, round(on)),
        earliest=max(today, floor(earliest)),
        latest=max(today, ceil(latest)),
    )


def _since_replaced(levels: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The days since the battery was last changed; a single odd value is no change."""
    for number in range(len(levels) - 1, 0, -1):
        before = median(percent for _, percent in levels[max(0, number - 3) : number])
        after = median(percent for _, percent in levels[number : number + 3])
        if after - before >= REPLACED and levels[number][1] - before >= REPLACED:
            return levels[number:]
    return levels


def _inertia(odds: Sequence[float]) -> float:
    """How much a day's deviation from the line is that of the day before, 0 to `_MOST_INERTIA`.

    Cold weeks follow each other: so many days tell less than if they were independent.
    """
    whole = sum(odd * odd for odd in odds)
    if not whole:
        return 0.0
    together = sum(one * next_one for one, next_one in pairwise(odds))
    return min(_MOST_INERTIA, max(0.0, together / whole))


def _bounds(
    slopes: Sequence[float], levels: Sequence[float], inertia: float
) -> tuple[float, float]:
    """Between which slopes the true one lies (Sen 1968; ties as in Kendall's variance).

    ``inertia`` widens it as an autoregressive series of that correlation does.
    """
    count = len(levels)
    variance = count * (count - 1) * (2 * count + 5)
    for tied in Counter(levels).values():
        variance -= tied * (tied - 1) * (2 * tied + 5)
    margin = _SURE * sqrt(variance / 18 * (1 + inertia) / (1 - inertia))
    lower = max(0, floor((len(slopes) - margin) / 2))
    upper = min(len(slopes) - 1, ceil((len(slopes) + margin) / 2))
    return slopes[lower], slopes[upper]
