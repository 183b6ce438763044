"""Attestations, drills and files over HTTP, up to the verdict that rests on them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx
import pytest

from audit.attestation import DAY_MS
from audit.roster import RosterChange, RosterEntry, SchoolKind
from audit.verification.model import Verdict
from gateway.files.sight import MOST_BYTES
from gateway.store.batch import Batch
from gateway.store.roster import put_entries

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"
HTML = b"<!doctype html><script>fetch('/api/v1/users')</script>"


@dataclass
class Asking:
    """The application with policies in effect and two schools on the roster."""

    door: object
    campus: object

    async def as_(self, name: str) -> httpx.AsyncClient:
        return await self.door.as_(name)

    async def paper(self, client: httpx.AsyncClient, body: bytes = PDF, name: str = "值班表.pdf"):
        return await client.put(
            "/api/v1/files", params={"school": "no3", "name": name}, content=body
        )

    async def wanted(self, client: httpx.AsyncClient, **more: object) -> dict[str, object]:
        paper = (await self.paper(client)).json()["hash"]
        return {
            "school": "no3",
            "item": "guards",
            "expires": self.campus.clock.now() + 100 * DAY_MS,
            "figures": {"guards": 2},
            "files": [paper],
            **more,
        }

    async def stated(self, client: httpx.AsyncClient, **more: object) -> dict[str, object]:
        answer = await client.post("/api/v1/attestations", json=await self.wanted(client, **more))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def follow(self) -> None:
        await self.door.app.state.services.audit.coverage.follow()

    async def verdict(self, item: str = "guards", school: str = "no3") -> Verdict:
        await self.follow()
        judged = await self.door.app.state.services.audit.coverage.judged(school)
        return judged["six-100", item].verdict


@pytest.fixture
async def asking(door, campus) -> Asking:
    batch = Batch(now=campus.clock.now())
    put_entries(
        batch,
        [
            RosterChange(
                before=None,
                after=RosterEntry(
                    school=school,
                    name=f"学校 {school}",
                    kind=kind,
                    region=region,
                    pupils=900,
                    boarders=0,
                    key_target=False,
                ),
                reason="",
            )
            for school, kind, region in (
                ("no3", SchoolKind.PRIMARY, "east"),
                ("no5", SchoolKind.COMPLETE_MIDDLE, "city"),
                ("kg1", SchoolKind.KINDERGARTEN, "east"),
            )
        ],
        by="ada",
    )
    campus.store.commit(batch).result()
    services = door.app.state.services
    await services.register.refresh()
    services.doorkeeper.forget_all()
    there = Asking(door, campus)
    await there.follow()
    return there


async def test_a_school_sees_what_is_asked_of_it(asking) -> None:
    sofia = await asking.as_("sofia")
    shown = (await sofia.get("/api/v1/schools/no3/attestations")).json()
    assert (shown["kind"], shown["pupils"], shown["may_attest"]) == ("primary", 900, True)
    items = {one["item"]: one for one in shown["items"]}
    assert {
        "closed_management",
        "hard_isolation",
        "guards",
        "guard_posts",
        "video_link",
        "gate_video_link",
        "drill",
    } <= items.keys()
    guards = items["guards"]
    assert guards["name"] == {"zh": "专职保安", "en": "Full-time guards"}
    assert (guards["stands"], guards["guards_needed"], guards["guards_from_memory"]) == (
        "none",
        2,
        True,
    )
    assert items["drill"]["longest_days"] == 31
    assert items["drill"]["name"]["en"] == "Evacuation drill"
    assert {by["id"] for by in guards["policies"]} >= {"six-100", "four-100", "three-100"}


async def test_from_the_statement_over_the_second_person_to_the_verdict(asking) -> None:
    sofia, paul = await asking.as_("sofia"), await asking.as_("paul")
    assert await asking.verdict() is Verdict.UNKNOWN

    one = await asking.stated(sofia)
    assert (one["state"], one["stated_by"], one["days_left"], one["may"]) == (
        "standing",
        "sofia",
        100,
        ["withdraw"],
    )
    assert await asking.verdict() is Verdict.UNKNOWN  # the policy asks for a second person

    refused = await sofia.post(f"/api/v1/attestations/{one['id']}/confirm", json={})
    assert refused.status_code == 403
    confirmed = await paul.post(f"/api/v1/attestations/{one['id']}/confirm", json={})
    assert confirmed.json()["confirmed_by"] == "paul"
    assert await asking.verdict() is Verdict.MET

    asking.campus.clock.turn(100 * DAY_MS)
    assert await asking.verdict() is Verdict.UNKNOWN
    sofia = await asking.as_("sofia")
    shown = (await sofia.get("/api/v1/schools/no3/attestations")).json()
    (guards,) = [each for each in shown["items"] if each["item"] == "guards"]
    assert (guards["stands"], guards["attestation"]["days_left"]) == ("expired", 0)


async def test_too_few_guards_are_no_met_item(asking) -> None:
    sofia, paul = await asking.as_("sofia"), await asking.as_("paul")
    one = await asking.stated(sofia, figures={"guards": 1})
    await paul.post(f"/api/v1/attestations/{one['id']}/confirm", json={})
    assert await asking.verdict() is not Verdict.MET


async def test_who_stated_it_cannot_confirm_it_whatever_the_role(asking) -> None:
    paul = await asking.as_("paul")
    one = await asking.stated(paul)
    refused = await paul.post(f"/api/v1/attestations/{one['id']}/confirm", json={})
    assert (refused.status_code, refused.json()["code"]) == (
        409,
        "refusal.attestation_second_person",
    )


async def test_an_inspector_confirms_and_withdraws_what_a_school_states(asking) -> None:
    sofia, ines = await asking.as_("sofia"), await asking.as_("ines")
    one = await asking.stated(sofia)
    shown = (await ines.get(f"/api/v1/attestations/{one['id']}")).json()
    assert shown["may"] == ["confirm", "withdraw"]
    empty = await ines.post(f"/api/v1/attestations/{one['id']}/withdraw", json={"reason": ""})
    assert empty.status_code == 422
    gone = await ines.post(
        f"/api/v1/attestations/{one['id']}/withdraw", json={"reason": "only one was there"}
    )
    assert (gone.json()["state"], gone.json()["may"]) == ("withdrawn", [])
    assert await asking.verdict() is Verdict.UNKNOWN


async def test_two_people_at_the_same_moment(asking) -> None:
    sofia, paul, ines = [await asking.as_(name) for name in ("sofia", "paul", "ines")]
    one = await asking.stated(sofia)
    answers = await asyncio.gather(
        paul.post(f"/api/v1/attestations/{one['id']}/confirm", json={}),
        ines.post(f"/api/v1/attestations/{one['id']}/confirm", json={}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_phone_that_sends_it_twice_states_it_once(asking) -> None:
    sofia = await asking.as_("sofia")
    wanted = await asking.wanted(sofia)
    key = {"Idempotency-Key": "phone-1"}
    first = await sofia.post("/api/v1/attestations", json=wanted, headers=key)
    again = await sofia.post("/api/v1/attestations", json=wanted, headers=key)
    assert first.json()["id"] == again.json()["id"]
    assert asking.campus.counted("SELECT count(*) FROM facts WHERE kind = 'attestation'") == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"item": "sunshine"}, 409, "refusal.attestation_item"),
        ({"files": []}, 409, "refusal.attestation_lacking"),
        ({"files": ["0" * 64]}, 409, "refusal.unknown_file"),
        ({"files": ["../../etc/passwd"]}, 422, "invalid"),
        ({"figures": {"guards": -1}}, 422, "invalid"),
        ({"figures": {"Li Si": 1, "guards": 2}}, 422, "invalid"),
        ({"figures": {"li_si": 1, "guards": 2}}, 409, "refusal.attestation_figures"),
        ({"text": "ring 13800138000"}, 409, "refusal.attestation_personal"),
        ({"stated_by": "paul"}, 422, "invalid"),
        ({"expires": 1}, 409, "refusal.attestation_expiry"),
    ],
)
async def test_what_cannot_be_stated(asking, change, status, code) -> None:
    sofia = await asking.as_("sofia")
    answer = await sofia.post("/api/v1/attestations", json={**await asking.wanted(sofia), **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert asking.campus.counted("SELECT count(*) FROM attestations") == 0


async def test_lists_by_state_and_by_what_ends_first(asking) -> None:
    sofia, gwen = await asking.as_("sofia"), await asking.as_("gwen")
    now = asking.campus.clock.now()
    old = await asking.stated(sofia)
    asking.campus.clock.turn(1000)
    guards = await asking.stated(sofia, expires=now + 20 * DAY_MS)
    closed = await asking.stated(
        sofia, item="closed_management", figures={}, expires=now + 10 * DAY_MS
    )
    wall = await asking.stated(sofia, item="hard_isolation", figures={})
    await gwen.post(f"/api/v1/attestations/{closed['id']}/confirm", json={})

    async def found(**query: object) -> list[str]:
        answer = await gwen.get("/api/v1/attestations", params=query)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    assert await found() == [closed["id"], guards["id"], wall["id"]]
    assert await found(state="expiring") == [closed["id"], guards["id"]]
    assert await found(state="expiring", days=10) == [closed["id"]]
    assert await found(state="unconfirmed") == [guards["id"], wall["id"]]
    assert await found(state="replaced") == [old["id"]]
    assert await found(item="guards", school="no3", region="east") == [guards["id"]]
    assert len(await found(state="all")) == 4
    asking.campus.clock.turn(15 * DAY_MS)
    gwen = await asking.as_("gwen")
    assert await found(state="expired") == [closed["id"]]
    first = (await gwen.get("/api/v1/attestations", params={"limit": 1})).json()
    rest = await gwen.get("/api/v1/attestations", params={"limit": 9, "cursor": first["next"]})
    assert [one["id"] for one in rest.json()["items"]] == [guards["id"], wall["id"]]


async def test_nobody_sees_or_touches_what_lies_outside_their_schools(asking) -> None:
    sofia, west = await asking.as_("sofia"), await asking.as_("west")
    one = await asking.stated(sofia)
    file = one["files"][0]["hash"]
    assert (await west.get("/api/v1/attestations")).json()["items"] == []
    assert (await west.get(f"/api/v1/attestations/{one['id']}")).status_code == 404
    assert (await west.get("/api/v1/schools/no3/attestations")).status_code == 404
    assert (await west.get(f"/api/v1/files/{file}")).status_code == 403
    anna = await asking.as_("east-anna")
    assert (await anna.get(f"/api/v1/files/{file}")).status_code == 200


async def test_drills_the_longest_overdue_first_and_who_never_held_one_before(asking) -> None:
    sofia, ines = await asking.as_("sofia"), await asking.as_("ines")
    now = asking.campus.clock.now()
    shown = (await ines.get("/api/v1/drills")).json()
    assert (shown["schools"], shown["overdue"]) == (2, 2)
    assert [one["school"] for one in shown["items"]] == ["kg1", "no3"]
    assert [one["every_days"] for one in shown["items"]] == [92, 31]
    await asking.stated(
        sofia,
        item="drill",
        valid_from=now - DAY_MS,
        expires=now + 30 * DAY_MS,
        figures={"participants": 880, "duration_s": 165},
    )
    shown = (await ines.get("/api/v1/drills")).json()
    assert shown["overdue"] == 1
    drill = shown["items"][1]
    assert (drill["school"], drill["overdue"], drill["held"], drill["participants"]) == (
        "no3",
        False,
        now - DAY_MS,
        880,
    )
    only = (await ines.get("/api/v1/drills", params={"overdue": True})).json()
    assert [one["school"] for one in only["items"]] == ["kg1"]
    asking.campus.clock.turn(30 * DAY_MS)
    ines = await asking.as_("ines")
    assert (await ines.get("/api/v1/drills")).json()["overdue"] == 2
    paged = (await ines.get("/api/v1/drills", params={"limit": 1})).json()
    following = await ines.get("/api/v1/drills", params={"limit": 1, "cursor": paged["next"]})
    assert [one["school"] for one in following.json()["items"]] == ["no3"]


async def test_an_exercise_of_the_alarm_chain_is_no_drill(asking) -> None:
    olga, ines = await asking.as_("olga"), await asking.as_("ines")
    begun = (await olga.post("/api/v1/exercises", json={"school": "no3"})).json()
    await olga.post(f"/api/v1/exercises/{begun['id']}/end", json={})
    assert (await ines.get("/api/v1/drills")).json()["overdue"] == 2


async def test_a_clock_that_was_set_back_makes_no_statement_one_of_the_future(asking) -> None:
    sofia = await asking.as_("sofia")
    one = await asking.stated(sofia)
    asking.campus.clock.jump(-3 * 3_600_000)
    assert (await sofia.get(f"/api/v1/attestations/{one['id']}")).json()["state"] == "standing"
    newer = await asking.stated(sofia, expires=one["expires"])
    shown = (await sofia.get("/api/v1/attestations?state=standing")).json()
    assert [each["id"] for each in shown["items"]] == [newer["id"]]


# Files


async def test_a_file_comes_back_as_something_to_keep_and_not_to_open(asking) -> None:
    sofia = await asking.as_("sofia")
    file = (await asking.paper(sofia, name="值班 表.pdf")).json()
    assert (file["media_type"], file["size"], file["name"]) == (
        "application/pdf",
        len(PDF),
        "值班 表.pdf",
    )
    got = await sofia.get(f"/api/v1/files/{file['hash']}")
    assert got.content == PDF
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers.get_list("x-content-type-options")[0] == "nosniff"
    assert got.headers["content-disposition"] == (
        "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E5%80%BC%E7%8F%AD%20%E8%A1%A8.pdf"
    )
    assert "sandbox" in got.headers.get_list("content-security-policy")[0]
    same = await sofia.get(
        f"/api/v1/files/{file['hash']}", headers={"If-None-Match": got.headers["etag"]}
    )
    assert (same.status_code, same.content) == (304, b"")


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        (HTML, "guards.pdf", "file_program"),
        (b"MZ\x90\x00" + bytes(200), "guards.pdf", "file_kind"),
        (PDF + HTML, "guards.pdf", "file_damaged"),
        (b"", "guards.pdf", "file_kind"),
    ],
)
async def test_what_calls_itself_something_else_is_refused(asking, body, name, code) -> None:
    sofia = await asking.as_("sofia")
    answer = await sofia.put(
        "/api/v1/files",
        params={"school": "no3", "name": name},
        content=body,
        headers={"Content-Type": "application/pdf"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert asking.campus.counted("SELECT count(*) FROM files") == 0


async def test_a_huge_file_is_turned_away_before_it_is_read(asking) -> None:
    sofia = await asking.as_("sofia")
    told = await asking.paper(sofia, bytes(MOST_BYTES + 1))
    assert (told.status_code, told.json()["code"]) == (413, "too_large")

    async def endless():
        for _ in range(MOST_BYTES // 1_000_000 + 2):
            yield bytes(1_000_000)

    untold = await sofia.put("/api/v1/files?school=no3", content=endless())
    assert untold.status_code == 413


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "C:\\boot.ini", "\r\nX-Evil: 1", "\u202efdp.exe"]
)
async def test_a_name_leads_nowhere(asking, name: str) -> None:
    sofia = await asking.as_("sofia")
    file = (await asking.paper(sofia, name=name)).json()
    assert file["name"].endswith(".pdf")
    assert not set("/\\\r\n\u202e") & set(file["name"])
    got = await sofia.get(f"/api/v1/files/{file['hash']}")
    assert "x-evil" not in got.headers
    assert got.headers["content-disposition"].isascii()


async def test_a_file_whose_bytes_were_changed_is_not_given_out(asking, tmp_path) -> None:
    sofia = await asking.as_("sofia")
    file = (await asking.paper(sofia)).json()
    path = tmp_path / "files" / file["hash"][:2] / file["hash"]
    path.write_bytes(b"forged")
    answer = await sofia.get(f"/api/v1/files/{file['hash']}")
    assert (answer.status_code, answer.json()["code"]) == (503, "file_lost")
    path.unlink()
    assert (await sofia.get(f"/api/v1/files/{file['hash']}")).status_code == 503
