"""The response to alerts over HTTP: steps, reports to those above, contacts, the form to print."""

from __future__ import annotations

import asyncio

import pytest

from alerts.finding import Priority
from alerts.response import AFTERWARDS_MS

MINUTE = 60_000
API = "/api/v1"


async def act(client, number: int, **action: object):
    return await client.post(f"{API}/alerts/{number}/actions", json=action)


async def detail_of(client, number: int) -> dict[str, object]:
    answer = await client.get(f"{API}/alerts/{number}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def over(client, campus, number: int) -> None:
    """The emergency is over: acknowledged, gone, found false by two persons."""
    await act(client, number, action="acknowledge")
    await campus.says(
        "campus/no3/alarm-button/gate-01/event",
        {"ts": campus.clock.now(), "seq": 99, "event": "released"},
    )
    reset = await act(client, number, action="reset")
    assert reset.json()["alert"]["state"] == "closed", reset.text


class TestSteps:
    async def test_of_the_plan_are_shown_and_ticked_off_with_a_name(self, door, campus) -> None:
        number = await campus.press()
        olga = await door.as_("olga")
        first, *others = (await detail_of(olga, number))["steps"]
        assert (first["id"], first["who"], first["done"]) == ("listen", "guard", False)
        assert first["text"]["zh"] != first["text"]["en"]

        done = await act(olga, number, action="tick", step="listen")
        assert done.json()["changed"], done.text

        detail = await detail_of(olga, number)
        assert detail["steps"][0] | {"text": None} == first | {
            "text": None,
            "done": True,
            "done_at": campus.clock.now(),
            "by": "olga",
        }
        assert detail["steps"][1:] == others
        last = detail["transitions"][-1]
        assert (last["kind"], last["actor"]) == ("stepped", "olga")
        assert last["detail"]["text"] == first["text"]["zh"]

    async def test_that_are_in_no_plan_are_refused(self, door, campus) -> None:
        number = await campus.press()
        low = await campus.find("battery_low", campus.device(), Priority.LOW)
        olga = await door.as_("olga")
        for alert, step in ((number, "dance"), (low, "listen")):
            answer = await act(olga, alert, action="tick", step=step)
            assert (answer.status_code, answer.json()["code"]) == (409, "refusal.no_such_step")
        assert (await detail_of(olga, low))["steps"] == []

    async def test_are_ticked_by_technicians_and_not_by_auditors(self, door, campus) -> None:
        number = await campus.press()
        tim, anna = await door.as_("tim"), await door.as_("anna")
        assert (await act(tim, number, action="tick", step="guards")).json()["changed"]
        assert (await act(anna, number, action="tick", step="keep")).status_code == 403
        assert (await detail_of(tim, number))["may"] == ["acknowledge", "comment", "tick"]
        assert (await detail_of(anna, number))["may"] == []

    async def test_two_who_tick_the_same_step_see_the_same(self, door, campus) -> None:
        number = await campus.press()
        olga, oscar = await door.as_("olga"), await door.as_("oscar")
        answers = await asyncio.gather(
            act(olga, number, action="tick", step="listen"),
            act(oscar, number, action="tick", step="listen"),
        )
        assert sorted(answer.json()["changed"] for answer in answers) == [False, True]


class TestReports:
    async def test_are_due_half_an_hour_and_an_hour_after_the_occurrence(
        self, door, campus
    ) -> None:
        number = await campus.press()
        olga = await door.as_("olga")
        alert = (await detail_of(olga, number))["alert"]
        assert [(one["form"], one["due"] - alert["raised"]) for one in alert["reports"]] == [
            ("telephone", 30 * MINUTE),
            ("written", 60 * MINUTE),
        ]
        assert all(one["done_at"] is None for one in alert["reports"])

    async def test_are_signed_for_and_leave_the_list_of_what_is_due(self, door, campus) -> None:
        number = await campus.press()
        olga = await door.as_("olga")

        async def due() -> list[int]:
            return [one["id"] for one in (await olga.get(f"{API}/reports")).json()["items"]]

        assert await due() == [number]
        campus.clock.turn(20 * MINUTE)
        told = campus.clock.now() - 5 * MINUTE
        answer = await act(
            olga, number, action="tell", form="telephone", to="教育局值班室", at=told
        )
        telephone, written = answer.json()["alert"]["reports"]
        assert (telephone["done_at"], telephone["by"], telephone["to"]) == (
            told,
            "olga",
            "教育局值班室",
        )
        assert written["done_at"] is None
        assert await due() == [number]
        await act(olga, number, action="tell", form="written", to="教育局")
        assert await due() == []

    async def test_are_still_due_and_signed_for_when_the_alert_is_closed(
        self, door, campus
    ) -> None:
        number = await campus.press()
        olga = await door.as_("olga")
        await over(olga, campus, number)
        listed = (await olga.get(f"{API}/reports")).json()["items"]
        assert [(one["id"], one["state"]) for one in listed] == [(number, "closed")]
        assert {"tick", "tell"} <= set((await detail_of(olga, number))["may"])
        answer = await act(olga, number, action="tell", form="written", to="教育局")
        assert answer.json()["alert"]["reports"][1]["by"] == "olga"

    async def test_two_sign_at_once_for_a_closed_alert_and_both_are_kept(
        self, door, campus
    ) -> None:
        number = await campus.press()
        olga, oscar = await door.as_("olga"), await door.as_("oscar")
        await over(olga, campus, number)
        answers = await asyncio.gather(
            act(olga, number, action="tell", form="telephone", to="局"),
            act(oscar, number, action="tell", form="written", to="局"),
            act(oscar, number, action="tick", step="keep"),
        )
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        detail = await detail_of(olga, number)
        assert [one["by"] for one in detail["alert"]["reports"]] == ["olga", "oscar"]
        versions = [one["version"] for one in detail["transitions"]]
        assert versions == list(range(1, len(versions) + 1)), "none overwrote another"

    async def test_nobody_signs_for_one_that_was_closed_long_ago(self, door, campus) -> None:
        number = await campus.press()
        olga = await door.as_("olga")
        await over(olga, campus, number)
        campus.clock.turn(AFTERWARDS_MS + MINUTE)
        olga = await door.as_("olga")
        answer = await act(olga, number, action="tell", form="written", to="教育局")
        assert answer.json()["code"] == "refusal.closed"
        assert (await olga.get(f"{API}/reports")).json()["items"] == []

    async def test_are_signed_by_operators_alone_and_for_their_schools(self, door, campus) -> None:
        number = await campus.press("no5")
        tim, east, west = [await door.as_(name) for name in ("tim", "east", "west")]
        report = {"action": "tell", "form": "written", "to": "局"}
        assert (await act(tim, number, **report)).status_code == 403
        assert (await act(east, number, **report)).status_code == 404
        assert (await east.get(f"{API}/reports")).json()["items"] == []
        assert (await act(west, number, **report)).json()["changed"]

    async def test_are_not_asked_for_a_fault(self, door, campus) -> None:
        number = await campus.find("silent", campus.device(), Priority.HIGH)
        olga = await door.as_("olga")
        assert (await detail_of(olga, number))["alert"]["reports"] == []
        assert (await olga.get(f"{API}/reports")).json()["items"] == []

    @pytest.mark.parametrize("minutes", [-60, 60])
    async def test_are_never_told_before_the_occurrence_or_in_the_future(
        self, door, campus, minutes: int
    ) -> None:
        number = await campus.press()
        olga = await door.as_("olga")
        at = campus.clock.now() + minutes * MINUTE
        answer = await act(olga, number, action="tell", form="written", to="局", at=at)
        assert answer.json()["code"] == "refusal.report_time"


class TestTheReportAsAFile:
    async def test_is_filled_in_in_either_language(self, door, campus) -> None:
        number = await campus.press()
        olga = await door.as_("olga")
        await act(olga, number, action="acknowledge", comment="已派人")
        chinese = await olga.get(f"{API}/alerts/{number}/report.txt", params={"east": 480})
        assert chinese.headers["content-type"] == "text/plain; charset=utf-8"
        for said in ("第三中学", "一键报警", "门卫室", "已派人", "olga", "人员伤亡", "UTC+08:00"):
            assert said in chinese.text
        english = await olga.get(f"{API}/alerts/{number}/report.txt", params={"language": "en"})
        assert "No. 3 Middle School" in english.text
        assert "Gatehouse" in english.text

    async def test_is_a_form_to_print(self, door, campus) -> None:
        number = await campus.press()
        answer = await (await door.as_("anna")).get(f"{API}/alerts/{number}/report.pdf")
        assert answer.content.startswith(b"%PDF-")
        name = f'attachment; filename="report-{number}.pdf"'
        assert answer.headers["content-disposition"] == name

    async def test_is_not_for_those_who_may_not_see_the_alert(self, door, campus) -> None:
        number = await campus.press("no5")
        east = await door.as_("east")
        for kind in ("pdf", "txt"):
            answer = await east.get(f"{API}/alerts/{number}/report.{kind}")
            assert answer.status_code == 404


class TestContacts:
    LIST = (
        {"role": "guard", "telephone": "1001", "name": ""},
        {"role": "后勤主任", "telephone": "1002 转 3", "name": "李岗"},
    )

    async def test_are_kept_in_the_order_in_which_people_are_called(self, door) -> None:
        olga = await door.as_("olga")
        empty = (await olga.get(f"{API}/schools/no3/contacts")).json()
        assert (empty["contacts"], empty["may_change"]) == ([], True)
        put = await olga.put(f"{API}/schools/no3/contacts", json={"contacts": self.LIST})
        assert put.json()["contacts"] == list(self.LIST)
        again = list(reversed(self.LIST))
        await olga.put(f"{API}/schools/no3/contacts", json={"contacts": again})
        assert (await olga.get(f"{API}/schools/no3/contacts")).json()["contacts"] == again

    async def test_a_list_that_somebody_else_has_changed_meanwhile_is_not_replaced_unseen(
        self, door
    ) -> None:
        olga, ada = await door.as_("olga"), await door.as_("ada")
        address = f"{API}/schools/no3/contacts"
        seen = (await olga.get(address)).json()["version"]
        first = await ada.put(address, json={"contacts": self.LIST, "version": seen})
        assert first.status_code == 200
        late = await olga.put(address, json={"contacts": [], "version": seen})
        assert (late.status_code, late.json()["code"]) == (409, "refusal.contacts_changed")
        assert (await olga.get(address)).json()["contacts"] == list(self.LIST)
        fresh = first.json()["version"]
        again = await olga.put(address, json={"contacts": [], "version": fresh})
        assert again.json()["contacts"] == []

    async def test_of_two_who_save_at_the_same_moment_one_is_told(self, door) -> None:
        olga, ada = await door.as_("olga"), await door.as_("ada")
        address = f"{API}/schools/no3/contacts"
        seen = (await olga.get(address)).json()["version"]
        answers = await asyncio.gather(
            *(
                client.put(address, json={"contacts": [one], "version": seen})
                for client, one in zip((olga, ada), self.LIST, strict=True)
            )
        )
        assert sorted(one.status_code for one in answers) == [200, 409]
        (kept,) = [one.json()["contacts"] for one in answers if one.status_code == 200]
        assert (await olga.get(address)).json()["contacts"] == kept

    async def test_every_change_is_a_fact_that_keeps_nobodys_number(self, door) -> None:
        olga, ada = await door.as_("olga"), await door.as_("ada")
        await olga.put(f"{API}/schools/no3/contacts", json={"contacts": self.LIST})
        found = await ada.get(f"{API}/facts", params={"kind": "contacts"})
        (fact,) = found.json()["items"]
        assert (fact["actor"], fact["subject"]) == ("user:olga", "school:no3")
        assert fact["body"] == {"before": [], "after": ["guard", "后勤主任"]}

    async def test_are_seen_in_scope_and_changed_by_whose_work_it_is(self, door) -> None:
        west, anna = await door.as_("west"), await door.as_("anna")
        assert (await west.get(f"{API}/schools/no3/contacts")).status_code == 404
        lists = {"contacts": self.LIST}
        assert (await west.put(f"{API}/schools/no3/contacts", json=lists)).status_code == 404
        assert (await anna.put(f"{API}/schools/no3/contacts", json=lists)).status_code == 403
        assert (await anna.get(f"{API}/schools/no3/contacts")).json()["may_change"] is False
        assert (await anna.get(f"{API}/schools/nowhere/contacts")).status_code == 404

    @pytest.mark.parametrize(
        "wrong", [{"role": "", "telephone": "1"}, {"role": "guard", "telephone": "none"}]
    )
    async def test_nobody_is_listed_who_cannot_be_called(self, door, wrong) -> None:
        olga = await door.as_("olga")
        answer = await olga.put(f"{API}/schools/no3/contacts", json={"contacts": [wrong]})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "contacts.0"

    async def test_come_from_a_file_for_several_schools_at_once(self, door) -> None:
        olga = await door.as_("olga")
        rows = "学校,职务,电话\n第三中学,门卫室,1001\nno5,校长,1002\n".encode("gb18030")
        tried = await olga.post(f"{API}/contacts/import?dry_run=true", content=rows)
        assert tried.json()["written"] is False
        assert (await olga.get(f"{API}/schools/no3/contacts")).json()["contacts"] == []
        done = await olga.post(f"{API}/contacts/import", content=rows)
        assert done.json() == {
            "schools": [{"school": "no3", "count": 1}, {"school": "no5", "count": 1}],
            "troubles": [],
            "written": True,
        }
        (guard,) = (await olga.get(f"{API}/schools/no3/contacts")).json()["contacts"]
        assert guard == {"role": "guard", "telephone": "1001", "name": ""}

    async def test_a_file_with_a_mistake_changes_nothing_and_says_where(self, door) -> None:
        olga = await door.as_("olga")
        await olga.put(f"{API}/schools/no3/contacts", json={"contacts": self.LIST})
        rows = "角色,电话\n校长,1001\n校长,无\n".encode()
        answer = await olga.post(f"{API}/contacts/import?school=no3", content=rows)
        assert answer.json()["troubles"] == [{"line": 3, "code": "no_number", "value": "校长"}]
        kept = (await olga.get(f"{API}/schools/no3/contacts")).json()["contacts"]
        assert kept == list(self.LIST)

    async def test_a_file_does_not_reach_schools_out_of_scope(self, door) -> None:
        west = await door.as_("west")
        rows = "学校,角色,电话\nno3,校长,1001\n".encode()
        answer = await west.post(f"{API}/contacts/import", content=rows)
        assert [one["code"] for one in answer.json()["troubles"]] == ["unknown_school"]
        named = await west.post(f"{API}/contacts/import?school=no3", content=rows)
        assert named.status_code == 404
