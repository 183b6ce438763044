"""A catalog held against the cameras that are expected at its recorder."""

from __future__ import annotations

from devices.recording.channel_state import ChannelState
from devices.recording.gb28181 import Channel
from gateway.gb28181.channels import seen_of, understood

GATE = "34020000001320000001"
YARD = "34020000001320000002"
HALL = "34020000001320000003"
ALARM_INPUT = "34020000001340000001"
EXPECTED = {"gate-01": GATE, "yard-01": YARD}


def test_each_camera_is_as_its_recorder_says() -> None:
    catalog = [Channel(id=GATE, online=True), Channel(id=YARD, online=False)]
    seen = seen_of(EXPECTED, catalog, registered=True)
    assert seen.states == {"gate-01": ChannelState.ONLINE, "yard-01": ChannelState.OFFLINE}
    assert seen.strangers == ()


def test_a_camera_that_is_not_listed_is_missing_and_one_of_unknown_state_untold() -> None:
    seen = seen_of(EXPECTED, [Channel(id=GATE)], registered=True)
    assert seen.states == {"gate-01": ChannelState.UNTOLD, "yard-01": ChannelState.MISSING}


def test_channels_fall_with_their_recorder_whatever_it_said_of_them() -> None:
    catalog = [Channel(id=GATE, online=True), Channel(id=HALL, online=True)]
    seen = seen_of(EXPECTED, catalog, registered=False)
    assert set(seen.states.values()) == {ChannelState.RECORDER_AWAY}
    assert seen.strangers == ()


def test_before_the_first_catalog_nothing_is_missing() -> None:
    assert set(seen_of(EXPECTED, None, registered=True).states.values()) == {ChannelState.UNTOLD}


def test_strangers_are_cameras_only_and_each_once() -> None:
    catalog = [
        Channel(id=HALL, parent="1"),
        Channel(id=HALL, parent="2"),
        Channel(id=ALARM_INPUT),
        Channel(id="34020000"),
        Channel(id=GATE, online=False, parent="1"),
        Channel(id=GATE, online=True, parent="2"),
    ]
    seen = seen_of({"gate-01": GATE}, catalog, registered=True)
    assert [one.id for one in seen.strangers] == [HALL]
    assert seen.states == {"gate-01": ChannelState.ONLINE}  # in one of its two groups


def test_what_another_recorder_has_to_record_is_no_stranger_here() -> None:
    catalog = [Channel(id=GATE, online=True), Channel(id=HALL, online=True)]
    seen = seen_of({"gate-01": GATE}, catalog, registered=True, elsewhere={HALL})
    assert seen.strangers == ()


def test_what_was_understood_of_a_stranger_leaves_out_what_was_not_said() -> None:
    channel = Channel(id=HALL, name="报告厅", maker="M", civil_code="340200", online=False)
    assert understood(channel, "nvr-1") == {
        "name": "报告厅",
        "manufacturer": "M",
        "civil_code": "340200",
        "recorder": "nvr-1",
        "online": False,
    }
