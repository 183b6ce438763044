"""Steps of a feeder's active power, found in readings that come irregularly and have gaps.

A feeder is *level* while its readings agree. One that disagrees begins a change, and a change ends
in one of three ways: at the old level again (a pulse: a compressor's start, a heater switched on
for a moment), at a new level (an edge), or, if it does not settle, wherever it is then. What lies
between two readings too far apart is unknown: neither nothing, nor the last value held.
"""

from __future__ import annotations

import math
from typing import Final, TypeAlias

import msgspec

UNKNOWN: Final = math.nan
"""Of a figure that the meter does not give."""

LEAST_BAND_W: Final = 70.0
BAND_SHARE: Final = 0.03
"""Readings agree that differ by no more than either: computers and lamps of ten rooms change by
some ten watts all the time, and 3 % is what the mains voltage, or a coil that warms up, does."""

SETTLED_MS: Final = 2_000
"""A new level has lasted so long, by two readings at least: meters repeat readings, and one taken
in the second in which something was switched on shows a part of it."""

UNSETTLED_MS: Final = 30_000
"""What has not settled after so long will not, and is followed as it is."""

MOST_READINGS: Final = 64
"""Of one change; a meter that sends more within its time is followed as it is."""

AGREE: Final = 0.1
"""Share of a step's height by which readings behind it may differ: a cold coil takes more, and a
smaller load may come and go meanwhile."""

THERE: Final = 0.8
"""Share of a step's height from which on a reading counts as one behind it."""

NEAR_PEAK: Final = 0.6
"""Share of a pulse's height from which on a reading counts as one at its top."""

DIP_W: Final = 300.0
"""A reading so far below the old level and the new one is of something that went off meanwhile."""

DIP_MS: Final = 4_000
"""Off for less than this is a relay that bounces, or a reading that is wrong."""

FOLLOW: Final = 0.2
"""Share of the difference by which the level follows a reading that agrees with it."""


class Edge(msgspec.Struct, frozen=True, gc=False):
    """The feeder went to another level.

    ``before`` and ``at`` (ms) are the last reading at the old level and the first at the new one:
    it happened between them; ``known`` is when that could be said. ``height`` (W) is negative when
    it fell; ``level`` (W) is the new one. ``left`` (ms) is the first reading that disagreed with
    the old one, ``readings`` how many there were at the new one by then.
    ``reactive`` (var) is how reactive power changed, `UNKNOWN` if it is not given. ``steady`` is
    false when it did not settle, ``blind`` true when nothing was heard between for longer than a
    gap may be: then the height may be 0.
    """

    before: int
    left: int
    at: int
    known: int
    height: float
    level: float
    reactive: float = UNKNOWN
    readings: int = 1
    steady: bool = True
    blind: bool = False


class Pulse(msgspec.Struct, frozen=True, gc=False):
    """Away from the level and back before there was a new one.

    ``before`` and ``after`` (ms) are the last reading ahead of it and the first behind it, ``at``
    and ``last`` the first and the last of those in it that come near its peak. ``height`` (W) is
    the middle one of these.
    """

    before: int
    at: int
    last: int
    after: int
    height: float
    readings: int = 1


Changes: TypeAlias = tuple[Edge | Pulse, ...]


class Moving(msgspec.Struct, gc=False):
    """A change that goes on: times (ms) and W of all its readings.

    The run are the latest of them as far as they agree: since when, how many, their sum.
    """

    times: list[int]
    watts: list[float]
    run_at: int
    run_count: int
    run_sum: float


class Level(msgspec.Struct, gc=False):
    """Where one phase of a feeder stands, in W and var; what lies from ``low`` to ``high`` agrees.

    ``seen`` (ms) is the last reading that agreed with it; 0 = there was none yet.
    """

    watts: float = 0.0
    low: float = 0.0
    high: float = 0.0
    seen: int = 0
    reactive: float = UNKNOWN
    moving: Moving | None = None

    def settle(self, now: int, watts: float, reactive: float) -> None:
        """From ``now`` on it stands here."""
        band = band_at(watts)
        self.watts = watts
        self.low, self.high = watts - band, watts + band
        self.seen = now
        self.reactive = reactive
        self.moving = None

    def agree(self, now: int, watts: float, reactive: float) -> None:
        """A reading that agrees moves it a little."""
        self.settle(now, self.watts + FOLLOW * (watts - self.watts), reactive)


