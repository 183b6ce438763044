"""How a device was, day by day, from what was counted and from its alerts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from alerts.alert import Alert
from alerts.unheard import CONDITIONS
from gateway.api.models.diagnosis import DayState
from gateway.store.read.connectivity import DAY, DayRow

LOSING_PCT: Final = 10.0
"""Percent of a day's messages lost from which the day was trouble. Default of ours."""

OFTEN: Final = 20
"""Reconnects or new starts on a day from which it was trouble. Default of ours."""


class Day(msgspec.Struct, frozen=True):
    """One day, with what was counted (all 0 when it was not heard) and what it came to."""

    row: DayRow
    state: DayState


def until(alert: Alert) -> int | None:
    """When an alert's condition ended (ms); ``None`` while it lasts."""
    if alert.active and alert.open:
        return None
    return alert.returned or alert.closed or alert.raised


def timeline(
    rows: Sequence[DayRow],
    alerts: Sequence[Alert],
    listened: Collection[int],
    *,
    days: range,
    limit: int,
    silent_now: bool,
) -> list[Day]:
    """One `Day` for each of ``days`` (since 1970, UTC), the last of which is today.

    ``listened`` are days on which anybody was heard, ``limit`` (ms) the silence that is unusual:
    of a device that speaks less than daily a day without a message says nothing. ``silent_now``
    is what the diagnosis says of today.
    """
    known = {row.day: row for row in rows}
    first = min(known, default=days.stop)
    found = []
    for day in days:
        row = known.get(day) or DayRow(day, 0, 0, 0, 0, None, None, None)
        standing = [
            alert
            for alert in alerts
            if alert.raised < (day + 1) * DAY and not _over(alert, before=day * DAY)
        ]
        if row.messages:
            state = DayState.TROUBLE if standing or _troubled(row) else DayState.OK
        elif any(alert.condition in CONDITIONS for alert in standing):
            state = DayState.SILENT
        elif day == days[-1]:
            state = DayState.SILENT if silent_now else DayState.UNKNOWN
        elif day > first and day in listened and limit < DAY:
            state = DayState.SILENT
        else:
            state = DayState.TROUBLE if standing else DayState.UNKNOWN
        found.append(Day(row, state))
    return found


def _over(alert: Alert, *, before: int) -> bool:
    ended = until(alert)
    return ended is not None and ended < before


def _troubled(row: DayRow) -> bool:
    lost = max(0, row.lost)
    share = 100 * lost / (row.messages + lost)
    return share >= LOSING_PCT or row.reconnects >= OFTEN or row.reboots >= OFTEN
