"""Duty over HTTP, on a real store: planning shifts, taking over, and who is on duty."""

from __future__ import annotations

import pytest

from alerts.calendar import Calendar, SchoolCalendar
from alerts.escalation import EscalationPlan, EscalationPolicy
from alerts.finding import Priority
from gateway.api.present_duty import escalation_out
from gateway.duty.rota import Rota
from gateway.duty.service import Duty, make_duty

HOUR = 3_600_000
DAY = 24 * HOUR


def shift(campus, user: str = "olga", *, after: int = -HOUR, hours: int = 8, **more):
    starts = campus.clock.now() + after
    return {
        "team": "control-room",
        "user": user,
        "starts": starts,
        "ends": starts + hours * HOUR,
        **more,
    }


async def facts(door, kind: str) -> list[dict]:
    anna = await door.as_("anna")
    found = (await anna.get("/api/v1/facts", params={"kind": kind})).json()["items"]
    return [one["body"] for one in found]


@pytest.fixture
def reloaded(campus):
    """The duty as a gateway knows it that has been started anew."""

    def load() -> Duty:
        snapshot = campus.store.load()
        rota = Rota(snapshot.shifts, snapshot.signatures)
        return make_duty(
            store=campus.store, clock=campus.clock, settings=campus.settings, rota=rota
        )

    return load


async def test_a_planned_shift_is_on_duty_and_survives_a_restart(door, campus, reloaded) -> None:
    ada, olga = await door.as_("ada"), await door.as_("olga")
    empty = (await olga.get("/api/v1/duty")).json()["items"]
    assert [team["id"] for team in empty] == ["control-room"]
    assert empty[0]["on_duty"] == []
    assert empty[0]["unsigned"] is False

    answer = await ada.post("/api/v1/duty/shifts", json=shift(campus))
    assert answer.status_code == 201, answer.text
    (team,) = (await olga.get("/api/v1/duty")).json()["items"]
    assert team["on_duty"] == [{"name": "olga", "display": "olga"}]
    assert team["unsigned"] is True
    now = campus.clock.now()
    assert reloaded().rota.standing("control-room", now).users == ("olga",)
    (fact,) = await facts(door, "shift")
    assert fact["before"] is None
    assert fact["after"]["user"] == "olga"


async def test_shifts_alike_are_planned_together_and_the_gaps_are_told(door, campus) -> None:
    ada = await door.as_("ada")
    planned = await ada.post("/api/v1/duty/shifts", json=shift(campus, every_days=2, times=3))
    assert len(planned.json()["items"]) == 3
    now = campus.clock.now()
    rota = await ada.get(
        "/api/v1/duty/control-room/shifts", params={"since": now, "until": now + 5 * DAY}
    )
    assert [one["starts"] - now for one in rota.json()["items"]] == [
        -HOUR,
        2 * DAY - HOUR,
        4 * DAY - HOUR,
    ]
    assert [gap["starts"] - now for gap in rota.json()["gaps"]] == [
        7 * HOUR,
        2 * DAY + 7 * HOUR,
        4 * DAY + 7 * HOUR,
    ]


