"""Devices, their curves and figures; discoveries, rejects, users, tokens and facts over HTTP."""

from __future__ import annotations

import asyncio

from gateway.store.store import Curve, Shortfall

HALF_HOUR = 1_800_000


async def test_a_device_shows_what_was_heard_and_why_it_is_red(door, campus) -> None:
    for number in range(2):  # one low value may be a slip; two, a while apart, are a low battery
        await campus.says(
            "campus/no3/smoke/lab-2/telemetry",
            {
                "ts": campus.clock.turn(600_000),
                "seq": number,
                "obscuration_pct_m": 0.4,
                "battery_pct": 5,
            },
        )
    client = await door.as_("tim")

    device = (await client.get("/api/v1/devices/no3/lab-2")).json()

    assert device["heard"] == campus.clock.now()
    assert device["battery_pct"] == 5
    assert device["values"]["obscuration_pct_m"] == 0.4
    assert device["expected"] == campus.kinds["smoke"].expected_heartbeat_s * 1000
    assert device["health"] == "trouble"
    assert [why["priority"] for why in device["why"]] == [
        alert["priority"] for alert in device["alerts"]
    ]
    assert {"obscuration_pct_m", "battery_pct"} <= set(device["metrics"])
    assert device["place"]["en"] == "Block A / 3rd floor"


async def test_a_device_never_heard_is_unknown_and_says_so(door) -> None:
    device = (await (await door.as_("tim")).get("/api/v1/devices/no3/hall")).json()

    assert device["health"] == "unknown"
    assert device["why"][0]["text"]["en"].startswith("Not heard")


