"""Meters that cannot be right: counters that run backwards, figures that contradict each other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.finding import Priority

COUNTER = {"rule": "energy_counter", "source": "default"}
METER = {"rule": "meter_implausible", "source": "default"}


def counts(device, *totals, **more):
    found = []
    for total in totals:
        found += device.says(energy_kwh=total, after=60, **more)
    return found


class TestEnergyCounter:
    def test_that_runs_backwards_is_told_after_three_times(self, watch):
        device = watch(**COUNTER)
        assert counts(device, 500.0, 499.9, 499.8) == []
        (finding,) = counts(device, 499.7)
        assert finding.condition == "energy_backwards"
        assert finding.explanation.inputs["times"] == 3
        assert counts(device, 499.6, 499.5) == []
        assert [one.active for one in counts(device, 499.8)] == [False]

    def test_that_is_read_with_a_little_noise_is_well(self, watch):
        device = watch(**COUNTER)
        for turn in range(200):
            assert counts(device, 500 + turn * 0.1, 500 + turn * 0.1 - 0.01) == []

    @pytest.mark.parametrize(
        ("before", "after", "code"),
        [
            (41_230.5, 0.0, "energy_reset"),
            (999_998.2, 0.4, "energy_wrapped"),
            (41_230.5, 12_005.0, "energy_replaced"),
        ],
    )
    def test_that_begins_anew_is_a_notice_and_no_fault(self, watch, before, after, code):
        device = watch(**COUNTER)
        (finding,) = counts(device, before, after)
        assert finding.condition == "energy_restarted"
        assert (finding.active, finding.occurrence) == (False, True)
        assert finding.priority is Priority.NOTICE
        assert finding.explanation.code == code
        assert counts(device, after + 1, after + 2) == []

    def test_of_a_roof_that_feeds_in_may_run_backwards(self, watch):
        device = watch(**COUNTER)
        assert counts(device, 500.0, 499.0, 498.0, 497.0, 496.0, power_w=[-900, -850, -910]) == []

    def test_of_one_phase_unknown_is_not_judged(self, watch):
        assert counts(watch(**COUNTER), [500.0, 400.0], [None, 400.0], [500.1, 400.1]) == []

    @settings(max_examples=50)
    @given(steps=st.lists(st.tuples(st.integers(1, 5000), st.floats(0, 1000)), max_size=60))
    def test_that_only_rises_is_never_told(self, watch, steps):
        device, total = watch(**COUNTER), 1000.0
        for passed, more in steps:
            total += more
            assert device.says(energy_kwh=total, after=passed) == []


class TestContradictions:
    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"power_w": 800, "voltage_v": 230.0, "current_a": 0.0}, "power_without_current"),
            ({"power_w": 4000, "voltage_v": 230.0, "current_a": 9.0}, "power_above_apparent"),
            (
                {"power_w": 500, "voltage_v": 230.0, "current_a": 9.0, "power_factor": 0.95},
                "power_factor_disagrees",
            ),
            (
                {"power_w": 1000, "voltage_v": [230.0] * 3, "current_a": [9.0] * 3}
                | {"power_factor": [1.0] * 3},
                "phases_do_not_add_up",
            ),
        ],
    )
    def test_that_last_are_told_in_their_own_words(self, watch, values, code):
        device = watch(**METER)
        found = []
        for _ in range(12):
            found += device.says(after=60, **values)
        (finding,) = found
        assert finding.condition == "meter_implausible"
        assert finding.priority is Priority.LOW
        assert finding.explanation.code == code
        right = {"power_w": 460, "voltage_v": 230.0, "current_a": 2.0, "power_factor": 1.0}
        for _ in range(12):
            found += device.says(after=60, **right)
        assert [one.active for one in found] == [True, False]

    def test_of_one_moment_are_none(self, watch):
        device = watch(**METER)
        right = {"power_w": 460, "voltage_v": 230.0, "current_a": 2.0}
        for _ in range(60):
            assert device.says(after=60, **right) == []
            assert device.says(after=60, **{**right, "power_w": 2300}) == []

    def test_meters_that_tell_too_little_are_not_judged(self, watch):
        device = watch(**METER)
        for _ in range(30):
            assert device.says(after=60, power_w=5000) == []
            assert device.says(after=60, power_w=5000, voltage_v=230, current_a=None) == []

    @settings(max_examples=50)
    @given(
        samples=st.lists(
            st.tuples(
                st.integers(1, 1000), st.floats(180, 260), st.floats(0, 100), st.floats(-1, 1)
            ),
            max_size=60,
        )
    )
    def test_figures_that_agree_are_never_told(self, watch, samples):
        device = watch(**METER)
        for passed, volts, amperes, factor in samples:
            told = {"voltage_v": volts, "current_a": amperes, "power_factor": factor}
            assert device.says(after=passed, power_w=volts * amperes * factor, **told) == []
