"""The roster over HTTP: who is listed, who sees it, and lists that are shown before taken."""

from __future__ import annotations

import asyncio
import io

import pytest
from enlisting import API, HEAD, NO3, NO5, NO9, begun, enlisted, over, taken
from openpyxl import Workbook


async def codes(client, **query: object) -> list[str]:
    answer = await client.get(f"{API}/roster", params=query)
    assert answer.status_code == 200, answer.text
    return [one["school"] for one in answer.json()["items"]]


async def facts(door, subject: str) -> list[dict]:
    answer = await (await door.as_("ada")).get(f"{API}/facts", params={"subject": subject})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


class TestAList:
    async def test_is_shown_first_and_taken_by_its_digest(self, door, campus) -> None:
        ada = await door.as_("ada")

        run = await begun(ada, HEAD + NO3 + NO9)

        assert run["state"] == "ready"
        preview = run["preview"]
        assert (preview["added"], preview["refused"], preview["missing"]) == (2, 0, 0)
        assert await codes(ada) == []
        assert campus.counted("select count(*) from facts where kind = 'roster'") == 0

        assert (await taken(ada, run)).status_code == 200
        run = await over(ada, run["id"], "writing")

        assert (run["state"], run["written"], run["done"], run["of"]) == ("done", 2, 2, 2)
        listed = (await ada.get(f"{API}/roster")).json()["items"]
        assert [(one["school"], one["connected"], one["kind"]) for one in listed] == [
            ("no3", True, "complete_middle"),
            ("no9", False, "primary"),
        ]
        (fact,) = await facts(door, "roster:no9")
        assert (fact["kind"], fact["actor"]) == ("roster", "user:ada")
        assert fact["body"]["before"] is None
        assert fact["body"]["after"]["name"] == "第九小学"
        assert fact["body"]["reason"] == "import of list.csv"

    async def test_comes_as_a_workbook_too(self, door) -> None:
        book = Workbook()
        for line in (HEAD + NO3).splitlines():
            book.active.append(line.split(","))
        kept = io.BytesIO()
        book.save(kept)

        run = await begun(await door.as_("ada"), kept.getvalue(), "list.xlsx")

        assert run["preview"]["added"] == 1, run

    async def test_with_bad_rows_is_loaded_only_if_somebody_says_so(self, door) -> None:
        ada = await door.as_("ada")
        run = await begun(ada, HEAD + NO3 + NO9.replace("300", "=SUM(A1)"))

        (trouble,) = run["preview"]["troubles"]
        assert (trouble["line"], trouble["field"], trouble["code"]) == (
            3,
            "在校生数",
            "not_a_number",
        )
        refused = await taken(ada, run)
        assert (refused.status_code, refused.json()["code"]) == (409, "refusal.roster_bad_rows")
        mistakes = await ada.get(f"{API}/roster/imports/{run['id']}/troubles.csv?lang=zh")
        assert mistakes.text.startswith("\ufeff")
        assert ",3,在校生数,'=SUM(A1),“=SUM(A1)”不是人数" in mistakes.text

        assert (await taken(ada, run, skip_bad_rows=True)).status_code == 200
        await over(ada, run["id"], "writing")
        assert await codes(ada) == ["no3"]

    async def test_that_somebody_else_was_quicker_with_is_shown_anew(self, door) -> None:
        ada, other = await door.as_("ada"), await door.as_("east-ada")
        mine, theirs = await asyncio.gather(
            begun(ada, HEAD + NO3 + NO9), begun(other, HEAD + NO9.replace("300", "310"))
        )

        answers = await asyncio.gather(taken(ada, mine), taken(other, theirs))

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        late = next(answer for answer in answers if answer.status_code == 409)
        assert late.json()["code"] == "refusal.roster_changed"
        client, run = (ada, mine) if late is answers[0] else (other, theirs)
        again = await over(client, run["id"], "writing")
        assert again["state"] == "ready"
        assert again["preview"]["digest"] != run["preview"]["digest"]
        assert (await taken(client, again)).status_code == 200

    async def test_that_is_taken_twice_at_once_is_written_once(self, door, campus) -> None:
        ada = await door.as_("ada")
        run = await begun(ada, HEAD + NO3 + NO9)

        answers = await asyncio.gather(taken(ada, run), taken(ada, run))

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        late = next(answer for answer in answers if answer.status_code == 409)
        assert late.json()["code"] == "refusal.import_over"
        done = await over(ada, run["id"], "writing")
        assert (done["state"], done["preview"]["added"]) == ("done", 2)
        assert campus.counted("select count(*) from facts where kind = 'roster'") == 2
        imports = door.app.state.services.audit.roster_imports
        assert imports.find(run["id"], "ada").plan.changes == ()  # not kept until a restart

    async def test_under_a_name_that_lies_is_called_what_it_is(self, door) -> None:
        run = await begun(await door.as_("ada"), HEAD + NO3, "..\\my \u202elist.csv")

        assert run["file"] == "my list.csv"

    async def test_of_one_county_moves_no_school_of_another(self, door) -> None:
        run = await begun(await door.as_("east-ada"), HEAD + NO3 + NO5)

        assert run["preview"]["added"] == 1
        assert [(one["line"], one["code"]) for one in run["preview"]["troubles"]] == [
            (3, "out_of_scope")
        ]

    async def test_is_its_owners(self, door) -> None:
        run = await begun(await door.as_("ada"), HEAD + NO3)
        other = await door.as_("east-ada")

        assert (await other.get(f"{API}/roster/imports/{run['id']}")).status_code == 404
        assert (await taken(other, run)).status_code == 404

    async def test_can_be_given_up(self, door) -> None:
        ada = await door.as_("ada")
        run = await begun(ada, HEAD + NO3)

        await ada.delete(f"{API}/roster/imports/{run['id']}")

        assert (await over(ada, run["id"]))["state"] == "cancelled"
        assert (await taken(ada, run)).json()["code"] == "refusal.import_over"

    async def test_larger_than_any_is_refused(self, door) -> None:
        answer = await (await door.as_("ada")).post(
            f"{API}/roster/imports", content=b"x" * ((16 << 20) + 1)
        )

        assert answer.status_code == 413

    async def test_that_leaves_schools_out_strikes_none_off(self, door) -> None:
        await enlisted(door, NO3, NO9)
        ada = await door.as_("ada")

        run = await begun(ada, HEAD + NO9)

        assert run["preview"]["not_named"] == [{"school": "no3", "name": "第三中学"}]
        await taken(ada, run)
        assert await codes(ada) == ["no3", "no9"]


