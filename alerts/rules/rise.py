"""How much a quantity has certainly risen within a while, out of irregular and noisy samples."""

from __future__ import annotations

from array import array
from typing import Final

SLOTS: Final = 12
"""Slots of a window; of each only the lowest sample is kept, so that a window stays small."""

UNKNOWN: Final = float("-inf")
"""No rise can be told: too few samples, or a gap."""

_ABSURD: Final = 1e9
"""No quantity of a room is larger; keeps out what is no number, too."""

_MOST: Final = 2 * (SLOTS + 4)
"""Length of ``past`` from which on what is too old is cut off: not for every slot that is added."""


class RiseWindow:
    """The recent past of one quantity. Slots lie on a fixed grid of time, so that what a window
    holds follows from the samples alone, in whichever pieces they came.

    ``slot`` is the number on the grid of the slot that is being filled, ``low`` its lowest sample;
    ``past`` holds the finished ones: number, lowest sample, number, lowest sample … ``floor`` is
    no higher than any of them. ``last`` is the last sample, ``at`` its time (ms) and ``level`` the
    lower of the last two. ``held`` is the last sample before the newest gap, which was ``silent``
    (ms) long and ended at ``resumed`` (ms).
    """

    __slots__ = (
        "at",
        "floor",
        "held",
        "last",
        "level",
        "low",
        "past",
        "resumed",
        "silent",
        "slot",
    )

    def __init__(self) -> None:
        self.past = array("d")
        self.slot = 0
        self.low = UNKNOWN
        self.floor = UNKNOWN
        self.last = UNKNOWN
        self.level = UNKNOWN
        self.at = 0
        self.held = UNKNOWN
        self.silent = 0
        self.resumed = 0


def note(window: RiseWindow, at: int, value: float, slot_length: int, longest_gap: int) -> float:
    """Take in a sample of time ``at`` (ms); return the most that it may have risen by.

    That is a quick look: what it has certainly risen by is no more (`certain_rise`). After a gap
    longer than ``longest_gap`` (ms) the past is unknown and forgotten. A sample out of order is
    ignored. ``slot_length`` is the length of the window (ms) divided by `SLOTS`.
    """
    passed = at - window.at
    if passed <= 0 or not -_ABSURD < value < _ABSURD:
        return UNKNOWN
    slot = at // slot_length
    if passed > longest_gap:
        del window.past[:]
        window.held, window.silent, window.resumed = window.last, passed, at
        window.slot = slot
        window.low = window.floor = value
        window.last = UNKNOWN
    elif slot != window.slot:
        past = window.past
        past.append(window.slot)
        past.append(window.low)
        if len(past) > _MOST:
            _cut(window, slot)
        window.slot = slot
        window.low = value
        window.floor = min(window.floor, value)
    elif value < window.low:
        window.low = value
        window.floor = min(window.floor, value)
    last = window.last
    window.at = at
    window.last = value
    window.level = level = min(last, value)
    return level - window.floor


def certain_rise(window: RiseWindow, slot_length: int) -> tuple[float, float]:
    """By how much it has certainly risen, and within how many seconds.

    The lower of the last two samples less the second lowest slot: neither one spike nor one
    drop-out of a sensor is a rise. At least three slots are needed.
    """
    _cut(window, window.slot)
    lows = [*window.past[1::2], window.low]
    if len(lows) < 3:
        return UNKNOWN, 0.0
    base = sorted(lows)[1]
    newest = max(index for index, low in enumerate(lows) if low <= base)
    slot = window.slot if newest == len(lows) - 1 else window.past[2 * newest]
    seconds = max(window.at - slot * slot_length, 0) / 1000
    return window.level - base, seconds


def quick_rise(window: RiseWindow, slot_length: int) -> tuple[float, float]:
    """By how much it has certainly risen within the last third of the window, and in how many
    seconds at the most.

    One drop-out of a sensor is no rise: the lowest of the last slots counts as no lower than the
    second lowest of all. Nor is one false reading: the last sample counts when the one before had
    risen by half as much. At least three slots are needed.
    """
    _cut(window, window.slot)
    first = window.slot - SLOTS // 3
    past = window.past
    lows = [*past[1::2], window.low]
    if len(lows) < 3:
        return UNKNOWN, 0.0
    recent = [past[index + 1] for index in range(0, len(past), 2) if past[index] >= first]
    base = max(min([*recent, window.low]), sorted(lows)[1])
    risen = min(window.last - base, 2 * max(window.level - base, 0.0))
    return risen, max(window.at - first * slot_length, 0) / 1000


def refilled(
    window: RiseWindow, points: list[tuple[int, float]], slot_length: int, longest_gap: int
) -> RiseWindow:
    """The window as if ``points`` (ms, value; oldest first) had come before what it holds."""
    filled = RiseWindow()
    held = [*window.past, window.slot, window.low] if window.at else []
    for at, value in points:
        if not held or at < held[0] * slot_length:
            note(filled, at, value, slot_length, longest_gap)
    if not held:
        return filled
    for slot, low in zip(held[::2], held[1::2], strict=True):
        note(filled, max(int(slot) * slot_length, filled.at + 1), low, slot_length, longest_gap)
    filled.last, filled.level, filled.at = window.last, window.level, window.at
    return filled


def _cut(window: RiseWindow, slot: int) -> None:
    """Forget the slots that lie further back than the window is long."""
    past = window.past
    oldest = slot - SLOTS
    old = 0
    while old < len(past) and past[old] < oldest:
        old += 2
    if old:
        del past[:old]
    window.floor = min(past[1::2], default=window.low)
    window.floor = min(window.floor, window.low)
