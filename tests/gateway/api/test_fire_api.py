"""Rooms over HTTP: what their detectors come to, who was first, and how each of them is."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from alerts.finding import Priority
from audit.verification.model import Verdict, Verification
from devices.model import Device, Place
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.registry import next_register_version, put_devices, put_places

HOUR = 3_600_000
SECOND = 1000

LAB = (
    Device("no3", "lab-smoke", "smoke", name_zh="烟感", name_en="Smoke 1", place="lab"),
    Device("no3", "lab-both", "smoke-temperature", name_en="Both", place="lab"),
    Device("no3", "lab-heat", "temperature", place="lab"),
)
KITCHEN = Device("no3", "kitchen-gas", "gas-detector", place="kitchen")
FAR = Device("no5", "store", "smoke", place="store")
CAMERAS = (
    Device("no3", "camera-lab", "camera", place="lab"),
    Device("no3", "camera-floor", "camera", place="a-3"),
    Device("no3", "camera-yard", "camera"),
)
PLACES = (
    Place("lab", "no3", "化学实验室", "Lab", "a-3"),
    Place("kitchen", "no3", "厨房", "Kitchen", "a-3"),
    Place("store", "no5", "库房", "Store"),
)


class House:
    """The rooms of the school, and what their detectors say."""

    def __init__(self, campus) -> None:
        self.campus = campus
        self._seq = 100

    async def says(self, device: Device, channel: str = "telemetry", **values: object) -> None:
        self.campus.clock.turn(SECOND)
        self._seq += 1
        topic = f"campus/{device.school}/{device.kind}/{device.id}/{channel}"
        now = self.campus.clock.now()
        await self.campus.says(topic, {"ts": now, "seq": self._seq, **values})

    async def event(self, device: Device, event: str) -> int:
        await self.says(device, "event", event=event)
        now: int = self.campus.clock.now()
        return now

    async def calm(self) -> None:
        smoke, both, heat = LAB
        await self.says(smoke, obscuration_pct_m=0.2, smoke_alarm=False, battery_pct=88)
        await self.says(both, obscuration_pct_m=0.4, temperature_c=21.5, chamber_dirty_pct=35)
        await self.says(heat, temperature_c=20.5)


@pytest.fixture
async def house(campus) -> House:
    batch = Batch(now=campus.clock.now())
    batch.statements += put_places(PLACES)
    batch.statements += put_devices([*LAB, KITCHEN, FAR, *CAMERAS])
    batch.statements += next_register_version()
    campus.store.commit(batch).result()
    await campus.desk.reload()
    hearing = campus.judge.roster.hearing
    hearing.connected, hearing.since = True, campus.clock.now()
    there = House(campus)
    await there.calm()
    return there


async def listed(client: httpx.AsyncClient, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"/api/v1/fire/rooms{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def room(client: httpx.AsyncClient, place: str = "lab") -> dict[str, Any]:
    answer = await client.get(f"/api/v1/fire/rooms/no3/{place}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def each(found: dict[str, Any], device: str) -> dict[str, Any]:
    return next(one for one in found["each"] if one["device"] == device)


async def test_a_quiet_room_shows_what_its_detectors_read_beside_the_levels_of_the_rules(
    house, door
) -> None:
    lab = await room(await door.as_("anna"))
    assert (lab["state"], lab["verdict"]) == ("good", "quiet")
    assert (lab["fire"], lab["first"], lab["order"], lab["explanation"]) == (None, None, [], None)
    assert lab["name"]["en"] == "Block A / 3rd floor / Lab"
    assert (lab["detectors"], lab["silent"], lab["dirty"], lab["weak"]) == (3, 0, 0, 0)
    highest = {one["metric"]: (one["value"], one["limit"], one["device"]) for one in lab["highest"]}
    assert highest == {
        "obscuration_pct_m": (0.4, 3.0, "lab-both"),
        "temperature_c": (21.5, 54.0, "lab-both"),
    }
    both = each(lab, "lab-both")
    smoke, heat = both["levels"]
    assert (smoke["metric"], smoke["value"], smoke["unit"]) == ("obscuration_pct_m", 0.4, "%/m")
    drawn = {line["label"]["en"]: line["value"] for line in smoke["limits"]}
    assert drawn == {"smoke": 3.0, "heavy smoke": 10.0}
    assert [line["value"] for line in heat["limits"]] == [54.0, 54.0]
    assert (both["chamber_dirty_pct"], both["chamber_dirty_limit_pct"]) == (35, 80)
    assert (both["clean_air_pct_m"], both["clean_air_limit_pct_m"]) == (None, 1.5)
    assert each(lab, "lab-heat")["chamber_dirty_limit_pct"] is None
    weak = each(lab, "lab-smoke")
    assert (weak["battery_pct"], weak["battery_limit_pct"]) == (88, 20)
    assert weak["name"]["en"] == "Smoke 1"


async def test_the_first_detector_is_named_and_the_others_with_their_times(house, door) -> None:
    smoke, both, heat = LAB
    first = await house.event(both, "alarm")
    alone = await room(await door.as_("olga"))
    assert (alone["verdict"], alone["state"]) == ("alone", "trouble")
    assert [one["device"] for one in alone["order"]] == ["lab-both"]

    house.campus.clock.turn(20 * SECOND)
    second = await house.event(smoke, "alarm")
    found = await room(await door.as_("olga"))
    assert found["verdict"] == "confirmed"
    assert [(one["device"], one["at"]) for one in found["order"]] == [
        ("lab-both", first),
        ("lab-smoke", second),
    ]
    assert found["first"] == {
        "device": "lab-both",
        "name": {"zh": "Both", "en": "Both"},
        "at": first,
    }
    assert found["since"] == first
    assert "lab-both was first, 21 s later came lab-smoke" in found["explanation"]["text"]["en"]
    assert [one["device"] for one in found["each"]] == ["lab-both", "lab-smoke", "lab-heat"]
    assert {one["condition"] for one in each(found, "lab-both")["alerts"]} == {"smoke", "room_fire"}
    assert heat.id == found["each"][-1]["device"]


async def test_who_was_first_is_known_also_when_it_is_over_and_until_a_person_resets_it(
    house, door
) -> None:
    smoke, both, _ = LAB
    first = await house.event(smoke, "alarm")
    second = await house.event(both, "alarm")
    await house.event(smoke, "alarm_cleared")
    still = await room(await door.as_("olga"))
    assert (still["verdict"], len(still["order"])) == ("confirmed", 2)
    await house.event(both, "alarm_cleared")
    over = await room(await door.as_("olga"))
    assert over["verdict"] == "over"
    assert [(one["device"], one["at"]) for one in over["order"]] == [
        ("lab-smoke", first),
        ("lab-both", second),
    ]
    assert over["alert"]["priority"] == "emergency"


async def test_a_room_of_which_nobody_is_heard_is_unknown_and_its_levels_are_none_of_now(
    house, door
) -> None:
    house.campus.clock.turn(5 * HOUR)
    lab = await room(await door.as_("olga"))
    assert (lab["verdict"], lab["state"], lab["silent"]) == ("unknown", "unknown", 3)
    assert lab["highest"] == []
    assert all(one["old"] for one in lab["each"])
    await house.says(LAB[2], temperature_c=20.0)
    lab = await room(await door.as_("olga"))
    assert (lab["verdict"], lab["state"], lab["silent"]) == ("quiet", "unknown", 2)


async def test_a_detector_that_says_it_is_there_and_nothing_of_fire_is_no_word_that_all_is_well(
    house, door
) -> None:
    await house.says(FAR, "status", online=True)
    found = (await listed(await door.as_("olga"), "?school=no5"))["items"]
    assert [(one["verdict"], one["silent"], one["state"]) for one in found] == [
        ("unknown", 1, "unknown")
    ]


async def test_dust_a_self_test_and_a_weak_battery_are_told_of(house, door) -> None:
    smoke = LAB[0]
    await house.campus.find("chamber_drift", house.campus.device("no3", "lab-both"), Priority.LOW)
    tested = await house.event(smoke, "self_test")
    for _ in range(2):
        house.campus.clock.turn(60 * SECOND)
        await house.says(smoke, battery_pct=3)
    lab = await room(await door.as_("tim"))
    assert (lab["dirty"], lab["weak"], lab["verdict"]) == (1, 1, "quiet")
    shown = each(lab, "lab-smoke")
    assert (shown["self_tested"], shown["tested"], shown["battery_pct"]) == (tested, None, 3)
    assert each(lab, "lab-both")["self_tested"] is None


async def test_the_newest_verification_that_has_ended_is_shown(house, door) -> None:
    campus = house.campus
    row = campus.device("no3", "lab-smoke").row
    batch, started = Batch(now=campus.clock.now()), campus.clock.now()
    for name, ended, verdict in (
        ("v1", started + 1, Verdict.MET),
        ("v2", started + 2, Verdict.FAILED),
        ("v3", None, None),
    ):
        run = Verification(
            id=name,
            kind="detector",
            school="no3",
            actor="tim",
            started=started,
            device=row,
            ended=ended,
            verdict=verdict,
        )
        values = {
            "id": name,
            "school": "no3",
            "device": row,
            "kind": "detector",
            "started": started,
            "ended": ended,
            "verdict": None if verdict is None else verdict.value,
            "actor": "tim",
            "body": msgspec.json.encode(run),
        }
        batch.statements.append((schema.verifications.insert(), [values]))
    campus.store.commit(batch).result()
    shown = each(await room(await door.as_("anna")), "lab-smoke")
    assert shown["tested"] == {"id": "v2", "at": started + 2, "verdict": "failed"}
    assert each(await room(await door.as_("anna")), "lab-both")["tested"] is None


async def test_the_cameras_of_the_room_are_named_or_else_the_nearest_one(house, door) -> None:
    olga = await door.as_("olga")
    lab = await room(olga)
    assert [(one["device"], one["inside"]) for one in lab["cameras"]] == [("camera-lab", True)]
    await house.says(KITCHEN, gas_alarm=False)
    kitchen = await room(olga, "kitchen")
    assert [(one["device"], one["inside"]) for one in kitchen["cameras"]] == [
        ("camera-floor", False)
    ]


async def test_what_is_being_mended_in_the_room_is_shown(house, door) -> None:
    tim = await door.as_("tim")
    for device in ("lab-smoke", "lab-2"):
        order = {"device": {"school": "no3", "id": device}, "text": "clean the chamber"}
        assert (await tim.post("/api/v1/work-orders", json=order)).status_code == 201
    (order,) = (await room(tim))["work_orders"]
    assert (order["device"]["id"], order["title"]["en"]) == ("lab-smoke", "clean the chamber")


async def test_a_device_of_a_kind_nobody_knows_is_a_detector_by_what_it_tells(house, door) -> None:
    ada = await door.as_("ada")
    assert (await ada.get("/api/v1/fire/rooms/no3/kitchen")).status_code == 404
    await house.says(KITCHEN, gas_alarm=True, temperature_c=24.0)
    (gas,) = (await room(ada, "kitchen"))["each"]
    assert (gas["alarms"], gas["kind"]) == (["gas_alarm"], "gas-detector")


async def test_rooms_that_burn_come_first_and_detectors_without_a_place_stand_together(
    house, door
) -> None:
    olga = await door.as_("olga")
    await house.event(FAR, "alarm")
    found = await listed(olga)
    order = [(one["school"], one["place"], one["verdict"]) for one in found["items"]]
    assert order == [
        ("no5", "store", "alone"),
        ("no3", None, "unknown"),
        ("no3", "a-3", "unknown"),
        ("no3", "lab", "quiet"),
    ]
    assert found["totals"] == {"trouble": 1, "offline": 0, "unknown": 2, "good": 1}
    assert found["items"][1]["name"] is None
    assert found["items"][0]["first"]["device"] == "store"
    assert [one["place"] for one in (await listed(olga, "?state=good"))["items"]] == ["lab"]


async def test_pages_follow_each_other(house, door) -> None:
    olga, seen, cursor = await door.as_("olga"), [], ""
    while True:
        found = await listed(olga, f"?limit=1{cursor}")
        seen += [one["place"] for one in found["items"]]
        if not found["next"]:
            break
        cursor = f"&cursor={found['next']}"
    assert seen == [None, "a-3", "store", "lab"]


async def test_nobody_sees_rooms_outside_their_scope(house, door) -> None:
    west = await door.as_("west")
    assert [one["place"] for one in (await listed(west))["items"]] == ["store"]
    assert (await west.get("/api/v1/fire/rooms/no3/lab")).status_code == 404
    assert (await listed(west, "?school=no3"))["items"] == []
    olga = await door.as_("olga")
    assert (await olga.get("/api/v1/fire/rooms/no3/nowhere")).status_code == 404
    assert len((await listed(olga, "?region=east"))["items"]) == 3


async def test_a_schools_own_limits_are_the_levels_that_are_drawn(house, door) -> None:
    ada = await door.as_("ada")
    own = {"heat": {"above": 60}}
    answer = await ada.put("/api/v1/parameters/no3/temperature", json=own)
    assert answer.status_code == 200, answer.text
    (level,) = each(await room(ada), "lab-heat")["levels"]
    assert [line["value"] for line in level["limits"]] == [60]