class TestAnEntry:
    async def test_is_struck_off_with_a_reason_and_taken_up_again(self, door) -> None:
        await enlisted(door, NO3, NO9)
        ada = await door.as_("ada")

        async def acted(**action: object):
            return await ada.post(f"{API}/roster/schools/no9", json=action)

        assert (await acted(action="strike_off")).status_code == 422
        gone = await acted(action="strike_off", reason="撤并")
        assert gone.json()["listed"] is False
        assert await codes(ada) == ["no3"]
        assert await codes(ada, listed="false") == ["no9"]
        totals = (await ada.get(f"{API}/roster/totals")).json()
        assert (totals["listed"], totals["struck_off"], totals["connected"]) == (1, 1, 1)
        newest = (await facts(door, "roster:no9"))[-1]
        assert (newest["body"]["after"]["listed"], newest["body"]["reason"]) == (False, "撤并")

        assert (await acted(action="relist", reason="误")).json()["listed"] is True

    async def test_is_corrected_and_keeps_its_former_name(self, door) -> None:
        await enlisted(door, NO9)
        ada = await door.as_("ada")

        async def changed(**fields: object):
            body = {"action": "change", "reason": "更正", **fields}
            return await ada.post(f"{API}/roster/schools/no9", json=body)

        after = (await changed(name="第九实验小学", pupils=310)).json()
        assert (after["name"], after["pupils"], after["formerly"]) == (
            "第九实验小学",
            310,
            ["第九小学"],
        )
        assert await codes(ada, search="第九小学") == ["no9"]
        assert (await changed(boarders=311)).status_code == 422
        assert (await changed(region="moon")).status_code == 422
        assert (await changed(name="第九\u202e学小")).status_code == 422

    async def test_that_is_changed_by_two_at_once_tells_the_second(self, door) -> None:
        await enlisted(door, NO9)
        ada = await door.as_("ada")

        async def struck(n: int):
            body = {"action": "change", "reason": f"no {n}", "pupils": 400 + n}
            return await ada.post(f"{API}/roster/schools/no9", json=body)

        answers = await asyncio.gather(*(struck(n) for n in range(4)))

        assert {answer.status_code for answer in answers} <= {200, 409}
        done = [answer for answer in answers if answer.status_code == 200]
        assert len(await facts(door, "roster:no9")) == 1 + len(done)


