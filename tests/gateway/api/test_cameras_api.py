"""Cameras over HTTP: trouble first, in scope, with what is usual; and learning one anew."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from sqlalchemy import text

from alerts.notification.mqtt_alert import decode_publication
from devices.model import Device
from gateway.cameras.relearning import Relearning
from gateway.store.batch import Batch
from gateway.store.registry import put_devices

HOUR = 3_600_000
OUTBOX = text("SELECT body FROM outbox WHERE receiver = 'mqtt' ORDER BY row")


def jpeg(shade: int = 90, width: int = 64) -> bytes:
    image = np.full((48, width, 3), shade, np.uint8)
    return bytes(cv2.imencode(".jpg", image)[1])


async def film(campus, *devices: Device) -> None:
    """These are on the register from now on, and the gateway knows."""
    batch = Batch(now=campus.clock.now())
    batch.statements += put_devices(list(devices))
    campus.store.commit(batch).result()
    await campus.desk.reload()


@pytest.fixture
async def cameras(campus) -> None:
    await film(
        campus,
        Device("no3", "probe-1", "probe"),
        *(
            Device("no3", name, "camera", repeater="probe-1")
            for name in ("dark", "fine", "gone", "hidden", "never")
        ),
        Device("no5", "yard", "camera"),
    )
    hearing = campus.judge.roster.hearing
    hearing.connected, hearing.since = True, campus.clock.now()
    await campus.says("probe/no3/probe/probe-1/telemetry", {"cameras": 5})


async def sees(campus, device: str, *, school: str = "no3", **values: object) -> None:
    at = campus.clock.now()
    await campus.says(
        f"probe/{school}/camera/{device}/telemetry",
        {"ts": at, "online": True, "faults": [], **values},
    )


async def look_around(campus) -> None:
    """What a probe says of each of them."""
    why = {
        "covered": {
            "code": "covered_wholly",
            "percent": 96,
            "edges_percent": 4,
            "confidence": 0.97,
            "since": campus.clock.now(),
        }
    }
    await sees(campus, "hidden", faults=["covered"], why=why)
    await sees(campus, "dark", undecidable="too_dark")
    await sees(campus, "fine", measures={"brightness": 92.5}, learned=True, grey=False, fps=25)
    await campus.says("probe/no3/camera/gone/status", {"online": False})
    await sees(campus, "yard", school="no5")


async def listed(client: httpx.AsyncClient, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"/api/v1/cameras{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.usefixtures("cameras")
async def test_trouble_comes_first_and_what_is_well_last(door, campus) -> None:
    await look_around(campus)
    found = await listed(await door.as_("olga"))
    assert [(one["device"], one["state"]) for one in found["items"]] == [
        ("hidden", "trouble"),
        ("gone", "offline"),
        ("dark", "cannot_judge"),
        ("never", "unknown"),
        ("fine", "good"),
        ("yard", "good"),
    ]
    assert found["totals"] == {
        "trouble": 1,
        "offline": 1,
        "cannot_judge": 1,
        "unknown": 1,
        "good": 2,
    }
    (hidden, _, dark, *_) = found["items"]
    (fault,) = hidden["faults"]
    assert (fault["fault"], fault["confidence"]) == ("covered", 0.97)
    assert fault["why"]["code"] == "covered_wholly"
    assert "96 %" in fault["why"]["text"]["en"]
    assert dark["undecidable"] == "too_dark"


@pytest.mark.usefixtures("cameras")
async def test_an_alert_of_the_camera_is_named_with_it(door, campus) -> None:
    await look_around(campus)
    (hidden, *_) = (await listed(await door.as_("olga")))["items"]
    alert = campus.book.of(campus.device("no3", "hidden").row, "camera_covered")
    assert hidden["alert"] == alert.id


@pytest.mark.usefixtures("cameras")
async def test_pages_go_on_where_the_one_before_ended(door, campus) -> None:
    await look_around(campus)
    olga = await door.as_("olga")
    names, after = [], ""
    while True:
        page = await listed(olga, f"?limit=2{after}")
        names += [one["device"] for one in page["items"]]
        assert page["totals"]["good"] == 2
        if page["next"] is None:
            break
        after = f"&cursor={page['next']}"
    assert names == ["hidden", "gone", "dark", "never", "fine", "yard"]


@pytest.mark.usefixtures("cameras")
async def test_one_state_a_school_or_a_region_can_be_asked_for(door, campus) -> None:
    await look_around(campus)
    olga = await door.as_("olga")
    good = await listed(olga, "?state=good")
    assert [one["device"] for one in good["items"]] == ["fine", "yard"]
    assert good["totals"]["trouble"] == 1
    assert [one["device"] for one in (await listed(olga, "?school=no5"))["items"]] == ["yard"]
    assert (await listed(olga, "?region=east"))["totals"]["good"] == 1


@pytest.mark.usefixtures("cameras")
async def test_nobody_sees_cameras_of_other_schools(door, campus) -> None:
    await look_around(campus)
    west = await door.as_("west")
    assert [one["device"] for one in (await listed(west))["items"]] == ["yard"]
    assert (await west.get("/api/v1/cameras/no3/fine")).status_code == 404
    east = await listed(await door.as_("east"))
    assert {one["school"] for one in east["items"]} == {"no3"}


@pytest.mark.usefixtures("cameras")
async def test_while_a_probe_is_silent_its_cameras_are_unknown(door, campus) -> None:
    await look_around(campus)
    olga = await door.as_("olga")
    for _ in range(4):
        campus.clock.turn(200_000)
        for name in ("dark", "fine", "hidden"):
            await sees(campus, name)  # as a probe's last words that come late
    found = await listed(olga, "?school=no3")
    assert found["totals"] == {
        "trouble": 0,
        "offline": 0,
        "cannot_judge": 0,
        "good": 0,
        "unknown": 5,
    }


@pytest.mark.usefixtures("cameras")
async def test_what_is_long_past_is_no_news_of_now(door, campus) -> None:
    await sees(campus, "yard", school="no5")
    campus.clock.turn(HOUR)
    (yard,) = (await listed(await door.as_("west")))["items"]
    assert yard["state"] == "unknown"
    assert yard["seen"] == campus.clock.now() - HOUR


@pytest.mark.usefixtures("cameras")
async def test_one_camera_is_shown_with_what_is_measured(door, campus) -> None:
    await look_around(campus)
    found = (await (await door.as_("olga")).get("/api/v1/cameras/no3/fine")).json()
    assert found["measures"] == {"brightness": 92.5}
    assert (found["learned"], found["grey"], found["fps"]) == (True, False, 25)
    assert (found["references"], found["relearn"], found["picture"]) == ([], None, None)


@pytest.mark.usefixtures("cameras")
@pytest.mark.parametrize(
    "garbage",
    [
        {"faults": "covered"},
        {"faults": ["dance", 3, None, {}], "undecidable": ["x"], "measures": [1]},
        {"faults": ["covered"], "why": {"covered": {"since": "x", "confidence": [], "code": {}}}},
        {"faults": ["covered"], "why": ["covered"], "measures": {"a": "b", "c": True}, "grey": 1},
        {"faults": {}, "fps": "fast", "width": 1.5, "learned": "yes", "bitrate_kbps": None},
    ],
)
async def test_nonsense_of_a_probe_breaks_no_answer(door, campus, garbage) -> None:
    await sees(campus, "fine", **garbage)
    olga = await door.as_("olga")
    await listed(olga)
    assert (await olga.get("/api/v1/cameras/no3/fine")).status_code == 200


@pytest.mark.usefixtures("cameras")
async def test_its_newest_picture_and_the_last_good_one_are_named(door, campus) -> None:
    eye, olga = await door.as_("eye"), await door.as_("olga")
    good = await bring(eye, campus, jpeg(90))
    campus.clock.turn(60_000)
    bad = await bring(eye, campus, jpeg(3), faults="covered")
    found = (await olga.get("/api/v1/cameras/no3/fine")).json()
    assert found["picture"]["hash"] == bad["hash"]
    assert found["picture"]["faulty"] is True
    assert found["good_picture"]["hash"] == good["hash"]
    assert found["good_picture"]["at"] == campus.clock.now() - 60_000


async def bring(client: httpx.AsyncClient, campus, raw: bytes, **more: object) -> dict[str, Any]:
    asked = {"school": "no3", "device": "fine", "at": campus.clock.now(), **more}
    answer = await client.put(
        "/api/v1/camera-pictures",
        params={**asked, "sha256": sha256(raw).hexdigest()},
        content=raw,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def bring_usual(
    client: httpx.AsyncClient, campus, raw: bytes, **more: object
) -> httpx.Response:
    asked = {
        "school": "no3",
        "device": "fine",
        "part": 2,
        "grey": False,
        "looks": 60,
        "at": campus.clock.now(),
        "sha256": sha256(raw).hexdigest(),
        **more,
    }
    return await client.put("/api/v1/camera-references", params=asked, content=raw)


@pytest.mark.usefixtures("cameras")
async def test_what_is_usual_is_kept_for_each_part_of_the_day_and_light(door, campus) -> None:
    eye, olga = await door.as_("eye"), await door.as_("olga")
    first = (await bring_usual(eye, campus, jpeg(90))).json()
    await bring_usual(eye, campus, jpeg(40), part=5, grey=True)
    campus.clock.turn(HOUR)
    second = (await bring_usual(eye, campus, jpeg(95), looks=120)).json()
    assert first["hash"] != second["hash"]
    found = (await olga.get("/api/v1/cameras/no3/fine")).json()["references"]
    assert [(one["part"], one["grey"], one["looks"]) for one in found] == [
        (2, False, 120),
        (5, True, 60),
    ]
    shown = await olga.get("/api/v1/camera-references/no3/fine/2/colour")
    assert sha256(shown.content).hexdigest() == second["hash"]
    assert "no-store" in shown.headers["cache-control"]
    assert (await olga.get("/api/v1/camera-references/no3/fine/2/grey")).status_code == 404
    anna = await door.as_("anna")
    (fact,) = (await anna.get("/api/v1/facts?kind=camera_reference_viewed")).json()["items"]
    assert (fact["actor"], fact["subject"]) == ("user:olga", "device:no3/fine")
    assert fact["body"] == {"grey": False, "part": 2, "picture": second["hash"]}


@pytest.mark.usefixtures("cameras")
async def test_what_is_usual_is_not_removed_by_time(door, campus) -> None:
    eye = await door.as_("eye")
    await bring_usual(eye, campus, jpeg())
    await bring(eye, campus, jpeg())
    vault = campus.vault
    assert vault.remove_due(campus.clock.turn(40 * 24 * HOUR)) == 1
    assert len(vault.usual_of("no3", "fine")) == 1


@pytest.mark.usefixtures("cameras")
@pytest.mark.parametrize(
    "more", [{"part": 6}, {"part": -1}, {"looks": 0}, {"sha256": "0" * 64}, {"at": 1}]
)
async def test_what_cannot_be_usual_is_refused(door, campus, more) -> None:
    eye = await door.as_("eye")
    assert (await bring_usual(eye, campus, jpeg(), **more)).status_code == 422
    assert (await bring_usual(eye, campus, b"no picture")).status_code == 422


@pytest.mark.usefixtures("cameras")
async def test_a_probe_brings_pictures_of_its_own_schools_and_sees_nothing(door, campus) -> None:
    eye = await door.as_("eye")
    brought = await bring(eye, campus, jpeg())
    assert (await bring_usual(eye, campus, jpeg(), school="no5", device="yard")).status_code == 404
    for path in (
        "/cameras",
        "/cameras/no3/fine",
        "/camera-pictures/no3/fine",
        f"/camera-pictures/no3/fine/{brought['hash']}",
        f"/camera-pictures/no3/fine/{brought['hash']}/small",
        "/alerts",
        "/devices",
        "/facts",
    ):
        assert (await eye.get(f"/api/v1{path}")).status_code == 403, path
    relearn = await eye.post("/api/v1/cameras/no3/fine/relearn", json={"reason": "x"})
    assert relearn.status_code == 403


@pytest.mark.usefixtures("cameras")
async def test_views_of_the_wall_are_one_fact_in_a_quarter_of_an_hour(door, campus) -> None:
    eye, olga, oscar = [await door.as_(name) for name in ("eye", "olga", "oscar")]
    brought = [await bring(eye, campus, jpeg(shade)) for shade in (60, 90)]
    for one, shade in zip(brought, (60, 90), strict=True):
        path = f"/api/v1/camera-pictures/no3/fine/{one['hash']}/small"
        assert (await olga.get(path)).status_code == 404
        raw = jpeg(shade, 32)
        answer = await eye.put(path, params={"sha256": sha256(raw).hexdigest()}, content=raw)
        assert answer.status_code == 204
        assert sha256((await olga.get(path)).content).hexdigest() == sha256(raw).hexdigest()
    await asyncio.gather(*(oscar.get(path) for _ in range(4)))  # as a browser does
    campus.clock.turn(900_000)
    await olga.get(path)
    anna = await door.as_("anna")
    facts = (await anna.get("/api/v1/facts?kind=camera_wall_viewed")).json()["items"]
    assert [(one["actor"], one["subject"]) for one in facts] == [
        ("user:olga", "school:no3"),
        ("user:oscar", "school:no3"),
        ("user:olga", "school:no3"),
    ]
    large = await anna.get("/api/v1/facts?kind=camera_picture_viewed")
    assert large.json()["items"] == []


@pytest.mark.usefixtures("cameras")
async def test_a_small_picture_is_small_and_belongs_to_one_that_is_kept(door, campus) -> None:
    eye = await door.as_("eye")
    brought = await bring(eye, campus, jpeg())

    async def small(raw: bytes, name: str) -> int:
        path = f"/api/v1/camera-pictures/no3/fine/{name}/small"
        asked = {"sha256": sha256(raw).hexdigest()}
        return (await eye.put(path, params=asked, content=raw)).status_code

    assert await small(jpeg(width=161), brought["hash"]) == 422
    assert await small(jpeg(width=160), "0" * 64) == 404
    assert await small(jpeg(width=160), brought["hash"]) == 204


def orders(campus) -> list[dict[str, Any]]:
    """What probes that come now are told by the broker: the last word of each topic."""
    entries = campus.store.read(lambda connection: list(connection.execute(OUTBOX)))
    last = {said.topic: said.payload for said in (decode_publication(row.body) for row in entries)}
    return [json.loads(payload) for payload in last.values() if payload]


@pytest.mark.usefixtures("cameras")
async def test_a_technician_has_a_camera_learned_anew(door, campus) -> None:
    tim, eye = await door.as_("tim"), await door.as_("eye")
    await bring_usual(eye, campus, jpeg())
    path = "/api/v1/cameras/no3/fine"
    asked = await tim.post(f"{path}/relearn", json={"reason": "Turned to the new gate"})
    assert asked.status_code == 202
    before = (await tim.get(path)).json()["relearn"]
    assert before == asked.json()
    assert before["asked_by"] == "user:tim"
    assert before["done_at"] is None

    (order,) = orders(campus)
    campus.clock.turn(60_000)
    told = {"event": "relearned", "id": order["id"]}
    # By itself a school's word for it counts for nothing.
    await campus.says("campus/no3/camera/fine/event", told)
    assert (await tim.get(path)).json()["relearn"]["done_at"] is None
    await campus.says("probe/no3/camera/fine/event", {**told, "id": "another"})
    assert (await tim.get(path)).json()["relearn"]["done_at"] is None
    await campus.says("probe/no3/camera/fine/event", told)
    after = (await tim.get(path)).json()
    assert after["relearn"]["done_at"] == campus.clock.now()

    await campus.relearning.turn()
    assert (await tim.get(path)).json()["references"] == []
    assert orders(campus) == []
    anna = await door.as_("anna")
    (fact,) = (await anna.get("/api/v1/facts?kind=camera_relearn")).json()["items"]
    assert fact["body"]["reason"] == "Turned to the new gate"


@pytest.mark.usefixtures("cameras")
async def test_an_order_is_repeated_until_it_is_answered_or_the_camera_is_gone(
    door, campus
) -> None:
    tim = await door.as_("tim")
    await tim.post("/api/v1/cameras/no3/fine/relearn", json={"reason": "repainted"})
    (first,) = orders(campus)
    await tim.post("/api/v1/cameras/no3/fine/relearn", json={"reason": "repainted again"})
    (second,) = orders(campus)
    assert first["id"] != second["id"]

    restarted = Relearning(store=campus.store, clock=campus.clock, vault=campus.vault)
    restarted.load(campus.store.load().deadlines)
    before = campus.counted("SELECT count(*) FROM outbox")
    await restarted.turn()
    await restarted.turn()
    assert campus.counted("SELECT count(*) FROM outbox") == before + 1
    assert orders(campus) == [second]

    await campus.desk.remove("no3", "fine", "tim", "taken down")
    await campus.relearning.turn()
    assert orders(campus) == []


@pytest.mark.usefixtures("cameras")
async def test_an_order_without_a_reason_is_none(door) -> None:
    tim, olga = await door.as_("tim"), await door.as_("olga")
    path = "/api/v1/cameras/no3/fine/relearn"
    for body in ({}, {"reason": ""}, {"reason": "x" * 501}, {"reason": 3}, {"reason": "x", "y": 1}):
        assert (await tim.post(path, json=body)).status_code == 422, body
    assert (await olga.post(path, json={"reason": "x"})).status_code == 403
