"""A device is silent, or says that it is offline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rules import RuleError, bind
from devices.reading import Channel

QUIET = {"rule": "silent", "expected_s": 300, "grace_s": 300, "source": "kind"}


def talk(device, count, every):
    for _ in range(count):
        assert device.says(temperature_c=21.0, after=every) == []


def status(device, online, **how):
    return device.says(channel=Channel.STATUS, online=online, **how)


def test_a_device_that_says_nothing_is_silent_after_what_its_kind_allows(watch):
    device = watch(**QUIET)
    talk(device, 1, 10)
    last = device.now
    assert device.passes(599) == []
    (finding,) = device.passes(1)
    assert (finding.condition, finding.active) == ("silent", True)
    assert finding.happened == last + 600_000
    assert finding.explanation.inputs == {"minutes": 10, "limit_minutes": 10}
    assert device.passes(86_400) == []


def test_it_is_heard_again(watch):
    device = watch(**QUIET)
    talk(device, 3, 300)
    device.passes(1000)
    (finding,) = device.says(temperature_c=21.0, after=5)
    assert (finding.condition, finding.active) == ("silent", False)
    assert device.passes(599) == []
    (finding,) = device.passes(60)
    assert finding.active


def test_a_device_that_was_never_heard_is_silent_too(watch):
    (finding,) = watch(**QUIET).passes(600)
    assert finding.explanation.code == "never_heard"


def test_a_device_that_speaks_more_often_is_missed_earlier(watch):
    device = watch(**QUIET)
    talk(device, 1000, 60)
    assert device.passes(179) == []
    (finding,) = device.passes(30)
    assert finding.active


def test_a_device_that_reports_changes_by_day_is_not_missed_by_night(watch):
    device = watch(rule="silent", expected_s=3600, grace_s=3600)
    for _ in range(3):
        talk(device, 5000, 7)
        talk(device, 12, 3600)


def test_a_device_that_slows_down_within_what_its_kind_allows_is_missed_once_at_most(watch):
    device = watch(**QUIET)
    talk(device, 400, 30)
    for _ in range(50):
        device.says(temperature_c=21.0, after=290)
    assert sum(finding.active for finding in device.found) <= 1


def test_a_lost_message_is_no_silence(watch):
    device = watch(**QUIET)
    for _ in range(20):
        talk(device, 20, 60)
        talk(device, 1, 125)


def test_nobody_is_silent_while_the_broker_is_out_of_reach_nor_right_after(watch):
    device = watch(**QUIET)
    talk(device, 3, 300)
    device.hearing.connected = False
    assert device.passes(7200) == []
    device.hearing.connected = True
    device.hearing.since = device.now
    assert device.passes(590) == []
    (finding,) = device.passes(130)
    assert finding.active


def test_nobody_is_silent_right_after_the_gateway_has_started(watch):
    device = watch(**QUIET)
    talk(device, 3, 300)
    assert device.restarts(down=86_400) == []
    assert device.passes(599) == []
    assert device.says(temperature_c=21.0) == []


def test_who_was_silent_before_a_restart_is_so_still_and_clears_when_heard(watch):
    device = watch(**QUIET)
    device.passes(600)
    assert device.restarts(down=60) == []
    assert device.passes(6000) == []
    (finding,) = device.says(temperature_c=21.0)
    assert not finding.active


def test_what_was_learned_survives_a_restart(watch):
    device = watch(**QUIET)
    talk(device, 1000, 60)
    device.restarts(down=1)
    talk(device, 1, 60)
    assert device.passes(170) == []
    (finding,) = device.passes(90)
    assert finding.active


def test_learning_is_saved_seldom(watch):
    device = watch(**QUIET)
    saves = 0
    for _ in range(2000):
        device.saved = None
        talk(device, 1, 60)
        saves += device.saved is not None
    assert 1 <= saves <= 15


def test_a_retained_message_is_no_sign_of_life(watch):
    device = watch(**QUIET)
    talk(device, 2, 300)
    device.says(temperature_c=21.0, retained=True, after=599)
    (finding,) = device.passes(1)
    assert finding.active
    assert device.says(temperature_c=21.0, retained=True, after=5) == []


def test_the_last_will_is_offline_after_a_moment(watch):
    device = watch(**QUIET)
    talk(device, 2, 300)
    assert status(device, False, after=10) == []
    (finding,) = device.passes(30)
    assert (finding.condition, finding.active) == ("offline", True)
    assert device.passes(6000) == []
    (finding,) = status(device, True, after=1)
    assert (finding.condition, finding.active) == ("offline", False)


def test_a_flapping_network_raises_nothing(watch):
    device = watch(**QUIET)
    talk(device, 2, 300)
    for _ in range(50):
        assert status(device, False, after=10) == []
        assert status(device, True, after=20) == []
    assert device.passes(590) == []


def test_who_is_offline_by_a_retained_status_is_so_unless_it_speaks(watch):
    device = watch(**QUIET)
    status(device, False, retained=True, after=1)
    assert device.says(temperature_c=20.0, after=5) == []
    assert device.passes(590) == []
    other = watch(**QUIET)
    status(other, False, retained=True, after=1)
    (finding,) = other.passes(130)
    assert finding.condition == "offline"


def test_an_old_message_from_before_the_last_will_does_not_bring_it_back(watch):
    device = watch(**QUIET)
    talk(device, 5, 60)
    status(device, False, after=60)
    assert device.says(temperature_c=20.0, after=1, taken=600) == []
    (finding,) = device.passes(40)
    assert finding.condition == "offline"


def test_devices_are_not_silent_one_by_one_while_their_repeater_is(watch):
    repeater = watch(**QUIET)
    device = watch(repeater, **QUIET)
    for _ in range(5):
        talk(repeater, 1, 300)
        talk(device, 1, 300)
    # The power fails: both fall silent at the same moment.
    for _ in range(200):
        assert device.passes(30) == []
        repeater.passes(30)
    assert [finding.condition for finding in repeater.found] == ["silent"]
    # It comes back; what is behind it gets a full grace from then on.
    repeater.says(after=1)
    device.passes(1)
    for _ in range(19):
        assert device.passes(30) == []
        repeater.says(after=30)
    for _ in range(6):
        device.passes(30)
        repeater.says(after=30)
    assert [finding.condition for finding in device.found] == ["silent"]


def test_a_device_falls_silent_behind_a_repeater_that_is_well(watch):
    repeater = watch(**QUIET)
    device = watch(repeater, **QUIET)
    talk(repeater, 1, 10)
    talk(device, 1, 10)
    for _ in range(60):
        repeater.says(after=30)
        device.passes(30)
    (finding,) = device.found
    assert finding.condition == "silent"
    assert finding.happened <= device.state.heard + 600_000 + 60_000


def test_without_a_heartbeat_there_is_no_rule():
    with pytest.raises(RuleError, match="expected_s: is given neither here nor by the kind"):
        bind({"silent": {}})


@given(gaps=st.lists(st.integers(1, 1500), min_size=1, max_size=60), cut=st.integers(0, 59))
def test_silent_and_heard_take_turns_and_no_silence_within_a_minute(watch, gaps, cut):
    device = watch(**QUIET)
    for number, gap in enumerate(gaps):
        before = len(device.found)
        device.says(temperature_c=20.0, after=gap)
        now = device.found[before:]
        assert [finding.active for finding in now] in ([], [True, False])
        if gap >= 600:
            assert now
        if gap <= 60:
            assert not now
        if number == cut:
            device.reloads()


def test_who_has_missed_its_usual_time_is_overdue_before_it_is_called_silent(watch):
    device = watch(**QUIET)
    talk(device, 3, 300)
    device.passes(380)
    assert not device.rule.overdue(device.memory, device.state, device.now)
    assert device.passes(1) == []
    assert device.rule.overdue(device.memory, device.state, device.now)


def test_what_it_learned_by_other_figures_is_not_usual_any_more(watch):
    slow = watch(**{**QUIET, "expected_s": 3600})
    talk(slow, 3, 3000)
    device = watch(**QUIET)
    device.memory = device.rule.load(slow.rule.dump(slow.memory))
    device.rule.start(device.memory, device.state, device.now)
    assert device.rule.limit(device.memory) == 600_000
    device.passes(451)
    assert device.rule.overdue(device.memory, device.state, device.now)


def test_who_has_left_by_its_last_will_is_overdue_at_once(watch):
    device = watch(**QUIET)
    talk(device, 3, 300)
    status(device, False, after=10)
    assert device.rule.overdue(device.memory, device.state, device.now)


def test_a_silence_can_be_said_once_more(watch):
    device = watch(**QUIET)
    talk(device, 3, 300)
    heard = device.state.heard
    (first,) = device.passes(600)
    device.passes(3600)
    again = device.rule.restate(device.memory, heard, device.now)
    assert (again.condition, again.active, again.happened) == ("silent", True, first.happened)
    assert again.explanation.inputs["minutes"] == 70
