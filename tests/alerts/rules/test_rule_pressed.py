"""A one-key alarm button was pressed."""

from __future__ import annotations

import pytest

from alerts.finding import Priority

BUTTON = {"rule": "pressed", "source": "detector"}


@pytest.mark.parametrize("event", ["pressed", "held", "pressed_twice"])
def test_a_press_is_an_emergency_that_latches(watch, event):
    (finding,) = watch(**BUTTON).says(event)
    assert finding.condition == "panic"
    assert finding.active
    assert finding.occurrence
    assert finding.latches
    assert finding.priority is Priority.EMERGENCY
    assert finding.explanation.code == event
    assert finding.remark == ""


def test_a_second_press_is_a_second_occurrence(watch):
    button = watch(**BUTTON)
    button.says("pressed")
    (finding,) = button.says("pressed", after=3)
    assert finding.occurrence


def test_a_press_that_claims_to_be_a_test_is_real_and_says_so(watch):
    (finding,) = watch(**BUTTON).says("pressed", test=True)
    assert finding.active
    assert finding.remark == "claims_test"


def test_a_late_press_is_a_press_marked_late_at_the_time_it_happened(watch):
    button = watch(**BUTTON)
    (finding,) = button.says("pressed", taken=7200)
    assert finding.remark == "late"
    assert finding.happened == button.now - 7_200_000
    assert finding.known == button.now
    (finding,) = button.says("held", taken=7200, test=True)
    assert finding.remark == "late_claims_test"


def test_the_zone_is_told(watch):
    (finding,) = watch(**BUTTON).says("pressed", zone=3)
    assert finding.explanation.code == "pressed_in_zone"
    assert finding.explanation.inputs == {"zone": "3"}


def test_a_release_ends_the_press(watch):
    button = watch(**BUTTON)
    button.says("pressed")
    (finding,) = button.says("released", after=2)
    assert not finding.active
    assert not finding.occurrence
    assert button.passes(600) == []


def test_a_release_without_a_press_is_nothing(watch):
    assert watch(**BUTTON).says("released") == []


def test_a_button_that_never_says_released_is_over_after_a_minute(watch):
    button = watch(**BUTTON)
    button.says("pressed")
    button.says("pressed", after=50)
    assert button.passes(59) == []
    (finding,) = button.passes(1)
    assert not finding.active


def test_a_press_ends_after_a_restart_as_well(watch):
    button = watch(**BUTTON)
    button.says("pressed")
    assert button.restarts(down=3) == []
    (finding,) = button.passes(60)
    assert not finding.active


def test_other_events_are_none_of_its_business(watch):
    button = watch(**BUTTON)
    assert button.says("tamper") == []
    assert button.says("self_test") == []
