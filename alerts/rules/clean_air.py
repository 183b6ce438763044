"""What a smoke chamber reads in clean air, learned over days: dust lets it rise slowly.

The lowest reading of an hour is clean air's: no everyday smoke lasts for all of it. What is learned
follows those lows, downwards at once (somebody has cleaned it), upwards by no more than
`MOST_A_DAY`: a fire that smoulders for hours is not taken for dust.
"""

from __future__ import annotations

from typing import Final

import msgspec

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
MOST_A_DAY: Final = 0.5
"""%/m. How much higher clean air may read a day later. Ours: chambers take weeks to get dirty."""

AT_FIRST: Final = 0.5
"""%/m. What the first hour may teach: a device first heard in smoke must not learn that."""

UNSEEN: Final = 1e9


class CleanAir(msgspec.Struct, gc=False):
    """``level`` is what clean air reads in %/m, ``low`` the lowest reading since ``since`` (ms),
    ``first`` when it was first heard (0 = never).
    """

    level: float = 0.0
    low: float = UNSEEN
    since: int = 0
    first: int = 0


def learn(air: CleanAir, at: int, smoke: float) -> bool:
    """Take in a reading of time ``at`` (ms) in %/m; whether an hour was over and has taught.

    To be called as often as is convenient: what is not seen of an hour is not missed.
    """
    if smoke >= 0:
        air.low = min(air.low, smoke)
    passed = at - air.since
    if 0 <= passed < HOUR or air.low == UNSEEN:
        return False
    if not air.first:
        # The first reading only begins the first hour.
        if not air.since:
            air.since = at
            return False
        air.first = at
        air.level = min(air.low, AT_FIRST)
    elif passed > 0:
        most = MOST_A_DAY * min(passed, DAY) / DAY
        air.level = min(air.low, air.level + most)
    air.since, air.low = at, UNSEEN
    return True
