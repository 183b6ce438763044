"""Overload against the breaker's rating, with the time that heat takes."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.finding import Priority
from alerts.rules import RuleError, bind

FEEDER = {"rule": "overload", "rating_a": 32, "source": "IEC 60898-1"}


def draws(device, current, minutes, every=15):
    """The device tells that current for so long; what was found."""
    found = []
    for _ in range(int(minutes * 60 / every)):
        found += device.says(current_a=current, after=every)
    return found


def test_38_amperes_on_a_32_ampere_breaker_say_when_it_would_trip(watch):
    device = watch(**FEEDER)
    draws(device, 10.0, 5)
    (finding,) = draws(device, 38.0, 3)
    assert finding.condition == "overload_near"
    assert finding.priority is Priority.MEDIUM
    why = finding.explanation
    assert why.code == "overload_near"
    assert (why.inputs["current_a"], why.inputs["rating_a"], why.limit) == (38, 32, 32)
    assert 6 <= why.inputs["minutes"] <= 12


def test_it_becomes_an_overload_before_it_would_trip(watch):
    device = watch(**FEEDER)
    draws(device, 10.0, 5)
    found = draws(device, 38.0, 12)
    assert [one.condition for one in found] == ["overload_near", "overload"]
    assert found[1].priority is Priority.HIGH
    assert found[1].explanation.inputs["minutes"] <= 5


def test_without_a_rating_nothing_is_judged(watch):
    (rule,) = bind({"overload": {}})
    assert not rule.telemetry
    device = watch(rule="overload")
    assert draws(device, 900.0, 30) == []


def test_what_a_breaker_bears_for_good_warns_and_is_no_overload(watch):
    device = watch(**FEEDER)
    found = draws(device, 35.0, 120, every=60)
    assert [one.condition for one in found] == ["overload_near"]
    assert found[0].explanation.code == "overload_warm"
    assert found[0].explanation.inputs["heat_pct"] >= 80


def test_a_motor_that_starts_is_no_overload(watch):
    device = watch(**FEEDER)
    draws(device, 12.0, 10)
    assert device.says(current_a=190.0, after=15) == []
    assert draws(device, 12.0, 60) == []
    for _ in range(3):  # seen by a quick meter for three seconds
        assert device.says(current_a=190.0, after=1) == []
    assert draws(device, 12.0, 60) == []


def test_phases_heat_each_by_itself_and_the_worst_is_named(watch):
    device = watch(**FEEDER)
    found = draws(device, [12.0, 41.0, 3.0], 10)
    assert {one.explanation.inputs["phase"] for one in found} == {"L2"}
    other = watch(**FEEDER)
    # The load goes from phase to phase: none of them grows hot enough.
    for turn in range(60):
        currents = [5.0, 5.0, 5.0]
        currents[turn % 3] = 40.0
        assert draws(other, list(currents), 1) == []


def test_over_a_gap_nothing_is_known_to_have_flowed(watch):
    device = watch(**FEEDER)
    assert draws(device, 38.0, 0.5) == []
    for _ in range(40):  # always the same high figure, and never two that belong together
        assert device.says(current_a=38.0, after=300) == []


def test_a_phase_that_cannot_be_measured_neither_heats_nor_ends_it(watch):
    device = watch(**FEEDER)
    draws(device, [38.0, 5.0], 12)
    assert [one.condition for one in device.found] == ["overload_near", "overload"]
    assert draws(device, [None, 5.0], 30) == []
    ended = draws(device, [5.0, 5.0], 30)
    assert {(one.condition, one.active) for one in ended} == {
        ("overload", False),
        ("overload_near", False),
    }


def test_it_is_over_when_the_load_is_off_and_the_cable_has_cooled(watch):
    device = watch(**FEEDER)
    draws(device, 38.0, 12)
    ended = draws(device, 5.0, 30)
    assert {one.condition for one in ended} == {"overload", "overload_near"}
    assert all(not one.active for one in ended)
    assert ended[0].explanation.code == "overload_over"


def test_it_stands_over_a_restart_and_ends_after_it(watch):
    device = watch(**FEEDER)
    draws(device, 38.0, 12)
    assert device.restarts(down=20) == []
    assert draws(device, 38.0, 1) == []
    assert {one.condition for one in draws(device, 5.0, 40)} == {"overload", "overload_near"}


@pytest.mark.parametrize("rating", [0, -5, 10_000])
def test_a_rating_that_is_none_is_refused(rating):
    with pytest.raises(RuleError, match="rating_a"):
        bind({"overload": {"rating_a": rating}})


class TestTheCurveOfABreaker:
    """IEC 60898-1: 1.13 times never; 2.55 times within a minute, and not before a second."""

    (RULE,) = bind({"overload": {"rating_a": 20}})

    def test_at_113_percent_it_never_trips(self):
        assert self.RULE.seconds_left(0.0, 20 * 1.13) == inf

    def test_at_255_percent_it_trips_within_a_minute(self):
        assert 1 < self.RULE.seconds_left(0.0, 20 * 2.55) <= 60

    def test_at_145_percent_it_trips_within_an_hour(self):
        assert self.RULE.seconds_left(0.0, 20 * 1.45) <= 3600

    @given(
        heat=st.floats(0, 0.999),
        current=st.floats(23, 400),
        more=st.floats(1.0, 5.0),
    )
    def test_the_more_flows_the_sooner_it_trips(self, heat, current, more):
        assert self.RULE.seconds_left(heat, current * more) <= self.RULE.seconds_left(heat, current)


CURRENTS = st.lists(
    st.tuples(st.integers(1, 900), st.lists(st.floats(0, 32.0 * 1.12), min_size=3, max_size=3)),
    max_size=60,
)


@settings(max_examples=60)
@given(samples=CURRENTS)
def test_below_what_it_bears_for_good_it_is_never_an_overload(watch, samples):
    device = watch(**FEEDER)
    for passed, currents in samples:
        device.says(current_a=currents, after=passed)
    assert all(one.condition == "overload_near" for one in device.found)


@settings(max_examples=60)
@given(
    samples=st.lists(st.tuples(st.integers(151, 5000), st.floats(0, 400)), max_size=60),
)
def test_readings_that_never_belong_together_raise_nothing(watch, samples):
    device = watch(**FEEDER)
    for passed, current in samples:
        assert device.says(current_a=current, after=passed) == []
