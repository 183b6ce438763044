"""Which camera is nearest to a place, by the tree of places."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from devices.model import Device, Place
from gateway.names import NameBook
from gateway.near_cameras import nearest

BOOK = NameBook(
    places=[
        Place("block-a", "no3", "教学楼"),
        Place("a-3", "no3", "三层", parent="block-a"),
        Place("lab", "no3", "实验室", parent="a-3"),
        Place("office", "no3", "办公室", parent="a-3"),
        Place("a-1", "no3", "一层", parent="block-a"),
        Place("gate", "no3", "大门"),
        Place("circle", "no3", "环", parent="ring"),
        Place("ring", "no3", "圈", parent="circle"),
    ]
)


def cameras(*places: str | None) -> list[Device]:
    return [Device("no3", f"at-{place}", "camera", place=place) for place in places]


def order(of: Iterable[Device], place: str | None) -> list[str | None]:
    return [each.place for each in nearest(of, place, partial(BOOK.around, "no3"))]


def test_the_same_room_then_the_floor_then_the_building_then_the_school() -> None:
    found = order(cameras(None, "block-a", "lab", "a-3"), "lab")

    assert found == ["lab", "a-3", "block-a", None]


def test_another_room_of_the_floor_comes_after_the_floor_and_before_the_building() -> None:
    assert order(cameras("block-a", "office", "a-3"), "lab") == ["a-3", "office", "block-a"]


def test_another_floor_of_the_building_is_nearer_than_another_part_of_the_school() -> None:
    assert order(cameras(None, "gate", "a-1"), "lab") == ["a-1", None, "gate"]


def test_what_has_no_place_is_nearest_to_what_has_none_either() -> None:
    assert order(cameras("lab", "gate", None), None) == [None, "gate", "lab"]


def test_cameras_at_one_place_keep_their_order() -> None:
    first, second = (Device("no3", name, "camera", place="a-3") for name in ("first", "second"))

    assert nearest([first, second], "lab", partial(BOOK.around, "no3")) == (first, second)


def test_a_place_that_nobody_knows_is_the_school_only() -> None:
    assert order(cameras("gate", "gone", None), "gone") == ["gone", None, "gate"]


def test_places_in_a_circle_hold_nobody_up() -> None:
    assert order(cameras("gate", "ring"), "circle") == ["ring", "gate"]


def test_where_there_is_no_camera_none_is_near() -> None:
    assert order([], "lab") == []
