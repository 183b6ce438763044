"""Loads recognised in the latest day and a half, for whoever looks at a feeder's day."""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.appliances.kinds import Kind
from alerts.appliances.loads import Load

KEPT_MS: Final = 36 * 3_600_000
MOST: Final = 120


class Seen(msgspec.Struct, gc=False):
    """One load. Times in ms, ``ended`` 0 while it is on; ``phase`` from 0; ``height`` in W.

    ``power_factor`` is ``None`` when the meter gives none. ``unseen``: it came or went in a gap.
    ``told``: it was forbidden, and said to be.
    """

    phase: int
    since: int
    height: float
    kind: Kind
    confidence: float
    power_factor: float | None
    flatness: float
    ended: int = 0
    unseen: bool = False
    told: bool = False


def note_seen(seen: list[Seen], load: Load, phase: int, now: int, *, told: bool) -> None:
    """Take in a load that was recognised, or has ended."""
    factor = load.power_factor
    fresh = Seen(
        phase=phase,
        since=load.since,
        height=round(load.height),
        kind=load.kind,
        confidence=round(load.confidence, 3),
        power_factor=None if factor is None else round(factor, 3),
        flatness=round(load.flatness, 3),
        ended=load.ended,
        unseen=load.unseen,
        told=told,
    )
    for number in range(len(seen) - 1, -1, -1):
        one = seen[number]
        if one.since == load.since and one.phase == phase and not one.ended:
            fresh.told = told or one.told
            seen[number] = fresh
            return
    seen[:] = [one for one in seen if now - one.since < KEPT_MS][1 - MOST :]
    seen.append(fresh)


def lose_sight(seen: list[Seen], now: int) -> None:
    """What was on is not known to be on any more."""
    for one in seen:
        if not one.ended:
            one.ended, one.unseen = max(now, one.since), True
