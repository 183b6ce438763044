"""Alerts over HTTP: the order people work in, one alert's history, and what people do to it."""

from __future__ import annotations

import asyncio

from alerts.finding import Priority


async def test_a_press_is_listed_with_its_place_in_words_of_both_languages(door, campus) -> None:
    await campus.press()
    client = await door.as_("olga")

    (alert,) = (await client.get("/api/v1/alerts")).json()["items"]

    assert alert["priority"] == "emergency"
    assert alert["school_name"] == {"zh": "第三中学", "en": "No. 3 Middle School"}
    assert alert["device"]["name"] == {"zh": "门卫室", "en": "Gatehouse"}
    text = alert["explanation"]["text"]
    assert text["zh"] != text["en"]
    assert not text["en"].startswith("explain."), "the sentence is missing in the catalogue"


async def test_the_place_is_named_from_the_outside_in(door, campus) -> None:
    await campus.find("smoky", campus.device())
    client = await door.as_("olga")

    (alert,) = (await client.get("/api/v1/alerts")).json()["items"]

    assert alert["place"] == {"zh": "教学楼 / 三层", "en": "Block A / 3rd floor"}


async def test_open_alerts_are_sorted_as_people_work_on_them(door, campus) -> None:
    low = await campus.find("low", campus.device(), Priority.LOW)
    older = await campus.find("older", campus.device(), Priority.HIGH)
    newer = await campus.find("newer", campus.device(), Priority.HIGH)
    pressed = await campus.press()
    client = await door.as_("olga")
    await act(client, pressed, action="acknowledge")

    listed = (await client.get("/api/v1/alerts")).json()["items"]

    assert [alert["id"] for alert in listed] == [newer, older, low, pressed]


async def test_pages_of_a_list_hold_every_alert_once_in_the_order_of_the_whole(
    door, campus
) -> None:
    for number in range(23):
        priority = Priority(2 + number % 4)
        await campus.find(f"condition-{number}", campus.device(), priority)
    client = await door.as_("olga")
    for number in (3, 8, 9):
        await act(client, number, action="acknowledge")
    for state in ("open", "all"):
        whole = (await client.get("/api/v1/alerts", params={"state": state})).json()["items"]

        paged, cursor = [], None
        while True:
            query = {"state": state, "limit": 5} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/api/v1/alerts", params=query)).json()
            paged += page["items"]
            cursor = page["next"]
            if cursor is None:
                break

        assert len(whole) == 23
        assert paged == whole


async def test_filters_narrow_the_list(door, campus) -> None:
    pressed = await campus.press()
    high = await campus.find("high", campus.device(), Priority.HIGH)
    elsewhere = await campus.press("no5")
    client = await door.as_("olga")

    async def listed(**query: object) -> set[int]:
        answer = await client.get("/api/v1/alerts", params=query)
        assert answer.status_code == 200, answer.text
        return {alert["id"] for alert in answer.json()["items"]}

    assert await listed(priority="high") == {high}
    assert await listed(school="no5") == {elsewhere}
    assert await listed(region="east") == {pressed, high}
    assert await listed(region="city") == {pressed, high, elsewhere}
    assert await listed(device="no3/lab-2") == {high}
    assert await listed(device="no3/nobody") == set()
    assert await listed(condition="high") == {high}
    raised = (await client.get(f"/api/v1/alerts/{high}")).json()["alert"]["raised"]
    assert await listed(since=raised) == {high, elsewhere}
    assert await listed(until=raised) == {pressed}
    await act(client, high, action="acknowledge")
    assert await listed(state="acknowledged") == {high}
    assert await listed(state="unacknowledged") == {pressed, elsewhere}
    await act(client, high, action="shelve", until=campus.clock.now() + 60_000, reason="works")
    assert await listed(state="shelved") == {high}
    assert await listed(state="closed") == set()


async def test_who_sees_one_region_sees_its_alerts_and_the_gateways_own(door, campus) -> None:
    here = await campus.press("no3")
    there = await campus.press("no5")
    own = await campus.find("feed_lost")
    client = await door.as_("east")

    listed = (await client.get("/api/v1/alerts")).json()["items"]

    assert {alert["id"] for alert in listed} == {here, own}
    assert (await client.get("/api/v1/alerts", params={"school": "no5"})).json()["items"] == []
    assert (await client.get(f"/api/v1/alerts/{there}")).status_code == 404
    assert (await act(client, there, action="acknowledge")).status_code == 404
    assert (await act(client, own, action="acknowledge")).json()["changed"]


