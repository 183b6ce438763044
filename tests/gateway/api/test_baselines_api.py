"""What a school must have, over HTTP: more by one signature, less only by two and with a reason."""

from __future__ import annotations

import asyncio

import pytest
from enlisting import NO9, enlisted

API = "/api/v1"
HERE = f"{API}/schools/no3/baseline"

SMOKE = {"place": "a-3", "kind": "smoke", "count": 2}
GATE = {"place": "block-a", "kind": "camera", "gate": True}
BUTTON = {"place": "", "kind": "alarm-button"}


async def signed(client, version: int, *needs: dict, reason: str = ""):
    return await client.put(HERE, json={"version": version, "needs": needs, "reason": reason})


async def kinds(door) -> list[str]:
    ada = await door.as_("ada")
    answer = await ada.get(f"{API}/facts", params={"subject": "school:no3"})
    return [one["kind"] for one in answer.json()["items"]]


def asked(answer) -> list[tuple[str, str, int, bool]]:
    assert answer.status_code == 200, answer.text
    return [(n["place"], n["kind"], n["count"], n["gate"]) for n in answer.json()["needs"]]


@pytest.fixture
async def sofia(door):
    """The safety officer, who has signed for a camera at the gate and two smoke detectors."""
    sofia = await door.as_("sofia")
    assert (await signed(sofia, 0, SMOKE, GATE)).status_code == 200
    return sofia


class TestABaseline:
    async def test_is_proposed_from_what_is_registered(self, door) -> None:
        shown = (await (await door.as_("sofia")).get(HERE)).json()

        assert (shown["version"], shown["signed"], shown["needs"]) == (0, None, [])
        assert [(one["kind"], one["count"]) for one in shown["suggested"]] == [("alarm-button", 1)]
        assert {(one["place"], one["kind"]): one["count"] for one in shown["registered"]} == {
            ("", "alarm-button"): 1,
            ("", "temperature"): 1,
            ("a-3", "smoke"): 1,
        }
        assert (shown["may_sign"], shown["may_confirm"]) == (True, False)

    async def test_that_asks_for_more_takes_one_signature(self, door, campus, sofia) -> None:
        campus.clock.turn(1000)

        answer = await signed(sofia, 1, SMOKE, GATE, BUTTON)

        assert asked(answer) == [
            ("", "alarm-button", 1, False),
            ("a-3", "smoke", 2, False),
            ("block-a", "camera", 1, True),
        ]
        body = answer.json()
        assert (body["version"], body["signed_by"], body["confirmed_by"]) == (2, "sofia", "")
        assert body["signed"] == campus.clock.now()
        assert await kinds(door) == ["baseline", "baseline"]

    async def test_is_a_fact_as_it_is_in_effect(self, door, sofia) -> None:
        answer = await (await door.as_("ada")).get(f"{API}/facts?subject=school:no3")

        (fact,) = answer.json()["items"]
        assert (fact["kind"], fact["actor"]) == ("baseline", "user:sofia")
        body = fact["body"]
        assert (body["school"], body["version"], body["signed_by"]) == ("no3", 1, "sofia")
        assert {"place": "block-a", "kind": "camera", "gate": True, "count": 1} in [
            {key: need[key] for key in ("place", "kind", "gate", "count")} for need in body["needs"]
        ]

    async def test_signed_again_as_it_is_changes_nothing(self, door, sofia) -> None:
        assert (await signed(sofia, 1, GATE, SMOKE)).json()["version"] == 1
        assert await kinds(door) == ["baseline"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"place": "attic", "kind": "smoke"},
            {"place": "a-3", "kind": "telepathy"},
            {"place": "a-3", "kind": "smoke", "count": 0},
            {"place": "a-3", "kind": "smoke", "colour": "red"},
        ],
    )
    async def test_names_places_and_kinds_that_are_there(self, sofia, wrong: dict) -> None:
        assert (await signed(sofia, 1, SMOKE, GATE, wrong)).status_code == 422

    async def test_cannot_ask_for_nothing(self, door) -> None:
        assert (await signed(await door.as_("sofia"), 0)).status_code == 422

    async def test_of_a_school_that_is_not_connected_is_asked_for_anywhere_in_it(
        self, door
    ) -> None:
        await enlisted(door, NO9)
        ines = await door.as_("ines")

        answer = await ines.put(
            f"{API}/schools/no9/baseline", json={"version": 0, "needs": [BUTTON]}
        )

        assert asked(answer) == [("", "alarm-button", 1, False)]
        assert answer.json()["connected"] is False


LESS = {
    "a need dropped": (GATE,),
    "a lower count": (SMOKE | {"count": 1}, GATE),
    "the gate flag dropped": (SMOKE, GATE | {"gate": False}),
    "a later date": (SMOKE | {"commissioned": 1_795_161_600_000}, GATE),
    "another place": (SMOKE | {"place": ""}, GATE),
}


