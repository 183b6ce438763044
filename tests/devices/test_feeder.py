"""What an electrical monitor says of its feeder, by phase."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.feeder import Mistake, contradiction, entries, measured, phase_name, power_of


def test_what_cannot_be_measured_stays_unknown_phase_by_phase():
    assert entries([230.1, None, "x", True, float("nan"), 10**400]) == [230.1] + [None] * 5
    assert measured([230.1, None]) == []
    assert measured(7) == [7]
    assert measured(None) == []


def test_phases_are_called_as_electricians_call_them():
    assert [phase_name(index) for index in range(3)] == ["L1", "L2", "L3"]


def test_power_follows_from_voltage_current_and_factor_when_it_is_not_told():
    assert power_of({"voltage_v": [230, 230], "current_a": [1, 2], "power_factor": [1, 0.5]}) == 460
    assert power_of({"voltage_v": 230, "current_a": None, "power_factor": 1}) is None
    assert power_of({"power_w": [1, None]}) is None
    assert power_of({}) is None


@pytest.mark.parametrize(
    ("values", "mistake", "expected"),
    [
        ({"power_w": 700, "voltage_v": 230, "current_a": 0}, Mistake.NO_CURRENT, 0),
        ({"power_w": 700, "voltage_v": 230, "current_a": 2}, Mistake.TOO_MUCH, 460),
        (
            {"power_w": 200, "voltage_v": 230, "current_a": 2, "power_factor": 1},
            Mistake.FACTOR,
            460,
        ),
        ({"power_w": 2000, "voltage_v": 230, "current_a": [1, 1, 1]}, Mistake.SUM, 690),
    ],
)
def test_a_mistake_is_named_with_what_the_other_figures_make(values, mistake, expected):
    found = contradiction(values)
    assert found is not None
    assert (found.mistake, found.told_w, found.expected_w) == (mistake, values["power_w"], expected)


def test_who_feeds_in_tells_a_negative_power_and_some_a_positive_factor():
    told = {"power_w": -690, "voltage_v": 230, "current_a": 3, "power_factor": 1}
    assert contradiction(told) is None


@given(
    phases=st.lists(
        st.tuples(st.floats(0, 400), st.floats(0, 600), st.floats(-1, 1)), min_size=1, max_size=4
    )
)
def test_what_follows_from_itself_is_no_contradiction(phases):
    volts, amperes, factors = map(list, zip(*phases, strict=True))
    power = [u * i * f for u, i, f in phases]
    told = {"voltage_v": volts, "current_a": amperes, "power_factor": factors}
    assert contradiction({**told, "power_w": power}) is None
    assert contradiction({"power_w": sum(power), **told}) is None
