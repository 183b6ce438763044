"""What the open alerts of a room's detectors come to, and how each detector is."""

from __future__ import annotations

import msgspec
import pytest

from alerts.alert import Alert, AlertState
from alerts.finding import Explanation, Priority
from devices.model import Device
from gateway.desk import DeviceConnection
from gateway.fire import FireVerdict, SeenDetector, detector_of, detects, rooms_of, verdict_of
from gateway.measuring import Stand

NOW = 1_795_161_600_000
MINUTE = 60_000

SMOKE_ALARM = Explanation("smoke_alarm", "smoke_alarm", metric="smoke_alarm")
HOT_CABLE = Explanation("threshold", "above_for", metric="cable_temperature_c")
RISE = Explanation("rate_of_rise", "risen", metric="temperature_c")
CONFIRMED = Explanation("room_fire", "room_fire_confirmed")
TOGETHER = Explanation("room_fire", "room_fire_together")


def alert(
    condition: str, why: Explanation, *, active: bool = True, number: int = 1, raised: int = NOW
) -> Alert:
    return Alert(
        id=number,
        device=number,
        school="no3",
        condition=condition,
        priority=Priority.EMERGENCY,
        state=AlertState.UNACKNOWLEDGED if active else AlertState.RETURNED,
        active=active,
        raised=raised,
        known=raised,
        explanation=why,
    )


def connection(heard: int | None = NOW, *, online: bool | None = None, **values: object):
    return DeviceConnection(
        heard=heard,
        expected=MINUTE,
        limit=5 * MINUTE,
        listening=0,
        online=online,
        online_since=0,
        known=True,
        clock_error=None,
        delay=None,
        numbered=False,
        battery_pct=None,
        signal_dbm=None,
        firmware="",
        values=values,
        repeater=None,
        rejects=None,
        unwritten=None,
    )


@pytest.mark.parametrize(
    ("alerts", "verdict"),
    [
        ([], FireVerdict.QUIET),
        ([alert("battery_low", Explanation("battery", "battery_low"))], FireVerdict.QUIET),
        ([alert("heat", HOT_CABLE)], FireVerdict.QUIET),
        ([alert("rate_of_rise", RISE)], FireVerdict.SUSPECTED),
        ([alert("smoke", SMOKE_ALARM)], FireVerdict.ALONE),
        (
            [alert("smoke", SMOKE_ALARM), alert("room_fire", CONFIRMED, number=2)],
            FireVerdict.CONFIRMED,
        ),
        ([alert("room_fire", TOGETHER)], FireVerdict.TOGETHER),
        ([alert("smoke", SMOKE_ALARM, active=False)], FireVerdict.OVER),
        ([alert("room_fire", TOGETHER, active=False)], FireVerdict.OVER),
        ([alert("rate_of_rise", RISE, active=False)], FireVerdict.QUIET),
        # A second trip after the room was quiet, before anybody has reset it.
        (
            [alert("room_fire", CONFIRMED, active=False), alert("smoke", SMOKE_ALARM, number=2)],
            FireVerdict.ALONE,
        ),
    ],
)
def test_a_room_comes_to_the_gravest_that_stands(alerts, verdict):
    assert verdict_of(alerts, heard=True).verdict is verdict
    assert verdict_of(reversed(alerts), heard=True).verdict is verdict


def test_a_room_of_which_nobody_is_heard_is_unknown_but_what_stands_is_told():
    assert verdict_of([], heard=False).verdict is FireVerdict.UNKNOWN
    assert verdict_of([alert("smoke", SMOKE_ALARM)], heard=False).verdict is FireVerdict.ALONE


def test_of_several_in_alarm_the_one_that_was_first_says_why():
    first = alert("smoke", SMOKE_ALARM, number=9, raised=NOW - MINUTE)
    found = verdict_of([alert("smoke", SMOKE_ALARM), first], heard=True)
    assert found.alert is first


def test_what_a_detector_said_long_ago_is_unknown_whatever_it_was():
    fresh = detector_of(connection(smoke_alarm=False), alert=False, now=NOW)
    assert (fresh.stand, fresh.old) == (Stand.GOOD, False)
    late = detector_of(connection(smoke_alarm=False), alert=False, now=NOW + 6 * MINUTE)
    assert (late.stand, late.old) == (Stand.UNKNOWN, True)
    gone = detector_of(connection(online=False, smoke_alarm=False), alert=False, now=NOW)
    assert (gone.stand, gone.old) == (Stand.OFFLINE, True)
    mute = detector_of(connection(battery_pct=90), alert=False, now=NOW)
    assert (mute.stand, mute.old) == (Stand.UNKNOWN, False)
    assert detector_of(None, alert=True, now=NOW).stand is Stand.TROUBLE


def test_a_detector_shows_what_it_measures_and_which_alarms_it_is_in():
    said = connection(smoke_alarm=1, co_alarm=False, gas_alarm="yes", temperature_c=True, co_ppm=12)
    found = detector_of(said, alert=False, now=NOW)
    assert found.alarms == ("smoke_alarm",)
    assert found.levels == {"co_ppm": 12}


def test_a_device_nobody_has_described_is_no_detector_for_being_warm():
    assert detects({"temperature_c"}, declared=True)
    assert not detects({"temperature_c"}, declared=False)
    assert detects({"gas_alarm", "temperature_c"}, declared=False)
    assert not detects({"power_w"}, declared=True)


def test_rooms_are_judged_by_the_alerts_of_their_own_detectors():
    def seen(row: int, place: str | None, heard: int | None = NOW) -> SeenDetector:
        device = Device("no3", f"d{row}", "smoke", row, place=place)
        said = connection(heard, smoke_alarm=False)
        return SeenDetector(device, detector_of(said, alert=False, now=NOW))

    standing = {2: [alert("smoke", SMOKE_ALARM, number=2)]}
    rooms = rooms_of(
        [seen(1, "lab"), seen(2, "hall"), seen(3, None, None), seen(4, "lab")], standing
    )
    found = {room.place: (room.told.verdict, len(room.seen)) for room in rooms}
    assert found == {
        "lab": (FireVerdict.QUIET, 2),
        "hall": (FireVerdict.ALONE, 1),
        "": (FireVerdict.UNKNOWN, 1),
    }
    assert [room.place for room in sorted(rooms, key=lambda room: room.rank)] == ["hall", "", "lab"]
    other = msgspec.structs.replace(rooms[0], school="no5")
    assert other.detector("d4") is not None
    assert other.detector("d2") is None
