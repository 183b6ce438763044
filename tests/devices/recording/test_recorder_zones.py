"""Zones as recorders write them, and wall clocks that show an hour twice or not at all."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.recording.local_time import HOUR_MS, FixedZone, from_local, named_zone, to_local
from devices.recording.posix_zone import PosixZone

MOMENTS = st.integers(1_700_000_000_000, 1_900_000_000_000)
SAME = [
    ("CST-8:00:00", "Asia/Shanghai"),
    ("CST+5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00", "America/New_York"),
    ("EST5EDT,M3.2.0,M11.1.0", "America/New_York"),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Berlin"),
    ("CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00", "Europe/Berlin"),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", "Australia/Sydney"),
    ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "Australia/Lord_Howe"),
    ("IST-5:30:00", "Asia/Kolkata"),
]


@pytest.mark.parametrize(("written", "name"), SAME)
@settings(max_examples=40, deadline=None)
@given(moment=MOMENTS)
def test_a_written_zone_is_the_zone_of_that_name(written: str, name: str, moment: int) -> None:
    assert PosixZone(written).offset_at(moment) == named_zone(name).offset_at(moment)


@pytest.mark.parametrize(
    "text",
    ["", "8", "CST", "CST-8;rm", "CST-99:00", "CST-8DST01:00,M13.1.0,M3.1.0", "Asia/Shanghai"],
)
def test_what_is_no_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|month"):
        PosixZone(text)


@pytest.mark.parametrize("name", ["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
@settings(max_examples=60, deadline=None)
@given(moment=MOMENTS)
def test_there_and_back_is_the_same_moment_or_its_twin(name: str, moment: int) -> None:
    zone = named_zone(name)
    moment -= moment % 1000
    wall = to_local(zone, moment)
    assert from_local(zone, wall, moment) == moment
    assert from_local(zone, wall) in (moment, moment - HOUR_MS)


def test_the_order_tells_which_of_two_equal_times_is_meant() -> None:
    berlin = named_zone("Europe/Berlin")
    wall = datetime.fromisoformat("2026-10-25T02:30")
    first = from_local(berlin, wall)
    assert from_local(berlin, wall, first + 1) == first + HOUR_MS
    assert from_local(berlin, wall, first + 2 * HOUR_MS) == first + HOUR_MS


def test_a_time_the_clocks_skip_is_read_as_if_they_had_not_been_put_forward() -> None:
    skipped = from_local(named_zone("Europe/Berlin"), datetime.fromisoformat("2026-03-29T02:30"))
    assert skipped == from_local(FixedZone(HOUR_MS), datetime.fromisoformat("2026-03-29T02:30"))
