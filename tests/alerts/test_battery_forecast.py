"""The day on which a battery will be empty, and how sure that is."""

from __future__ import annotations

from random import Random

import pytest

from alerts.battery_forecast import LEAST_DAYS, forecast

TODAY = 20_778


def falling(a_day: float, days: int, *, full: float = 90.0, step: float = 1.0) -> list:
    """A level told in steps, falling by so many percent a day until today."""
    return [
        (TODAY - days + 1 + day, step * round((full - a_day * day) / step)) for day in range(days)
    ]


def test_a_steady_fall_ends_where_the_line_does() -> None:
    # 90 % sixty days ago, half a percent a day: 60.5 % today, 121 days to go
    found = forecast(falling(0.5, 60, step=0.1), TODAY)
    assert found is not None
    assert found.on == pytest.approx(TODAY + 121, abs=2)
    assert found.earliest <= found.on <= found.latest
    assert found.latest - found.earliest < 30


def test_odd_values_move_it_little() -> None:
    levels = falling(0.5, 60)
    odd = [(day, 0.0) if day % 9 == 0 else (day, percent) for day, percent in levels]
    plain, disturbed = forecast(levels, TODAY), forecast(odd, TODAY)
    assert plain is not None
    assert disturbed is not None
    assert abs(plain.on - disturbed.on) < 12


def test_days_without_a_value_do_not_matter() -> None:
    levels = falling(0.5, 60)
    some = [level for level in levels if level[0] % 3]
    plain, sparse = forecast(levels, TODAY), forecast(some, TODAY)
    assert plain is not None
    assert sparse is not None
    assert abs(plain.on - sparse.on) < 10


def test_a_changed_battery_begins_anew() -> None:
    old = [(day - 40, percent) for day, percent in falling(1.0, 40, full=60)]
    found = forecast([*old, *falling(0.7, 40, full=100)], TODAY)
    assert found is not None
    assert found.on == pytest.approx(TODAY + 104, abs=12)
    assert forecast([*old, *falling(0.5, LEAST_DAYS - 1, full=100)], TODAY) is None


@pytest.mark.parametrize(
    "levels",
    [
        [],
        falling(0.5, LEAST_DAYS - 1),
        falling(1.0, 12),
        falling(0.0, 60),
        falling(-0.2, 60, full=50),
        falling(0.01, 60),
        falling(0.05, 60, step=0.1),  # years ahead, of what sixty days cannot tell
        [(TODAY - 200 + day, 90.0 - day) for day in range(60)],
    ],
    ids=["none", "few", "close", "level", "rising", "hardly", "far", "old"],
)
def test_what_cannot_be_told_is_not_told(levels: list) -> None:
    assert forecast(levels, TODAY) is None


def test_a_line_that_has_ended_means_today() -> None:
    found = forecast(falling(3.0, 31), TODAY)
    assert found is not None
    assert (found.on, found.earliest) == (TODAY, TODAY)


def test_the_interval_holds_the_truth_nineteen_times_of_twenty() -> None:
    random = Random(5)
    held = made = 0
    for _ in range(200):
        days, a_day = random.randrange(25, 90), random.uniform(0.3, 1.2)
        full = random.uniform(60, 100)
        drift, levels = 0.0, []
        for day in range(days):
            drift = 0.8 * drift + random.gauss(0, 0.8)  # warm days and cold ones
            level = full - a_day * day + drift
            if level > 1:
                levels.append((TODAY - days + 1 + day, round(level)))
        ends = TODAY - days + 1 + full / a_day
        if ends < TODAY + 3:
            continue
        found = forecast(levels, TODAY)
        if found is not None:
            made += 1
            held += found.earliest - 1 <= ends <= found.latest + 1
    assert made > 80
    assert held / made >= 0.95