async def test_an_alert_shows_its_history_and_what_one_may_do(door, campus) -> None:
    number = await campus.press()
    client = await door.as_("olga")
    await act(client, number, action="acknowledge", comment="on my way")

    detail = (await client.get(f"/api/v1/alerts/{number}")).json()

    kinds = [(each["kind"], each["actor"]) for each in detail["transitions"]]
    assert kinds == [("raised", ""), ("acknowledged", "olga")]
    assert detail["transitions"][1]["detail"]["comment"] == "on my way"
    assert "shelve" not in detail["may"], "an emergency is never shelved"
    assert "mark_false" in detail["may"]
    for_technicians = (await (await door.as_("tim")).get(f"/api/v1/alerts/{number}")).json()["may"]
    assert for_technicians == ["comment", "tick"]
    assert (await (await door.as_("anna")).get(f"/api/v1/alerts/{number}")).json()["may"] == []


async def test_two_operators_who_acknowledge_at_once_see_the_same_result(door, campus) -> None:
    number = await campus.press()
    olga, oscar = await door.as_("olga"), await door.as_("oscar")

    answers = await asyncio.gather(
        act(olga, number, action="acknowledge"), act(oscar, number, action="acknowledge")
    )

    assert [answer.status_code for answer in answers] == [200, 200]
    first, second = (answer.json() for answer in answers)
    assert sorted([first["changed"], second["changed"]]) == [False, True]
    assert first["alert"] == second["alert"]
    assert first["alert"]["acknowledged_by"] in {"olga", "oscar"}


async def test_a_press_that_came_in_the_same_moment_is_not_acknowledged_unseen(
    door, campus
) -> None:
    number = await campus.press()
    client = await door.as_("olga")
    await campus.press()

    answer = await act(client, number, action="acknowledge", occurrences=1)

    assert answer.status_code == 409
    assert answer.json()["code"] == "refusal.newer_occurrence"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_panic_alarm_is_false_only_by_two_persons(door, campus) -> None:
    number = await campus.press()
    olga, oscar = await door.as_("olga"), await door.as_("oscar")

    await act(olga, number, action="mark_false", reason="a child played")
    alone = await act(olga, number, action="confirm_false", agree=True)
    together = await act(oscar, number, action="confirm_false", agree=True)

    assert alone.json()["code"] == "refusal.second_person"
    assert together.json()["alert"]["is_false"]


async def test_every_action_goes_through(door, campus) -> None:
    number = await campus.find("odd", campus.device())
    client = await door.as_("olga")
    until = campus.clock.now() + 60_000
    for body in (
        {"action": "comment", "text": "looked at it"},
        {"action": "assign", "to": "tim"},
        {"action": "assign", "to": None},
        {"action": "shelve", "until": until, "reason": "works"},
        {"action": "unshelve"},
        {"action": "acknowledge"},
        {"action": "mark_false", "reason": "steam"},
    ):
        answer = await act(client, number, **body)
        assert answer.status_code == 200, (body, answer.text)
        assert answer.json()["changed"], body
    assert (await act(client, number, action="reset")).status_code == 409


async def test_shelving_into_the_past_is_refused_at_the_field(door, campus) -> None:
    number = await campus.find("odd", campus.device())

    answer = await act(
        await door.as_("olga"), number, action="shelve", until=campus.clock.now(), reason="x"
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "until"


async def test_a_technician_may_acknowledge_and_not_shelve(door, campus) -> None:
    number = await campus.find("odd", campus.device())
    client = await door.as_("tim")

    until = campus.clock.now() + 60_000
    shelved = await act(client, number, action="shelve", until=until, reason="x")

    assert shelved.status_code == 403
    assert (await act(client, number, action="acknowledge")).json()["changed"]


async def test_the_act_is_a_fact_with_the_users_name(door, campus) -> None:
    number = await campus.press()
    await act(await door.as_("olga"), number, action="acknowledge")

    answer = await (await door.as_("anna")).get(
        "/api/v1/facts", params={"subject": f"alert:{number}"}
    )

    assert [fact["actor"] for fact in answer.json()["items"]] == ["gateway", "user:olga"]


async def act(client, number: int, **body: object):
    return await client.post(f"/api/v1/alerts/{number}/actions", json=body)
