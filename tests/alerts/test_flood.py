"""More alerts than a person can work through."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.flood import MINUTE, Flood, FloodLimits, FloodWatch

LIMITS = FloodLimits()
NOON = 1_800_000_000_000


def after(*seconds: int) -> FloodWatch:
    watch = FloodWatch(LIMITS)
    for number, second in enumerate(seconds):
        watch.activated(100 + number, NOON + second * 1000)
    return watch


def test_ten_alerts_in_ten_minutes_are_no_flood() -> None:
    assert after(*range(10)).standing(NOON + MINUTE) is None


def test_one_more_is_and_the_first_of_them_is_marked() -> None:
    flood = after(*range(11)).standing(NOON + MINUTE)
    assert flood == Flood(NOON, 11, 100)


def test_eleven_in_a_longer_time_are_none() -> None:
    assert after(*range(0, 11 * 61, 61)).standing(NOON + 11 * MINUTE) is None


def test_it_counts_on_while_it_stands() -> None:
    flood = after(*range(30)).standing(NOON + MINUTE)
    assert flood is not None
    assert (flood.count, flood.first) == (30, 100)


def test_it_is_over_when_fewer_than_five_came_in_the_last_ten_minutes() -> None:
    watch = after(*range(11), 300, 301, 302, 303, 304)
    assert watch.standing(NOON + 14 * MINUTE) is not None
    assert watch.standing(NOON + 302_000 + 10 * MINUTE) is None
    assert not watch.idle
    assert watch.standing(NOON + 20 * MINUTE) is None
    assert watch.idle


def test_the_next_one_begins_anew() -> None:
    watch = after(*range(11), *range(3600, 3611))
    flood = watch.standing(NOON + 3_612_000)
    assert flood == Flood(NOON + 3_600_000, 11, 111)


def test_a_clock_set_back_keeps_no_flood_alive() -> None:
    watch = after(*range(11))
    assert watch.standing(NOON - 60 * MINUTE) is None
    assert watch.idle


def test_of_a_storm_it_remembers_no_more_than_tells_when_the_flood_is_over() -> None:
    watch = FloodWatch(LIMITS)
    for number in range(10_000):
        watch.activated(number, NOON + number)
    assert watch.standing(NOON + MINUTE) == Flood(NOON, 10_000, 0)
    assert len(watch._recent) == 11


@settings(deadline=None)
@given(st.lists(st.integers(0, 120_000), max_size=200))
def test_a_flood_begins_and_ends_as_counting_the_last_ten_minutes_says(gaps: list[int]) -> None:
    watch, at, times, stands = FloodWatch(LIMITS), NOON, [], False
    for number, gap in enumerate(gaps):
        at += gap
        times.append(at)
        recent = sum(one > at - LIMITS.within for one in times)
        before = sum(one > at - LIMITS.within for one in times[:-1])
        stands = (stands and before >= LIMITS.fewer_than) or recent > LIMITS.more_than
        watch.activated(number, at)
        assert (watch.standing(at) is not None) is stands
