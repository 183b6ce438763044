"""A recorder's own report of its registration with the police."""

from __future__ import annotations

import pytest

from alerts.rules.police_registration import report_of


@pytest.fixture
def recorder(watch):
    return watch(rule="police_registration")


def told(found):
    return [(finding.condition, finding.active) for finding in found]


def test_a_lost_registration_that_lasts_is_an_alert_until_it_is_back(recorder):
    assert recorder.says(police_registered=True) == []
    assert recorder.says(police_registered=False, after=60) == []
    assert told(recorder.passes(900)) == [("video_unlinked", True)]
    assert recorder.says(police_registered=False, after=60) == []
    assert told(recorder.says(police_registered=True, after=60)) == [("video_unlinked", False)]


def test_a_short_loss_and_no_report_at_all_are_no_alert(recorder):
    recorder.says(online=True)
    assert report_of(recorder.state) is None
    recorder.says(police_registered=False)
    recorder.says(police_registered=True, after=600)
    recorder.says(police_registered=None, after=600)
    assert recorder.passes(86_400) == []


def test_the_newest_report_is_known_with_its_time(recorder):
    recorder.says(police_registered=True, after=10)
    first = recorder.now
    recorder.says(online=True, after=10)
    assert report_of(recorder.state) == (True, first)
    recorder.says(police_registered=False, after=10)
    assert report_of(recorder.state) == (False, recorder.now)
    lately = recorder.now
    recorder.says(police_registered=True, taken=86_400)  # caught up: older than what is known
    assert report_of(recorder.state) == (False, lately)


def test_a_restart_keeps_the_report_and_how_old_it_is(recorder):
    for _ in range(30):
        recorder.says(police_registered=True, after=600)
    recorder.restarts(down=60)
    kept = report_of(recorder.state)
    assert kept is not None
    said, at = kept
    assert said
    assert recorder.now - at <= 2 * 3_600_000
    recorder.says(police_registered=False)
    recorder.restarts(down=60)
    assert told(recorder.passes(900)) == [("video_unlinked", True)]
