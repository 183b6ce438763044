"""Times as recorders write them, and the moments they stand for."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.recording.gb28181.errors import ContentError
from devices.recording.gb28181.times import Zulu, as_date_header, as_local, read_time

CHINA = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
NOON = int(datetime(2026, 11, 20, 4, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T12:00:00",
        "2026-11-20 12:00:00",
        "2026/11/20T12:0:0",
        "2026-11-20T12:00:00.999",
        " 2026-11-20t12:00:00 ",
        "2026-11-20T12:00:00+08:00",
        "2026-11-20T04:00:00+0000",
        "2026-11-19T23:30:00-0430",
    ],
)
def test_one_noon_in_many_writings(text: str) -> None:
    assert read_time(text).ms(CHINA, None) == NOON


def test_the_end_of_a_day_may_be_the_hour_24() -> None:
    assert read_time("2026-11-20T24:00:00") == read_time("2026-11-21T0:0:0")


def test_z_is_what_it_is_known_to_mean() -> None:
    written = read_time("2026-11-20T04:00:00Z")
    assert written.ms(CHINA, Zulu.UTC) == NOON
    assert written.ms(CHINA, Zulu.LOCAL) == NOON - 8 * 3_600_000
    with pytest.raises(ContentError, match="marked Z"):
        written.ms(CHINA, None)


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-11-20", "12:00:00", "2026-11-20T12:00", "2026-13-01T00:00:00", "T", "0",
        "2026-02-29T00:00:00", "2026-11-20T24:00:01", "2026-11-20T12:60:00", "1970-01-01T00:00:00",
        "2200-01-01T00:00:00", "2026-11-20T12:00:00+15:00", "2026-11-20T12:00:00 CST",
        "２０２６-11-20T12:00:00", "9999-12-31T24:00:00",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ContentError):
        read_time(text)


def test_a_local_time_that_comes_twice_or_never_says_nothing() -> None:
    for text in ("2026-10-25T02:30:00", "2026-03-29T02:30:00"):
        with pytest.raises(ContentError, match="clocks change"):
            read_time(text).ms(BERLIN, None)
    twice = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()) * 1000
    with pytest.raises(ContentError, match="clocks change"):
        as_local(twice, BERLIN)


@given(st.integers(min_value=800_000_000, max_value=4_000_000_000))
def test_what_is_asked_for_is_read_back_as_the_same_moment(second: int) -> None:
    assert read_time(as_local(second * 1000, CHINA)).ms(CHINA, None) == second * 1000


def test_the_date_that_devices_set_their_clock_by_is_local() -> None:
    assert as_date_header(NOON + 7, CHINA) == "2026-11-20T12:00:00.007"


@given(st.text("0123456789-/:TZ+. ", max_size=32))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        written = read_time(text)
    except ContentError:
        return
    assert 1990 <= written.clock.year <= 2100