class TestWhoSeesIt:
    @pytest.fixture(autouse=True)
    async def three(self, door) -> None:
        await enlisted(door, NO3, NO9, NO5)

    @pytest.mark.parametrize(
        ("name", "seen"),
        [
            ("anna", ["no3", "no5", "no9"]),
            ("ines", ["no3", "no9"]),  # no9 is not connected, and of the inspector's county
            ("sofia", ["no3"]),
            ("west", ["no5"]),
        ],
    )
    async def test_depends_on_the_schools_of_the_scope(self, door, name, seen) -> None:
        client = await door.as_(name)

        assert await codes(client) == seen
        totals = (await client.get(f"{API}/roster/totals")).json()
        assert totals["listed"] == len(seen)
        for school in ("no3", "no5", "no9"):
            answer = await client.get(f"{API}/roster/schools/{school}")
            assert answer.status_code == (200 if school in seen else 404)
            answer = await client.get(f"{API}/schools/{school}/baseline")
            assert answer.status_code == (200 if school in seen else 404)

    async def test_is_asked_by_region_kind_and_words(self, door) -> None:
        anna = await door.as_("anna")

        assert await codes(anna, region="east") == ["no3", "no9"]
        assert await codes(anna, region="city") == ["no3", "no5", "no9"]
        assert await codes(anna, kind="primary") == ["no9"]
        assert await codes(anna, connected="false") == ["no9"]
        assert await codes(anna, search="第五") == ["no5"]
        assert await codes(anna, search="%") == []
        assert await codes(anna, baseline="none") == ["no3", "no5", "no9"]
        assert await codes(anna, baseline="waiting") == []

    async def test_comes_in_pages(self, door) -> None:
        anna = await door.as_("anna")
        seen: list[str] = []
        cursor = None
        while True:
            query = {"limit": 1} | ({} if cursor is None else {"cursor": cursor})
            page = (await anna.get(f"{API}/roster", params=query)).json()
            seen += [one["school"] for one in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break

        assert seen == ["no3", "no5", "no9"]

    async def test_a_list_shows_nobody_devices_of_another_county(self, door, campus) -> None:
        """The register says where a connected school is; a list that says otherwise moves nobody's
        sight."""
        ada = await door.as_("ada")
        await enlisted(door, NO5.replace("市", "东区"))

        east = await door.as_("east")
        assert (await east.get(f"{API}/devices/no5/gate-01")).status_code == 404
        assert (await ada.get(f"{API}/devices/no5/gate-01")).status_code == 200


async def test_a_list_stopped_half_way_is_gone_on_with_by_bringing_it_again(door, campus) -> None:
    rows = "".join(f"s{n:05d},第{n}小学,小学,东区,{n},0,否\n" for n in range(6000))
    ada = await door.as_("ada")
    run = await begun(ada, HEAD + rows)

    assert (await taken(ada, run)).status_code == 200
    await ada.delete(f"{API}/roster/imports/{run['id']}")
    stopped = await over(ada, run["id"], "writing")

    assert stopped["state"] == "cancelled"
    assert stopped["written"] < 6000
    for table in ("roster", "facts where kind = 'roster'"):
        assert campus.counted(f"select count(*) from {table}") == stopped["written"]

    again = await begun(ada, HEAD + rows)
    assert again["preview"]["added"] == 6000 - stopped["written"]
    assert again["preview"]["unchanged"] == stopped["written"]
    await taken(ada, again)
    assert (await over(ada, again["id"], "writing"))["state"] == "done"
    assert campus.counted("select count(*) from facts where kind = 'roster'") == 6000
