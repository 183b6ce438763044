"""Verifications over HTTP: the technician's phone from the window to the verdict."""

from __future__ import annotations

import asyncio
import json

import msgspec

from audit.verification.procedure import LinkNotice
from gateway.security.access import Caller, Role
from gateway.verification.ports import NoLinks

NOBODY = "0" * 32


async def begun(client, device: str = "no3/gate-01", **more: object) -> dict:
    answer = await client.post(f"/api/v1/devices/{device}/verify", json=more)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def newer(client, run: dict) -> dict:
    answer = await client.get(
        f"/api/v1/verifications/{run['id']}", params={"version": run["version"], "wait_s": 10}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] > run["version"]
    return answer.json()


async def test_a_technician_presses_confirms_and_is_told_what_is_missing(door, campus) -> None:
    tim = await door.as_("tim")
    run = await begun(tim)
    assert run["waits_for"] == "press"
    assert run["device"]["id"] == "gate-01"
    assert run["steps"][0]["title"]["en"] == "Press the button"
    waiting = asyncio.create_task(newer(tim, run))
    await press(campus)
    run = await waiting
    assert run["waits_for"] == "confirm"
    answer = await tim.post(f"/api/v1/verifications/{run['id']}/confirm", json={})
    run = answer.json()
    assert run["verdict"] == "unknown"
    assert "no police link" in run["text"]["en"]
    assert run["advice"]["zh"]


async def press(campus) -> None:
    campus.clock.turn(10)
    campus._seq += 1
    await campus.says(
        "campus/no3/alarm-button/gate-01/event",
        {"ts": campus.clock.now(), "seq": campus._seq, "event": "pressed"},
    )


async def test_a_press_that_waits_is_seen_by_everybody_in_scope(door, campus) -> None:
    tim, olga, west = await door.as_("tim"), await door.as_("olga"), await door.as_("west")
    await begun(tim)
    await press(campus)
    (held,) = (await olga.get("/api/v1/held-presses")).json()["items"]
    assert held["device"]["id"] == "gate-01"
    assert held["actor"] == "tim"
    assert held["due"] == campus.clock.now() + 30_000
    assert (await west.get("/api/v1/held-presses")).json()["items"] == []


async def test_the_control_rooms_stream_tells_of_a_press_that_waits(door, campus) -> None:
    tim = await door.as_("tim")
    await begun(tim)
    await press(campus)
    hub = door.app.state.services.hub
    caller = Caller(
        name="west",
        display="",
        role=Role.OPERATOR,
        scopes=(),
        schools=None,
        password_set=True,
        by_session=True,
        credential="c",
    )
    for schools, wanted in ((None, ["gate-01"]), (frozenset({"no5"}), [])):
        listener = hub.join(msgspec.structs.replace(caller, schools=schools))
        frame = await listener.take()
        feed = json.loads(frame.partition(b"data: ")[2].partition(b"\n")[0])
        assert [one["device"]["id"] for one in feed["held"]] == wanted
        hub.leave(listener)


async def test_somebody_else_may_not_confirm(door, campus) -> None:
    tim, ada = await door.as_("tim"), await door.as_("ada")
    run = await begun(tim)
    await press(campus)
    run = await newer(tim, run)
    answer = await ada.post(f"/api/v1/verifications/{run['id']}/confirm", json={})
    assert answer.status_code == 409
    assert answer.json()["code"] == "refusal.not_yours"


async def test_a_phone_that_sends_twice_begins_once(door) -> None:
    tim = await door.as_("tim")
    headers = {"Idempotency-Key": "k-1"}
    first = await tim.post("/api/v1/devices/no3/gate-01/verify", json={}, headers=headers)
    again = await tim.post("/api/v1/devices/no3/gate-01/verify", json={}, headers=headers)
    other = await tim.post("/api/v1/devices/no3/gate-01/verify", json={})
    assert first.json()["id"] == again.json()["id"]
    assert other.status_code == 409
    assert other.json()["code"] == "refusal.verification_running"


async def test_a_request_that_was_long_under_way_opens_no_window(door, campus) -> None:
    tim = await door.as_("tim")
    body = {"asked": campus.clock.now() - 61_000}
    answer = await tim.post("/api/v1/devices/no3/gate-01/verify", json=body)
    assert answer.json()["code"] == "refusal.asked_too_long_ago"
    assert not campus.judge.windows


async def test_a_window_may_be_shorter_than_ten_minutes_and_never_longer(door, campus) -> None:
    tim = await door.as_("tim")
    answer = await tim.post("/api/v1/devices/no3/gate-01/verify", json={"window_s": 601})
    assert answer.status_code == 422
    run = await begun(tim, window_s=60)
    assert run["steps"][0]["due"] == campus.clock.now() + 60_000


