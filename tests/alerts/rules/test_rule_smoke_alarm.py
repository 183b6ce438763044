"""A smoke detector says that it is in alarm."""

from __future__ import annotations

from alerts.detector import detector_known
from alerts.finding import Priority
from devices.reading import Channel

SMOKE = {"rule": "smoke_alarm", "source": "detector"}


def test_a_detector_in_alarm_is_an_emergency_that_latches(watch):
    detector = watch(**SMOKE)
    assert detector.says(smoke_alarm=False) == []
    (finding,) = detector.says(smoke_alarm=True, after=30)
    assert (finding.condition, finding.priority) == ("smoke", Priority.EMERGENCY)
    assert finding.active
    assert finding.occurrence
    assert finding.latches


def test_it_is_one_trip_however_often_it_says_so(watch):
    detector = watch(**SMOKE)
    detector.says(smoke_alarm=True)
    for _ in range(30):
        assert detector.says(smoke_alarm=True, after=60) == []
        assert detector.says("alarm", after=1) == []


def test_when_it_clears_the_condition_stops_and_the_next_alarm_is_a_new_trip(watch):
    detector = watch(**SMOKE)
    detector.says("alarm")
    (finding,) = detector.says("alarm_cleared", after=60)
    assert not finding.active
    (finding,) = detector.says(smoke_alarm=1, after=60)
    assert finding.occurrence
    (finding,) = detector.says(smoke_alarm=0, after=60)
    assert not finding.active


def test_an_alarm_long_after_the_last_sign_of_one_is_a_new_trip_though_none_was_cleared(watch):
    detector = watch(**SMOKE)
    detector.says("alarm")
    (finding,) = detector.says("alarm", after=7200)
    assert finding.occurrence


def test_a_retained_alarm_that_nobody_knows_of_is_raised_once(watch):
    detector = watch(**SMOKE)
    (finding,) = detector.says(smoke_alarm=True, retained=True)
    assert finding.active
    assert detector.restarts() == []
    assert detector.says(smoke_alarm=True, retained=True, after=1) == []


def test_a_retained_all_clear_is_older_than_the_alarm(watch):
    detector = watch(**SMOKE)
    detector.says("alarm")
    assert detector.says(smoke_alarm=False, retained=True, after=1) == []


def test_an_all_clear_that_was_under_way_before_the_alarm_does_not_clear_it(watch):
    detector = watch(**SMOKE)
    detector.says("alarm")
    assert detector.says(smoke_alarm=False, after=1, taken=600) == []


def test_a_fault_is_raised_once_and_ends_with_a_self_test(watch):
    detector = watch(**SMOKE)
    (finding,) = detector.says("fault")
    assert (finding.condition, finding.priority) == ("device_fault", Priority.MEDIUM)
    assert detector.says("fault", after=60) == []
    (finding,) = detector.says("self_test", after=60)
    assert not finding.active


def test_a_self_test_alone_is_no_finding(watch):
    assert watch(**SMOKE).says("self_test") == []


def test_a_detector_that_says_neither_yes_nor_no_changes_nothing(watch):
    detector = watch(**SMOKE)
    detector.says(smoke_alarm=True)
    assert detector.says(smoke_alarm=None, after=1) == []
    assert detector.says(smoke_alarm="perhaps", after=1) == []
    assert detector.says(channel=Channel.STATUS, online=True, after=1) == []


def test_when_it_last_tested_itself_is_known_also_after_a_restart(watch):
    detector = watch(**SMOKE)
    detector.says("alarm")
    assert detector_known(detector.state).tested is None
    detector.says("self_test", after=60)
    tested = detector.now
    detector.says("self_test", after=5, retained=True)
    detector.says("self_test", after=60, at=tested - 5_000)
    assert detector_known(detector.state).tested == tested
    detector.restarts(down=3600)
    assert detector_known(detector.state).tested == tested


def test_a_self_test_of_a_clock_that_is_ahead_is_of_now(watch):
    detector = watch(**SMOKE)
    detector.says("self_test", at=detector.now + 86_400_000)
    assert detector_known(detector.state).tested == detector.now
