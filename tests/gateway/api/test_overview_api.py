"""How the schools stand, over HTTP: cut to the caller's scope, and as the lists tell it."""

from __future__ import annotations

from typing import Any

from alerts.finding import Priority
from devices.model import Device
from gateway.api.models.overview import OverviewOut

PATH = "/api/v1/overview"


async def overview(client: Any, query: str = "") -> dict[str, Any]:
    answer = await client.get(PATH + query)
    assert answer.status_code == 200, answer.text
    OverviewOut.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


def of(found: dict[str, Any], school: str) -> dict[str, Any]:
    (row,) = (one for one in found["schools"] if one["school"] == school)
    return dict(row)


async def heard(campus: Any, *devices: tuple[str, str, str]) -> None:
    for school, kind, device in devices:
        body = {"ts": campus.clock.now(), "battery_pct": 90}
        await campus.says(f"campus/{school}/{kind}/{device}/telemetry", body)


async def test_everybody_sees_the_schools_of_their_scope_and_totals_of_these(
    police_door: Any,
) -> None:
    await police_door.campus.press("no5")
    everything = await overview(await police_door.as_("anna"))
    assert {one["school"] for one in everything["schools"]} == {"no3", "no5"}
    assert everything["totals"]["schools"] == 2
    assert everything["totals"]["open"]["emergency"] == 1
    assert everything["totals"]["devices"]["unknown"] + everything["totals"]["devices"]["bad"] == 4
    assert everything["totals"]["police"]["down"] == 1

    east = await overview(await police_door.as_("east"))
    assert [one["school"] for one in east["schools"]] == ["no3"]
    assert east["totals"]["open"]["emergency"] == 0
    assert east["totals"]["police"] == {
        "up": 1,
        "degraded": 0,
        "down": 0,
        "unverified": 0,
        "total": 1,
    }
    assert "no5" not in str(east)


async def test_it_is_narrowed_to_a_region_or_a_school_never_beyond_the_scope(door: Any) -> None:
    olga, east = await door.as_("olga"), await door.as_("east")
    assert [one["school"] for one in (await overview(olga, "?region=east"))["schools"]] == ["no3"]
    assert [one["school"] for one in (await overview(olga, "?school=no5"))["schools"]] == ["no5"]
    assert (await overview(east, "?school=no5"))["schools"] == []
    assert (await overview(east, "?region=city"))["totals"]["schools"] == 1


async def test_a_school_shows_its_worst_alert_and_since_when_it_waits(door: Any) -> None:
    campus = door.campus
    olga = await door.as_("olga")
    await campus.find("heat", campus.device("no3", "hall"), Priority.MEDIUM)
    pressed = await campus.press()
    since = campus.clock.now()
    row = of(await overview(olga), "no3")
    assert (row["worst"], row["waiting"], row["waiting_since"]) == (
        "emergency",
        "emergency",
        since,
    )
    assert row["open"]["emergency"] == row["open"]["medium"] == 1
    assert row["name"] == {"zh": "第三中学", "en": "No. 3 Middle School"}
    assert row["region"] == "east"

    await olga.post(f"/api/v1/alerts/{pressed}/actions", json={"action": "acknowledge"})
    campus.clock.turn(300)
    row = of(await overview(olga), "no3")
    assert (row["worst"], row["waiting"]) == ("emergency", "medium")
    assert row["unacknowledged"]["emergency"] == 0


async def test_an_alert_of_the_gateway_itself_belongs_to_no_school_and_to_everybody(
    door: Any,
) -> None:
    await door.campus.find("feed_lost", priority=Priority.HIGH)
    found = await overview(await door.as_("east"))
    assert found["gateway"]["worst"] == "high"
    assert all(one["worst"] is None for one in found["schools"])


async def test_devices_are_counted_as_the_list_of_devices_has_them(door: Any) -> None:
    campus = door.campus
    olga, tim = await door.as_("olga"), await door.as_("tim")
    await heard(campus, ("no3", "alarm-button", "gate-01"), ("no3", "smoke", "lab-2"))
    await campus.find("heat", campus.device("no3", "lab-2"))
    for kind in ("camera", "recorder"):
        await tim.put(f"/api/v1/devices/no3/{kind}-1", json={"kind": kind})
    await heard(campus, ("no3", "camera", "camera-1"))
    await tim.post(
        "/api/v1/devices/no3/gate-01/service", json={"out_of_service": True, "reason": "works"}
    )
    row = of(await overview(olga), "no3")
    listed = (await olga.get("/api/v1/devices?school=no3&limit=500")).json()["items"]
    health = [one["health"] for one in listed]
    assert row["devices"] == {
        "good": health.count("ok"),
        "bad": health.count("trouble"),
        "unknown": health.count("unknown"),
        "out_of_service": 1,
    }
    assert row["cameras"] == {"good": 1, "bad": 0, "unknown": 0, "out_of_service": 0}
    assert row["recorders"] == {"good": 0, "bad": 0, "unknown": 1, "out_of_service": 0}
    assert row["heard"] == max(one["heard"] or 0 for one in listed)


async def test_a_school_of_which_nothing_was_heard_is_in_doubt_not_well(door: Any) -> None:
    found = await overview(await door.as_("olga"))
    assert {one["doubt"] for one in found["schools"]} == {"not_heard"}
    assert found["totals"]["unknown"] == 2


async def test_a_new_emergency_shows_though_others_have_just_asked(door: Any) -> None:
    olga = await door.as_("olga")
    assert of(await overview(olga), "no5")["worst"] is None
    door.campus.clock.turn(260)
    await door.campus.press("no5")
    assert of(await overview(olga), "no5")["worst"] == "emergency"


async def test_maintenance_shows_and_hides_faults_only(door: Any) -> None:
    campus = door.campus
    olga = await door.as_("olga")
    ends = campus.clock.now() + 3_600_000
    answer = await olga.post(
        "/api/v1/maintenance", json={"school": "no3", "ends": ends, "reason": "works"}
    )
    assert answer.status_code == 201, answer.text
    await campus.find("heat", campus.device("no3", "hall"))
    row = of(await overview(olga), "no3")
    assert (row["maintenances"], row["worst"]) == (1, None)
    campus.clock.turn(300)
    await campus.press()
    assert of(await overview(olga), "no3")["worst"] == "emergency"


async def test_a_school_that_has_just_been_registered_shows(door: Any) -> None:
    campus = door.campus
    tim = await door.as_("tim")
    await overview(tim)
    stored = await campus.desk.register(Device("no5", "cam-9", "camera"), "tim")
    assert isinstance(stored, Device)
    campus.clock.turn(1000)
    assert of(await overview(tim), "no5")["cameras"]["unknown"] == 1
