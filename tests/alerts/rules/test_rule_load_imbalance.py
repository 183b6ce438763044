"""The load lies on one phase."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

IMBALANCE = {"rule": "load_imbalance", "most_pct": 80, "least_a": 10, "for_s": 1800}


def draws(device, currents, minutes=40):
    found = []
    for _ in range(minutes):
        found += device.says(current_a=currents, after=60)
    return found


def test_a_load_on_one_phase_for_half_an_hour_is_raised_with_its_phase(watch):
    device = watch(**IMBALANCE)
    (finding,) = draws(device, [3.0, 40.0, 2.0])
    assert finding.active
    why = finding.explanation
    assert (why.code, why.inputs["phase"], why.inputs["most_a"]) == ("load_imbalance", "L2", 40)
    (ended,) = draws(device, [20.0, 22.0, 18.0])
    assert (ended.active, ended.explanation.code) == (False, "load_even")


def test_a_kettle_on_an_idle_feeder_is_no_imbalance(watch):
    assert draws(watch(**IMBALANCE), [0.2, 9.0, 0.1], 600) == []


def test_it_is_over_when_hardly_anything_is_loaded(watch):
    device = watch(**IMBALANCE)
    draws(device, [3.0, 40.0, 2.0])
    (ended,) = draws(device, [0.0, 9.0, 0.0])
    assert not ended.active


def test_single_phase_feeders_and_unknown_phases_are_not_judged(watch):
    device = watch(**IMBALANCE)
    assert draws(device, 60.0) == []
    assert draws(device, [60.0]) == []
    assert draws(device, [60.0, None, 1.0], 120) == []


@settings(max_examples=40)
@given(
    samples=st.lists(
        st.tuples(st.integers(1, 300), st.lists(st.floats(20, 30), min_size=3, max_size=3)),
        max_size=60,
    )
)
def test_an_even_load_raises_nothing(watch, samples):
    device = watch(**IMBALANCE)
    for passed, currents in samples:
        assert device.says(current_a=currents, after=passed) == []
