"""One action on several alerts: each its own transition in the person's name, each its result."""

from __future__ import annotations

import asyncio


async def act(client, numbers, **action: object):
    chosen = [one if isinstance(one, dict) else {"id": one} for one in numbers]
    return await client.post("/api/v1/alerts/actions", json={"alerts": chosen, "action": action})


async def results(client, numbers, **action: object) -> dict[int, tuple[bool, str]]:
    answer = await act(client, numbers, **action)
    assert answer.status_code == 200, answer.text
    return {one["id"]: (one["changed"], one["code"]) for one in answer.json()["items"]}


async def history(client, number: int) -> list[tuple[str, str]]:
    detail = (await client.get(f"/api/v1/alerts/{number}")).json()
    return [(one["kind"], one["actor"]) for one in detail["transitions"]]


async def test_each_alert_gets_a_transition_of_its_own_in_the_name_of_who_did_it(
    door, campus
) -> None:
    numbers = [await campus.find(f"odd-{n}", campus.device()) for n in range(3)]
    client = await door.as_("olga")

    answer = await act(client, numbers, action="acknowledge")

    items = answer.json()["items"]
    assert [one["id"] for one in items] == numbers
    assert [one["alert"]["state"] for one in items] == ["acknowledged"] * 3
    for number in numbers:
        assert await history(client, number) == [("raised", ""), ("acknowledged", "olga")]


async def test_what_fails_for_one_keeps_none_of_the_others_back(door, campus) -> None:
    odd = await campus.find("odd", campus.device())
    pressed = await campus.press()
    client = await door.as_("olga")
    until = campus.clock.now() + 60_000

    found = await results(
        client, [odd, pressed, 4711], action="shelve", until=until, reason="works"
    )

    assert found == {
        odd: (True, ""),
        pressed: (False, "refusal.emergency_never_hidden"),
        4711: (False, "not_found"),
    }


async def test_a_press_that_came_meanwhile_is_not_acknowledged_unseen(door, campus) -> None:
    pressed = await campus.press()
    other = await campus.find("odd", campus.device())
    client = await door.as_("olga")
    await campus.press()

    seen = [{"id": pressed, "occurrences": 1}, {"id": other, "occurrences": 1}]
    found = await results(client, seen, action="acknowledge")

    assert found == {pressed: (False, "refusal.newer_occurrence"), other: (True, "")}


async def test_what_somebody_else_has_acknowledged_already_is_no_mistake(door, campus) -> None:
    numbers = [await campus.find(f"odd-{n}", campus.device()) for n in range(20)]
    olga, oscar = await door.as_("olga"), await door.as_("oscar")

    first, second = await asyncio.gather(
        results(olga, numbers, action="acknowledge"), results(oscar, numbers, action="acknowledge")
    )

    for number in numbers:
        assert sorted([first[number], second[number]]) == [(False, ""), (True, "")]
        assert len(await history(olga, number)) == 2


async def test_alerts_of_other_schools_look_as_if_they_were_not_there(door, campus) -> None:
    here, there = await campus.press("no3"), await campus.press("no5")
    client = await door.as_("east")

    found = await results(client, [here, there], action="comment", text="looked at both")

    assert found == {here: (True, ""), there: (False, "not_found")}


async def test_who_may_not_do_it_to_any_is_told_once(door, campus) -> None:
    number = await campus.find("odd", campus.device())
    until = campus.clock.now() + 60_000

    answer = await act(
        await door.as_("tim"), [number], action="shelve", until=until, reason="works"
    )

    assert answer.status_code == 403


async def test_one_that_is_named_twice_is_done_once(door, campus) -> None:
    number = await campus.find("odd", campus.device())
    client = await door.as_("olga")

    assert await results(client, [number, number], action="comment", text="once") == {
        number: (True, "")
    }
    assert len(await history(client, number)) == 2


async def test_shelving_into_the_past_is_refused_at_the_field(door, campus) -> None:
    number = await campus.find("odd", campus.device())

    answer = await act(
        await door.as_("olga"), [number], action="shelve", until=campus.clock.now(), reason="x"
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "action.until"


async def test_several_come_back_from_the_shelf_at_once(door, campus) -> None:
    numbers = [await campus.find(f"odd-{n}", campus.device()) for n in range(2)]
    client = await door.as_("olga")
    until = campus.clock.now() + 60_000
    await results(client, numbers, action="shelve", until=until, reason="works")

    assert await results(client, numbers, action="unshelve") == dict.fromkeys(numbers, (True, ""))
    for number in numbers:
        assert (await history(client, number))[-1] == ("unshelved", "olga")


async def test_only_what_has_gone_is_reset_and_the_others_say_why_not(door, campus) -> None:
    odd = await campus.find("odd", campus.device())
    client = await door.as_("olga")

    assert await results(client, [odd], action="reset") == {odd: (False, "refusal.still_active")}


async def test_what_is_false_together_is_so_at_once_but_a_press_only_for_a_second_person(
    door, campus
) -> None:
    odd, pressed = await campus.find("odd", campus.device()), await campus.press()
    client = await door.as_("olga")

    found = await results(client, [odd, pressed], action="mark_false", reason="dust of the works")

    assert found == {odd: (True, ""), pressed: (True, "")}
    assert (await history(client, odd))[-1] == ("false_confirmed", "olga")
    assert (await history(client, pressed))[-1] == ("false_proposed", "olga")
    again = await act(await door.as_("oscar"), [pressed], action="confirm_false", agree=True)
    assert again.status_code == 422, "that is looked at one by one"