async def test_devices_are_found_by_health_kind_school_and_words(door, campus) -> None:
    now = campus.clock.now()
    await campus.says("campus/no3/temperature/hall/telemetry", {"ts": now, "temperature_c": 20})
    await campus.find("odd", campus.device())
    client = await door.as_("tim")

    async def found(**query: object) -> list[str]:
        items: list[str] = []
        cursor = None
        while True:
            more = {"limit": 1, **query} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/api/v1/devices", params=more)).json()
            items += [f"{device['school']}/{device['id']}" for device in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return items

    assert await found() == ["no3/gate-01", "no3/hall", "no3/lab-2", "no5/gate-01"]
    assert await found(health="trouble") == ["no3/lab-2"]
    assert await found(health="ok") == ["no3/hall"]
    assert await found(health="unknown") == ["no3/gate-01", "no5/gate-01"]
    assert await found(kind="alarm-button", school="no5") == ["no5/gate-01"]
    assert await found(region="east", q="实验") == ["no3/lab-2"]
    assert await found(q="100%") == []


async def test_a_curve_shows_readings_and_the_limit_they_are_held_against(door, campus) -> None:
    start = campus.clock.now()
    for number in range(5):
        await campus.says(
            "campus/no3/smoke/lab-2/telemetry",
            {"ts": campus.clock.turn(10_000), "seq": number, "obscuration_pct_m": number / 10},
        )
    campus.clock.turn(1000)

    answer = await (await door.as_("olga")).get(
        "/api/v1/devices/no3/lab-2/curve", params={"metric": "obscuration_pct_m"}
    )

    curve = answer.json()
    assert curve["unit"] == "%/m"
    assert [point["last"] for point in curve["points"]] == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert curve["points"][0]["start"] == start + 10_000
    assert curve["limits"] == [{"value": 10.0, "label": {"zh": "上限", "en": "upper limit"}}]


async def test_a_curve_without_the_database_of_the_history_says_so(
    door, campus, monkeypatch
) -> None:
    await campus.says(
        "campus/no3/smoke/lab-2/telemetry", {"ts": campus.clock.turn(1000), "obscuration_pct_m": 1}
    )
    client = await door.as_("olga")
    path = "/api/v1/devices/no3/lab-2/curve?metric=obscuration_pct_m"
    assert (await client.get(path)).json()["shortfall"] is None

    whole = campus.history.curve
    monkeypatch.setattr(
        campus.history,
        "curve",
        lambda *asked: Curve(whole(*asked).points, Shortfall.DATABASE_AWAY),
    )
    curve = (await client.get(path)).json()
    assert curve["shortfall"] == "database_away"


async def test_a_device_is_registered_changed_and_removed_in_the_users_name(door, campus) -> None:
    client = await door.as_("tim")
    body = {"kind": "smoke", "name_zh": "储藏室", "place": "a-3"}

    created = await client.put("/api/v1/devices/no3/store-1", json=body)
    changed = await client.put("/api/v1/devices/no3/store-1", json={**body, "name_en": "Store"})
    out = await client.post(
        "/api/v1/devices/no3/store-1/service",
        json={"out_of_service": True, "reason": "painting"},
    )
    removed = await client.request(
        "DELETE", "/api/v1/devices/no3/store-1", json={"reason": "demolished"}
    )

    assert created.json()["name"] == {"zh": "储藏室", "en": "储藏室"}
    assert changed.json()["name"]["en"] == "Store"
    assert (out.json()["out_of_service"], out.json()["health"]) == (True, "unknown")
    assert removed.status_code == 204
    assert (await client.get("/api/v1/devices/no3/store-1")).status_code == 404
    facts = await (await door.as_("east-anna")).get("/api/v1/facts?subject=device:no3/store-1")
    told = facts.json()["items"]
    assert [fact["actor"] for fact in told] == ["user:tim"] * 4
    assert [fact["body"].get("reason") for fact in told] == [None, None, "painting", "demolished"]


async def test_out_of_service_hides_a_fault_and_no_press(door, campus) -> None:
    client = await door.as_("tim")
    await client.post(
        "/api/v1/devices/no3/gate-01/service",
        json={"out_of_service": True, "reason": "moving it"},
    )

    await campus.press()

    counts = (await client.get("/api/v1/summary")).json()["counts"]
    assert counts["emergency"] == {"open": 1, "unacknowledged": 1}


async def test_a_stranger_is_discovered_and_adopted(door, campus) -> None:
    await campus.says("campus/no3/smoke/new-1/telemetry", {"smoke_alarm": False, "lqi": 40})
    work = campus.flow.work()
    campus.discoveries.tick(campus.clock.turn(2000), work)
    await campus.flow.commit(work)
    client = await door.as_("tim")

    (found,) = (await client.get("/api/v1/discoveries")).json()["items"]
    assert (found["school"], found["id"], found["kind"]) == ("no3", "new-1", "smoke")
    assert found["understood"]["lqi"] == 40
    adopted = await client.post(
        "/api/v1/discoveries/no3/new-1/adopt", json={"kind": "smoke", "name_zh": "新"}
    )

    assert adopted.status_code == 200, adopted.text
    assert (await client.get("/api/v1/discoveries")).json()["items"] == []
    await campus.says("campus/no3/smoke/new-1/telemetry", {"smoke_alarm": False, "lqi": 41})
    assert (await client.get("/api/v1/devices/no3/new-1")).json()["lqi"] == 41


async def test_an_ignored_stranger_is_no_longer_listed(door, campus) -> None:
    await campus.says("campus/no3/smoke/new-1/telemetry", {"smoke_alarm": False})
    work = campus.flow.work()
    campus.discoveries.tick(campus.clock.turn(2000), work)
    await campus.flow.commit(work)
    client = await door.as_("tim")

    assert (await client.post("/api/v1/discoveries/no3/new-1/ignore")).status_code == 204

    assert (await client.get("/api/v1/discoveries")).json()["items"] == []


async def test_rejects_are_shown_with_what_was_said_and_counted(door, campus) -> None:
    await campus.says("campus/no3/smoke/lab-2/telemetry", b"{\xff not json")
    await campus.says("campus/no5/alarm-button/gate-01/telemetry", b"[]")
    client, east = await door.as_("tim"), await door.as_("east-tim")

    listed = (await client.get("/api/v1/rejects")).json()["items"]
    counts = (await client.get("/api/v1/rejects/counts")).json()["items"]

    assert [reject["school"] for reject in listed] == ["no5", "no3"]
    assert listed[1]["sample_hex"] == b"{\xff not json".hex()
    assert sum(count["count"] for count in counts) == 2
    only = (await east.get("/api/v1/rejects")).json()["items"]
    assert [reject["school"] for reject in only] == ["no3"]
    first = (await client.get("/api/v1/rejects?limit=1")).json()
    second = (await client.get(f"/api/v1/rejects?limit=1&cursor={first['next']}")).json()
    assert first["items"] + second["items"] == listed


async def test_a_schools_own_figures_take_effect_from_the_next_message_on(door, campus) -> None:
    client = await door.as_("ada")
    figures = {"heavy_smoke": {"above": 2, "for_s": 0}}

    answer = await client.put("/api/v1/parameters/no3/smoke", json=figures)
    await campus.says(
        "campus/no3/smoke/lab-2/telemetry",
        {"ts": campus.clock.turn(1000), "obscuration_pct_m": 3},
    )

    assert answer.status_code == 200, answer.text
    assert (await client.get("/api/v1/parameters/no3/smoke")).json() == figures
    (alert,) = (await client.get("/api/v1/alerts")).json()["items"]
    assert alert["explanation"]["limit"] == 2
    curve = await client.get("/api/v1/devices/no3/lab-2/curve?metric=obscuration_pct_m")
    assert [limit["value"] for limit in curve.json()["limits"]] == [2.0]


async def test_figures_tell_who_gave_them_and_what_is_allowed(door) -> None:
    client = await door.as_("ada")
    await client.put("/api/v1/parameters/no3/smoke", json={"heavy_smoke": {"above": 8}})
    own = {"heavy_smoke": {"for_s": 5, "source": "trial of 2026-11"}}
    await client.put("/api/v1/devices/no3/lab-2/parameters", json=own)

    async def figures(path: str) -> dict[str, dict]:
        rules = (await client.get(f"/api/v1/{path}/figures")).json()["items"]
        (heavy,) = [rule for rule in rules if rule["rule"] == "heavy_smoke"]
        assert heavy["of"] == "threshold"
        assert heavy["metric"] == "obscuration_pct_m"
        return {figure["name"]: figure for figure in heavy["figures"]}

    device = await figures("devices/no3/lab-2")
    school = await figures("parameters/no3/smoke")

    assert device["above"]["given"] == {"default": None, "kind": 10, "school": 8}
    assert (device["above"]["value"], device["above"]["source"]) == (8, "school")
    assert device["above"]["unit"] == "%/m"
    assert (device["for_s"]["value"], device["for_s"]["origin"]) == (5, "device")
    assert device["for_s"]["source"] == "trial of 2026-11"
    assert (device["for_s"]["low"], device["for_s"]["high"]) == (0, 86_400)
    assert device["priority"]["options"][0] == "emergency"
    assert (school["for_s"]["value"], school["for_s"]["origin"]) == (20, "kind")
    assert not {"rule", "metric", "condition", "source"} & set(school)


async def test_the_figures_of_silence_begin_with_the_heartbeat_of_the_kind(door, campus) -> None:
    client = await door.as_("tim")

    rules = (await client.get("/api/v1/devices/no3/lab-2/figures")).json()["items"]

    (silent,) = [rule for rule in rules if rule["rule"] == "silent"]
    (expected,) = [figure for figure in silent["figures"] if figure["name"] == "expected_s"]
    assert expected["value"] == campus.kinds["smoke"].expected_heartbeat_s


async def test_a_refusal_that_quotes_a_lone_surrogate_can_be_sent(door) -> None:
    client = await door.as_("tim")
    path = "/api/v1/devices/no3/lab-2/parameters"
    body = rb'{"heavy_smoke": {"rule": "\ud800"}}'

    answer = await client.put(path, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert r"\ud800" in answer.json()["errors"][0]["message"]


async def test_a_devices_own_figures_are_set_and_taken_back(door, campus) -> None:
    client, olga = await door.as_("tim"), await door.as_("olga")
    path = "/api/v1/devices/no3/lab-2"
    before = (await client.get(path)).json()

    refused = await client.put(f"{path}/parameters", json={"heavy_smoke": {"for_s": -1}})
    unfit = await olga.put(f"{path}/parameters", json={})
    answer = await client.put(f"{path}/parameters", json={"heavy_smoke": {"above": 2, "for_s": 0}})
    await campus.says(
        "campus/no3/smoke/lab-2/telemetry",
        {"ts": campus.clock.turn(1000), "obscuration_pct_m": 3},
    )

    assert refused.json()["errors"][0]["field"] == "parameters.heavy_smoke.for_s"
    assert unfit.status_code == 403
    assert answer.status_code == 200, answer.text
    after = (await client.get(path)).json()
    assert after["parameters"] == {"heavy_smoke": {"above": 2, "for_s": 0}}
    assert (after["name"], after["place_id"]) == (before["name"], before["place_id"])
    (alert,) = (await client.get("/api/v1/alerts")).json()["items"]
    assert alert["explanation"]["source"] == "device"
    assert (await client.put(f"{path}/parameters", json={})).json() == {}
    assert (await client.get(path)).json()["parameters"] == {}


async def test_a_school_cannot_make_the_figures_of_one_of_its_devices_impossible(door) -> None:
    client = await door.as_("ada")
    silent = {"silent": {"expected_s": 60, "grace_s": 0}}
    await client.put("/api/v1/devices/no3/lab-2/parameters", json=silent)

    refused = await client.put("/api/v1/parameters/no3/smoke", json={"silent": {"shortest_s": 90}})
    fitting = await client.put("/api/v1/parameters/no3/smoke", json={"silent": {"shortest_s": 30}})

    assert refused.status_code == 422
    assert refused.json()["code"] == "device_figures"
    assert refused.json()["errors"][0]["field"] == "lab-2"
    assert fitting.status_code == 200


async def test_kinds_tell_their_values_rules_and_sources(door) -> None:
    kinds = (await (await door.as_("olga")).get("/api/v1/kinds")).json()["items"]

    smoke = next(kind for kind in kinds if kind["kind"] == "smoke")
    assert smoke["name"]["zh"] == "感烟探测器"
    heavy = next(rule for rule in smoke["rules"] if rule["rule"] == "heavy_smoke")
    assert heavy["parameters"]["above"] == 10
    assert heavy["source"]


async def test_regions_schools_and_places_are_cut_to_the_scope(door) -> None:
    client = await door.as_("east")

    async def ids(path: str) -> list[str]:
        return [item["id"] for item in (await client.get(f"/api/v1/{path}")).json()["items"]]

    assert await ids("regions") == ["city", "east"]
    assert await ids("schools") == ["no3"]
    assert await ids("places?school=no3") == ["a-3", "block-a"]


async def test_a_new_user_signs_in_with_the_code_of_the_answer(door) -> None:
    ada, newcomer = await door.as_("ada"), await door.anybody()
    body = {"name": "li.na", "display": "李娜", "role": "operator", "scopes": ["region:east"]}

    added = await ada.post("/api/v1/users", json=body)
    signed_in = await newcomer.post("/api/v1/session", json={"code": added.json()["code"]})
    twice = await ada.post("/api/v1/users", json=body)

    assert added.status_code == 201
    assert signed_in.json()["user"]["scopes"] == ["region:east"]
    assert (await newcomer.get("/api/v1/schools")).json()["items"][0]["id"] == "no3"
    assert (twice.status_code, twice.json()["code"]) == (409, "refusal.user_exists")


async def test_disabling_a_user_throws_them_out_at_once(door) -> None:
    ada, olga = await door.as_("ada"), await door.as_("olga")
    assert (await olga.get("/api/v1/session")).status_code == 200

    await ada.patch("/api/v1/users/olga", json={"disabled": True})

    assert (await olga.get("/api/v1/session")).status_code == 401


async def test_two_administrators_cannot_remove_each_other_at_once(door) -> None:
    ada = await door.as_("ada")
    await ada.post("/api/v1/users", json={"name": "eve", "role": "administrator"})
    eve = await door.as_("eve")

    answers = await asyncio.gather(
        ada.patch("/api/v1/users/eve", json={"role": "auditor"}),
        eve.patch("/api/v1/users/ada", json={"disabled": True}),
    )

    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(refused) == 1
    assert refused[0].json()["code"] in {"refusal.last_administrator", "forbidden"}


async def test_a_forgotten_password_is_replaced_by_a_code(door, campus) -> None:
    ada = await door.as_("ada")

    answer = await ada.patch("/api/v1/users/olga", json={"reset_password": True})

    newcomer = await door.anybody()
    code = answer.json()["code"]
    assert (await newcomer.post("/api/v1/session", json={"code": code})).status_code == 200


async def test_a_token_is_shown_once_works_and_is_revoked(door) -> None:
    ada = await door.as_("ada")
    made = (await ada.post("/api/v1/tokens", json={"name": "wall", "user": "olga"})).json()
    program = await door.anybody(headers={"Authorization": f"Bearer {made['secret']}"})
    assert (await program.get("/api/v1/session")).json()["user"]["name"] == "olga"

    listed = await ada.get("/api/v1/tokens")
    assert made["secret"] not in listed.text
    assert listed.json()["items"] == [made["token"]]
    revoked = await ada.delete(f"/api/v1/tokens/{made['token']['id']}")

    assert revoked.status_code == 204
    assert (await program.get("/api/v1/session")).status_code == 401
    assert (await ada.delete(f"/api/v1/tokens/{made['token']['id']}")).status_code == 404


async def test_facts_are_paged_in_order_and_cut_to_the_scope(door, campus) -> None:
    for school in ("no3", "no5", "no3", "no5"):
        await campus.press(school)
    anna, east = await door.as_("anna"), await door.as_("east-anna")

    async def rows(client) -> list[dict]:
        items, cursor = [], None
        while True:
            query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/api/v1/facts", params=query)).json()
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    everything, theirs = await rows(anna), await rows(east)

    assert [fact["row"] for fact in everything] == list(
        range(everything[0]["row"], everything[-1]["row"] + 1)
    )
    assert theirs
    assert all("no5" not in fact["subject"] for fact in theirs)
    assert {fact["subject"] for fact in theirs if fact["kind"] == "transition"} == {"alert:1"}


async def test_a_simulated_button_is_pressed_in_a_demonstration_only(
    door, demo_door, campus
) -> None:
    body = {"school": "no3", "device": "gate-01"}

    real = await (await door.as_("olga")).post("/api/v1/demo/press", json=body)
    client = await demo_door.as_("olga")
    pressed = await client.post("/api/v1/demo/press", json=body)
    no_button = await client.post("/api/v1/demo/press", json={**body, "device": "hall"})

    assert (real.status_code, pressed.status_code, no_button.status_code) == (404, 202, 404)
    summary = (await client.get("/api/v1/summary")).json()
    assert summary["demo"] is True
    assert summary["counts"]["emergency"]["open"] == 1


async def test_the_buttons_to_choose_from_are_those_that_are_simulated(door, demo_door) -> None:
    client = await demo_door.as_("ada")
    real_button = {"kind": "alarm-button", "name_zh": "真按钮"}
    await client.put("/api/v1/devices/no3/real-01", json=real_button)

    async def buttons(of, name: str) -> list[tuple[str, str]]:
        found = (await (await of.as_(name)).get("/api/v1/demo/buttons")).json()["items"]
        return [(one["school"], one["device"]) for one in found]

    assert await buttons(demo_door, "olga") == [("no3", "gate-01"), ("no5", "gate-01")]
    assert await buttons(demo_door, "east") == [("no3", "gate-01")]
    assert await buttons(door, "olga") == []
