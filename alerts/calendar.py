"""What sort of time it is for a school: lessons, after hours, night, or a day without school.

Whom to call at three in the morning is somebody else than at ten. Each moment is of exactly one
`Period`, so that of several plans at most one speaks of it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

MINUTE: Final = 60_000
DAY_MINUTES: Final = 24 * 60
_DAY: Final = DAY_MINUTES * MINUTE
_EPOCH: Final = date(1970, 1, 1).toordinal()

WORKDAYS: Final = frozenset(range(5))
"""Monday (0) to Friday."""


class Period(StrEnum):
    """A sort of time."""

    SCHOOL_HOURS = "school_hours"
    AFTER_HOURS = "after_hours"  # of a school day, before and after the lessons
    HOLIDAY = "holiday"  # by day, on a day without school
    NIGHT = "night"  # of whatever day


class Hours(msgspec.Struct, frozen=True):
    """From a minute of the day (included) to another (excluded), also over midnight."""

    begin: int
    end: int

    def __contains__(self, minute: int) -> bool:
        if self.begin <= self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


class Days(msgspec.Struct, frozen=True):
    """From a day to another, both included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


class Calendar(msgspec.Struct, frozen=True):
    """When there is school. ``offset`` is minutes east of UTC; ``weekdays`` 0 is Monday.

    ``school_days`` are days of school on what would be none: weekends that make up for a holiday.
    They count for more than ``holidays``.
    """

    offset: int = 8 * 60
    weekdays: frozenset[int] = WORKDAYS
    lessons: Hours = Hours(7 * 60, 18 * 60)
    night: Hours = Hours(22 * 60, 6 * 60)
    holidays: tuple[Days, ...] = ()
    school_days: tuple[Days, ...] = ()

    def period(self, now: int) -> Period:
        """What sort of time ``now`` (ms) is."""
        days, rest = divmod(now + self.offset * MINUTE, _DAY)
        minute = rest // MINUTE
        if minute in self.night:
            return Period.NIGHT
        if not self._school(date.fromordinal(_EPOCH + days)):
            return Period.HOLIDAY
        return Period.SCHOOL_HOURS if minute in self.lessons else Period.AFTER_HOURS

    def _school(self, day: date) -> bool:
        if any(day in extra for extra in self.school_days):
            return True
        return day.weekday() in self.weekdays and not any(day in off for off in self.holidays)


class SchoolCalendar(msgspec.Struct, frozen=True):
    """The calendar of some schools that do not follow the general one."""

    name: str
    schools: frozenset[str]
    calendar: Calendar
