"""What a recorder says of its channels: it must last; a recorder that is away says nothing."""

from __future__ import annotations

import pytest


@pytest.fixture
def camera(watch):
    return watch(rule="channel_state")


def told(found):
    return [(finding.condition, finding.active) for finding in found]


def test_a_channel_that_stays_offline_is_an_alert_and_over_when_it_is_back(camera):
    assert camera.says(channel_state="online") == []
    assert camera.says(channel_state="offline", after=60) == []
    (raised,) = camera.passes(300)
    assert (raised.condition, raised.active) == ("channel_offline", True)
    assert raised.known - raised.happened == 300_000
    assert raised.explanation.inputs == {"minutes": 5}
    assert camera.says(channel_state="offline", after=60) == []
    assert told(camera.says(channel_state="online", after=60)) == [("channel_offline", False)]
    assert camera.passes(3600) == []


def test_a_camera_that_restarts_is_no_alert(camera):
    camera.says(channel_state="offline")
    camera.says(channel_state="online", after=120)
    assert camera.passes(3600) == []


def test_a_channel_that_the_recorder_does_not_know_is_another_alert(camera):
    camera.says(channel_state="offline")
    camera.passes(300)
    camera.says(channel_state="missing", after=60)
    assert told(camera.passes(300)) == [("channel_offline", False), ("channel_missing", True)]
    assert told(camera.says(channel_state="online", after=1)) == [("channel_missing", False)]


@pytest.mark.parametrize("unknown", ["recorder_away", "untold", "nonsense"])
def test_what_nobody_knows_raises_nothing_and_ends_nothing(camera, unknown):
    assert camera.says(channel_state=unknown) == []
    assert camera.passes(3600) == []
    camera.says(channel_state="offline")
    camera.says(channel_state=unknown, after=60)
    assert camera.passes(3600) == []
    camera.says(channel_state="offline")
    assert told(camera.passes(300)) == [("channel_offline", True)]
    assert camera.says(channel_state=unknown, after=60) == []
    assert camera.says(channel_state="offline", after=60) == []
    assert camera.passes(3600) == []  # it stands already
    assert told(camera.says(channel_state="online", after=60)) == [("channel_offline", False)]


def test_readings_without_the_value_change_nothing(camera):
    camera.says(channel_state="offline")
    camera.says(fps=25, after=60)
    assert told(camera.passes(240)) == [("channel_offline", True)]


def test_a_restart_neither_forgets_the_alert_nor_the_time_that_passed(camera):
    camera.says(channel_state="offline")
    camera.passes(200)
    assert camera.restarts(down=40) == []
    assert told(camera.passes(60)) == [("channel_offline", True)]
    camera.restarts(down=10)
    assert camera.passes(600) == []
    assert told(camera.says(channel_state="online", after=1)) == [("channel_offline", False)]


def test_without_patience_it_is_an_alert_at_once(watch):
    camera = watch(rule="channel_state", minutes=0)
    assert told(camera.says(channel_state="missing")) == [("channel_missing", True)]
