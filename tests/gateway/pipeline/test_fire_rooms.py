"""What several detectors of one room come to: their own alerts, and the room's on top of them."""

from __future__ import annotations

import msgspec
import pytest
from judged import Judged

from alerts.alert import Acknowledge, Alert, AlertState, TransitionKind
from alerts.finding import Priority
from devices.model import Device
from gateway.pipeline.fire_rooms import LOOK_AFTER_MS
from gateway.pipeline.work import Work
from gateway.store.batch import Batch

LAB_A = Device("no3", "lab-a", "smoke-temperature", 1, place="lab")
LAB_B = Device("no3", "lab-b", "smoke-temperature", 2, place="lab")
LAB_SMOKE = Device("no3", "lab-smoke", "smoke", 3, place="lab")
LAB_HEAT = Device("no3", "lab-heat", "temperature", 4, place="lab")
HALL = Device("no3", "hall", "smoke", 5, place="hall")
NOWHERE = Device("no3", "nowhere", "smoke", 6)
OTHER_SCHOOL = Device("no9", "lab-far", "temperature", 7, place="lab")
EVERYONE = (LAB_A, LAB_B, LAB_SMOKE, LAB_HEAT, HALL, NOWHERE, OTHER_SCHOOL)


class House:
    """A judge with detectors in rooms, all of them calm for a while."""

    def __init__(self, devices: tuple[Device, ...] = EVERYONE) -> None:
        self.judged = Judged(devices=devices)
        self.seq = 0
        for _ in range(30):
            self.pass_time(30)
            for device in devices:
                self.says(device, smoke=0.2, temperature=21.0)

    def pass_time(self, seconds: float) -> None:
        self.judged.pass_time(round(seconds * 1000), step=1000)

    def says(self, device: Device, *, smoke: float, temperature: float) -> Work:
        values: dict[str, object] = {}
        if device.kind != "temperature":
            values["obscuration_pct_m"] = smoke
        if device.kind != "smoke":
            values["temperature_c"] = temperature
        self.seq += 1
        return self.judged.say(device, "telemetry", ts=self.judged.now, seq=self.seq, **values)

    def alarm(self, device: Device, event: str = "alarm") -> Work:
        self.seq += 1
        return self.judged.say(device, "event", ts=self.judged.now, seq=self.seq, event=event)

    def smokes(self, device: Device, smoke: float = 4.0) -> None:
        for _ in range(4):
            self.pass_time(10)
            self.says(device, smoke=smoke, temperature=21.0)

    def heats(self, device: Device) -> None:
        for number in range(4):
            self.pass_time(10)
            self.says(device, smoke=0.2, temperature=22.0 + 1.2 * number)

    def calms(self, *devices: Device) -> None:
        for _ in range(40):
            self.pass_time(30)
            for device in devices:
                self.says(device, smoke=0.2, temperature=21.0)

    @property
    def open(self) -> dict[str, Alert]:
        """The open alerts by their device and condition."""
        names = {one.row: one.id for one in EVERYONE}
        return {f"{names[one.device]} {one.condition}": one for one in self.judged.book}


@pytest.fixture
def house() -> House:
    return House()


def test_smoke_at_one_detector_and_heat_at_another_are_a_fire_of_the_room(house):
    house.smokes(LAB_SMOKE)
    assert house.open == {}
    house.heats(LAB_HEAT)
    assert list(house.open) == ["lab-smoke room_fire"]
    fire = house.open["lab-smoke room_fire"]
    assert (fire.priority, fire.latches) == (Priority.EMERGENCY, True)
    assert fire.explanation.code == "room_fire_together"
    assert fire.explanation.inputs["first"] == "lab-smoke"
    assert fire.explanation.inputs["others"] == "lab-heat"
    assert fire.raised < fire.known


def test_two_combined_detectors_below_their_own_limits_are_one_too(house):
    house.smokes(LAB_A, smoke=3.5)
    house.heats(LAB_B)
    assert "lab-a room_fire" in house.open
    assert "lab-a fire" not in house.open
    assert "lab-b fire" not in house.open


def test_smoke_in_one_room_and_heat_in_another_are_nothing(house):
    house.smokes(HALL)
    house.heats(LAB_HEAT)
    assert house.open == {}


def test_rooms_of_the_same_name_in_two_schools_are_two_rooms(house):
    house.smokes(LAB_SMOKE)
    house.heats(OTHER_SCHOOL)
    assert house.open == {}


def test_a_detector_of_which_no_one_knows_the_room_speaks_for_itself(house):
    house.smokes(NOWHERE)
    house.heats(LAB_HEAT)
    assert house.open == {}
    house.alarm(NOWHERE)
    assert list(house.open) == ["nowhere smoke"]


