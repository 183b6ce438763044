"""When a recorder that reaches back far enough today no longer will.

A recorder's disks hold a fixed amount. When more flows in each day (a camera more, a higher bit
rate, a disk lost), what it overwrites is younger from day to day: the trend of how far it reaches
back says when that falls below what is required.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from statistics import median
from typing import Final

import msgspec

from devices.recording.holdings import Edge
from devices.recording.local_time import DAY_MS

LEAST_EDGES: Final = 4
LEAST_SPAN_MS: Final = 3 * DAY_MS
"""Three days of four looks: below that, a trend is whole files being overwritten."""

LEAST_LOSS: Final = 0.02
"""Days lost a day (half an hour) from which it is a trend and no scatter."""

FARTHEST_MS: Final = 365 * DAY_MS
"""What a trend says about next year is no forecast."""


class Basis(StrEnum):
    """What a forecast rests on."""

    TREND = "trend"
    STEADY = "steady"
    ENOUGH = "enough"
    NOT_YET = "not_yet"


class Forecast(msgspec.Struct, frozen=True, gc=False):
    """``falls_short``: ms UTC of the moment, ``None`` = none to be seen.

    ``loss`` is the trend in days of reach lost each day. ``STEADY``: no loss to speak of;
    ``ENOUGH``: it reaches beyond all that is asked for; ``NOT_YET``: too few looks to tell.
    """

    basis: Basis
    falls_short: int | None = None
    loss: float = 0.0


def forecast(edges: Sequence[Edge], needed: int, as_of: int) -> Forecast:
    """From the newest looks, one a day: the median slope between any two (Theil and Sen), which
    one odd day does not bend. ``needed`` ms of reach; times in ms UTC.
    """
    seen = [edge for edge in edges if not edge.censored]
    if edges and edges[-1].censored:
        return Forecast(Basis.ENOUGH)
    if len(seen) < LEAST_EDGES or seen[-1].at - seen[0].at < LEAST_SPAN_MS:
        return Forecast(Basis.NOT_YET)
    slopes = [
        ((b.at - b.oldest) - (a.at - a.oldest)) / (b.at - a.at)
        for place, a in enumerate(seen)
        for b in seen[place + 1 :]
        if b.at > a.at
    ]
    loss = -median(slopes)
    if loss < LEAST_LOSS:
        return Forecast(Basis.STEADY, loss=loss)
    reach = seen[-1].at - seen[-1].oldest
    falls = max(as_of, seen[-1].at + round((reach - needed) / loss))
    return Forecast(Basis.TREND, falls if falls - as_of <= FARTHEST_MS else None, loss)
