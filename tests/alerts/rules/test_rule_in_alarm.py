"""A device says that it is in alarm, whatever it was registered as."""

from __future__ import annotations

import pytest

from alerts.finding import Priority

VALUES = {"rule": "in_alarm", "source": "detector"}
OTHER = {**VALUES, "by_event": True, "smoke": True}


@pytest.mark.parametrize(
    ("value", "condition", "priority"),
    [
        ("gas_alarm", "gas_alarm", Priority.EMERGENCY),
        ("co_alarm", "co_alarm", Priority.EMERGENCY),
        ("water_leak", "water_leak", Priority.HIGH),
        ("smoke_alarm", "smoke", Priority.EMERGENCY),
    ],
)
def test_a_value_that_says_so_is_an_alarm_that_latches(watch, value, condition, priority):
    detector = watch(**OTHER)
    assert detector.says(**{value: False}) == []
    (finding,) = detector.says(**{value: True}, after=30)
    assert (finding.condition, finding.priority) == (condition, priority)
    assert (finding.active, finding.occurrence, finding.latches) == (True, True, True)
    assert detector.says(**{value: True}, after=3600) == []
    (finding,) = detector.says(**{value: 0}, after=30)
    assert (finding.condition, finding.active) == (condition, False)


def test_each_alarm_of_a_combined_detector_stands_for_itself(watch):
    detector = watch(**VALUES)
    found = detector.says(gas_alarm=True, co_alarm=True)
    assert {one.condition for one in found} == {"gas_alarm", "co_alarm"}
    (finding,) = detector.says(gas_alarm=False, co_alarm=True, after=60)
    assert (finding.condition, finding.active) == ("gas_alarm", False)
    assert detector.says(co_alarm=True, after=60) == []


def test_smoke_and_events_are_left_to_the_rules_of_kinds_that_have_one(watch):
    detector = watch(**VALUES)
    assert detector.says(smoke_alarm=True) == []
    assert detector.says("alarm") == []
    assert "smoke_alarm" not in detector.rule.watches()


def test_the_event_of_a_device_of_no_kind_is_an_emergency(watch):
    detector = watch(**OTHER)
    (finding,) = detector.says("alarm")
    assert (finding.condition, finding.priority) == ("device_alarm", Priority.EMERGENCY)
    (finding,) = detector.says("alarm_cleared", after=60)
    assert not finding.active
    assert detector.says("alarm_cleared", after=60) == []
    assert detector.says("opened", after=60) == []


def test_repetitions_are_one_trip_and_one_after_a_pause_is_a_new_one(watch):
    detector = watch(**OTHER)
    detector.says("alarm")
    for _ in range(30):
        assert detector.says("alarm", after=60) == []
    (finding,) = detector.says("alarm", after=601)
    assert finding.occurrence


def test_what_stands_is_known_after_a_restart_and_is_not_raised_anew(watch):
    detector = watch(**OTHER)
    detector.says("alarm", co_alarm=True)
    assert detector.restarts(down=5) == []
    assert detector.says(co_alarm=True, after=1) == []
    assert {one.condition for one in detector.says("alarm_cleared", co_alarm=False, after=60)} == {
        "device_alarm",
        "co_alarm",
    }


def test_a_retained_alarm_is_raised_and_a_retained_all_clear_is_older_than_it(watch):
    detector = watch(**VALUES)
    (finding,) = detector.says(gas_alarm=True, retained=True)
    assert finding.active
    assert detector.says(gas_alarm=False, retained=True, after=1) == []


def test_an_all_clear_from_before_the_alarm_ends_nothing(watch):
    detector = watch(**VALUES)
    detector.says(gas_alarm=True)
    assert detector.says(gas_alarm=False, after=1, at=detector.now - 5_000) == []


@pytest.mark.parametrize("value", ["yes", None, 2, [True]])
def test_what_is_neither_yes_nor_no_says_nothing(watch, value):
    assert watch(**OTHER).says(gas_alarm=value) == []


def test_how_urgent_water_is_is_a_figure(watch):
    (finding,) = watch(**VALUES, water_priority="low").says(water_leak=True)
    assert finding.priority is Priority.LOW
