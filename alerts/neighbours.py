"""How a sensor reads beside its neighbours: hour by hour, by time of day, over days.

Neighbours are sensors of the same quantity in the same room, or else in the same building. What a
room does, its neighbours show too: what is left when their median is taken off is the sensor's own.
The hour of the day is kept apart, since sun and radiators make a difference in some hours of it and
a sensor that is out of calibration makes one in all. Medians throughout: one neighbour that is
wrong itself, or one odd hour, moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final, TypeAlias

import msgspec

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR

LOOK_BACK: Final = 14
"""Days of which the course is followed."""

RECENT: Final = 4
"""Days that tell how it reads now."""

LEAST_DAYS: Final = 3
"""Of these, days with a comparison that are needed."""

LEAST_NEIGHBOURS: Final = 3
"""With two, nobody can tell which of the three is wrong."""

PARTS: Final = 4
"""Parts of the day that are kept apart, six hours each."""

_LEAST_HOURS: Final = 8
"""Hours compared that make a day."""

_LEAST_IN_PART: Final = 4
"""Hours compared that tell of a part of the day."""

_ENDS: Final = 3
"""Days at either end of the course from whose medians a drift is told."""

_LEAST_COURSE: Final = 9
"""Days of a course before anything is called a drift."""

Hours: TypeAlias = Mapping[int, float]
"""The mean of each hour, by when it began (ms)."""


class Comparison(msgspec.Struct, frozen=True):
    """How a sensor reads beside its neighbours, in the unit of what they measure.

    ``offset`` is by how much it reads higher (negative: lower), ``parts`` the same in each quarter
    of the day (UTC), ``daily`` on each of the last days, today first; ``None`` where too few hours
    could be compared. ``spread`` is how far the neighbours themselves lie from their median,
    ``neighbours`` how many there were, in the median.
    """

    offset: float
    parts: tuple[float | None, ...]
    daily: tuple[float | None, ...]
    spread: float
    neighbours: int


def compare(own: Hours, others: Sequence[Hours], now: int) -> Comparison | None:
    """Compare the last days before ``now`` (ms); ``None``: nobody can tell.

    That is so with fewer than three neighbours in an hour, with fewer than three of the last four
    days, or with none of the parts of the day.
    """
    until = now - now % HOUR
    hours = [
        (start, value - median(beside), _spread(beside), len(beside))
        for start, value in sorted(own.items())
        if until - LOOK_BACK * DAY <= start < until
        and len(beside := [other[start] for other in others if start in other]) >= LEAST_NEIGHBOURS
    ]
    recent = [hour for hour in hours if hour[0] >= until - RECENT * DAY]
    daily = _daily(hours, until)
    parts = tuple(_in_part(recent, part) for part in range(PARTS))
    known = sum(day is not None for day in daily[:RECENT])
    if known < LEAST_DAYS or all(part is None for part in parts):
        return None
    return Comparison(
        offset=median(hour[1] for hour in recent),
        parts=parts,
        daily=daily,
        spread=median(hour[2] for hour in recent),
        neighbours=int(median(hour[3] for hour in recent)),
    )


def certain(parts: Sequence[float | None], usual: Sequence[float | None]) -> float:
    """By how much it reads otherwise than usual in every part of the day that is known: the least
    of these, 0 when they do not agree in their direction.
    """
    found = [
        part - before
        for part, before in zip(parts, usual, strict=True)
        if part is not None and before is not None
    ]
    if not found:
        return 0.0
    if min(found) > 0:
        return min(found)
    return max(found) if max(found) < 0 else 0.0


def days_so(daily: Sequence[float | None], usual: float, off: float) -> int:
    """For how many days it has read at least half of ``off`` otherwise than ``usual``; at most all
    days that are known.
    """
    days = 0
    for age, offset in enumerate(daily):
        if offset is None:
            continue
        if (offset - usual) * off <= 0 or abs(offset - usual) < abs(off) / 2:
            break
        days = age + 1
    return days


def drift_of(daily: Sequence[float | None]) -> tuple[float, int]:
    """What it gained on its neighbours little by little, and in how many days; ``(0, 0)``: nothing,
    or too few days, or two days brought half of it: a step in the midst of a day shows on both.
    """
    offsets = [offset for offset in reversed(daily) if offset is not None]
    if len(offsets) < _LEAST_COURSE:
        return 0.0, 0
    gained = median(offsets[-_ENDS:]) - median(offsets[:_ENDS])
    widest = max(abs(later - earlier) for earlier, later in zip(offsets, offsets[2:], strict=False))
    return (gained, len(offsets)) if widest < abs(gained) / 2 else (0.0, 0)


def _spread(values: Sequence[float]) -> float:
    middle = median(values)
    return median(abs(value - middle) for value in values)


def _in_part(hours: Sequence[tuple[int, float, float, int]], part: int) -> float | None:
    found = [hour[1] for hour in hours if hour[0] % DAY * PARTS // DAY == part]
    return median(found) if len(found) >= _LEAST_IN_PART else None


def _daily(hours: Sequence[tuple[int, float, float, int]], until: int) -> tuple[float | None, ...]:
    days: list[list[float]] = [[] for _ in range(LOOK_BACK)]
    for start, offset, _, _ in hours:
        days[(until - HOUR - start) // DAY].append(offset)
    return tuple(median(found) if len(found) >= _LEAST_HOURS else None for found in days)
