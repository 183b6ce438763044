"""Weekly reports, also when nothing happened; who is late; emergencies and their time limits."""

from __future__ import annotations

from typing import Any

from test_campaigns_api import DAY, FORM, HOUR, begun

MINUTE = 60_000
# The clock begins on Friday 2026-11-20, 16:00 in Shanghai.
WEEK = {"campaign": "winter", "kind": "weekly", "period": "2026-11-27"}
DUE = 1_795_161_600_000 + 7 * DAY - 4 * HOUR
OPENS = DUE - 12 * HOUR


async def signed(client, **body: Any):
    wanted = {**WEEK, "subject": "school:no3", **body}
    return await client.post("/api/v1/audit-reports/sign", json=wanted)


async def report(client, subject: str = "school:no3", **key: str) -> Any:
    answer = await client.get(
        "/api/v1/audit-reports/one", params={**WEEK, "subject": subject, **key}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_week_in_which_nothing_happened_is_reported_too(door, campus) -> None:
    await begun(door)
    campus.clock.turn(OPENS - campus.clock.now())
    sofia = await door.as_("sofia")

    (due, *_) = [
        one
        for one in (await sofia.get("/api/v1/audit-reports")).json()["items"]
        if one["period"] == "2026-11-27"
    ]
    assert (due["state"], due["due"], due["level"]) == ("due", DUE, "school")
    before = await report(sofia)
    assert before["figures"]["nothing"] is True
    after = (await signed(sofia, zero=True)).json()

    assert (after["due"]["state"], after["due"]["zero"], after["due"]["by"]) == (
        "signed",
        True,
        "sofia",
    )


async def test_a_week_is_signed_once_it_is_over_and_not_before(door, campus) -> None:
    await begun(door)
    campus.clock.turn(OPENS - 1 - campus.clock.now())
    sofia = await door.as_("sofia")

    assert (await signed(sofia, zero=True)).json()["code"] == "refusal.report_early"
    campus.clock.turn(1)
    assert (await signed(sofia, zero=True)).status_code == 200


async def test_who_signs_late_is_marked_so_for_good(door, campus) -> None:
    await begun(door)
    campus.clock.turn(DUE + 1 - campus.clock.now())
    sofia = await door.as_("sofia")
    assert (await report(sofia))["due"]["state"] == "overdue"

    assert (await signed(sofia, zero=True)).json()["due"]["state"] == "late"
    again = await signed(sofia, zero=True, text="补充", reason="漏写")

    assert again.json()["due"]["state"] == "late"
    assert [one["reason"] for one in again.json()["signings"]] == ["", "漏写"]


async def test_an_emergency_makes_it_no_zero_report(door, campus) -> None:
    await begun(door)
    await campus.press()
    campus.clock.turn(OPENS - campus.clock.now())
    sofia = await door.as_("sofia")

    assert (await signed(sofia, zero=True)).json()["code"] == "refusal.report_not_zero"
    after = (await signed(sofia, text="门卫室误按，已核实")).json()

    figures = after["figures"]
    assert (figures["emergencies"], figures["nothing"], figures["schools"]) == (1, False, 1)
    (line,) = figures["emergencies_listed"]
    assert (line["school"], line["condition"]) == ("no3", "panic")


async def test_figures_stay_as_they_were_signed(door, campus) -> None:
    await begun(door)
    campus.clock.turn(OPENS - campus.clock.now())
    sofia, tim = await door.as_("sofia"), await door.as_("tim")
    await signed(sofia, zero=True)

    order = {"device": {"school": "no3", "id": "lab-2"}, "text": "盖子松动"}
    assert (await tim.post("/api/v1/work-orders", json=order)).status_code == 201

    assert (await report(sofia))["figures"]["orders_opened"] == 0


async def test_it_is_corrected_with_a_reason_only(door, campus) -> None:
    await begun(door)
    campus.clock.turn(OPENS - campus.clock.now())
    sofia = await door.as_("sofia")
    await signed(sofia, zero=True)

    assert (await signed(sofia, zero=True)).json()["code"] == "refusal.report_signed"
    facts = campus.counted("SELECT count(*) FROM facts WHERE kind = 'campaign_report'")
    assert facts == 1


async def test_a_bureau_sees_who_has_not_handed_in(door, campus) -> None:
    await begun(door)
    campus.clock.turn(OPENS - campus.clock.now())
    sofia = await door.as_("sofia")
    await signed(sofia, zero=True)
    campus.clock.turn(DAY)
    anna = await door.as_("anna")

    found = (await anna.get("/api/v1/audit-reports/handed-in", params=WEEK)).json()

    assert [(one["subject"], one["state"]) for one in found["items"]] == [
        ("school:no5", "overdue"),
        ("school:no3", "signed"),
    ]
    assert found["counts"]["overdue"] == 1
    only = await anna.get("/api/v1/audit-reports/handed-in", params={**WEEK, "state": "overdue"})
    assert [one["subject"] for one in only.json()["items"]] == ["school:no5"]


async def test_a_county_hands_in_its_summary_and_a_school_does_not(door, campus) -> None:
    await begun(door)
    gwen, sofia = await door.as_("gwen"), await door.as_("sofia")
    key = {"campaign": "winter", "kind": "deadline", "period": "sum"}

    mine = (await gwen.get("/api/v1/audit-reports?kind=deadline")).json()["items"]
    assert [(one["subject"], one["name"]["zh"]) for one in mine] == [("region:east", "总结")]
    body = {**key, "subject": "region:east", "text": "完成"}
    done = await gwen.post("/api/v1/audit-reports/sign", json=body)
    assert done.json()["due"]["state"] == "signed"

    for subject in ("region:east", "*", "school:no3"):
        wanted = {**key, "subject": subject}
        answer = await sofia.post("/api/v1/audit-reports/sign", json=wanted)
        assert answer.status_code == 404, subject


async def test_nobody_signs_for_others(door, campus) -> None:
    await begun(door)
    campus.clock.turn(OPENS - campus.clock.now())

    assert (await signed(await door.as_("sofia"), subject="school:no5")).status_code == 404
    assert (await signed(await door.as_("ines"), subject="school:no5")).status_code == 404
    for name in ("olga", "anna"):
        assert (await signed(await door.as_(name))).status_code == 403, name
    answer = await (await door.as_("west")).get(
        "/api/v1/audit-reports/one", params={**WEEK, "subject": "school:no3"}
    )
    assert answer.status_code == 404


async def test_a_report_that_no_campaign_asks_for_is_none(door, campus) -> None:
    await begun(door)
    ada = await door.as_("ada")
    for period in ("2026-11-26", "2027-11-26", "sum", "x"):
        answer = await ada.get(
            "/api/v1/audit-reports/one", params={**WEEK, "period": period, "subject": "school:no3"}
        )
        assert answer.status_code == 404, period


async def test_an_emergency_has_its_limits_met_or_missed(door, campus) -> None:
    number = await campus.press()
    olga, anna = await door.as_("olga"), await door.as_("anna")
    raised = campus.clock.now()

    async def limits() -> tuple[str, str]:
        answer = await anna.get(
            "/api/v1/audit-reports/emergencies",
            params={"since": raised - DAY, "until": raised + DAY},
        )
        (line,) = answer.json()["items"]
        assert line["telephone"]["due"] == line["raised"] + 30 * MINUTE
        assert line["written"]["due"] == line["raised"] + 60 * MINUTE
        return line["telephone"]["state"], line["written"]["state"]

    assert await limits() == ("open", "open")
    campus.clock.turn(20 * MINUTE)
    told = {"action": "tell", "form": "telephone", "to": "教育局值班室"}
    assert (await olga.post(f"/api/v1/alerts/{number}/actions", json=told)).status_code == 200
    assert await limits() == ("met", "open")
    campus.clock.turn(50 * MINUTE)
    assert await limits() == ("met", "missed")
    told = {"action": "tell", "form": "written", "to": "教育局"}
    await olga.post(f"/api/v1/alerts/{number}/actions", json=told)
    assert await limits() == ("met", "missed")


async def test_weeks_of_a_campaign_of_another_region_are_not_asked_of_a_school(door) -> None:
    await begun(door, regions=["east"])
    ada = await door.as_("ada")

    answer = await ada.get("/api/v1/audit-reports?subject=school:no5")

    assert answer.json()["items"] == []
    assert FORM["weekly"]


async def test_what_was_signed_is_read_after_the_campaign_was_called_off(door, campus) -> None:
    await begun(door)
    campus.clock.turn(OPENS - campus.clock.now())
    sofia, ada = await door.as_("sofia"), await door.as_("ada")
    await signed(sofia, zero=True)
    await ada.post("/api/v1/campaigns/winter/cancel", json={"reason": "通知撤销"})

    listed = (await sofia.get("/api/v1/audit-reports")).json()["items"]
    assert [(one["period"], one["state"]) for one in listed] == [("2026-11-27", "signed")]
    found = await report(sofia)
    assert (found["due"]["zero"], found["called_off"], found["may_sign"]) == (True, True, False)
    other = {**WEEK, "subject": "school:no5"}
    assert (await ada.get("/api/v1/audit-reports/one", params=other)).status_code == 404
    again = await signed(sofia, zero=True, text="补充", reason="漏写")
    assert again.json()["code"] == "refusal.campaign_cancelled"
    handed_in = (await ada.get("/api/v1/audit-reports/handed-in", params=WEEK)).json()["items"]
    assert [one["subject"] for one in handed_in] == ["school:no3"]


async def test_who_signed_late_stays_late_when_the_deadline_is_moved(door, campus) -> None:
    one = await begun(door)
    campus.clock.turn(DUE + HOUR - campus.clock.now())
    sofia, ada = await door.as_("sofia"), await door.as_("ada")
    assert (await signed(sofia, zero=True)).json()["due"]["state"] == "late"

    weekly = [{"level": "school", "weekday": 5, "at": "18:00"}]
    form = {**one["form"], "weekly": weekly}
    assert (await ada.put("/api/v1/campaigns/winter?version=1", json=form)).status_code == 200

    assert (await report(sofia))["due"]["state"] == "late"
    assert (await report(ada, "school:no5"))["due"]["state"] == "due"


async def test_a_region_sees_what_those_inside_it_hand_in_each_by_its_own_day(door, campus) -> None:
    weekly = [
        {"level": "school", "weekday": 4, "at": "17:00"},
        {"level": "county", "weekday": 5, "at": "12:00"},
        {"level": "city", "weekday": 5, "at": "15:00"},
    ]
    await begun(door, weekly=weekly)
    thursday = {**WEEK, "period": "2026-11-26"}
    campus.clock.turn(OPENS - DAY - campus.clock.now())
    await (await door.as_("sofia")).post(
        "/api/v1/audit-reports/sign", json={**thursday, "subject": "school:no3", "zero": True}
    )

    async def below(name: str, subject: str) -> list[tuple[str, str, str]]:
        wanted = {**WEEK, "subject": subject}
        client = await door.as_(name)
        answer = await client.get("/api/v1/audit-reports/handed-in", params=wanted)
        assert answer.status_code == 200, answer.text
        return sorted(
            (one["subject"], one["period"], one["state"]) for one in answer.json()["items"]
        )

    assert await below("gwen", "region:east") == [("school:no3", "2026-11-26", "signed")]
    assert await below("ada", "region:city") == [
        ("region:east", "2026-11-27", "coming"),
        ("school:no3", "2026-11-26", "signed"),
        ("school:no5", "2026-11-26", "due"),
    ]
    other = await (await door.as_("west")).get(
        "/api/v1/audit-reports/handed-in", params={**WEEK, "subject": "region:east"}
    )
    assert other.status_code == 404
