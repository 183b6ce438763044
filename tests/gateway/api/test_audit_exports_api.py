"""Exports over HTTP: asked for, watched, broken off, fetched; each their own, in their scope."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openpyxl import load_workbook
from test_campaigns_api import DAY, begun, mark

from audit.reports.table import Column, Report, Row, Table
from gateway.api.models.shapes import Page
from gateway.api.problems import not_found
from gateway.api.routes import audit_reports
from gateway.api.services import Services
from gateway.api.supplies import kinds
from gateway.api.supplies.asked import Asked, Kind
from gateway.api.supplies.paging import following
from gateway.exports import desk
from gateway.exports.font import find_font
from gateway.store.batch import Batch
from gateway.store.store import StoreFullError


class Slow:
    """A kind whose rows wait until they may go on."""

    def __init__(self) -> None:
        self.go = threading.Event()

    async def supply(self, asked: Asked) -> Report:
        def rows() -> Iterator[Row]:
            yield ("第三中学",)
            assert self.go.wait(60)
            yield (asked.caller.name,)

        table = Table(title="慢", columns=(Column(key="a", label="学校"),), rows=rows(), count=2)
        return Report(title="慢", tables=(table,))


@pytest.fixture
def slow(monkeypatch) -> Iterator[Slow]:
    one = Slow()
    known = {**kinds.KINDS, "slow": Kind(supply=one.supply)}
    monkeypatch.setattr("gateway.api.routes.audit_exports.KINDS", known)
    yield one
    one.go.set()


async def until(client, name: str, so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The export once it is so; asked again as the page asks."""
    async with asyncio.timeout(60):
        while True:
            one = (await client.get(f"/api/v1/audit-exports/{name}")).json()
            if so(one):
                return one
            await asyncio.sleep(0.02)


async def over(client, name: str) -> dict[str, Any]:
    """The export once it is over."""
    return await until(client, name, lambda one: one["state"] not in ("waiting", "running"))


