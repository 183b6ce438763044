"""A feeder leaks more than it usually does."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.finding import Priority

LEAKAGE = {"rule": "residual_rise", "rise_ma": 50, "rise_pct": 50, "source": "default"}
HOUR = 3600


def leaks(device, level, hours, every=60):
    """The device tells that residual current for so long; what was found."""
    found = []
    for _ in range(int(hours * HOUR / every)):
        found += device.says(residual_current_ma=level, after=every)
    return found


def learned(watch, level=40.0, days=4, **more):
    """A device whose natural leakage is known."""
    device = watch(**LEAKAGE, **more)
    for _ in range(days):
        assert leaks(device, level, 24, every=120) == []
    return device


def test_a_rise_above_the_usual_is_an_early_warning_that_says_both(watch):
    device = learned(watch)
    (finding,) = leaks(device, 95.0, 0.5)
    assert finding.priority is Priority.LOW
    why = finding.explanation
    assert why.code == "residual_rise"
    assert (why.inputs["value"], why.inputs["usual"], why.limit) == (95, 40, 90)
    (ended,) = leaks(device, 45.0, 0.5)
    assert (ended.active, ended.explanation.code) == (False, "residual_usual")


def test_what_leaks_much_may_rise_by_half_of_it(watch):
    device = learned(watch, level=150.0)
    assert leaks(device, 220.0, 1) == []
    (finding,) = leaks(device, 230.0, 1)
    assert finding.explanation.limit == 225


def test_before_three_days_are_known_nothing_is_raised(watch):
    device = watch(**LEAKAGE)
    leaks(device, 40.0, 40)
    assert leaks(device, 190.0, 3) == []


def test_a_short_peak_and_a_spike_are_none(watch):
    device = learned(watch)
    assert leaks(device, 180.0, 0.1) == []
    leaks(device, 40.0, 1)
    assert device.says(residual_current_ma=250.0, after=60) == []
    assert leaks(device, 40.0, 1) == []


def test_what_is_raised_is_never_learned_however_long_it_lasts(watch):
    device = learned(watch)
    (finding,) = leaks(device, 120.0, 24, every=120)
    assert finding.active
    for _ in range(20):
        assert leaks(device, 120.0, 24, every=120) == []
    assert device.rule.usual(device.memory.sensors[0]) == 40


def test_what_is_no_natural_leakage_is_not_learned_from_the_first_day_on(watch):
    device = watch(**LEAKAGE)
    for _ in range(10):
        assert leaks(device, 260.0, 24, every=120) == []
    assert device.rule.usual(device.memory.sensors[0]) is None


def test_a_person_may_say_what_is_usual(watch):
    device = watch(**LEAKAGE, usual_ma=180)
    assert leaks(device, 200.0, 1) == []
    assert [one.active for one in leaks(device, 280.0, 1)] == [True]


def test_one_odd_day_does_not_move_it(watch):
    device = learned(watch, days=5)
    leaks(device, 85.0, 24, every=120)
    leaks(device, 40.0, 24, every=120)
    assert device.rule.usual(device.memory.sensors[0]) == 40


def test_a_day_of_which_little_is_known_does_not_count(watch):
    device = watch(**LEAKAGE)
    for _ in range(10):
        leaks(device, 40.0, 2)
        device.passes(22 * HOUR)
    assert leaks(device, 190.0, 1) == []


def test_each_sensor_has_its_own_usual(watch):
    device = learned(watch, level=[150.0, 20.0, None])
    assert leaks(device, [150.0, 60.0, None], 1) == []
    (finding,) = leaks(device, [150.0, 75.0, None], 1)
    assert finding.explanation.inputs["usual"] == 20


def test_what_was_learned_outlives_a_restart(watch):
    device = learned(watch)
    device.restarts(down=600)
    leaks(device, 40.0, 1)
    assert [one.active for one in leaks(device, 120.0, 1)] == [True]


@settings(max_examples=30)
@given(
    samples=st.lists(st.tuples(st.integers(1, 7200), st.floats(0, 89)), max_size=80),
)
def test_below_the_usual_and_its_rise_nothing_is_raised(watch, samples):
    device = watch(**LEAKAGE, usual_ma=40)
    for passed, level in samples:
        assert device.says(residual_current_ma=level, after=passed) == []


@settings(max_examples=30)
@given(
    samples=st.lists(st.tuples(st.integers(151, 7200), st.floats(0, 5000)), max_size=80),
)
def test_readings_with_gaps_between_raise_and_teach_nothing(watch, samples):
    device = watch(**LEAKAGE, usual_ma=40)
    for passed, level in samples:
        assert device.says(residual_current_ma=level, after=passed) == []
    assert all(sensor.known == 0 for sensor in device.memory.sensors)