def test_a_second_detector_confirms_the_alarm_of_the_first_and_hides_neither(house):
    house.alarm(LAB_A)
    assert list(house.open) == ["lab-a smoke"]
    house.pass_time(21)
    house.alarm(LAB_SMOKE)
    assert set(house.open) == {"lab-a smoke", "lab-smoke smoke", "lab-a room_fire"}
    assert all(alert.emergency and not alert.suppressed for alert in house.open.values())
    inputs = house.open["lab-a room_fire"].explanation.inputs
    assert inputs == {
        "devices": 2,
        "first": "lab-a",
        "others": "lab-smoke",
        "seconds": 21,
        "others_after_s": "21",
    }


def test_each_further_detector_is_an_occurrence_and_sounds_again(house):
    house.alarm(LAB_A)
    house.alarm(LAB_SMOKE)
    fire = house.open["lab-a room_fire"]
    work = Work(Batch(now=house.judged.now))
    house.judged.book.act(fire, Acknowledge(), "li", work)
    house.pass_time(5)
    work = house.alarm(LAB_B)
    assert house.open["lab-a room_fire"].state is AlertState.UNACKNOWLEDGED
    assert house.open["lab-a room_fire"].occurrences == 2
    kinds = [one.transition.kind for one in work.batch.transitions]
    assert kinds == [TransitionKind.RAISED, TransitionKind.OCCURRED]


def test_who_says_the_same_again_is_no_further_detector(house):
    house.alarm(LAB_A)
    house.alarm(LAB_SMOKE)
    house.alarm(LAB_SMOKE, "alarm_cleared")
    house.pass_time(700)
    house.alarm(LAB_SMOKE)
    assert house.open["lab-a room_fire"].occurrences == 1
    assert house.open["lab-smoke smoke"].occurrences == 2


def test_it_is_over_when_nobody_sees_anything_and_waits_for_a_person(house):
    house.alarm(LAB_A)
    house.alarm(LAB_SMOKE)
    house.alarm(LAB_A, "alarm_cleared")
    assert house.open["lab-a room_fire"].active
    house.alarm(LAB_SMOKE, "alarm_cleared")
    assert not house.open["lab-a room_fire"].active
    assert house.open["lab-a room_fire"].state is AlertState.RETURNED


def test_signs_never_become_alerts(house):
    house.smokes(LAB_A, smoke=4.0)
    house.heats(OTHER_SCHOOL)
    house.calms(*EVERYONE)
    assert house.open == {}


def test_who_is_out_of_service_gives_no_signs_but_its_alarm_counts():
    aside = msgspec.structs.replace(LAB_HEAT, out_of_service=True)
    smoke = msgspec.structs.replace(LAB_B, out_of_service=True)
    house = House((LAB_SMOKE, aside, smoke))
    house.smokes(LAB_SMOKE)
    house.heats(aside)
    assert house.open == {}
    house.alarm(smoke)
    assert set(house.open) == {"lab-b smoke", "lab-smoke room_fire"}


def test_a_detector_that_was_moved_elsewhere_bears_witness_no_longer(house):
    house.smokes(LAB_SMOKE)
    house.judged.judge.register(msgspec.structs.replace(LAB_SMOKE, place="hall"), house.judged.now)
    house.heats(LAB_HEAT)
    assert house.open == {}


def test_after_a_restart_a_further_detector_joins_the_fire_that_stood(house):
    house.alarm(LAB_A)
    house.alarm(LAB_SMOKE)
    again = restarted(house)
    again.alarm(LAB_B)
    assert again.open["lab-a room_fire"].occurrences == 2
    assert len([name for name in again.open if "room_fire" in name]) == 1


def test_after_a_restart_a_room_of_which_nobody_says_anything_more_is_quiet(house):
    house.smokes(LAB_SMOKE)
    house.heats(LAB_HEAT)
    again = restarted(house)
    rooms = again.judged.fire_rooms
    assert rooms.next() == again.judged.now + LOOK_AFTER_MS
    again.judged.clock.turn(LOOK_AFTER_MS)
    work = Work(Batch(now=again.judged.now))
    rooms.tick(again.judged.now, work)
    assert rooms.next() is None
    assert not again.open["lab-smoke room_fire"].active


def restarted(house: House) -> House:
    """The gateway begins anew with the alerts that it had stored."""
    again = House.__new__(House)
    again.judged = Judged(devices=EVERYONE, now=house.judged.now)
    again.seq = house.seq
    again.judged.book.load(list(house.judged.book), 100, 1000)
    again.judged.fire_rooms.load(again.judged.now)
    return again
