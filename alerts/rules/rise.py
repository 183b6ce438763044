"""How much a quantity has certainly risen within a while, out of irregular and noisy samples."""

from __future__ import annotations

from array import array
from typing import Final

import msgspec

SLOTS: Final = 12
"""Slots of a window; of each only the lowest sample is kept, so that a window stays small."""

UNKNOWN: Final = float("-inf")
"""No rise can be told: too few samples, or a gap."""


_ABSURD: Final = 1e9
"""No quantity of a room is larger; keeps out what is no number, too."""


class RiseWindow(msgspec.Struct, gc=False):
    """The recent past of one quantity. Slots lie on a fixed grid of time, so that what a window
    holds follows from the samples alone, in whichever pieces they came.

    ``lows`` are the lowest samples of the slots ``slots`` (numbers on the grid); ``last`` is the
    last sample, ``at`` its time (ms) and ``level`` the lower of the last two.
    """

    slots: array[int] = msgspec.field(default_factory=lambda: array("q"))
    lows: array[float] = msgspec.field(default_factory=lambda: array("d"))
    last: float = UNKNOWN
    level: float = UNKNOWN
    at: int = 0


def note(window: RiseWindow, at: int, value: float, length: int, longest_gap: int) -> float:
    """Take in a sample of time ``at`` (ms); return the most that it may have risen by.

    That is a quick look: what it has certainly risen by is no more (`certain_rise`). ``length`` is
    that of the window in ms. After a gap longer than ``longest_gap`` (ms) the past is unknown and
    forgotten. A sample out of order is ignored.
    """
    before = window.at
    if at <= before or not -_ABSURD < value < _ABSURD:
        return UNKNOWN
    slots = window.slots
    lows = window.lows
    slot = at * SLOTS // length
    if at - before > longest_gap:
        del slots[:], lows[:]
        window.last = UNKNOWN
        slots.append(slot)
        lows.append(value)
    elif slot == slots[-1]:
        lows[-1] = min(lows[-1], value)
    else:
        slots.append(slot)
        lows.append(value)
        oldest = slot - SLOTS
        while slots[0] < oldest:
            del slots[0], lows[0]
    last = window.last
    window.last = value
    window.at = at
    window.level = level = min(last, value)
    return level - min(lows)


def certain_rise(window: RiseWindow, length: int) -> tuple[float, float]:
    """By how much it has certainly risen, and within how many seconds.

    The lower of the last two samples less the second lowest slot: neither one spike nor one
    drop-out of a sensor is a rise. At least three slots are needed.
    """
    lows = window.lows
    if len(lows) < 3:
        return UNKNOWN, 0.0
    base = sorted(lows)[1]
    slot = max(index for index, low in enumerate(lows) if low <= base)
    seconds = (window.at - window.slots[slot] * length / SLOTS) / 1000
    return window.level - base, max(seconds, 0.0)


def refill(
    window: RiseWindow, points: list[tuple[int, float]], length: int, longest_gap: int
) -> RiseWindow:
    """The window as if ``points`` (ms, value; oldest first) had come before what it holds."""
    filled = RiseWindow()
    for at, value in points:
        if not window.at or at < window.slots[0] * length // SLOTS:
            note(filled, at, value, length, longest_gap)
    if not window.at:
        return filled
    for slot, low in zip(window.slots, window.lows, strict=True):
        at = -(-slot * length // SLOTS)
        note(filled, max(at, filled.at + 1), low, length, longest_gap)
    filled.last, filled.level, filled.at = window.last, window.level, window.at
    return filled
