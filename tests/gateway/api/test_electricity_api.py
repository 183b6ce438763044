"""Feeders over HTTP: by building, trouble first, each beside what it is made for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from alerts.finding import Priority
from devices.model import Device
from gateway.electricity import load_pct
from gateway.store.batch import Batch
from gateway.store.registry import next_register_version, put_devices

HOUR = 3_600_000

DORM = Device(
    "no3",
    "dorm",
    "electrical",
    name_zh="宿舍三层",
    name_en="Dormitory 3F",
    place="a-3",
    parameters={"overload": {"rating_a": 63}, "residual_current": {"above": 400}},
)
HALL = Device("no3", "hall-feeder", "electrical", place="block-a")
YARD = Device("no3", "yard", "electrical")
NEVER = Device("no3", "never", "electrical", place="block-a")
ELSEWHERE = Device("no5", "canteen", "electrical")

SAID = {
    "voltage_v": [231.2, 230.8, 229.9],
    "current_a": [4.1, 9.8, 2.0],
    "power_w": [905, 2243, 440],
    "residual_current_ma": 38,
    "cable_temperature_c": [41.2, 44.0, 39.8, None],
    "switch": "closed",
}


@pytest.fixture
async def feeders(campus) -> None:
    batch = Batch(now=campus.clock.now())
    batch.statements += put_devices([DORM, HALL, YARD, NEVER, ELSEWHERE])
    batch.statements += next_register_version()
    campus.store.commit(batch).result()
    await campus.desk.reload()
    hearing = campus.judge.roster.hearing
    hearing.connected, hearing.since = True, campus.clock.now()
    for device in (DORM, HALL, YARD, ELSEWHERE):
        await campus.says(
            f"campus/{device.school}/electrical/{device.id}/telemetry",
            {"ts": campus.clock.now(), **SAID},
        )


async def listed(client: httpx.AsyncClient, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"/api/v1/electricity{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def one(client: httpx.AsyncClient, device: str) -> dict[str, Any]:
    found = await listed(client)
    return next(item for item in found["items"] if item["device"] == device)


@pytest.mark.usefixtures("feeders")
async def test_a_feeder_is_shown_beside_what_it_is_made_for(door) -> None:
    dorm = await one(await door.as_("anna"), "dorm")
    assert (dorm["state"], dorm["old"], dorm["alert"]) == ("good", False, None)
    assert dorm["name"]["en"] == "Dormitory 3F"
    assert dorm["building"] == {"id": "block-a", "name": {"zh": "教学楼", "en": "Block A"}}
    assert dorm["place"]["en"] == "Block A / 3rd floor"
    assert (dorm["rating_a"], dorm["load_pct"]) == (63, 15.6)
    assert (dorm["residual_current_ma"], dorm["residual_limit_ma"]) == (38, 400)
    assert dorm["power_w"] == 3588
    assert dorm["cable_temperature_c"] == [41.2, 44.0, 39.8, None]
    assert dorm["cable_margin_c"] == dorm["cable_limit_c"] - 44
    assert dorm["switch"] == "closed"


@pytest.mark.usefixtures("feeders")
async def test_without_a_rating_the_load_is_unknown_and_not_nought(door) -> None:
    hall = await one(await door.as_("olga"), "hall-feeder")
    assert (hall["rating_a"], hall["load_pct"]) == (None, None)
    assert hall["residual_limit_ma"] == 300


@pytest.mark.usefixtures("feeders")
async def test_a_schools_own_rating_holds_for_all_its_feeders_without_one(door) -> None:
    ada = await door.as_("ada")
    answer = await ada.put("/api/v1/parameters/no3/electrical", json={"overload": {"rating_a": 32}})
    assert answer.status_code == 200, answer.text
    assert (await one(ada, "hall-feeder"))["rating_a"] == 32
    assert (await one(ada, "dorm"))["rating_a"] == 63
    assert (await one(ada, "canteen"))["rating_a"] is None


@pytest.mark.usefixtures("feeders")
async def test_the_building_with_the_worst_feeder_comes_first(door, campus) -> None:
    olga = await door.as_("olga")
    order = [item["device"] for item in (await listed(olga))["items"]]
    assert order == ["never", "dorm", "hall-feeder", "yard", "canteen"], "unknown before well"
    await campus.find("leak", campus.device("no5", "canteen"), Priority.HIGH)
    await campus.find("weak", campus.device("no3", "yard"), Priority.LOW)
    found = await listed(olga)
    assert [item["device"] for item in found["items"]] == [
        "canteen",
        "yard",
        "never",
        "dorm",
        "hall-feeder",
    ]
    assert found["totals"] == {"trouble": 2, "offline": 0, "unknown": 1, "good": 2}
    assert found["items"][0]["alert"]["priority"] == "high"


@pytest.mark.usefixtures("feeders")
async def test_the_most_urgent_of_several_alerts_is_shown(door, campus) -> None:
    dorm = campus.device("no3", "dorm")
    await campus.find("weak", dorm, Priority.LOW)
    urgent = await campus.find("residual_current", dorm, Priority.HIGH)
    shown = await one(await door.as_("olga"), "dorm")
    assert shown["alert"]["id"] == urgent
    assert shown["alert"]["name"]["en"] == "Residual current too high"


@pytest.mark.usefixtures("feeders")
async def test_old_values_say_that_they_are_old(door, campus) -> None:
    campus.clock.turn(2 * HOUR)
    dorm = await one(await door.as_("olga"), "dorm")
    assert (dorm["state"], dorm["old"]) == ("unknown", True)
    assert dorm["seen"] == campus.clock.now() - 2 * HOUR
    await campus.says("campus/no3/electrical/dorm/status", {"online": False})
    assert (await one(await door.as_("olga"), "dorm"))["state"] == "offline"


@pytest.mark.usefixtures("feeders")
async def test_nobody_sees_feeders_outside_their_scope(door) -> None:
    assert [item["device"] for item in (await listed(await door.as_("west")))["items"]] == [
        "canteen"
    ]
    olga = await door.as_("olga")
    assert len((await listed(olga, "?school=no5"))["items"]) == 1
    assert len((await listed(olga, "?region=east"))["items"]) == 4
    assert (await listed(await door.as_("west"), "?school=no3"))["items"] == []


@pytest.mark.usefixtures("feeders")
async def test_pages_follow_each_other_and_a_state_can_be_asked_for(door) -> None:
    olga, seen, cursor = await door.as_("olga"), [], ""
    while True:
        found = await listed(olga, f"?limit=2{cursor}")
        seen += [item["device"] for item in found["items"]]
        if not found["next"]:
            break
        cursor = f"&cursor={found['next']}"
    assert seen == ["never", "dorm", "hall-feeder", "yard", "canteen"]
    assert [item["device"] for item in (await listed(olga, "?state=unknown"))["items"]] == ["never"]


def test_a_phase_that_cannot_be_measured_may_be_the_most_loaded() -> None:
    assert load_pct((10.0, None, 4.0), 20) is None
    assert load_pct((10.0, 12.0, -15.0), 20) == 75
    assert load_pct((), 20) is None
