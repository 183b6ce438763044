"""Figures of a link: availability, times of acknowledgement, outages. Pure.

Availability is measured, never promised: the share of the *watched* time in which the link was
up. Time in which nobody looked (the gateway was off, the watch has just begun) is unknown, which is
neither up nor down, and is told beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec

from devices.police_link.link import Exchange
from devices.police_link.states import Cause, LinkState, StateChange

_DAY: Final = 86_400_000


class DayTally(msgspec.Struct, kw_only=True):
    """What one link did on one day (``day``: days since 1970, of the zone it is counted in).

    Times in ms. ``starting_ms``: watched, and not yet known.
    """

    day: int
    up_ms: int = 0
    degraded_ms: int = 0
    down_ms: int = 0
    unverified_ms: int = 0
    starting_ms: int = 0
    exchanges: int = 0
    acknowledged: int = 0
    ack_sum_ms: float = 0.0
    ack_max_ms: float = 0.0

    def spend(self, state: LinkState, cause: Cause, milliseconds: int) -> None:
        """So long the link was in this state."""
        if cause is Cause.STARTING:
            self.starting_ms += milliseconds
        elif state is LinkState.UP:
            self.up_ms += milliseconds
        elif state is LinkState.DEGRADED:
            self.degraded_ms += milliseconds
        elif state is LinkState.DOWN:
            self.down_ms += milliseconds
        else:
            self.unverified_ms += milliseconds

    def count(self, exchange: Exchange) -> None:
        """One exchange took place."""
        self.exchanges += 1
        if exchange.acknowledged:
            self.acknowledged += 1
            self.ack_sum_ms += exchange.elapsed_ms
            self.ack_max_ms = max(self.ack_max_ms, exchange.elapsed_ms)

    def add(self, other: DayTally) -> None:
        """Add what was counted elsewhere, or later, for the same link."""
        self.up_ms += other.up_ms
        self.degraded_ms += other.degraded_ms
        self.down_ms += other.down_ms
        self.unverified_ms += other.unverified_ms
        self.starting_ms += other.starting_ms
        self.exchanges += other.exchanges
        self.acknowledged += other.acknowledged
        self.ack_sum_ms += other.ack_sum_ms
        self.ack_max_ms = max(self.ack_max_ms, other.ack_max_ms)


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which the link was down or degraded; ``until`` is ``None`` while it lasts."""

    state: LinkState
    since: int
    until: int | None
    cause: Cause

    def within(self, begin: int, end: int) -> int:
        """How much of it (ms) lies between two times."""
        until = end if self.until is None else min(self.until, end)
        return max(0, until - max(self.since, begin))


def outages(changes: Iterable[StateChange]) -> list[Outage]:
    """The times in which a link was down or degraded, from its changes, oldest first.

    Down and degraded in turn are two outages: different things have to be repaired. The cause is
    the one known when it began. A clock set back makes none shorter than nothing.
    """
    return outages_of((change.state, change.at, change.cause) for change in changes)


def outages_of(history: Iterable[tuple[LinkState, int, Cause]]) -> list[Outage]:
    """`outages` from what a store keeps of the changes: the state, from when, and the cause."""
    found: list[Outage] = []
    current: LinkState | None = None
    for state, at, cause in history:
        if state is current:
            continue
        if found and found[-1].until is None:
            last = found[-1]
            found[-1] = msgspec.structs.replace(last, until=max(at, last.since))
        if state in {LinkState.DOWN, LinkState.DEGRADED}:
            found.append(Outage(state=state, since=at, until=None, cause=cause))
        current = state
    return found


class MonthFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One month of one link. ``None`` = nothing was watched, or nothing acknowledged.

    ``availability_pct``: time up of the time watched. ``reachable_pct``: time in which at least
    one path was acknowledged in time, tested or not. ``outages`` began in the month and were
    *down*; ``degradations`` likewise.
    """

    month: str
    availability_pct: float | None
    reachable_pct: float | None
    mean_ack_ms: float | None
    max_ack_ms: float | None
    outages: int
    degradations: int
    watched_ms: int
    up_ms: int
    degraded_ms: int
    down_ms: int
    unverified_ms: int


def month_of(at: int, utc_offset_ms: int = 0) -> str:
    """The month (``2026-11``) of a time in ms."""
    return datetime.fromtimestamp((at + utc_offset_ms) / 1000, UTC).strftime("%Y-%m")


def by_month(
    tallies: Iterable[DayTally], troubles: Iterable[Outage] = (), utc_offset_ms: int = 0
) -> list[MonthFigures]:
    """Figures of every month that has tallies or outages, oldest first."""
    sums: dict[str, DayTally] = {}
    for tally in tallies:
        month = month_of(tally.day * _DAY)
        sums.setdefault(month, DayTally(day=tally.day)).add(tally)
    counts: dict[tuple[str, LinkState], int] = {}
    for trouble in troubles:
        month = month_of(trouble.since, utc_offset_ms)
        sums.setdefault(month, DayTally(day=(trouble.since + utc_offset_ms) // _DAY))
        key = (month, trouble.state)
        counts[key] = counts.get(key, 0) + 1
    return [
        _figures(
            month,
            sums[month],
            counts.get((month, LinkState.DOWN), 0),
            counts.get((month, LinkState.DEGRADED), 0),
        )
        for month in sorted(sums)
    ]


def _figures(month: str, total: DayTally, down: int, degraded: int) -> MonthFigures:
    watched = total.up_ms + total.degraded_ms + total.down_ms + total.unverified_ms
    return MonthFigures(
        month=month,
        availability_pct=_share(total.up_ms, watched),
        reachable_pct=_share(watched - total.down_ms, watched),
        mean_ack_ms=total.ack_sum_ms / total.acknowledged if total.acknowledged else None,
        max_ack_ms=total.ack_max_ms if total.acknowledged else None,
        outages=down,
        degradations=degraded,
        watched_ms=watched,
        up_ms=total.up_ms,
        degraded_ms=total.degraded_ms,
        down_ms=total.down_ms,
        unverified_ms=total.unverified_ms,
    )


def _share(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
