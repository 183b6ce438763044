"""What is proposed for a school: its devices as they stand, and what its key places lack."""

from __future__ import annotations

import pytest

from audit.baseline import Needed, merged
from audit.key_places import KeyPlace, Marked, key_place, key_places, proposed
from devices.model import Device, Place


def place(own: str, name: str, parent: str | None = None) -> Place:
    return Place(own, "no3", name, parent=parent)


@pytest.mark.parametrize(
    ("name", "sort"),
    [
        ("南校门", KeyPlace.GATE),
        ("门卫室", KeyPlace.GATEHOUSE),
        ("大门值班室", KeyPlace.GATEHOUSE),
        ("监控中心", KeyPlace.MONITORING),
        ("2 号教学楼东侧楼梯", KeyPlace.CORRIDOR),
        ("学生食堂", KeyPlace.CANTEEN),
        ("Gatehouse", KeyPlace.GATEHOUSE),
        ("North gate", KeyPlace.GATE),
        ("301 教室", None),
        ("Investigation room", None),
    ],
)
def test_a_key_place_is_known_by_its_name(name: str, sort: KeyPlace | None) -> None:
    assert key_place(place("x", name)) is sort
    assert key_place(Place("x", "no3", "", name)) is sort


def test_of_places_within_one_another_the_outer_counts() -> None:
    listed = [
        place("canteen", "食堂"),
        place("canteen-f1", "一层", "canteen"),
        place("canteen-101", "101 餐厅", "canteen-f1"),
    ]

    assert key_places(listed) == (Marked("canteen", KeyPlace.CANTEEN),)


def test_places_in_a_circle_end_nothing() -> None:
    listed = [place("a", "食堂", "b"), place("b", "餐厅", "a")]

    assert key_places(listed) == ()


class TestAProposal:
    def test_holds_what_is_registered_and_marks_cameras_at_gates(self) -> None:
        devices = [
            Device("no3", "button", "alarm-button", place="gatehouse"),
            Device("no3", "cam-1", "camera", place="gatehouse"),
            Device("no3", "cam-2", "camera", place="gate"),
            Device("no3", "cam-3", "camera", place="gate"),
            Device("no3", "smoke", "smoke", place="gate"),
            Device("no3", "hub", "repeater"),
        ]
        listed = [place("gatehouse", "门卫室"), place("gate", "校门")]

        assert proposed(listed, devices) == merged(
            [
                Needed(place="gate", kind="camera", count=2, gate=True),
                Needed(place="gatehouse", kind="alarm-button"),
                Needed(place="gatehouse", kind="camera"),
            ]
        )

    def test_asks_for_what_key_places_lack(self) -> None:
        listed = [place("gate", "校门"), place("gatehouse", "门卫室"), place("room", "301")]

        assert proposed(listed, []) == merged(
            [
                Needed(place="gate", kind="camera", gate=True),
                Needed(place="gatehouse", kind="alarm-button"),
                Needed(place="gatehouse", kind="camera"),
            ]
        )

    def test_sees_a_canteen_watched_from_within(self) -> None:
        listed = [place("canteen", "食堂"), place("hall", "大堂", "canteen")]
        watched = [Device("no3", "cam", "camera", place="hall")]

        assert proposed(listed, watched) == (Needed(place="hall", kind="camera"),)

    def test_takes_the_settings_word_for_what_is_a_gate(self) -> None:
        devices = [Device("no3", "cam-1", "camera", place="yard")]

        (need,) = proposed([], devices, gates=("yard",))
        assert need.gate
        (need,) = proposed([], devices, gates=("cam-1",))
        assert need.gate
