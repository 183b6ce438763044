"""Voltage too high, too low, gone, or out of balance."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.finding import Priority

SUPPLY = {"rule": "supply_voltage", "source": "GB/T 12325"}


def tells(device, volts, seconds=120, every=15, **more):
    """The device tells that voltage for so long; what was found."""
    found = []
    for _ in range(seconds // every):
        found += device.says(voltage_v=volts, after=every, **more)
    return found


def conditions(findings):
    return [(one.condition, one.active) for one in findings]


@pytest.mark.parametrize(
    ("volts", "condition", "limit"),
    [(236.0, "over_voltage", 235.4), (197.0, "under_voltage", 198.0)],
)
def test_a_voltage_that_stays_wrong_is_raised_with_its_limit(watch, volts, condition, limit):
    device = watch(**SUPPLY)
    assert tells(device, 229.0) == []
    (finding,) = tells(device, volts)
    assert finding.condition == condition
    assert finding.priority is Priority.MEDIUM
    assert finding.explanation.limit == limit
    assert finding.explanation.inputs["nominal_v"] == 220
    (ended,) = tells(device, 225.0)
    assert conditions([ended]) == [(condition, False)]


def test_a_dip_while_a_motor_starts_is_none(watch):
    device = watch(**SUPPLY)
    tells(device, 225.0)
    assert tells(device, 190.0, seconds=45) == []
    assert tells(device, 225.0) == []


def test_between_the_limit_and_the_hysteresis_it_neither_begins_nor_ends(watch):
    device = watch(**SUPPLY)
    assert tells(device, 234.0, seconds=600) == []
    tells(device, 236.0)
    assert tells(device, 234.0, seconds=600) == []
    assert conditions(tells(device, 233.0)) == [("over_voltage", False)]


def test_meters_between_phases_have_another_nominal_voltage(watch):
    device = watch(**SUPPLY, nominal_v=380)
    assert tells(device, [395.0, 396.0, 394.0]) == []
    assert conditions(tells(device, [410.0, 409.0, 408.0])) == [("over_voltage", True)]


def test_a_lost_phase_is_that_and_no_low_voltage(watch):
    device = watch(**SUPPLY)
    tells(device, [229.0, 230.0, 231.0])
    (finding,) = tells(device, [229.0, 2.0, 231.0], seconds=600)
    assert finding.condition == "phase_lost"
    assert finding.priority is Priority.HIGH
    assert finding.explanation.inputs["phase"] == "L2"
    assert conditions(tells(device, [229.0, 230.0, 231.0])) == [("phase_lost", False)]


def test_a_feeder_without_any_voltage_says_so_unless_it_was_switched_off(watch):
    device = watch(**SUPPLY)
    assert conditions(tells(device, [0.0, 0.0, 0.0])) == [("no_voltage", True)]
    off = watch(**SUPPLY)
    assert tells(off, [0.0, 0.0, 0.0], switch="open") == []
    assert tells(off, 0, switch="tripped") == []


def test_a_broken_neutral_is_told_by_high_and_low_phases_together(watch):
    device = watch(**SUPPLY)
    found = tells(device, [262.0, 178.0, 231.0])
    assert ("neutral_lost", True) in conditions(found)
    assert ("under_voltage", True) not in conditions(found)
    assert found[0].priority is Priority.HIGH


def test_phases_out_of_balance_for_ten_minutes_are_raised(watch):
    device = watch(**SUPPLY)
    assert tells(device, [231.0, 231.0, 208.0], seconds=540) == []
    (finding,) = tells(device, [231.0, 231.0, 208.0], seconds=120)
    assert finding.condition == "voltage_imbalance"
    assert finding.priority is Priority.LOW
    assert finding.explanation.inputs["off_pct"] > 4


def test_a_phase_that_cannot_be_measured_proves_nothing(watch):
    device = watch(**SUPPLY)
    assert tells(device, [229.0, None, 231.0], seconds=1200) == []
    assert tells(device, [None, None, None]) == []
    tells(device, [229.0, 0.0, 231.0])
    assert tells(device, [229.0, None, 231.0], seconds=1200) == []


def test_two_readings_with_a_gap_between_have_not_lasted(watch):
    device = watch(**SUPPLY)
    for _ in range(20):
        assert device.says(voltage_v=180.0, after=200) == []


def test_it_stands_over_a_restart(watch):
    device = watch(**SUPPLY)
    tells(device, 180.0)
    assert device.restarts(down=60) == []
    assert tells(device, 180.0, seconds=600) == []
    assert conditions(tells(device, 225.0)) == [("under_voltage", False)]


ORDINARY = st.floats(198.1, 235.3)


@settings(max_examples=60)
@given(
    samples=st.lists(
        st.tuples(st.integers(1, 400), ORDINARY, st.floats(-0.039, 0.039), st.integers(1, 3)),
        max_size=60,
    )
)
def test_within_the_limits_nothing_is_ever_raised(watch, samples):
    device = watch(**SUPPLY)
    for passed, volts, off, count in samples:
        other = min(max(volts * (1 + off), 198.1), 235.3)
        assert device.says(voltage_v=[volts, other, volts][:count], after=passed) == []