class TestLess:
    @pytest.mark.parametrize("needs", LESS.values(), ids=LESS)
    async def test_needs_a_reason_and_waits_for_a_second_person(self, door, sofia, needs) -> None:
        without = await signed(sofia, 1, *needs)
        assert (without.status_code, without.json()["errors"][0]["field"]) == (422, "reason")

        answer = await signed(sofia, 1, *needs, reason="拆除")

        waiting = answer.json()["waiting"]
        assert answer.json()["version"] == 1
        assert len(asked(answer)) == 2, "what is in effect stays"
        assert (waiting["proposed_by"], waiting["reason"]) == ("sofia", "拆除")
        assert waiting["less"]
        assert await kinds(door) == ["baseline", "baseline_proposed"]

    async def test_takes_effect_by_another_persons_word(self, door, campus, sofia) -> None:
        waiting = (await signed(sofia, 1, GATE, reason="拆除")).json()["waiting"]
        paul = await door.as_("paul")
        assert (await paul.get(HERE)).json()["may_confirm"]
        campus.clock.turn(5000)

        answer = await paul.post(f"{HERE}/confirm", json={"proposal": waiting["id"]})

        assert asked(answer) == [("block-a", "camera", 1, True)]
        body = answer.json()
        assert (body["version"], body["signed_by"], body["confirmed_by"], body["waiting"]) == (
            2,
            "sofia",
            "paul",
            None,
        )
        assert body["signed"] == waiting["proposed"]
        assert await kinds(door) == ["baseline", "baseline_proposed", "baseline"]

    async def test_cannot_be_confirmed_by_who_proposed_it(self, door, sofia) -> None:
        paul = await door.as_("paul")
        waiting = (await signed(paul, 1, GATE, reason="拆除")).json()["waiting"]

        answer = await paul.post(f"{HERE}/confirm", json={"proposal": waiting["id"]})

        assert (answer.status_code, answer.json()["code"]) == (409, "refusal.second_person")
        assert (
            await sofia.post(f"{HERE}/confirm", json={"proposal": waiting["id"]})
        ).status_code == 403
        assert (await sofia.get(HERE)).json()["version"] == 1

    async def test_is_declined_with_a_reason_or_withdrawn(self, door, sofia) -> None:
        gwen = await door.as_("gwen")
        for client in (gwen, sofia):
            waiting = (await signed(sofia, 1, GATE, reason="拆除")).json()["waiting"]
            body = {"proposal": waiting["id"], "reason": "不同意"}
            answer = await client.post(f"{HERE}/decline", json=body)
            assert len(asked(answer)) == 2
            assert answer.json()["waiting"] is None
        assert await kinds(door) == ["baseline"] + ["baseline_proposed", "baseline_declined"] * 2

    async def test_that_waits_is_decided_before_another_list_is_signed(self, door, sofia) -> None:
        await signed(sofia, 1, GATE, reason="拆除")

        answer = await signed(await door.as_("ines"), 1, SMOKE, GATE, BUTTON)

        assert (answer.status_code, answer.json()["code"]) == (409, "refusal.baseline_waits")


class TestTwoPeopleAtTheSameMoment:
    async def test_sign_for_different_lists_and_the_second_is_told(self, door, sofia) -> None:
        clients = [sofia, await door.as_("paul"), await door.as_("ines")]

        answers = await asyncio.gather(
            *(
                signed(client, 1, SMOKE, GATE, BUTTON | {"count": count})
                for count, client in enumerate(clients, 1)
            )
        )

        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        assert (await sofia.get(HERE)).json()["version"] == 2
        assert await kinds(door) == ["baseline", "baseline"]

    async def test_decide_and_one_of_them_is_too_late(self, door, sofia) -> None:
        waiting = (await signed(sofia, 1, GATE, reason="拆除")).json()["waiting"]
        paul, gwen = await door.as_("paul"), await door.as_("gwen")

        answers = await asyncio.gather(
            paul.post(f"{HERE}/confirm", json={"proposal": waiting["id"]}),
            gwen.post(f"{HERE}/decline", json={"proposal": waiting["id"], "reason": "不"}),
        )

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        late = next(answer for answer in answers if answer.status_code == 409)
        assert late.json()["code"] == "refusal.baseline_decided"
        assert len(await kinds(door)) == 3

    async def test_one_confirms_what_another_list_has_replaced(self, door, sofia) -> None:
        first = (await signed(sofia, 1, GATE, reason="拆除")).json()["waiting"]
        await sofia.post(f"{HERE}/decline", json={"proposal": first["id"], "reason": "更正"})
        await signed(sofia, 1, SMOKE, reason="拆除")
        paul = await door.as_("paul")

        answer = await paul.post(f"{HERE}/confirm", json={"proposal": first["id"]})

        assert (answer.status_code, answer.json()["code"]) == (409, "refusal.baseline_decided")


async def test_a_device_that_is_removed_leaves_what_is_asked_for(door, sofia) -> None:
    ada = await door.as_("ada")

    gone = await ada.request("DELETE", f"{API}/devices/no3/lab-2", json={"reason": "gone"})

    assert gone.is_success, gone.text
    shown = await sofia.get(HERE)
    assert ("a-3", "smoke", 2, False) in asked(shown)
    assert not [one for one in shown.json()["registered"] if one["kind"] == "smoke"]
