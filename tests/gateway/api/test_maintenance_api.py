"""Maintenance over HTTP, on a real store: announced, under way, over, and what it has hidden."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from alerts.finding import Priority
from gateway.store.store import StoreError

HOUR = 3_600_000


async def passes(campus, milliseconds: int) -> None:
    """Time passes in the running gateway."""
    now = campus.clock.turn(milliseconds)
    while (due := campus.upkeep.next()) is not None and due <= now:
        work = campus.flow.work()
        campus.upkeep.tick(now, work)
        await campus.flow.commit(work)


async def announced(client: httpx.AsyncClient, campus, **changes: Any) -> dict[str, Any]:
    body = {
        "school": "no3",
        "ends": campus.clock.now() + HOUR,
        "reason": "粉刷三层走廊",
        **changes,
    }
    answer = await client.post("/api/v1/maintenance", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_technician_announces_one_and_faults_there_are_hidden_until_it_ends(
    campus, door
) -> None:
    tim, olga = await door.as_("tim"), await door.as_("olga")
    before = await campus.find("silent", campus.device())
    one = await announced(tim, campus, place="block-a")
    assert one["state"] == "under_way"
    assert one["place_name"] == {"zh": "教学楼", "en": "Block A"}
    assert (one["actor"], one["reason"], one["hidden"]) == ("tim", "粉刷三层走廊", 1)
    during = await campus.find("battery_low", campus.device(), Priority.LOW)
    outside = await campus.find("silent", campus.device(device="hall"))

    for number, hidden in ((before, True), (during, True), (outside, False)):
        alert = (await olga.get(f"/api/v1/alerts/{number}")).json()["alert"]
        assert alert["suppressed"] is hidden
        assert (alert["maintenance"] or {}).get("id") == (one["id"] if hidden else None)
    summary = (await olga.get("/api/v1/summary")).json()
    assert summary["maintenances"] == 1
    assert summary["counts"]["medium"]["open"] == 1
    assert summary["counts"]["low"]["open"] == 0
    device = (await olga.get("/api/v1/devices/no3/lab-2")).json()
    assert device["maintenance"] == {
        "id": one["id"],
        "ends": one["ends"],
        "reason": "粉刷三层走廊",
    }

    await passes(campus, HOUR)
    detail = (await olga.get(f"/api/v1/maintenance/{one['id']}")).json()
    assert (detail["state"], detail["ended_by"]) == ("over", "")
    assert sorted(alert["id"] for alert in detail["alerts"]) == [before, during]
    assert not any(alert["suppressed"] for alert in detail["alerts"])
    assert (await olga.get("/api/v1/summary")).json()["maintenances"] == 0


async def test_a_device_that_is_moved_out_of_the_place_shows_at_once(campus, door) -> None:
    tim, olga = await door.as_("tim"), await door.as_("olga")
    number = await campus.find("silent", campus.device())
    await announced(tim, campus, place="block-a")

    async def suppressed() -> bool:
        found: bool = (await olga.get(f"/api/v1/alerts/{number}")).json()["alert"]["suppressed"]
        return found

    await passes(campus, 10)
    assert await suppressed()
    await campus.desk.register(msgspec.structs.replace(campus.device(), place=None), "tim")
    await passes(campus, 10)
    assert not await suppressed()


async def test_a_press_sounds_in_the_middle_of_a_maintenance(campus, door) -> None:
    olga = await door.as_("olga")
    one = await announced(olga, campus)
    number = await campus.press()
    alert = (await olga.get(f"/api/v1/alerts/{number}")).json()["alert"]
    assert (alert["suppressed"], alert["maintenance"]) == (False, None)
    assert (await olga.get(f"/api/v1/maintenance/{one['id']}")).json()["alerts"] == []


async def test_one_that_is_to_come_may_be_called_off(campus, door) -> None:
    tim = await door.as_("tim")
    later = campus.clock.now() + HOUR
    one = await announced(tim, campus, device="lab-2", starts=later, ends=later + HOUR)
    assert (one["state"], one["may_end"]) == ("coming", True)
    assert one["device"]["name"]["zh"] == "实验室"
    ended = await tim.post(f"/api/v1/maintenance/{one['id']}/end", json={"remark": "改期"})
    assert ended.json()["state"] == "over"
    await passes(campus, HOUR)
    number = await campus.find("silent", campus.device())
    alert = (await tim.get(f"/api/v1/alerts/{number}")).json()["alert"]
    assert not alert["suppressed"]


async def test_ended_early_it_shows_what_is_still_wrong_and_says_who_ended_it(campus, door) -> None:
    tim, olga = await door.as_("tim"), await door.as_("olga")
    one = await announced(tim, campus)
    number = await campus.find("silent", campus.device())
    ended = await olga.post(f"/api/v1/maintenance/{one['id']}/end", json={})
    assert (ended.json()["ended_by"], ended.json()["hidden"]) == ("olga", 1)
    detail = (await tim.get(f"/api/v1/alerts/{number}")).json()
    assert not detail["alert"]["suppressed"]
    last = detail["transitions"][-1]
    assert (last["kind"], last["actor"]) == ("unsuppressed", "olga")
    assert last["detail"]["reason"] == f"maintenance:{one['id']}"
    again = await olga.post(f"/api/v1/maintenance/{one['id']}/end", json={})
    assert (again.status_code, again.json()["code"]) == (409, "refusal.maintenance_over")


async def test_back_in_service_a_device_under_maintenance_stays_hidden(campus, door) -> None:
    tim = await door.as_("tim")
    number = await campus.find("silent", campus.device())
    service = "/api/v1/devices/no3/lab-2/service"
    await tim.post(service, json={"out_of_service": True, "reason": "送修"})
    one = await announced(tim, campus)
    await tim.post(service, json={"out_of_service": False, "reason": "修好"})
    alert = (await tim.get(f"/api/v1/alerts/{number}")).json()["alert"]
    assert alert["maintenance"]["id"] == one["id"]
    await passes(campus, HOUR)
    alert = (await tim.get(f"/api/v1/alerts/{number}")).json()["alert"]
    assert not alert["suppressed"]


async def test_lists_hold_those_that_stand_by_their_begin_and_those_that_are_over(
    campus, door
) -> None:
    tim, west = await door.as_("tim"), await door.as_("west")
    now = campus.clock.now()
    later = await announced(tim, campus, starts=now + 2 * HOUR, ends=now + 3 * HOUR)
    first = await announced(tim, campus)
    other = await announced(tim, campus, school="no5", ends=now + 4 * HOUR)

    async def listed(client: httpx.AsyncClient, **query: Any) -> list[int]:
        found: list[int] = []
        cursor = None
        while True:
            asked = {"limit": 1, **query, **({"cursor": cursor} if cursor else {})}
            page = (await client.get("/api/v1/maintenance", params=asked)).json()
            found += [one["id"] for one in page["items"]]
            if (cursor := page["next"]) is None:
                return found

    assert await listed(tim) == [first["id"], other["id"], later["id"]]
    assert await listed(tim, school="no3") == [first["id"], later["id"]]
    assert await listed(west) == [other["id"]]
    await passes(campus, HOUR)
    await tim.post(f"/api/v1/maintenance/{other['id']}/end", json={})
    assert await listed(tim) == [later["id"]]
    assert await listed(tim, state="over") in (
        [other["id"], first["id"]],
        [first["id"], other["id"]],
    )


async def test_nobody_announces_or_sees_one_outside_their_schools(campus, door) -> None:
    tim, west, east_tim = await door.as_("tim"), await door.as_("west"), await door.as_("east-tim")
    one = await announced(tim, campus)
    assert (await west.get(f"/api/v1/maintenance/{one['id']}")).status_code == 404
    assert (await west.post(f"/api/v1/maintenance/{one['id']}/end", json={})).status_code == 404
    body = {"school": "no5", "ends": campus.clock.now() + HOUR, "reason": "works"}
    assert (await east_tim.post("/api/v1/maintenance", json=body)).status_code == 404
    assert (await west.get("/api/v1/summary")).json()["maintenances"] == 0


async def test_an_auditor_reads_them_and_announces_none(campus, door) -> None:
    tim, anna = await door.as_("tim"), await door.as_("anna")
    one = await announced(tim, campus)
    seen = (await anna.get(f"/api/v1/maintenance/{one['id']}")).json()
    assert seen["may_end"] is False
    body = {"school": "no3", "ends": campus.clock.now() + HOUR, "reason": "works"}
    assert (await anna.post("/api/v1/maintenance", json=body)).status_code == 403
    facts = await (await door.as_("east-anna")).get("/api/v1/facts", params={"kind": "maintenance"})
    assert [fact["body"]["step"] for fact in facts.json()["items"]] == ["announced", "begun"]
    assert facts.json()["items"][0]["actor"] == "user:tim"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"school": "no9"}, 404, "not_found"),
        ({"place": "nowhere"}, 422, "invalid"),
        ({"device": "nobody"}, 404, "not_found"),
        ({"place": "block-a", "device": "lab-2"}, 409, "refusal.maintenance_of_both"),
        ({"ends": 1}, 409, "refusal.maintenance_past"),
        ({"reason": " "}, 422, "invalid"),
    ],
)
async def test_what_is_refused_says_why(
    campus, door, changes: dict[str, Any], status: int, code: str
) -> None:
    tim = await door.as_("tim")
    body = {"school": "no3", "ends": campus.clock.now() + HOUR, "reason": "works", **changes}
    answer = await tim.post("/api/v1/maintenance", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_longer_than_thirty_days_is_refused(campus, door) -> None:
    tim = await door.as_("tim")
    body = {"school": "no3", "ends": campus.clock.now() + 31 * 24 * HOUR, "reason": "works"}
    answer = await tim.post("/api/v1/maintenance", json=body)
    assert answer.json()["code"] == "refusal.maintenance_too_long"


async def test_one_that_could_not_be_kept_hides_nothing(
    campus, door, monkeypatch: pytest.MonkeyPatch
) -> None:
    tim = await door.as_("tim")
    number = await campus.find("silent", campus.device())

    def refuse(_batch: object) -> None:
        raise StoreError("the disk is gone")

    with monkeypatch.context() as broken:
        broken.setattr(campus.store, "commit", refuse)
        body = {"school": "no3", "ends": campus.clock.now() + HOUR, "reason": "works"}
        assert (await tim.post("/api/v1/maintenance", json=body)).status_code == 503
    alert = (await tim.get(f"/api/v1/alerts/{number}")).json()["alert"]
    assert not alert["suppressed"]
    assert (await tim.get("/api/v1/maintenance")).json()["items"] == []