async def test_giving_up_ends_it_and_the_next_press_is_real(door, campus) -> None:
    tim = await door.as_("tim")
    run = await begun(tim)
    answer = await tim.post(f"/api/v1/verifications/{run['id']}/cancel", json={})
    assert answer.json()["verdict"] == "unknown"
    assert "tim" in answer.json()["text"]["zh"]
    assert await campus.press()


async def test_the_past_is_listed_newest_first_in_pages(door, campus) -> None:
    tim, west = await door.as_("tim"), await door.as_("west")
    for _ in range(3):
        run = await begun(tim)
        await tim.post(f"/api/v1/verifications/{run['id']}/cancel", json={})
        campus.clock.turn(1000)
    page = (await tim.get("/api/v1/verifications", params={"limit": 2})).json()
    rest = (
        await tim.get("/api/v1/verifications", params={"limit": 2, "cursor": page["next"]})
    ).json()
    started = [run["started"] for run in [*page["items"], *rest["items"]]]
    assert started == sorted(started, reverse=True)
    assert len(started) == 3
    assert rest["next"] is None
    for query in ({"device": "no3/gate-01"}, {"verdict": "unknown"}, {"state": "ended"}):
        assert len((await tim.get("/api/v1/verifications", params=query)).json()["items"]) == 3
    for query in (
        {"device": "no3/none"},
        {"verdict": "met"},
        {"state": "running"},
        {"link": "x/y"},
    ):
        assert (await tim.get("/api/v1/verifications", params=query)).json()["items"] == []
    assert (await west.get("/api/v1/verifications")).json()["items"] == []


async def test_what_lies_outside_the_scope_is_not_there(door) -> None:
    tim, west = await door.as_("tim"), await door.as_("west")
    run = await begun(tim)
    assert (await west.get(f"/api/v1/verifications/{run['id']}")).status_code == 404
    assert (await tim.get(f"/api/v1/verifications/{NOBODY}")).status_code == 404
    assert (await tim.get("/api/v1/verifications/x")).status_code == 422


async def test_a_meter_is_compared_with_what_is_typed_in(door, campus) -> None:
    ada = await door.as_("ada")
    answer = await ada.put(
        "/api/v1/devices/no3/meter", json={"kind": "electrical", "name_zh": "配电箱"}
    )
    assert answer.status_code == 200, answer.text
    run = await begun(ada, "no3/meter")
    early = await ada.post(f"/api/v1/verifications/{run['id']}/input", json={"value": 1000})
    assert early.json()["code"] == "refusal.not_waiting"
    campus.clock.turn(1000)
    await campus.says(
        "campus/no3/electrical/meter/telemetry",
        {"ts": campus.clock.now(), "seq": 1, "power_w": [500, 510]},
    )
    run = await newer(ada, run)
    assert run["waits_for"] == "reading"
    answer = await ada.post(f"/api/v1/verifications/{run['id']}/input", json={"value": 1000})
    assert answer.json()["verdict"] == "met"
    assert "1010" in answer.json()["text"]["en"]
    twice = await ada.post(f"/api/v1/verifications/{run['id']}/input", json={"value": 3})
    assert twice.json()["verdict"] == "met"


async def test_a_feeder_is_tested_under_full_load_room_by_room(door, campus) -> None:
    ada = await door.as_("ada")
    answer = await ada.put(
        "/api/v1/devices/no3/feeder",
        json={
            "kind": "electrical",
            "name_zh": "宿舍三层",
            "parameters": {"overload": {"rating_a": 32}},
        },
    )
    assert answer.status_code == 200, answer.text
    run = await begun(ada, "no3/feeder", test="load-test")
    assert (run["kind"], run["steps"][0]["title"]["en"]) == (
        "load-test",
        "Measure before anything is switched on",
    )

    async def tells(run: dict, power: float, volts: float) -> dict:
        campus.clock.turn(1000)
        campus._seq += 1
        told = {"power_w": power, "current_a": round(power / volts, 1), "voltage_v": volts}
        await campus.says(
            "campus/no3/electrical/feeder/telemetry",
            {"ts": campus.clock.now(), "seq": campus._seq, "cable_temperature_c": [31]} | told,
        )
        return await newer(ada, run)

    async def says(run: dict, **said: object) -> dict:
        answer = await ada.post(f"/api/v1/verifications/{run['id']}/input", json=said)
        assert answer.status_code == 200, answer.text
        return answer.json()

    run = await tells(run, 150, 230)
    assert run["waits_for"] == "load"
    early = await ada.post(f"/api/v1/verifications/{run['id']}/input", json={"on": True})
    assert early.json()["code"] == "refusal.not_waiting"
    for number, power in (("301", 2200), ("302", 4100)):
        run = await says(run, name=number)
        assert run["waits_for"] == "switch_on"
        again = await says(run, name=number)
        assert again["version"] == run["version"]
        run = await says(run, on=True)
        run = await tells(await tells(run, power, 228), power, 228)
        assert run["waits_for"] == "load"
        assert number in run["steps"][-2]["text"]["en"]
    run = await says(run, finished=True)
    run = await tells(run, 4050, 227)
    campus.clock.turn(600_000)
    run = await newer(ada, run)
    assert run["verdict"] == "met", run
    assert "2 rooms" in run["text"]["en"]
    assert "32 A" in run["text"]["en"]
    assert [step["step"] for step in run["steps"]] == ["baseline", "load", "load", "hold"]
    late = await says(run, finished=True)
    assert late["verdict"] == "met"


