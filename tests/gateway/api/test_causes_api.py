"""What one cause has cut off, and floods, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.alert import TransitionKind
from alerts.correlation import CUT_OFF, CauseLimits
from alerts.course import Course
from alerts.finding import Explanation, Finding, Priority
from alerts.flood import Activation, FloodLimits
from devices.model import Device
from gateway.names import RegisterNames
from gateway.pipeline.causes import Causes
from gateway.pipeline.floods import Floods
from gateway.store.batch import Victim

STAND_IN = Device("no3", "gateway", "gateway")
WHY = Explanation(
    "cut_off", "cut_off_place", {"devices": 2, "due": 2, "share_pct": 100, "first": "lab-2"}
)


@pytest.fixture
async def outage(campus: Any) -> int:
    """The teaching block was cut off; the hall's thermometer is back already."""
    work = campus.flow.work()
    now = work.batch.now
    finding = Finding(CUT_OFF, True, Priority.HIGH, now, now, WHY, scope="place:a-3")
    campus.book.fold(finding, STAND_IN, work)
    alert = campus.book.of(0, CUT_OFF, "place:a-3", "no3")
    course = Course(alert)
    course.add(TransitionKind.CUT_OFF, happened=now, known=now, detail={"victims": 1})
    campus.book.record(alert, course.folded(), work)
    cut, back = campus.device("no3", "lab-2"), campus.device("no3", "hall")
    work.batch.victims = [
        Victim(alert.id, cut.row, now - 60_000),
        Victim(alert.id, back.row, now - 50_000, back=now),
    ]
    await campus.flow.commit(work)
    campus.causes = Causes(
        book=campus.book,
        roster=lambda: campus.judge.roster,
        names=RegisterNames(campus.store),
        limits=CauseLimits(),
        hold_ms=0,
    )
    campus.causes.load(campus.store.load().victims, ())
    return int(alert.id)


async def test_an_alert_of_a_place_says_what_it_is_about(outage: int, door: Any) -> None:
    olga = await door.as_("olga")
    alert = (await olga.get(f"/api/v1/alerts/{outage}")).json()["alert"]
    assert (alert["scope"], alert["victims"], alert["school"]) == ("place:a-3", 1, "no3")
    assert alert["device"] == {
        "school": "no3",
        "id": "a-3",
        "kind": "place",
        "name": {"zh": "教学楼 / 三层", "en": "Block A / 3rd floor"},
    }
    assert "2 台设备" in alert["explanation"]["text"]["zh"]


async def test_what_is_out_behind_a_device_is_called_by_that_devices_name_and_kind(
    outage: int, campus: Any, door: Any
) -> None:
    work = campus.flow.work()
    now = work.batch.now
    nvr = Device("no3", "nvr-1", "recorder", 99, "门卫录像机", "Gate recorder")
    campus.judge.register(nvr, now)
    for name in ("nvr-1", "nobody-knows"):
        scope = f"repeater:{name}"
        finding = Finding(CUT_OFF, True, Priority.HIGH, now, now, WHY, scope=scope)
        campus.book.fold(finding, STAND_IN, work)
    await campus.flow.commit(work)
    olga = await door.as_("olga")
    found = {
        one["device"]["id"]: one["device"]
        for one in (await olga.get("/api/v1/alerts")).json()["items"]
    }
    assert found["nvr-1"] == {
        "school": "no3",
        "id": "nvr-1",
        "kind": "recorder",
        "name": {"zh": "门卫录像机", "en": "Gate recorder"},
    }
    assert found["nobody-knows"]["kind"] == "repeater"
    assert found["nobody-knows"]["name"]["en"] == "Repeater nobody-knows"


async def test_its_victims_are_listed_those_still_cut_off_first(outage: int, door: Any) -> None:
    olga = await door.as_("olga")
    found = (await olga.get(f"/api/v1/alerts/{outage}/victims")).json()
    assert (found["total"], found["out"], found["next"]) == (2, 1, None)
    assert [one["id"] for one in found["items"]] == ["lab-2", "hall"]
    lab, hall = found["items"]
    assert (lab["back"], lab["alone"], lab["kind"]) == (None, None, "smoke")
    assert lab["place"]["en"] == "Block A / 3rd floor"
    assert hall["back"] - hall["since"] == 50_000


async def test_victims_are_paged(outage: int, door: Any) -> None:
    olga = await door.as_("olga")
    path = f"/api/v1/alerts/{outage}/victims?limit=1"
    first = (await olga.get(path)).json()
    second = (await olga.get(f"{path}&cursor={first['next']}")).json()
    assert [one["id"] for one in (*first["items"], *second["items"])] == ["lab-2", "hall"]
    assert second["next"] is None
    assert (await olga.get(f"{path}&cursor=nonsense")).status_code == 422


async def test_who_may_not_see_the_school_sees_no_victims(outage: int, door: Any) -> None:
    west = await door.as_("west")
    assert (await west.get(f"/api/v1/alerts/{outage}/victims")).status_code == 404


async def test_a_victim_is_unknown_and_says_why(outage: int, door: Any) -> None:
    olga = await door.as_("olga")
    device = (await olga.get("/api/v1/devices/no3/lab-2")).json()
    assert device["health"] == "unknown"
    assert f"#{outage}" in device["why"][0]["text"]["zh"]
    found = (await olga.get("/api/v1/devices?school=no3&health=unknown")).json()["items"]
    assert "lab-2" in {one["id"] for one in found}


async def test_an_alert_of_one_device_has_no_victims(campus: Any, door: Any) -> None:
    number = await campus.press()
    olga = await door.as_("olga")
    alert = (await olga.get(f"/api/v1/alerts/{number}")).json()["alert"]
    assert (alert["scope"], alert["victims"]) == ("", 0)
    found = (await olga.get(f"/api/v1/alerts/{number}/victims")).json()
    assert found == {"items": [], "total": 0, "out": 0, "next": None}


@pytest.fixture
def flood(campus: Any) -> None:
    campus.floods = Floods(FloodLimits(), campus.clock)
    now = campus.clock.now()
    campus.floods.load(Activation(now - 1000 * n, 40 + n, "no3") for n in range(12, 0, -1))


@pytest.fixture
def flood_of_both(campus: Any) -> None:
    campus.floods = Floods(FloodLimits(), campus.clock)
    now = campus.clock.now()
    campus.floods.load(
        Activation(now - 1000 * n, 40 + n, f"no{3 + n % 2 * 2}") for n in range(12, 0, -1)
    )


async def test_schools_that_are_too_many_only_together_are_one_flood_of_whoever_looks_after_them(
    flood_of_both: None, door: Any
) -> None:
    olga, east = await door.as_("olga"), await door.as_("east")
    (found,) = (await olga.get("/api/v1/summary")).json()["floods"]
    assert (found["school"], found["count"]) == ("", 12)
    assert found["school_name"]["en"] == "All your schools together"
    assert (await east.get("/api/v1/summary")).json()["floods"] == []


async def test_a_flood_is_in_the_summary_with_what_came_first(flood: None, door: Any) -> None:
    olga = await door.as_("olga")
    (found,) = (await olga.get("/api/v1/summary")).json()["floods"]
    assert (found["school"], found["count"], found["first"]) == ("no3", 12, 52)
    assert found["school_name"]["zh"] == "第三中学"


async def test_floods_of_other_schools_are_not_told(flood: None, door: Any) -> None:
    west = await door.as_("west")
    assert (await west.get("/api/v1/summary")).json()["floods"] == []