async def asked(client, what: str, file_format: str = "csv", **params: Any) -> dict[str, Any]:
    answer = await client.post(
        "/api/v1/audit-exports", json={"what": what, "format": file_format, "params": params}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def fetched(client, what: str, file_format: str = "csv", **params: Any) -> bytes:
    one = await asked(client, what, file_format, **params)
    done = await over(client, one["id"])
    assert done["state"] == "done", done
    answer = await client.get(f"/api/v1/audit-exports/{one['id']}/file")
    assert len(answer.content) == done["size"]
    return answer.content


def lines(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


async def test_a_file_says_what_the_interface_says(door) -> None:
    await begun(door)
    await mark(await door.as_("sofia"), "doors")
    ada = await door.as_("ada")

    head, *rows = lines(await fetched(ada, "campaign", campaign="winter"))

    listed = (await ada.get("/api/v1/campaigns/winter/schools")).json()["items"]
    assert head[:3] == ["学校代码", "学校", "所属区域"]
    assert [(row[0], row[3], row[4], row[5]) for row in rows] == [
        (
            one["school"],
            str(one["checks"]),
            str(one["seen_to"]),
            repr(one["seen_to"] / one["checks"]),
        )
        for one in listed
    ]


async def test_a_workbook_and_a_pdf_of_the_same(door) -> None:
    await begun(door)
    ada = await door.as_("ada")

    book = load_workbook(io.BytesIO(await fetched(ada, "campaign", "xlsx", campaign="winter")))
    pdf = await fetched(ada, "campaign", "pdf", campaign="winter")

    assert book.worksheets[0].max_row == 3
    assert book.worksheets[0]["D2"].value == 2
    assert pdf.startswith(b"%PDF")


async def test_the_file_has_a_name_that_people_read(door) -> None:
    await begun(door)
    ada = await door.as_("ada")
    one = await over(ada, (await asked(ada, "campaign", campaign="winter"))["id"])

    answer = await ada.get(f"/api/v1/audit-exports/{one['id']}/file")

    assert one["name"] == "专项行动进度冬季行动 2026-11-20.csv"
    assert 'filename="campaign.csv"' in answer.headers["content-disposition"]
    assert "filename*=UTF-8''%E4%B8%93" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"


async def test_it_holds_only_what_the_asker_sees(door) -> None:
    await begun(door)

    async def schools(name: str) -> list[str]:
        found = lines(await fetched(await door.as_(name), "campaign", campaign="winter"))
        return sorted(row[0] for row in found[1:])

    assert await schools("ada") == ["no3", "no5"]
    assert await schools("gwen") == await schools("sofia") == ["no3"]
    assert await schools("west") == ["no5"]


async def test_nobody_gets_the_file_of_another(door, slow: Slow) -> None:
    anna, ada = await door.as_("anna"), await door.as_("ada")
    slow.go.set()
    one = await over(anna, (await asked(anna, "slow"))["id"])

    for tail in ("", "/file"):
        assert (await ada.get(f"/api/v1/audit-exports/{one['id']}{tail}")).status_code == 404
    assert (await ada.delete(f"/api/v1/audit-exports/{one['id']}")).status_code == 404
    assert (await ada.get("/api/v1/audit-exports")).json()["items"] == []


async def test_who_has_less_to_see_by_now_does_not_get_the_file(door, campus, slow: Slow) -> None:
    anna, ada = await door.as_("anna"), await door.as_("ada")
    slow.go.set()
    one = await over(anna, (await asked(anna, "slow"))["id"])

    changed = await ada.patch("/api/v1/users/anna", json={"scopes": ["region:east"]})
    assert changed.status_code == 200, changed.text

    again = await door.as_("anna")
    assert (await again.get(f"/api/v1/audit-exports/{one['id']}/file")).status_code == 404


async def test_progress_is_seen_also_after_the_page_was_loaded_anew(door, slow: Slow) -> None:
    anna = await door.as_("anna")
    one = await asked(anna, "slow")
    await until(anna, one["id"], lambda shown: shown["count"] == 2)

    anew = await door.as_("anna")
    (shown,) = (await anew.get("/api/v1/audit-exports")).json()["items"]
    assert (shown["id"], shown["state"], shown["title"]) == (one["id"], "running", "慢")
    file = await anew.get(f"/api/v1/audit-exports/{one['id']}/file")
    assert file.json()["code"] == "refusal.export_not_done"

    slow.go.set()
    assert (await over(anew, one["id"]))["rows"] == 2


async def test_it_is_broken_off(door, campus, slow: Slow) -> None:
    anna = await door.as_("anna")
    one = await asked(anna, "slow")

    assert (await anna.delete(f"/api/v1/audit-exports/{one['id']}")).status_code == 204
    slow.go.set()
    assert (await over(anna, one["id"]))["state"] == "cancelled"

    folder = campus.settings.directory / "exports"
    assert list(folder.iterdir()) == []
    await anna.delete(f"/api/v1/audit-exports/{one['id']}")
    assert (await anna.get("/api/v1/audit-exports")).json()["items"] == []


async def test_what_waits_for_its_turn_is_broken_off_at_once(door, slow: Slow) -> None:
    anna, ada = await door.as_("anna"), await door.as_("ada")
    for client in (anna, anna):
        await asked(client, "slow")
    waiting = await asked(ada, "slow")

    await ada.delete(f"/api/v1/audit-exports/{waiting['id']}")

    assert (await over(ada, waiting["id"]))["state"] == "cancelled"


async def test_one_person_has_three_at_once_at_most(door, slow: Slow) -> None:
    anna = await door.as_("anna")
    for _ in range(desk.OF_ONE):
        await asked(anna, "slow")

    answer = await anna.post("/api/v1/audit-exports", json={"what": "slow", "format": "csv"})

    assert (answer.status_code, answer.json()["code"]) == (409, "refusal.exports_own")


async def test_files_are_kept_for_a_day(door, campus, slow: Slow) -> None:
    anna = await door.as_("anna")
    slow.go.set()
    one = await over(anna, (await asked(anna, "slow"))["id"])
    assert one["kept_until"] == campus.clock.now() + desk.KEPT_MS

    campus.clock.turn(desk.KEPT_MS)
    again = await door.as_("anna")

    assert (await again.get(f"/api/v1/audit-exports/{one['id']}")).status_code == 404
    assert list((campus.settings.directory / "exports").iterdir()) == []


async def test_each_export_is_a_fact(door, campus, slow: Slow) -> None:
    anna = await door.as_("anna")
    slow.go.set()
    one = await asked(anna, "slow")

    (fact,) = (await anna.get("/api/v1/facts?kind=export")).json()["items"]

    assert (fact["actor"], fact["subject"]) == ("user:anna", f"export:{one['id']}")
    assert fact["body"]["what"] == "slow"


async def test_what_cannot_be_is_refused_at_once(door) -> None:
    ada = await door.as_("ada")

    async def refused(**body: Any) -> tuple[int, str]:
        answer = await ada.post("/api/v1/audit-exports", json={"format": "csv", **body})
        problem = answer.json()
        return answer.status_code, ",".join(
            one["field"] for one in problem.get("errors") or [{"field": problem["code"]}]
        )

    assert await refused(what="nothing") == (404, "not_found")
    assert await refused(what="coverage") == (422, "format")
    assert await refused(what="campaign") == (422, "params.campaign")
    assert await refused(what="gaps", params={"colour": "red"}) == (422, "params.colour")
    assert await refused(what="campaign", params={"campaign": "none"}) == (404, "not_found")


async def test_without_a_font_a_pdf_is_refused_with_the_package_to_install(
    door, monkeypatch
) -> None:
    monkeypatch.setattr("gateway.exports.font.PLACES", ())
    ada = await door.as_("ada")

    answer = await ada.post("/api/v1/audit-exports", json={"what": "roster", "format": "pdf"})

    assert answer.json()["code"] == "refusal.export_font"
    assert "fonts-wqy-microhei" in answer.json()["detail"]


@pytest.mark.parametrize("what", ["schools", "gaps", "ledger", "notices", "roster"])
async def test_an_empty_list_is_a_file_with_its_header(door, campus, what: str) -> None:
    ada = await door.as_("ada")
    one = await over(ada, (await asked(ada, what))["id"])

    if what in ("schools", "gaps"):  # without a policy there is nothing to say
        assert one["state"] in ("failed", "done")
    else:
        assert one["state"] == "done", one


async def test_a_weekly_report_leaves_as_a_form_to_be_signed(door) -> None:
    await begun(door)
    sofia = await door.as_("sofia")
    key = {"campaign": "winter", "kind": "weekly", "period": "2026-11-27", "subject": "school:no3"}

    pdf = await fetched(sofia, "weekly-report", "pdf", **key)
    book = load_workbook(io.BytesIO(await fetched(sofia, "weekly-report", "xlsx", **key)))

    assert pdf.startswith(b"%PDF")
    assert "本周数据" in book.sheetnames


async def test_kinds_are_told_with_their_formats(door) -> None:
    answer = await (await door.as_("olga")).get("/api/v1/audit-export-kinds")

    found = {one["what"]: one["formats"] for one in answer.json()["items"]}
    assert found["campaign"] == ["xlsx", "csv", "pdf"]
    assert found["school-sheet"] == ["pdf", "xlsx"]


class Leafed:
    """A kind whose rows come page by page, the second of which waits."""

    def __init__(self, last: int = 3) -> None:
        self.pages: list[str | None] = []
        self.go = threading.Event()
        self._last = last

    async def page(self, cursor: str | None) -> Page[int]:
        self.pages.append(cursor)
        number = int(cursor or 0)
        if number == self._last:
            raise not_found("region east")
        return Page[int](items=[2 * number, 2 * number + 1], next=str(number + 1))

    async def supply(self, asked: Asked) -> Report:
        def row(number: int) -> Row:
            if number == 1:
                assert self.go.wait(60)
            return (str(number),)

        first = await self.page(None)
        rows = map(row, following(first, self.page))
        table = Table(title="页", columns=(Column(key="a", label="学校"),), rows=rows)
        return Report(title="页", tables=(table,))


async def test_rows_are_asked_for_page_by_page_as_they_are_written(door, monkeypatch) -> None:
    kind = Leafed()
    known = {**kinds.KINDS, "leafed": Kind(supply=kind.supply)}
    monkeypatch.setattr("gateway.api.routes.audit_exports.KINDS", known)
    anna = await door.as_("anna")
    one = await asked(anna, "leafed")
    await until(anna, one["id"], lambda shown: shown["title"] == "页")
    assert kind.pages == [None]  # a file of a city is never held as a whole

    kind.go.set()
    done = await over(anna, one["id"])

    assert kind.pages == [None, "1", "2", "3"]
    assert (done["state"], done["code"]) == ("failed", "not_found")  # in words of the catalogue
    assert "region east" in done["error"]


async def test_a_file_holds_all_of_what_a_page_shows_the_beginning(
    door, campus, monkeypatch
) -> None:
    monkeypatch.setattr(audit_reports, "MOST_LISTED", 1)
    monkeypatch.setattr(audit_reports, "MOST_SPECIAL", 1)
    await begun(door)
    await campus.press("no3")
    await campus.press("no5")
    ada = await door.as_("ada")
    week = {"campaign": "winter", "kind": "weekly", "period": "2026-11-27"}
    stretch = {"since": campus.clock.now() - DAY, "until": campus.clock.now() + DAY}

    shown = (await ada.get("/api/v1/audit-reports/handed-in", params=week)).json()["items"]
    special = (await ada.get("/api/v1/audit-reports/emergencies", params=stretch)).json()["items"]
    assert (len(shown), len(special)) == (1, 1)
    assert len(lines(await fetched(ada, "handed-in", **week))) == 1 + 2
    assert len(lines(await fetched(ada, "emergencies", **stretch))) == 1 + 2


async def test_more_emergencies_than_a_file_holds_are_refused_and_not_left_out(
    door, campus, monkeypatch
) -> None:
    monkeypatch.setattr("gateway.api.supplies.campaigns.MOST_EMERGENCIES", 1)
    await campus.press("no3")
    await campus.press("no5")
    ada = await door.as_("ada")
    stretch = {"since": campus.clock.now() - DAY, "until": campus.clock.now() + DAY}

    done = await over(ada, (await asked(ada, "emergencies", **stretch))["id"])

    assert (done["state"], done["code"]) == ("failed", "refusal.export_rows")


async def test_a_paper_calls_itself_a_zero_report_only_when_its_signer_does(door, campus) -> None:
    await begun(door)
    campus.clock.turn(8 * DAY)
    sofia = await door.as_("sofia")
    key = {"campaign": "winter", "kind": "weekly", "period": "2026-11-27", "subject": "school:no3"}
    again = {**key, "zero": False, "text": "一名学生在操场摔伤，已送医"}
    assert (
        await sofia.post("/api/v1/audit-reports/sign", json={**key, "zero": True})
    ).status_code == 200
    corrected = {**again, "reason": "漏报"}
    assert (await sofia.post("/api/v1/audit-reports/sign", json=corrected)).status_code == 200

    book = load_workbook(io.BytesIO(await fetched(sofia, "weekly-report", "xlsx", **key)))

    facts = {row[0].value: row[1].value for row in book["说明"] if len(row) > 1}
    assert facts["是否零报告"] == "否，见下"
    assert facts["情况说明"] == "更正：漏报\n一名学生在操场摔伤，已送医"


async def test_an_export_of_which_no_fact_can_be_kept_leaves_nothing(
    door, campus, slow: Slow, monkeypatch
) -> None:
    anna = await door.as_("anna")
    commit = Services.commit

    async def full(self: Services, batch: Batch) -> None:
        if any(one.kind == "export" for one in batch.facts):
            raise StoreFullError("the disk is full")
        await commit(self, batch)

    monkeypatch.setattr(Services, "commit", full)
    answer = await anna.post("/api/v1/audit-exports", json={"what": "slow", "format": "csv"})
    slow.go.set()

    assert answer.status_code >= 500
    (left,) = (await anna.get("/api/v1/audit-exports")).json()["items"]
    assert (await over(anna, left["id"]))["state"] == "cancelled"


async def test_every_paper_takes_the_font_of_the_settings(door, campus, monkeypatch) -> None:
    own = find_font()
    monkeypatch.setattr("gateway.exports.font.PLACES", ())
    monkeypatch.setattr(door.app.state.services.audit.exports, "font", own)
    number = await campus.press()
    ada = await door.as_("ada")
    fault = {"school": "no3", "due": campus.clock.now() + DAY, "findings": [{"text": "灭火器过期"}]}
    notice = (await ada.post("/api/v1/notices", json=fault)).json()

    for path in (
        f"alerts/{number}/report.pdf",
        f"notices/{notice['number']}.pdf",
        "labels.pdf?school=no3",
    ):
        answer = await ada.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.text
        assert b"/FontFile2" in answer.content, path


async def test_an_emergency_is_reported_also_by_a_machine_without_a_font(
    door, campus, monkeypatch
) -> None:
    monkeypatch.setattr("gateway.exports.font.PLACES", ())
    number = await campus.press()

    answer = await (await door.as_("ada")).get(f"/api/v1/alerts/{number}/report.pdf")

    assert answer.status_code == 200
    assert b"STSong" in answer.content
