"""What sort of time it is for a school."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.calendar import Calendar, Days, Hours, Period

CHINA = timezone(timedelta(hours=8))
NEW_YEAR = Days(date(2027, 1, 1), date(2027, 1, 3))
MADE_UP = Days(date(2027, 1, 9), date(2027, 1, 9))
CALENDAR = Calendar(holidays=(NEW_YEAR,), school_days=(MADE_UP,))


def at(day: int, hour: int, minute: int = 0, *, month: int = 1) -> int:
    return int(datetime(2027, month, day, hour, minute, tzinfo=CHINA).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "period"),
    [
        (at(4, 7), Period.SCHOOL_HOURS),  # a Monday
        (at(4, 17, 59), Period.SCHOOL_HOURS),
        (at(4, 18), Period.AFTER_HOURS),
        (at(4, 6, 59), Period.AFTER_HOURS),
        (at(4, 21, 59), Period.AFTER_HOURS),
        (at(4, 22), Period.NIGHT),
        (at(5, 5, 59), Period.NIGHT),
        (at(5, 6), Period.AFTER_HOURS),
        (at(1, 10), Period.HOLIDAY),
        (at(3, 10), Period.HOLIDAY),
        (at(1, 23), Period.NIGHT),  # also on a holiday it is night
        (at(16, 10), Period.HOLIDAY),  # a Saturday
        (at(9, 10), Period.SCHOOL_HOURS),  # a Saturday that makes up for a holiday
        (at(9, 19), Period.AFTER_HOURS),
    ],
)
def test_each_moment_is_of_one_sort(moment: int, period: Period) -> None:
    assert CALENDAR.period(moment) is period


def test_a_day_of_school_counts_for_more_than_a_holiday() -> None:
    both = Calendar(holidays=(MADE_UP,), school_days=(MADE_UP,))
    assert both.period(at(9, 10)) is Period.SCHOOL_HOURS


def test_the_schools_time_counts_and_not_that_of_greenwich() -> None:
    noon_in_greenwich = int(datetime(2027, 1, 4, 12, tzinfo=UTC).timestamp() * 1000)
    assert CALENDAR.period(noon_in_greenwich) is Period.AFTER_HOURS  # 20:00 there
    assert Calendar(offset=0).period(noon_in_greenwich) is Period.SCHOOL_HOURS
    assert Calendar(offset=-12 * 60).period(noon_in_greenwich) is Period.NIGHT


@given(
    minute=st.integers(0, 24 * 60 - 1),
    begin=st.integers(0, 24 * 60 - 1),
    end=st.integers(0, 24 * 60 - 1),
)
def test_hours_and_the_hours_between_them_share_no_minute(
    minute: int, begin: int, end: int
) -> None:
    if begin != end:
        assert (minute in Hours(begin, end)) is not (minute in Hours(end, begin))
