"""Arcs and tripped breakers: what the device itself has decided."""

from __future__ import annotations

import pytest

from alerts.finding import Priority

ARC = {"rule": "arc", "source": "detector"}
BREAKER = {"rule": "tripped", "source": "detector"}


class TestArc:
    def test_is_raised_at_once_latches_and_counts(self, watch):
        device = watch(**ARC)
        assert device.says(arc=False) == []
        (finding,) = device.says(arc=True, after=5)
        assert finding.condition == "arc"
        assert (finding.active, finding.latches, finding.occurrence) == (True, True, True)
        assert finding.priority is Priority.HIGH
        assert device.says(arc=True, after=5) == []

    def test_is_over_when_it_says_so_and_another_one_counts_again(self, watch):
        device = watch(**ARC)
        device.says(arc=True)
        (ended,) = device.says(arc=False, after=30)
        assert not ended.active
        (again,) = device.says(arc=True, after=120)
        assert again.occurrence

    def test_of_a_loose_contact_that_comes_and_goes_is_one(self, watch):
        device = watch(**ARC)
        device.says(arc=True)
        device.says(arc=False, after=5)
        (again,) = device.says(arc=True, after=5)
        assert (again.active, again.occurrence) == (True, False)

    def test_as_a_number_is_understood_and_nonsense_changes_nothing(self, watch):
        device = watch(**ARC)
        for odd in (None, "arc", 2, [True], 0.5):
            assert device.says(arc=odd, after=1) == []
        assert [one.active for one in device.says(arc=1, after=1)] == [True]
        assert device.says(arc=None, after=1) == []
        assert [one.active for one in device.says(arc=0, after=1)] == [False]

    def test_stands_over_a_restart(self, watch):
        device = watch(**ARC)
        device.says(arc=True)
        assert device.restarts(down=60) == []
        assert device.says(arc=True) == []
        assert [one.active for one in device.says(arc=False, after=1)] == [False]


class TestTripped:
    def test_a_trip_says_what_flowed_just_before(self, watch):
        device = watch(**BREAKER)
        device.says(switch="closed", current_a=[12.0, 41.3, 9.0], residual_current_ma=38)
        (finding,) = device.says(
            after=15, switch="tripped", current_a=[0, 0, 0], residual_current_ma=0
        )
        assert finding.condition == "tripped"
        assert (finding.occurrence, finding.priority) == (True, Priority.HIGH)
        why = finding.explanation
        assert why.code == "tripped_after"
        assert why.inputs == {
            "trip_cause": "unknown",
            "current_a": 41.3,
            "residual_ma": 38,
            "seconds": 15,
        }

    def test_the_breaker_says_who_did_it(self, watch):
        device = watch(**BREAKER)
        (finding,) = device.says(switch="tripped", trip_cause="residual")
        assert finding.explanation.code == "tripped"
        assert finding.explanation.inputs == {"trip_cause": "residual"}

    @pytest.mark.parametrize("cause", ["?", 3, None, ["overload"]])
    def test_a_cause_that_is_none_is_unknown(self, watch, cause):
        (finding,) = watch(**BREAKER).says(switch="tripped", trip_cause=cause)
        assert finding.explanation.inputs["trip_cause"] == "unknown"

    def test_what_was_measured_long_before_is_not_told(self, watch):
        device = watch(**BREAKER)
        device.says(switch="closed", current_a=10.0)
        (finding,) = device.says(after=600, switch="tripped")
        assert finding.explanation.code == "tripped"

    def test_each_trip_counts_and_the_same_is_one(self, watch):
        device = watch(**BREAKER)
        assert len(device.says(switch="tripped")) == 1
        assert device.says(switch="tripped", after=15) == []
        (ended,) = device.says(switch="closed", after=15)
        assert (ended.active, ended.explanation.code) == (False, "trip_over_closed")
        (again,) = device.says(switch="tripped", after=15)
        assert again.occurrence

    def test_an_open_switch_is_no_trip_and_ends_one(self, watch):
        device = watch(**BREAKER)
        assert device.says(switch="open") == []
        device.says(switch="tripped", after=15)
        (ended,) = device.says(switch="open", after=15)
        assert ended.explanation.code == "trip_over_open"

    def test_a_restart_repeats_no_trip(self, watch):
        device = watch(**BREAKER)
        device.says(switch="tripped")
        assert device.restarts(down=60) == []
        assert device.says(switch="tripped") == []
