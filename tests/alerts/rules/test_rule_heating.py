"""One of several sensors grows hot quickly."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

CABLES = {"rule": "heating", "as": "cable_heating", "source": "default"}


def tells(device, levels, minutes=20):
    found = []
    for _ in range(2 * minutes):
        found += device.says(cable_temperature_c=levels, after=30)
    return found


def warms(device, begin, end, minutes, others=(38.0, 40.0)):
    """One cable warms evenly while the others stay as they are."""
    found, steps = [], int(minutes * 2)
    for step in range(1, steps + 1):
        level = begin + (end - begin) * step / steps
        found += device.says(cable_temperature_c=[others[0], level, others[1]], after=30)
    return found


def test_a_joint_that_comes_loose_is_found_and_named(watch):
    device = watch(**CABLES)
    tells(device, [38.0, 36.0, 40.0])
    (finding,) = warms(device, 36.0, 66.0, 12)
    assert finding.condition == "cable_heating"
    why = finding.explanation
    assert (why.code, why.inputs["sensor"], why.limit, why.unit) == ("heating", 2, 15, "°C")
    assert why.inputs["rise"] >= 15
    assert why.inputs["value"] >= 45
    (ended,) = tells(device, [38.0, 66.0, 40.0])
    assert not ended.active


def test_a_cooler_sensor_is_judged_beside_a_hotter_one(watch):
    device = watch(**CABLES)
    tells(device, [64.0, 34.0, 63.0])
    (finding,) = warms(device, 34.0, 58.0, 8, others=(64.0, 63.0))
    assert finding.explanation.inputs["sensor"] == 2


def test_a_cellar_in_the_morning_and_a_day_of_load_are_none(watch):
    device = watch(**CABLES)
    assert warms(device, 8.0, 30.0, 10) == []
    assert warms(device, 30.0, 69.0, 240) == []


def test_a_spike_and_a_drop_out_are_no_rise(watch):
    device = watch(**CABLES)
    tells(device, [60.0, 60.0])
    for odd in (130.0, -40.0, 0.0):
        assert device.says(cable_temperature_c=[60.0, odd], after=30) == []
        assert tells(device, [60.0, 60.0]) == []


def test_what_lies_before_a_gap_is_not_compared_with_what_comes_after(watch):
    device = watch(**CABLES)
    tells(device, [20.0, 20.0])
    device.passes(400)
    assert tells(device, [66.0, 66.0]) == []


def test_a_sensor_that_cannot_be_measured_ends_nothing(watch):
    device = watch(**CABLES)
    tells(device, [38.0, 36.0, 40.0])
    warms(device, 36.0, 66.0, 12)
    assert device.found[-1].active
    assert tells(device, [None, None, None]) == []


def test_a_single_figure_is_judged_as_one_sensor(watch):
    device = watch(**CABLES)
    tells(device, 30.0)
    found = []
    for step in range(24):
        found += device.says(cable_temperature_c=30.0 + step * 1.5, after=30)
    assert [one.active for one in found] == [True]


@settings(max_examples=60)
@given(
    samples=st.lists(
        st.tuples(st.integers(1, 400), st.lists(st.floats(50, 64.9), min_size=3, max_size=3)),
        max_size=80,
    )
)
def test_less_than_the_rise_is_never_raised(watch, samples):
    device = watch(**CABLES)
    for passed, levels in samples:
        assert device.says(cable_temperature_c=levels, after=passed) == []


@settings(max_examples=60)
@given(
    samples=st.lists(
        st.tuples(st.integers(1, 400), st.lists(st.floats(-40, 44.9), min_size=2, max_size=2)),
        max_size=80,
    )
)
def test_below_the_least_level_it_is_never_raised(watch, samples):
    device = watch(**CABLES)
    for passed, levels in samples:
        assert device.says(cable_temperature_c=levels, after=passed) == []