async def test_a_shift_may_be_cancelled_until_it_is_over(door, campus, reloaded) -> None:
    ada = await door.as_("ada")
    (planned,) = (await ada.post("/api/v1/duty/shifts", json=shift(campus))).json()["items"]
    address = f"/api/v1/duty/shifts/{planned['row']}"
    assert (await ada.delete(address)).status_code == 200
    assert (await ada.delete(address)).json()["code"] == "refusal.unknown_shift"
    assert reloaded().rota.standing("control-room", campus.clock.now()).users == ()
    (again,) = (await ada.post("/api/v1/duty/shifts", json=shift(campus))).json()["items"]
    campus.clock.turn(8 * HOUR)
    ada = await door.as_("ada")
    over = await ada.delete(f"/api/v1/duty/shifts/{again['row']}")
    assert over.json()["code"] == "refusal.shift_over"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"team": "guards"}, 409, "refusal.unknown_team"),
        ({"user": "anna"}, 422, "invalid"),  # an auditor acknowledges nothing
        ({"user": "nobody"}, 422, "invalid"),
        ({"hours": 25}, 409, "refusal.shift_length"),
        ({"hours": 0}, 409, "refusal.shift_length"),
        ({"after": -9 * HOUR}, 409, "refusal.shift_over"),
        ({"every_days": 28, "times": 100}, 409, "refusal.shift_far"),
    ],
)
async def test_a_shift_that_cannot_be_is_refused(door, campus, changes, status, code) -> None:
    ada = await door.as_("ada")
    times = {name: changes[name] for name in ("after", "hours") if name in changes}
    wanted = shift(campus, **times) | {k: v for k, v in changes.items() if k not in times}
    answer = await ada.post("/api/v1/duty/shifts", json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_nobody_has_two_shifts_at_a_time_but_two_people_may_share_one(door, campus) -> None:
    ada = await door.as_("ada")
    assert (await ada.post("/api/v1/duty/shifts", json=shift(campus))).status_code == 201
    twice = await ada.post("/api/v1/duty/shifts", json=shift(campus, after=HOUR))
    assert twice.json()["code"] == "refusal.shift_overlaps"
    other = await ada.post("/api/v1/duty/shifts", json=shift(campus, "oscar", after=HOUR))
    assert other.status_code == 201


async def test_only_an_administrator_of_everything_plans(door, campus) -> None:
    for name in ("olga", "tim", "anna", "east-ada"):
        client = await door.as_(name)
        answer = await client.post("/api/v1/duty/shifts", json=shift(campus))
        assert answer.status_code == 403, name
        assert (await client.get("/api/v1/duty/people")).status_code == 403
        assert (await client.get("/api/v1/duty")).status_code == 200


async def test_the_next_shift_signs_for_what_stands_and_ticks_each_emergency(
    door, campus, reloaded
) -> None:
    ada, olga = await door.as_("ada"), await door.as_("olga")
    await ada.post("/api/v1/duty/shifts", json=shift(campus))
    emergency = await campus.press()
    fault = await campus.find("battery_low", campus.device("no3", "lab-2"), Priority.LOW)

    asked = (await olga.get("/api/v1/duty/control-room/hand-over")).json()
    assert [one["id"] for one in asked["emergencies"]] == [emergency]
    assert [one["id"] for one in asked["others"]] == [fault]
    assert asked["open"] == 2

    address = "/api/v1/duty/control-room/hand-over"
    unticked = await olga.post(address, json={})
    assert unticked.status_code == 409
    assert unticked.json()["code"] == "refusal.emergencies_unticked"
    signed = await olga.post(address, json={"emergencies": [emergency], "remark": "五号楼"})
    assert signed.status_code == 201, signed.text
    body = signed.json()
    assert (body["alerts"], body["emergencies"], body["by_rota"]) == (2, [emergency], True)
    assert body["before"] is None

    (team,) = (await olga.get("/api/v1/duty")).json()["items"]
    assert team["unsigned"] is False
    assert team["signed_by"]["name"] == "olga"
    (fact,) = await facts(door, "hand_over")
    assert fact["after"] == "olga"
    assert [one["id"] for one in fact["alerts"]] == [emergency, fault]
    assert fact["remark"] == "五号楼"
    signature = reloaded().rota.signature("control-room")
    assert signature is not None
    assert signature.user == "olga"


async def test_an_emergency_that_comes_while_the_list_is_read_must_be_ticked_too(
    door, campus
) -> None:
    olga = await door.as_("olga")
    first = await campus.press("no3")
    await olga.get("/api/v1/duty/control-room/hand-over")
    second = await campus.press("no5")
    address = "/api/v1/duty/control-room/hand-over"
    early = await olga.post(address, json={"emergencies": [first]})
    assert early.json()["code"] == "refusal.emergencies_unticked"
    assert str(second) in early.json()["detail"]
    signed = await olga.post(address, json={"emergencies": [first, second]})
    assert signed.status_code == 201


async def test_however_many_emergencies_there_are_all_are_read_and_signed_for(
    door, campus, monkeypatch
) -> None:
    monkeypatch.setattr("gateway.api.routes.duty.LISTED", 2)
    olga = await door.as_("olga")
    raised = [await campus.press(school) for school in ("no3", "no5")]
    for name in ("fire", "gas", "flood"):
        found = await campus.find(name, campus.device("no3", "lab-2"), Priority.EMERGENCY)
        raised.append(found)
    address = "/api/v1/duty/control-room/hand-over"
    page = (await olga.get(address)).json()
    seen = [one["id"] for one in page["emergencies"]]
    assert (len(seen), page["open_emergencies"]) == (2, 5)
    unseen = await olga.post(address, json={"emergencies": seen})
    assert unseen.json()["code"] == "refusal.emergencies_unticked"
    while page["next"]:
        page = (await olga.get(address, params={"cursor": page["next"]})).json()
        assert len(page["emergencies"]) <= 2
        assert page["others"] == []
        seen += [one["id"] for one in page["emergencies"]]
    assert sorted(seen) == sorted(raised)
    signed = await olga.post(address, json={"emergencies": seen})
    assert sorted(signed.json()["emergencies"]) == sorted(raised)


async def test_more_than_a_thousand_emergencies_can_be_signed_for(door, campus) -> None:
    olga = await door.as_("olga")
    emergency = await campus.press()
    ticked = [emergency, *range(10_000, 12_000)]
    address = "/api/v1/duty/control-room/hand-over"
    signed = await olga.post(address, json={"emergencies": ticked})
    assert signed.status_code == 201
    assert signed.json()["emergencies"] == [emergency]


async def test_a_stand_in_signs_and_is_on_duty_beside_whom_the_rota_names(door, campus) -> None:
    ada, oscar = await door.as_("ada"), await door.as_("oscar")
    await ada.post("/api/v1/duty/shifts", json=shift(campus))
    signed = await oscar.post("/api/v1/duty/control-room/hand-over", json={})
    assert signed.json()["by_rota"] is False
    (team,) = (await oscar.get("/api/v1/duty")).json()["items"]
    assert [one["name"] for one in team["on_duty"]] == ["olga", "oscar"]


async def test_whoever_sees_some_schools_signs_for_these_alone(door, campus) -> None:
    theirs = await campus.press("no3")
    await campus.press("no5")
    east = await door.as_("east")
    asked = (await east.get("/api/v1/duty/control-room/hand-over")).json()
    assert [one["id"] for one in asked["emergencies"]] == [theirs]
    signed = await east.post("/api/v1/duty/control-room/hand-over", json={"emergencies": [theirs]})
    assert signed.json()["alerts"] == 1


async def test_a_stand_in_who_sees_some_schools_is_not_called_for_all(
    door, campus, reloaded
) -> None:
    ada, olga, west = [await door.as_(name) for name in ("ada", "olga", "west")]
    await campus.press("no3")
    await ada.post("/api/v1/duty/shifts", json=shift(campus))
    signed = await west.post("/api/v1/duty/control-room/hand-over", json={})
    assert signed.status_code == 201
    (team,) = (await olga.get("/api/v1/duty")).json()["items"]
    assert [one["name"] for one in team["on_duty"]] == ["olga"]
    assert team["unsigned"] is True
    assert reloaded().rota.signature("control-room") is None


async def test_somebody_whom_the_rota_names_is_called_whatever_they_see(
    door, campus, reloaded
) -> None:
    ada, west = await door.as_("ada"), await door.as_("west")
    await ada.post("/api/v1/duty/shifts", json=shift(campus, "west"))
    await west.post("/api/v1/duty/control-room/hand-over", json={})
    (team,) = (await ada.get("/api/v1/duty")).json()["items"]
    assert (team["unsigned"], team["signed_by"]["name"]) == (False, "west")
    signature = reloaded().rota.signature("control-room")
    assert signature is not None
    assert signature.user == "west"


async def test_a_remark_is_read_by_those_who_see_the_schools_of_its_author(door, campus) -> None:
    address = "/api/v1/duty/control-room/hand-over"
    emergency = await campus.press("no3")
    signed = {"emergencies": [emergency], "remark": "三中五号楼"}
    assert (await (await door.as_("olga")).post(address, json=signed)).status_code == 201
    assert (await (await door.as_("east")).post(address, json=signed)).status_code == 201

    async def read_by(name: str) -> list[tuple[str, str]]:
        page = (await (await door.as_(name)).get(f"{address}s")).json()["items"]
        return [(one["after"]["name"], one["remark"]) for one in page]

    assert await read_by("anna") == [("east", "三中五号楼"), ("olga", "三中五号楼")]
    assert await read_by("east-anna") == [("east", "三中五号楼"), ("olga", "")]
    assert await read_by("west") == [("east", ""), ("olga", "")]


async def test_hand_overs_are_listed_the_newest_first(door, campus) -> None:
    olga, oscar = await door.as_("olga"), await door.as_("oscar")
    for client in (olga, oscar, olga):
        campus.clock.turn(HOUR)
        answer = await client.post("/api/v1/duty/control-room/hand-over", json={})
        assert answer.status_code == 201
    page = (await olga.get("/api/v1/duty/control-room/hand-overs", params={"limit": 2})).json()
    assert [one["after"]["name"] for one in page["items"]] == ["olga", "oscar"]
    rest = await olga.get(
        "/api/v1/duty/control-room/hand-overs", params={"limit": 2, "cursor": page["next"]}
    )
    assert [one["before"] for one in rest.json()["items"]] == [None]
    assert rest.json()["next"] is None


async def test_an_auditor_reads_and_does_not_sign(door) -> None:
    anna = await door.as_("anna")
    assert (await anna.get("/api/v1/duty/control-room/hand-overs")).status_code == 200
    assert (await anna.get("/api/v1/duty/control-room/hand-over")).status_code == 403
    assert (await anna.post("/api/v1/duty/control-room/hand-over", json={})).status_code == 403


async def test_an_unknown_team_is_not_there(door) -> None:
    olga = await door.as_("olga")
    assert (await olga.get("/api/v1/duty/guards/hand-overs")).status_code == 404
    answer = await olga.post("/api/v1/duty/guards/hand-over", json={})
    assert answer.json()["code"] == "refusal.unknown_team"


async def test_plans_for_other_schools_are_not_shown(campus) -> None:
    def plan(name: str, *schools: str) -> EscalationPlan:
        return EscalationPlan(name=name, steps=(), schools=frozenset(schools) or None)

    policy = EscalationPolicy(plans=(plan("all"), plan("some", "no3", "no5"), plan("west", "no5")))

    def shown(schools: frozenset[str] | None) -> list[tuple[str, list[str]]]:
        said = escalation_out(policy, schools, campus.clock.now())
        return [(one.name, one.schools) for one in said.plans]

    assert shown(None) == [("all", ["*"]), ("some", ["no3", "no5"]), ("west", ["no5"])]
    assert shown(frozenset({"no3"})) == [("all", ["*"]), ("some", ["no3"])]


async def test_the_page_is_told_which_school_follows_which_calendar() -> None:
    def own(name: str, offset: int, *schools: str) -> SchoolCalendar:
        return SchoolCalendar(name, frozenset(schools), Calendar(offset=offset))

    policy = EscalationPolicy(
        calendar=Calendar(offset=0),
        calendars=(own("boarding", 12 * 60, "no3", "no5"), own("west", 5 * 60, "no6")),
    )
    noon = 1_799_064_000_000  # of a Monday, at an offset of 0

    def shown(schools: frozenset[str] | None) -> list[tuple[str, list[str], str]]:
        said = escalation_out(policy, schools, noon)
        assert said.period == "school_hours"
        return [(one.name, one.schools, one.period) for one in said.calendars]

    boarding = ("boarding", ["no3", "no5"], "night")
    assert shown(None) == [boarding, ("west", ["no6"], "school_hours")]
    assert shown(frozenset({"no5", "no9"})) == [("boarding", ["no5"], "night")]
    assert shown(frozenset({"no9"})) == []


async def test_the_page_is_told_whom_alerts_call(door) -> None:
    olga = await door.as_("olga")
    said = (await olga.get("/api/v1/duty/escalation")).json()
    assert said["plans"] == said["calendars"] == []
    assert said["remind_after_minutes"] == 30
    assert said["period"] in {"school_hours", "after_hours", "night", "holiday"}
