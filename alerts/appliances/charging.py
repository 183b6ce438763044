"""Charging of vehicles at night: a step of some hundred watts that stays for hours and tapers off.

A battery takes a constant current until it is nearly full, and then less and less: no other load
of a dormitory falls for half an hour without a step. Seen minute by minute, apart from the steps of
everything else, and only where few of these come.
"""

from __future__ import annotations

from typing import Final

import msgspec

MINUTE_MS: Final = 60_000
STEP_W: Final = 25.0
"""A change within a minute that is larger is somebody's switch."""

MOST_W: Final = 700.0
"""Chargers of electric bicycles take 80 to 400 W (48 to 72 V at 2 to 5 A)."""

LEAST_MS: Final = 75 * MINUTE_MS
"""On for so long before it counts."""

TAPER_MIN: Final = 30
PARTS: Final = 3
LEAST_FALL: Final = 0.15
LEAST_FALL_W: Final = 25.0
"""Within `TAPER_MIN` minutes it falls by both, and in each of so many parts of them by a tenth of
that: a compressor falls, too, but comes and goes meanwhile."""

LEAST_PART: Final = 0.1
MOST_STEPS: Final = 1
"""Within those minutes; with more, whatever falls cannot be told from what comes and goes."""

CONFIDENCE: Final = 0.7
MOST_CANDIDATES: Final = 6
GONE: Final = 0.7
"""A step down by this share of what is left of it is its end."""


class Candidate(msgspec.Struct, gc=False):
    """Something that came on at ``since`` (ms) with a step of ``height`` W, and fell by ``fallen``
    W since; ``told``: it was said to be charging.
    """

    since: int
    height: float
    fallen: float = 0.0
    told: bool = False

    @property
    def left(self) -> float:
        """What it still takes (W)."""
        return self.height - self.fallen


class Charging(msgspec.Struct, gc=False):
    """One phase: the last minute's power, how it drifted in the latest minutes apart from steps
    (newest last), in which of these there was a step, and what may be charging.
    """

    at: int = 0
    watts: float = 0.0
    drift: list[float] = msgspec.field(default_factory=list)
    steps: list[bool] = msgspec.field(default_factory=list)
    candidates: list[Candidate] = msgspec.field(default_factory=list)


def charge(
    charging: Charging, now: int, watts: float, least: float, longest_gap: int
) -> tuple[Candidate | None, Candidate | None]:
    """Take in a minute's power: what is charging as is known now, and what has ended of that.

    After a gap (``longest_gap`` in ms) all is forgotten: what is on is not known.
    """
    if not charging.at or now - charging.at > longest_gap:
        ended = next((one for one in charging.candidates if one.told), None)
        charging.candidates.clear()
        charging.drift.clear()
        charging.steps.clear()
        charging.at, charging.watts = now, watts
        return None, ended
    change = watts - charging.watts
    charging.at, charging.watts = now, watts
    stepped = abs(change) > STEP_W
    charging.drift.append(0.0 if stepped else change)
    charging.steps.append(stepped)
    del charging.drift[:-TAPER_MIN], charging.steps[:-TAPER_MIN]
    if stepped:
        return None, _step(charging, now, change, least)
    if not charging.candidates:
        return None, None
    for one in charging.candidates:
        one.fallen -= change
    return _told(charging, now), _faded(charging)


def _step(charging: Charging, now: int, change: float, least: float) -> Candidate | None:
    if least <= change <= MOST_W:
        del charging.candidates[: len(charging.candidates) - MOST_CANDIDATES + 1]
        charging.candidates.append(Candidate(now, change))
        return None
    if change > 0:
        return None
    fits = [one for one in charging.candidates if GONE <= -change / max(one.left, 1.0) <= 1 / GONE]
    if not fits:
        return None
    gone = min(fits, key=lambda one: abs(one.left + change))
    charging.candidates.remove(gone)
    return gone if gone.told else None


def _faded(charging: Charging) -> Candidate | None:
    """What takes next to nothing any more has ended by itself."""
    for one in charging.candidates:
        if one.left < 0.1 * one.height:
            charging.candidates.remove(one)
            return one if one.told else None
    return None


def _told(charging: Charging, now: int) -> Candidate | None:
    drift = charging.drift
    if len(drift) < TAPER_MIN or sum(charging.steps) > MOST_STEPS:
        return None
    fall = -sum(drift)
    if fall < LEAST_FALL_W:
        return None
    size = TAPER_MIN // PARTS
    if any(
        -sum(drift[part : part + size]) < LEAST_PART * fall for part in range(0, TAPER_MIN, size)
    ):
        return None
    for one in charging.candidates:
        if (
            not one.told
            and now - one.since >= LEAST_MS
            and fall >= LEAST_FALL * one.height
            and one.fallen <= one.height
        ):
            one.told = True
            return one
    return None
