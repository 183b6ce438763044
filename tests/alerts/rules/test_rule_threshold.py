"""A value beyond a limit for long enough, with hysteresis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.finding import Priority
from alerts.rules import RuleError, bind

HOT = {
    "rule": "threshold",
    "as": "heat",
    "metric": "temperature_c",
    "above": 54,
    "hysteresis": 4,
    "for_s": 20,
    "clear_for_s": 60,
    "priority": "emergency",
    "latches": True,
    "source": "EN 54-5 A1",
}


def test_heat_that_lasts_is_raised_and_says_why(watch):
    device = watch(**HOT)
    begin = device.now
    assert device.says(temperature_c=55.0) == []
    assert device.says(temperature_c=56.5, after=10) == []
    (finding,) = device.says(temperature_c=57.2, after=10)
    assert finding.active
    assert finding.condition == "heat"
    assert finding.priority is Priority.EMERGENCY
    assert finding.latches
    assert finding.happened == begin
    assert finding.known == device.now
    why = finding.explanation
    assert (why.code, why.inputs) == ("above_for", {"value": 56.5, "seconds": 20})
    assert (why.limit, why.unit, why.metric) == (54, "°C", "temperature_c")
    assert (why.rule, why.source) == ("heat", "EN 54-5 A1")


def test_a_short_peak_is_not_raised(watch):
    device = watch(**HOT)
    device.says(temperature_c=60.0)
    device.says(temperature_c=50.0, after=19)
    assert device.passes(3600) == []


def test_a_device_that_falls_silent_in_the_heat_is_raised_all_the_same(watch):
    device = watch(**HOT)
    device.says(temperature_c=60.0)
    (finding,) = device.passes(20)
    assert finding.active


def test_a_sensor_that_can_no_longer_measure_does_not_cancel_what_it_had_begun(watch):
    device = watch(**HOT)
    device.says(temperature_c=60.0)
    device.says(temperature_c=None, after=5)
    (finding,) = device.passes(15)
    assert finding.active


def test_it_is_gone_only_below_the_hysteresis_and_for_long_enough(watch):
    device = watch(**HOT)
    device.says(temperature_c=60.0)
    device.says(temperature_c=60.0, after=20)
    assert device.says(temperature_c=52.0, after=10) == []
    assert device.passes(600) == []
    assert device.says(temperature_c=49.0) == []
    assert device.says(temperature_c=52.0, after=30) == []
    assert device.says(temperature_c=49.0, after=10) == []
    (finding,) = device.says(temperature_c=48.0, after=60)
    assert not finding.active
    assert finding.explanation.code == "within_limit"


def test_below_works_the_other_way_round(watch):
    device = watch(rule="threshold", metric="voltage_v", below=198, hysteresis=5)
    (finding,) = device.says(voltage_v=190)
    assert finding.active
    assert finding.explanation.code == "below"
    assert device.says(voltage_v=200) == []
    (finding,) = device.says(voltage_v=204)
    assert not finding.active


def test_the_worst_phase_is_judged_and_one_that_is_null_is_left_out(watch):
    device = watch(rule="threshold", metric="cable_temperature_c", above=70)
    assert device.says(cable_temperature_c=[41.2, None, 39.8]) == []
    (finding,) = device.says(cable_temperature_c=[41.2, None, 71.0])
    assert finding.explanation.inputs["value"] == 71


def test_a_late_reading_is_raised_and_marked_late(watch):
    device = watch(rule="threshold", metric="temperature_c", above=54)
    (finding,) = device.says(temperature_c=60.0, taken=7200)
    assert finding.remark == "late"
    assert finding.happened == device.now - 7_200_000


def test_a_burst_after_an_outage_is_judged_by_the_times_of_the_device(watch):
    device = watch(**HOT)
    at = device.now - 3_600_000
    assert device.says(temperature_c=60.0, at=at) == []
    (finding,) = device.says(temperature_c=60.0, at=at + 30_000)
    assert finding.happened == at


def test_what_is_pending_waits_anew_after_a_restart_because_messages_may_be_under_way(watch):
    device = watch(**HOT)
    device.says(temperature_c=60.0)
    begin = device.now
    assert device.restarts(down=3600) == []
    assert device.says(temperature_c=30.0, at=begin + 5000) == []
    assert device.passes(3600) == []


def test_what_is_pending_and_stays_so_is_raised_after_a_restart(watch):
    device = watch(**HOT)
    device.says(temperature_c=60.0)
    device.restarts(down=1)
    (finding,) = device.passes(20)
    assert finding.active


def test_what_is_raised_clears_after_a_restart(watch):
    device = watch(rule="threshold", metric="temperature_c", above=54)
    device.says(temperature_c=60.0)
    assert device.restarts() == []
    (finding,) = device.says(temperature_c=20.0, after=1)
    assert not finding.active


@pytest.mark.parametrize("limits", [{}, {"above": 1, "below": 0}])
def test_exactly_one_limit_is_demanded(limits):
    with pytest.raises(RuleError, match="exactly one of 'above' and 'below'"):
        bind({"x": {"rule": "threshold", "metric": "m", **limits}})


SAMPLES = st.lists(st.tuples(st.integers(1, 40), st.floats(40, 70)), min_size=1, max_size=40)


@given(samples=SAMPLES, for_s=st.integers(0, 60), hysteresis=st.integers(0, 10))
def test_it_is_raised_exactly_when_it_was_beyond_for_long_enough(watch, samples, for_s, hysteresis):
    device = watch(**{**HOT, "for_s": for_s, "hysteresis": hysteresis, "clear_for_s": 0})
    raised = False
    since: float | None = None
    seconds = 0.0
    for passed, value in samples:
        # What the rule must have said by now, told by a model of it in one line each.
        if since is not None and not raised and seconds + passed - since >= for_s:
            raised = True
        seconds += passed
        device.says(temperature_c=value, after=passed)
        if value >= 54:
            since = seconds if since is None else since
            raised = raised or seconds - since >= for_s
        else:
            if not raised or value <= 54 - hysteresis:
                raised = False
            since = None
        assert (bool(device.found) and device.found[-1].active) == raised


@given(samples=SAMPLES, cut=st.integers(0, 39))
def test_there_are_never_two_raises_without_a_clear_and_storing_it_changes_nothing(
    watch, samples, cut
):
    plain, stored = watch(**HOT), watch(**HOT)
    for number, (passed, value) in enumerate(samples):
        plain.says(temperature_c=value, after=passed)
        stored.says(temperature_c=value, after=passed)
        if number == cut:
            stored.reloads()
    assert plain.found == stored.found
    assert [finding.active for finding in plain.found] == [
        number % 2 == 0 for number in range(len(plain.found))
    ]
