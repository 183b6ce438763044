"""A zone as recorders write it: ``CST-8:00:00``, after POSIX, with the sign the wrong way round.

Hikvision writes summer time as the hours by which clocks are put forward
(``CST+5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00``), POSIX as one more offset from UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from devices.recording.local_time import HOUR_MS

_NAME: Final = r"(?:[A-Za-z]{3,10}|<[A-Za-z0-9+-]{1,20}>)"
_TIME: Final = r"[+-]?\d{1,3}(?::\d{1,2}){0,2}"
_RULE: Final = rf"M(\d{{1,2}})\.([1-5])\.([0-6])(?:/({_TIME}))?"
_ZONE: Final = re.compile(
    rf"{_NAME}({_TIME})(?:({_NAME})({_TIME})?(?:,{_RULE},{_RULE})?)?", re.ASCII
)


class PosixZone:
    """A `devices.recording.local_time.Zone`. Raises ``ValueError`` for what is none."""

    def __init__(self, text: str) -> None:
        found = _ZONE.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"no time zone: {text[:60]!r}")
        standard, name, forward, *rules = found.groups()
        self._standard: Final = -_time(standard)
        self._summer: Final = self._standard + self._forward(name, forward)
        if max(abs(self._standard), abs(self._summer)) > 15 * HOUR_MS:
            raise ValueError(f"no time zone is so far from UTC: {text[:60]!r}")
        self._rules: Final = rules if name and rules[0] else None
        if self._rules and not all(1 <= int(self._rules[at]) <= 12 for at in (0, 4)):
            raise ValueError(f"no such month: {text[:60]!r}")

    def _forward(self, name: str | None, told: str | None) -> int:
        if name is None or told is None:
            return HOUR_MS
        amount = _time(told)
        if name == "DST" and told[0].isdigit() and amount <= 2 * HOUR_MS:
            return amount
        return -amount - self._standard

    def offset_at(self, moment: int) -> int:
        """Local time less UTC, in ms, at ``moment`` (ms UTC)."""
        if self._rules is None:
            return self._standard
        year = datetime.fromtimestamp((moment + self._standard) // 1000, UTC).year
        begin = _change(year, self._rules[:4]) - self._standard
        end = _change(year, self._rules[4:]) - self._summer
        # South of the equator summer goes on over the new year.
        summer = begin <= moment < end if begin < end else not end <= moment < begin
        return self._summer if summer else self._standard


def _time(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    hours, minutes, seconds = (*(int(part) for part in text.lstrip("+-").split(":")), 0, 0)[:3]
    return sign * ((hours * 60 + minutes) * 60 + seconds) * 1000


def _change(year: int, rule: list[str]) -> int:
    """When ``rule`` says clocks change in ``year``: ms since 1970 by the wall clock before it."""
    month, week, weekday = int(rule[0]), int(rule[1]), int(rule[2])
    first = datetime(year, month, 1, tzinfo=UTC)
    days = (weekday - (first.weekday() + 1)) % 7 + 7 * (week - 1)
    day = first + timedelta(days)
    if day.month != month:
        day -= timedelta(7)  # week 5 is the last, be it the fourth
    return round(day.timestamp() * 1000) + (_time(rule[3]) if rule[3] else 2 * HOUR_MS)