def band_at(watts: float) -> float:
    """How far readings may differ (W) and still agree, at a level."""
    return max(LEAST_BAND_W, BAND_SHARE * abs(watts))


def take(level: Level, now: int, watts: float, reactive: float, longest_gap: int) -> Changes:
    """What a reading of ``now`` (ms), in W and var, shows to have happened; ``longest_gap`` in ms.

    One that is not newer than the last is passed over.
    """
    moving = level.moving
    last = level.seen if moving is None else moving.times[-1]
    if not last:
        level.settle(now, watts, reactive)
        return ()
    if now <= last:
        return ()
    if now - last > longest_gap:
        edge = Edge(level.seen, now, now, now, watts - level.watts, watts, blind=True)
        level.settle(now, watts, reactive)
        return (edge,)
    if level.low <= watts <= level.high:
        before, stood = level.seen, level.watts
        level.agree(now, watts, reactive)
        return () if moving is None else _pulse(stood, moving, before, now)
    if moving is None:
        level.moving = Moving([now], [watts], now, 1, watts)
        return ()
    return _move_on(level, moving, now, watts, reactive)


def _pulse(stood: float, moving: Moving, before: int, now: int) -> Changes:
    heights = [watts - stood for watts in moving.watts]
    most = max(heights, key=abs)
    longest: list[int] = []
    run: list[int] = []
    for number, height in enumerate(heights):
        run = [*run, number] if height / most >= NEAR_PEAK else []
        if len(run) > len(longest):
            longest = run
    first, last = moving.times[longest[0]], moving.times[longest[-1]]
    height = sorted(heights[longest[0] : longest[-1] + 1])[(len(longest) - 1) // 2]
    if height < 0 and now - before >= DIP_MS:
        low = stood + height
        return (
            Edge(before, moving.times[0], first, first, height, low),
            Edge(last, now, now, now, -height, stood),
        )
    return (Pulse(before, first, last, now, height, len(longest)),)


def _move_on(level: Level, moving: Moving, now: int, watts: float, reactive: float) -> Changes:
    moving.times.append(now)
    moving.watts.append(watts)
    mean = moving.run_sum / moving.run_count
    if abs(watts - mean) > max(band_at(mean), AGREE * abs(mean - level.watts)):
        moving.run_at, moving.run_count, moving.run_sum = now, 1, watts
        if now - moving.times[0] < UNSETTLED_MS and len(moving.times) < MOST_READINGS:
            return ()
        return _arrive(level, moving, watts, reactive, steady=False)
    moving.run_count += 1
    moving.run_sum += watts
    if now - moving.run_at < SETTLED_MS:
        return ()
    mean = moving.run_sum / moving.run_count
    return _arrive(level, moving, mean, reactive, steady=True)


def _arrive(
    level: Level, moving: Moving, watts: float, reactive: float, *, steady: bool
) -> Changes:
    """A reading below both levels is something that went off before something else came on."""
    lowest = min(moving.watts)
    turn = moving.watts.index(lowest)
    deep = min(level.watts, watts) - lowest
    if deep < DIP_W or moving.times[turn] >= moving.run_at:
        return (_edge(level, moving, watts, reactive, steady=steady),)
    moment, left = moving.times[turn], moving.times[0]
    fall = Edge(level.seen, left, moment, moment, lowest - level.watts, lowest)
    after = Moving(
        moving.times[turn + 1 :],
        moving.watts[turn + 1 :],
        moving.run_at,
        moving.run_count,
        moving.run_sum,
    )
    level.watts, level.seen = lowest, moment
    return (fall, _edge(level, after, watts, reactive, steady=steady))


def _edge(level: Level, moving: Moving, watts: float, reactive: float, *, steady: bool) -> Edge:
    """``reactive`` is of the latest reading: that of a motor which starts is not yet its own."""
    height = watts - level.watts
    known = moving.times[-1]
    before = level.seen
    at = moving.run_at
    for moment, value in zip(moving.times, moving.watts, strict=True):
        if abs(value - level.watts) >= THERE * abs(height) and (value > level.watts) == (
            height > 0
        ):
            at = moment
            break
        before = moment
    edge = Edge(
        before=before,
        left=moving.times[0],
        at=at,
        known=known,
        height=height,
        level=watts,
        reactive=reactive - level.reactive,
        readings=moving.run_count,
        steady=steady,
    )
    level.settle(known, watts, reactive)
    return edge
