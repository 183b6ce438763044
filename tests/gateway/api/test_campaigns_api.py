"""Campaigns over HTTP on a real store: who plans, who marks, and how far schools are."""

from __future__ import annotations

from typing import Any

import msgspec

DAY = 86_400_000
HOUR = 3_600_000

FORM: dict[str, Any] = {
    "id": "winter",
    "name_zh": "冬季行动",
    "name_en": "Winter",
    "source": "某县通知",
    "begins": "2026-11-20",
    "ends": "2026-12-20",
    "regions": [],
    "stages": [
        {"id": "look", "name_zh": "排查", "begins": "2026-11-20", "ends": "2026-11-30"},
        {"id": "mend", "name_zh": "整治", "begins": "2026-12-01", "ends": "2026-12-20"},
    ],
    "checks": [
        {"id": "doors", "text_zh": "疏散门", "stage": "look"},
        {"id": "wires", "text_zh": "电线", "stage": "mend"},
    ],
    "deadlines": [
        {"id": "sum", "level": "county", "name_zh": "总结", "due": "2026-12-20T15:00"},
    ],
    "weekly": [{"level": "school", "weekday": 5, "at": "12:00"}],
}


async def begun(door, name: str = "ada", **changes: Any) -> Any:
    client = await door.as_(name)
    answer = await client.post("/api/v1/campaigns", json={**FORM, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def mark(client, check: str, school: str = "no3", **body: Any):
    return await client.put(
        f"/api/v1/campaigns/winter/schools/{school}/checks/{check}",
        json={"state": "done", **body},
    )


async def test_a_campaign_is_seen_by_those_whose_schools_it_is_about(door) -> None:
    await begun(door)
    await begun(door, id="eastern", regions=["east"])

    async def seen(name: str) -> set[str]:
        answer = await (await door.as_(name)).get("/api/v1/campaigns")
        return {one["id"] for one in answer.json()["items"]}

    assert await seen("ada") == await seen("sofia") == {"winter", "eastern"}
    assert await seen("west") == {"winter"}
    answer = await (await door.as_("west")).get("/api/v1/campaigns/eastern")
    assert answer.status_code == 404


async def test_the_notices_are_there_to_begin_from(door) -> None:
    ada = await door.as_("ada")
    templates = (await ada.get("/api/v1/campaign-templates")).json()["items"]
    assert {one["id"] for one in templates} == {
        "pinglu-100-days",
        "jiangxi-winter",
        "shanxi-term-start",
    }

    body = {"template": "jiangxi-winter", "id": "jx-2027", "begins": "2026-12-25"}
    one = (await ada.post("/api/v1/campaigns/from-template", json=body)).json()

    assert (one["begins"], one["ends"]) == ("2026-12-25", "2027-03-31")
    assert one["phase"] == "coming"
    assert [stage["phase"] for stage in one["stages"]] == ["coming"] * 4
    assert {rule["level"]: rule["at"] for rule in one["weekly"]}["city"] == "15:00"
    assert one["form"]["stages"][0]["begins"] == "2026-12-25"


async def test_a_leader_plans_for_their_region_and_not_for_all(door) -> None:
    gwen = await door.as_("gwen")

    async def post(**changes: Any) -> int:
        return (await gwen.post("/api/v1/campaigns", json={**FORM, **changes})).status_code

    assert await post(regions=["east"]) == 201
    assert await post(id="all") == 403
    assert await post(id="city", regions=["city"]) == 403
    assert await post(id="none", regions=["nowhere"]) == 404


async def test_what_does_not_fit_together_is_named_by_its_field(door) -> None:
    ada = await door.as_("ada")
    stages = [{"id": "look", "name_zh": "排查", "begins": "2026-11-30", "ends": "2026-11-20"}]

    answer = await ada.post("/api/v1/campaigns", json={**FORM, "stages": stages})

    assert answer.status_code == 422
    assert {"stages.0.ends", "checks.1.stage"} <= {one["field"] for one in answer.json()["errors"]}


async def test_a_change_is_a_new_version_and_two_at_once_are_told(door, campus) -> None:
    one = await begun(door)
    ada = await door.as_("ada")
    form = {**one["form"], "ends": "2026-12-31"}

    changed = await ada.put("/api/v1/campaigns/winter?version=1", json=form)
    again = await ada.put("/api/v1/campaigns/winter?version=1", json=form)

    assert (changed.json()["version"], changed.json()["ends"]) == (2, "2026-12-31")
    assert (again.status_code, again.json()["code"]) == (409, "refusal.campaign_changed")
    assert campus.counted("SELECT count(*) FROM facts WHERE kind = 'campaign'") == 2


async def test_a_school_signs_its_checks_and_progress_follows(door, campus) -> None:
    await begun(door)
    sofia = await door.as_("sofia")

    checks = (await mark(sofia, "doors")).json()

    assert [line["state"] for line in checks["lines"]] == ["done", "open"]
    assert checks["lines"][0]["mark"]["by"] == "sofia"
    assert checks["progress"]["seen_to"] == 1
    ada = await door.as_("ada")
    progress = (await ada.get("/api/v1/campaigns/winter/progress")).json()
    whole = progress["whole"]
    assert (whole["schools"], whole["checks"], whole["seen_to"]) == (2, 4, 1)
    by_region = {one["region"]: one["tally"]["seen_to"] for one in progress["regions"]}
    assert by_region == {"east": 1, "city": 1}
    assert [one["region"] for one in progress["regions"]] == ["city", "east"]  # the whole first
    facts = campus.counted(
        "SELECT count(*) FROM facts WHERE kind = 'campaign_mark' AND subject = 'school:no3'"
    )
    assert facts == 1


async def test_what_was_found_is_said_in_words(door) -> None:
    await begun(door)
    sofia = await door.as_("sofia")

    assert (await mark(sofia, "doors", state="finding")).status_code == 422
    answer = await mark(sofia, "doors", state="finding", text="门被堵住")

    assert answer.json()["lines"][0]["state"] == "finding"
    assert answer.json()["progress"]["findings"] == 1


async def test_what_was_found_is_followed_up_by_the_ledger(door, campus) -> None:
    await begun(door)
    sofia = await door.as_("sofia")

    first = (await mark(sofia, "doors", state="finding", text="门被堵住")).json()
    number = first["lines"][0]["mark"]["hazard"]
    again = (await mark(sofia, "doors", state="finding", text="两扇门被堵住")).json()
    done = (await mark(sofia, "doors", text="已清理")).json()
    anew = (await mark(sofia, "doors", state="finding", text="又被堵住")).json()

    hazard = (await sofia.get(f"/api/v1/hazards/{number}")).json()
    assert (hazard["school"], hazard["text"], hazard["step"]) == ("no3", "门被堵住", "find")
    assert again["lines"][0]["mark"]["hazard"] == number
    assert done["lines"][0]["mark"]["hazard"] is None
    assert anew["lines"][0]["mark"]["hazard"] == number + 1
    assert campus.counted("SELECT count(*) FROM hazards") == 2


async def test_a_finding_names_an_entry_of_its_own_school_only(door) -> None:
    await begun(door)
    sofia, ada = await door.as_("sofia"), await door.as_("ada")
    numbers = {}
    for school in ("no3", "no5"):
        body = {"school": school, "text": "疏散门锁住"}
        numbers[school] = (await ada.post("/api/v1/hazards", json=body)).json()["number"]

    found = {"state": "finding", "text": "见台账"}
    own = await mark(sofia, "doors", **found, hazard=numbers["no3"])
    other = await mark(sofia, "wires", **found, hazard=numbers["no5"])
    none = await mark(sofia, "wires", **found, hazard=4711)

    assert own.json()["lines"][0]["mark"]["hazard"] == numbers["no3"]
    assert (other.status_code, none.status_code) == (404, 404)


async def test_nobody_marks_for_another_school(door) -> None:
    await begun(door)
    for name, expected in (
        ("sofia", 404),
        ("olga", 403),
        ("anna", 403),
        ("ines", 404),
        ("ada", 200),
    ):
        answer = await mark(await door.as_(name), "doors", school="no5")
        assert answer.status_code == expected, name


async def test_a_stage_that_is_over_leaves_what_nobody_marked_overdue(door, campus) -> None:
    await begun(door)
    await mark(await door.as_("sofia"), "doors")
    campus.clock.turn(15 * DAY)
    ada = await door.as_("ada")

    schools = (await ada.get("/api/v1/campaigns/winter/schools")).json()["items"]
    late = (await ada.get("/api/v1/campaigns/winter/schools?behind=true")).json()["items"]

    assert [(one["school"], one["overdue"]) for one in schools] == [("no5", 1), ("no3", 0)]
    assert [one["school"] for one in late] == ["no5"]


async def test_schools_come_page_by_page_and_by_region(door) -> None:
    await begun(door)
    ada = await door.as_("ada")

    first = (await ada.get("/api/v1/campaigns/winter/schools?limit=1")).json()
    rest = (
        await ada.get("/api/v1/campaigns/winter/schools", params={"cursor": first["next"]})
    ).json()
    east = (await ada.get("/api/v1/campaigns/winter/schools?region=east")).json()

    assert {one["school"] for one in first["items"] + rest["items"]} == {"no3", "no5"}
    assert rest["next"] is None
    assert [one["school"] for one in east["items"]] == ["no3"]


async def test_a_region_of_which_only_part_is_in_scope_shows_no_figures(door) -> None:
    await begun(door)
    for name, expected in (("ada", {"east", "city"}), ("gwen", {"east"}), ("sofia", set())):
        answer = await (await door.as_(name)).get("/api/v1/campaigns/winter/progress")
        assert {one["region"] for one in answer.json()["regions"]} == expected, name


async def test_what_a_verdict_proves_is_ticked_off_by_nobody(door) -> None:
    checks = [{"id": "doors", "text_zh": "x", "stage": "look", "policy": "p", "item": "i"}]
    await begun(door, checks=checks)

    answer = await mark(await door.as_("sofia"), "doors")

    assert answer.json()["code"] == "refusal.check_proven"
    own = await (await door.as_("sofia")).get("/api/v1/campaigns/winter/schools/no3")
    assert own.json()["lines"][0]["state"] == "unknown"


async def test_a_campaign_that_is_called_off_keeps_what_was_signed(door) -> None:
    await begun(door)
    sofia, ada = await door.as_("sofia"), await door.as_("ada")
    await mark(sofia, "doors")

    one = await ada.post("/api/v1/campaigns/winter/cancel", json={"reason": "通知撤销"})

    assert one.json()["cancelled"] == "通知撤销"
    own = (await sofia.get("/api/v1/campaigns/winter/schools/no3")).json()
    assert (own["lines"][0]["state"], own["may_mark"]) == ("done", False)
    assert (await mark(sofia, "wires")).json()["code"] == "refusal.campaign_cancelled"
    due = (await sofia.get("/api/v1/audit-reports")).json()["items"]
    assert due == []


async def test_each_version_is_a_fact_with_all_of_it(door, campus) -> None:
    await begun(door)
    anna = await door.as_("anna")

    (fact,) = (await anna.get("/api/v1/facts?kind=campaign")).json()["items"]

    assert (fact["subject"], fact["actor"]) == ("campaign:winter", "user:ada")
    assert fact["body"]["campaign"]["stages"][1]["id"] == "mend"
    assert msgspec.json.encode(fact["body"])
