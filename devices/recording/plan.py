"""Which spans have to be asked for (again): only those in which something can have changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from devices.recording.holdings import Holdings
from devices.recording.intervals import EMPTY, Intervals
from devices.recording.local_time import day_of, local_days, midnight
from devices.recording.requirement import Requirement
from devices.recording.source import Span
from devices.recording.verdict import reach

RECHECK_DAYS: Final = 15
"""Each day in the middle is asked for again every so many days: a disk may be lost or wiped."""


def asked_from(requirement: Requirement, now: int) -> int:
    """The local midnight (ms UTC) from which on it is asked for, margin and all."""
    return midnight(requirement.zone, day_of(requirement.zone, requirement.asked_from(now)))


def to_ask(
    holdings: Holdings, requirement: Requirement, now: int, answered: Intervals = EMPTY
) -> tuple[Span, ...]:
    """Spans of at most one local day, the newest first; ``answered`` are this round's already.

    Today and yesterday; what is unknown; a fifteenth of the rest; and the day on which the
    recorder's ring begins. Has that day been overwritten since, the next one is the edge: so ask
    again with ``answered`` until nothing is left, which is after each day once at the latest.
    """
    zone = requirement.zone
    begin = asked_from(requirement, now)
    if begin >= now:
        return ()
    today = day_of(zone, now)
    wanted = list(holdings.known.holes(begin, now))
    wanted.append((max(begin, midnight(zone, today - timedelta(1))), now))
    ordinary = holdings.ordinary.within(begin, now)
    edges = {ordinary.first, reach(ordinary, Span(begin, now))} - {None}
    edge_days = {day_of(zone, edge) for edge in edges if edge is not None}
    days = local_days(zone, day_of(zone, begin), today)
    for day, first, end in days:
        due = day.toordinal() % RECHECK_DAYS == today.toordinal() % RECHECK_DAYS
        if due or day in edge_days:
            wanted.append((first, min(end, now)))
    left = Intervals(wanted) - answered
    spans = [
        Span(low, high)
        for _, first, end in days
        for low, high in left.within(max(first, begin), min(end, now))
    ]
    return tuple(reversed(spans))