async def test_a_test_that_a_kind_does_not_have_is_refused(door) -> None:
    tim = await door.as_("tim")
    answer = await tim.post("/api/v1/devices/no3/gate-01/verify", json={"test": "load-test"})
    assert answer.json()["code"] == "refusal.no_such_test"
    unknown = await tim.post("/api/v1/devices/no3/gate-01/verify", json={"test": "other"})
    assert unknown.status_code == 422


async def test_what_is_typed_in_is_one_thing(door) -> None:
    tim = await door.as_("tim")
    run = await begun(tim)
    for said in ({}, {"value": 1, "on": True}, {"name": " "}, {"name": "x" * 61}):
        answer = await tim.post(f"/api/v1/verifications/{run['id']}/input", json=said)
        assert answer.status_code == 422, said


class Wanting(NoLinks):
    """A police link whose police want to be told a day before a test."""

    def links_of(self, school: str) -> list[str]:
        return [f"{school}/police"]

    def notice_of(self, link_id: str) -> LinkNotice:
        return LinkNotice(link=link_id, hours=24, telephone="0101-5550102", text="duty officer")


async def test_the_police_are_told_before_the_window_opens(door, campus, monkeypatch) -> None:
    monkeypatch.setattr(campus.verifications, "_sender", Wanting())
    tim, ada = await door.as_("tim"), await door.as_("ada")
    run = await begun(tim)
    assert run["waits_for"] == "notice"
    assert run["steps"][0]["title"]["en"] == "Tell the police beforehand"
    assert run["notice"] == {
        "link": "no3/police",
        "telephone": "0101-5550102",
        "hours": 24,
        "text": "duty officer",
    }
    path = f"/api/v1/verifications/{run['id']}/notice"
    told = {"link": "no3/police", "told": "duty officer, by telephone"}
    for body, status in (
        ({**told, "told": " "}, 422),
        ({**told, "link": "no3/other"}, 409),
        ({**told, "asked": campus.clock.now() - 61_000}, 409),
    ):
        assert (await tim.post(path, json=body)).status_code == status
    assert (await ada.post(path, json=told)).json()["code"] == "refusal.not_yours"
    assert not campus.judge.windows

    answer = await tim.post(path, json=told, headers={"Idempotency-Key": "n-1"})
    run = answer.json()
    assert run["waits_for"] == "press"
    assert run["notice"] is None
    assert run["steps"][0]["text"]["en"] == (
        "tim has told them (no3/police): duty officer, by telephone"
    )
    again = await tim.post(path, json=told, headers={"Idempotency-Key": "n-1"})
    assert again.json()["version"] == run["version"]


async def test_the_advice_names_what_is_known_to_be_wrong(door, campus) -> None:
    tim = await door.as_("tim")
    run = await begun(tim, "no3/lab-2")
    campus.clock.turn(1000)
    await campus.says(
        "campus/no3/smoke/lab-2/status", {"ts": campus.clock.now(), "seq": 1, "online": False}
    )
    campus.clock.turn(600_000)
    run = await newer(tim, run)
    assert (run["verdict"], run["code"]) == ("failed", "no_trigger")
    assert run["advice"]["en"].startswith("It has left: the broker reported its connection gone")
    assert run["advice"]["en"].endswith("wait for it to come back")
    assert (await tim.get(f"/api/v1/verifications/{run['id']}")).json()["advice"] == run["advice"]


async def test_a_gateway_without_its_broker_does_not_call_a_device_failed(door, campus) -> None:
    tim = await door.as_("tim")
    run = await begun(tim, "no3/lab-2")
    campus.trouble = ("broker_lost",)
    campus.clock.turn(600_000)
    run = await newer(tim, run)
    assert run["verdict"] == "unknown"
    assert "lost its broker" in run["advice"]["en"]
