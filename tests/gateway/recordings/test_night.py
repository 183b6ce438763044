"""When recorders are asked: once a night each, spread over it, always at the same time."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.recording.local_time import DAY_MS, HOUR_MS, midnight, named_zone, to_local
from gateway.recordings.night import Night

ZONE = "Asia/Shanghai"
MIDNIGHT = midnight(ZONE, date(2026, 11, 20))
NAMES = [f"school-{number}/nvr" for number in range(400)]


def test_a_night_is_filled_evenly() -> None:
    night = Night.of(ZONE, "01:00", "05:00")
    due = [night.last_due(name, MIDNIGHT + 12 * HOUR_MS) - MIDNIGHT for name in NAMES]
    assert min(due) >= HOUR_MS
    assert max(due) < 5 * HOUR_MS
    for quarter in range(4):
        begin = (1 + quarter) * HOUR_MS
        assert 60 <= sum(begin <= each < begin + HOUR_MS for each in due) <= 140


def test_before_its_time_it_was_due_the_night_before() -> None:
    night = Night.of(ZONE, "01:00", "05:00")
    due = night.last_due("a/nvr", MIDNIGHT + 12 * HOUR_MS)
    assert night.last_due("a/nvr", due) == due
    assert night.last_due("a/nvr", due - 1) == due - DAY_MS


def test_a_night_may_go_over_midnight() -> None:
    night = Night.of(ZONE, "22:00", "02:00")
    for name in NAMES:
        due = night.last_due(name, MIDNIGHT + 12 * HOUR_MS)
        assert MIDNIGHT - 2 * HOUR_MS <= due < MIDNIGHT + 2 * HOUR_MS


@pytest.mark.parametrize("zone", [ZONE, "Europe/Berlin", "Pacific/Apia", "UTC"])
@given(
    now=st.integers(MIDNIGHT, MIDNIGHT + 400 * DAY_MS),
    begin=st.integers(0, 1439),
    length=st.integers(1, 1439),
)
def test_whatever_the_night_is_it_was_due_within_the_last_day_or_so(
    zone: str, now: int, begin: int, length: int
) -> None:
    night = Night(zone, begin, begin + length)
    due = night.last_due("a/nvr", now)
    assert now - DAY_MS - 2 * HOUR_MS <= due <= now
    assert due == night.last_due("a/nvr", due)
    local = to_local(named_zone(zone), due)
    assert local.second < 60
