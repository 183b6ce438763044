"""The ledger and notices over HTTP: who may sign what, where, and what is answered."""

from __future__ import annotations

import asyncio
import subprocess

API = "/api/v1"
DAY = 86_400_000
FOUND = {"school": "no3", "text": "三层疏散通道被课桌堵塞", "place": "教学楼三层"}


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


async def entered(client, **changes: object) -> dict[str, object]:
    answer = await client.post(f"{API}/hazards", json=FOUND | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


class Signing:
    """People who sign, one after the other."""

    def __init__(self, door, number: object) -> None:
        self._door = door
        self._path = f"{API}/hazards/{number}"

    async def by(self, name: str, **action: object) -> dict[str, object]:
        answer = await self.answer(name, **action)
        assert answer.status_code == 200, answer.text
        done: dict[str, object] = answer.json()
        return done

    async def answer(self, name: str, **action: object):
        client = await self._door.as_(name)
        version = (await client.get(self._path)).json()["version"]
        return await client.post(f"{self._path}/actions", json={"version": version, **action})


async def test_a_finding_is_signed_step_by_step_until_it_is_closed(door, campus) -> None:
    entry = await entered(await door.as_("ines"), grade="major")
    assert (entry["step"], entry["school_name"]["zh"]) == ("find", "第三中学")
    assert entry["awaits"] == {"kind": "finding_signed", "by": ["principal"]}
    sign = Signing(door, entry["number"])

    refused = await sign.answer("sofia", action="sign", kind="finding_signed")
    assert refused.status_code == 403
    await sign.by("paul", action="sign", kind="finding_signed")
    await sign.by("gwen", action="sign", kind="finding_reviewed")
    await sign.by("sofia", action="register", grade="major")
    five = {
        "responsible": "王老师",
        "measure": "清理",
        "money": 0,
        "deadline": campus.clock.now() + 10 * DAY,
        "contingency": "走另一侧楼梯",
    }
    blank = await sign.answer("sofia", action="assess", grade="major", **five | {"measure": ""})
    assert blank.status_code == 422
    await sign.by("sofia", action="assess", grade="major", **five)
    await sign.by("paul", action="sign", kind="assessment_signed")
    await sign.by("paul", action="sign", kind="reported", text="已电话报告")
    await sign.by("gwen", action="sign", kind="report_taken")
    without = await sign.answer("sofia", action="monitor", text="专人看守")
    assert without.json()["code"] == "refusal.hazard_interim"
    await sign.by("sofia", action="monitor", text="专人看守", interim="设置警示牌")
    await sign.by("sofia", action="sign", kind="remedied", text="已清理")
    own = await sign.answer("sofia", action="accept", met=True, text="好")
    assert own.status_code in (403, 409)
    await sign.by("ines", action="accept", met=True, text="现场查看，已清理")
    await sign.by("paul", action="sign", kind="result_signed")
    await sign.by("gwen", action="sign", kind="result_reviewed")
    closed = await sign.by("ines", action="sign", kind="closed")

    assert closed["closed"] is not None
    assert closed["look_back"] == closed["closed"] + 30 * DAY
    assert [step["role"] for step in closed["steps"]][:4] == [
        "inspector",
        "principal",
        "group_leader",
        "safety_officer",
    ]
    facts = (await (await door.as_("anna")).get(f"{API}/facts", params={"limit": 500})).json()
    kept = [fact for fact in facts["items"] if fact["kind"] == "hazard"]
    assert len(kept) == len(closed["steps"])


async def test_who_acts_on_an_entry_that_has_changed_is_told(door) -> None:
    ines, sofia = await door.as_("ines"), await door.as_("sofia")
    number = (await entered(ines))["number"]
    path = f"{API}/hazards/{number}/actions"
    body = {"action": "comment", "text": "x", "version": 1}
    answers = await asyncio.gather(
        ines.post(path, json=body, headers=key("a")), sofia.post(path, json=body, headers=key("b"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert late.json()["code"] == "refusal.hazard_version"


async def test_the_same_sent_twice_is_there_once(door) -> None:
    ines = await door.as_("ines")
    first = await ines.post(f"{API}/hazards", json=FOUND, headers=key("k"))
    again = await ines.post(f"{API}/hazards", json=FOUND, headers=key("k"))
    assert first.json()["number"] == again.json()["number"]
    number = first.json()["number"]
    body = {"action": "comment", "text": "x", "version": 1}
    for _ in range(3):
        answer = await ines.post(f"{API}/hazards/{number}/actions", json=body, headers=key("c"))
        assert answer.status_code == 200
    assert len(answer.json()["steps"]) == 2


async def test_a_school_sees_itself_only(door) -> None:
    ada, sofia, ines = await door.as_("ada"), await door.as_("sofia"), await door.as_("ines")
    other = (await entered(ada, school="no5"))["number"]
    for client in (sofia, ines):  # no5 is in no region of ines's
        assert (await client.get(f"{API}/hazards/{other}")).status_code == 404
        assert (await client.get(f"{API}/hazards")).json()["items"] == []
        assert (await client.get(f"{API}/hazards/counts")).json()["standing"] == 0
        body = {"action": "comment", "text": "x", "version": 1}
        assert (await client.post(f"{API}/hazards/{other}/actions", json=body)).status_code == 404
        assert (
            await client.post(f"{API}/hazards", json=FOUND | {"school": "no5"})
        ).status_code == 404
    assert (await ada.get(f"{API}/hazards/counts")).json()["standing"] == 1


async def test_lists_are_filtered_counted_and_paged(door, campus) -> None:
    ines = await door.as_("ines")
    numbers = [(await entered(ines, text=f"finding {n}"))["number"] for n in range(5)]
    await Signing(door, numbers[0]).by("paul", action="sign", kind="finding_signed")
    await entered(ines, grade="major")

    async def listed(name: str = "ines", **query: object) -> list[object]:
        client = await door.as_(name)
        answer = await client.get(f"{API}/hazards", params=query)
        assert answer.status_code == 200, answer.text
        return [entry["number"] for entry in answer.json()["items"]]

    assert await listed("gwen", mine=True) == [numbers[0]]
    assert len(await listed("paul", mine=True)) == 5
    assert await listed("olga", mine=True) == []
    assert len(await listed(grade="major")) == 1
    assert await listed(state="overdue") == []
    assert await listed(step="assess") == []
    assert len(await listed(origin="inspection")) == 6
    campus.clock.turn(4 * DAY)
    assert len(await listed(state="overdue")) == 6
    counts = (await (await door.as_("paul")).get(f"{API}/hazards/counts")).json()
    assert (counts["steps"]["find"], counts["overdue"], counts["major"], counts["mine"]) == (
        6,
        6,
        1,
        5,
    )
    ines = await door.as_("ines")  # the session is older than a day
    for state in ("standing", "all"):
        seen: list[object] = []
        cursor = None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            answer = await ines.get(f"{API}/hazards", params={"state": state, "limit": 2, **more})
            assert answer.status_code == 200, answer.text
            page = answer.json()
            seen += [entry["number"] for entry in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert sorted(seen) == sorted({*numbers, *seen})
        assert len(seen) == 6


async def test_the_figures_carry_their_sources(door) -> None:
    figures = (await (await door.as_("olga")).get(f"{API}/hazards/figures")).json()
    assert figures["repair_hours"]["value"] == 24
    assert "GB/T 29315" in figures["repair_hours"]["source"]
    assert all(figure["source"] for figure in figures.values())


# Notices


def a_notice(campus, **changes: object) -> dict[str, object]:
    return {
        "school": "no3",
        "due": campus.clock.now() + 15 * DAY,
        "findings": [{"text": "疏散通道堵塞", "requirement": "立即清理"}, {"text": "灭火器过期"}],
        "basis": "《中小学幼儿园安全管理办法》",
        **changes,
    }


async def test_a_notice_is_numbered_printed_answered_and_in_the_ledger(door, campus) -> None:
    ines, paul = await door.as_("ines"), await door.as_("paul")
    answer = await ines.post(f"{API}/notices", json=a_notice(campus), headers=key("n"))
    assert answer.status_code == 201, answer.text
    notice = answer.json()
    again = await ines.post(f"{API}/notices", json=a_notice(campus), headers=key("n"))
    assert again.json()["number"] == notice["number"]
    assert (notice["bureau"], notice["sequence"]) == ("east", 1)
    assert "东区" in notice["title"]["zh"]
    assert [finding["step"] for finding in notice["findings"]] == ["find", "find"]

    path = f"{API}/notices/{notice['number']}"
    by_ines = await ines.post(f"{path}/replies", json={"text": "done"})
    assert by_ines.status_code == 403
    replied = await paul.post(f"{path}/replies", json={"text": "已整改"}, headers=key("r"))
    assert replied.status_code == 201
    assert replied.json()["replies"][0]["text"] == "已整改"
    assert (await paul.get(f"{API}/notices", params={"unanswered": True})).json()["items"] == []
    assert len((await paul.get(f"{API}/notices")).json()["items"]) == 1
    entry = (await paul.get(f"{API}/hazards/{notice['findings'][0]['hazard']}")).json()
    assert entry["notices"] == [notice["number"]]


async def test_a_school_issues_none_and_sees_no_others(door, campus) -> None:
    sofia, ada = await door.as_("sofia"), await door.as_("ada")
    assert (await sofia.post(f"{API}/notices", json=a_notice(campus))).status_code == 403
    made = await ada.post(f"{API}/notices", json=a_notice(campus, school="no5"))
    assert made.status_code == 201, made.text
    assert made.json()["bureau"] == "city"
    number = made.json()["number"]
    for path in (f"/notices/{number}", f"/notices/{number}.pdf"):
        assert (await sofia.get(f"{API}{path}")).status_code == 404
    assert (await sofia.get(f"{API}/notices")).json()["items"] == []


async def test_the_paper_is_a_pdf_with_its_font_and_its_text(door, campus, tmp_path) -> None:
    ines = await door.as_("ines")
    long = [{"text": f"第 {n} 处隐患：" + "疏散通道堵塞。" * 20} for n in range(18)]
    number = (await ines.post(f"{API}/notices", json=a_notice(campus, findings=long))).json()
    for language in ("zh", "en"):
        answer = await ines.get(
            f"{API}/notices/{number['number']}.pdf", params={"language": language}
        )
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF")
        assert b"FontFile2" in answer.content  # embedded
        path = tmp_path / f"{language}.pdf"
        path.write_bytes(answer.content)
        done = subprocess.run(  # noqa: ASYNC221
            ["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True
        )
        text = done.stdout.decode()
        assert "第三中学" in text
        assert "第 17 处隐患" in text
        assert ("限期整改通知书" if language == "zh" else "Rectification Notice") in text
