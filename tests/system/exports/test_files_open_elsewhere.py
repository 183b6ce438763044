"""Files of a running gateway, opened by LibreOffice and rendered by poppler.

A spreadsheet that only our own library reads is none; and a PDF is looked at as paper: its signs
must be in it, be text, and be drawn.
"""

from __future__ import annotations

import asyncio
import csv
import os
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from tests.system.browser.conftest import DemoGateway

pytestmark = [pytest.mark.broker, pytest.mark.asyncio(loop_scope="module")]

WRITE: Final = {"X-Campus-Request": "1"}
EVIL: Final = '=HYPERLINK("http://evil.example","x")'
LIST: Final = (
    "学校代码,学校名称,类型,区域代码,在校生数,寄宿生数,反恐重点目标\r\n"
    "no1-primary,第一小学,小学,qinghe,640,0,否\r\n"
    "no3-middle,第三中学,完全中学,liuxi,1850,620,是\r\n"
    f'paper-01,"{EVIL.replace(chr(34), chr(34) * 2)}",幼儿园,qinghe,90,0,否\r\n'
    "paper-02,龘靐中心小学（新校区）,小学,liuxi,120,40,否\r\n"
).encode()
CAMPAIGN: Final = {
    "template": "pinglu-100-days",
    "id": "hundred",
    "begins": "2026-11-01",
    "name_zh": "+百日行动",
}
# LibreOffice says so wherever there is no Java, which nothing here needs.
_NO_JAVA: Final = re.compile(r"^Warning: failed to launch javaldx.*\n?", re.MULTILINE)
_EVERY_SHEET: Final = (
    "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who sees everything of a demonstration with a roster and a campaign."""
    gateway = DemoGateway(tmp_path_factory.mktemp("gateway"))
    await gateway.start()
    try:
        async with httpx.AsyncClient(
            base_url=f"{gateway.url}/api/v1", headers=WRITE, timeout=60
        ) as one:
            await _ok(one.post("/session", json={"code": gateway.code}))
            await _furnish(one)
            yield one
    finally:
        await gateway.stop()


async def _furnish(client: httpx.AsyncClient) -> None:
    run = await _ok(client.post("/roster/imports", params={"file": "list.csv"}, content=LIST))
    shown = await _until(client, f"/roster/imports/{run['id']}", lambda one: one["preview"])
    body = {"digest": shown["preview"]["digest"], "reason": "名册"}
    await _ok(client.post(f"/roster/imports/{run['id']}/apply", json=body))
    await _until(client, f"/roster/imports/{run['id']}", lambda one: one["state"] == "done")
    await _until(client, "/coverage/schools", _followed)
    await _until(client, "/coverage/changed", lambda one: one["behind"] == 0)
    await _ok(client.post("/campaigns/from-template", json=CAMPAIGN))
    hazard = {"school": "no3-middle", "text": "-1 层配电间堆放纸箱"}
    await _ok(client.post("/hazards", json=hazard))


def _followed(page: Any) -> bool:
    """Whether the schools of the list are judged."""
    return {"no3-middle", "paper-01", "paper-02"} <= {one["school"] for one in page["items"]}


async def _ok(asked: Any) -> Any:
    answer = await asked
    assert answer.is_success, answer.text
    return answer.json()


async def _until(client: httpx.AsyncClient, path: str, so: Any) -> Any:
    async with asyncio.timeout(120):
        while True:
            found = await _ok(client.get(path))
            if so(found):
                return found
            await asyncio.sleep(0.1)


async def fetched(
    client: httpx.AsyncClient, folder: Path, what: str, file_format: str, **params: Any
) -> Path:
    """The file of an export, as a browser would save it."""
    body = {"what": what, "format": file_format, "params": params}
    one = await _ok(client.post("/audit-exports", json=body))
    path = f"/audit-exports/{one['id']}"
    done = await _until(client, path, lambda it: it["state"] not in ("waiting", "running"))
    assert done["state"] == "done", done
    answer = await client.get(f"{path}/file")
    target = folder / f"{what}.{file_format}"
    target.write_bytes(answer.content)
    assert target.stat().st_size == done["size"]
    return target


def office(path: Path, into: str, folder: Path, *more: str) -> None:
    """LibreOffice opens the file and writes it as something else, without a word of complaint."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            *more,
            "--convert-to",
            into,
            "--outdir",
            str(folder),
            str(path),
        ],
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
        env={**os.environ, "HOME": str(folder)},
    )
    assert _NO_JAVA.sub("", done.stderr) == "", done.stderr
    assert not re.search(r"(?i)error|warn|repair|corrupt", done.stdout), done.stdout


def sheets(folder: Path, stem: str) -> dict[str, list[list[str]]]:
    """Each sheet as LibreOffice read it; numbers in full, formulas would show their value."""
    found = {}
    for path in folder.glob(f"{stem}-*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            found[path.stem.removeprefix(f"{stem}-")] = list(csv.reader(lines))
    return found


def column(rows: list[list[str]], name: str) -> list[str]:
    at = rows[0].index(name)
    return [row[at] for row in rows[1:]]


async def test_the_roster_in_libreoffice_is_the_interface_s(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    path = await fetched(client, tmp_path, "roster", "xlsx")
    office(path, _EVERY_SHEET, tmp_path / "out")

    rows = sheets(tmp_path / "out", "roster")["学校名册"]
    listed = (await _ok(client.get("/roster")))["items"]
    assert column(rows, "学校代码") == [one["school"] for one in listed]
    assert column(rows, "学校") == [one["name"] for one in listed]
    assert EVIL in column(rows, "学校")  # as text: a formula would have become something else
    assert [int(one) for one in column(rows, "学生数")] == [one["pupils"] for one in listed]


async def test_coverage_in_libreoffice_is_the_interface_s(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    at = (await _ok(client.get("/summary")))["now"]
    path = await fetched(client, tmp_path, "coverage", "xlsx", policy="six-100", at=at)
    office(path, _EVERY_SHEET, tmp_path / "out")

    found = sheets(tmp_path / "out", "coverage")
    said = await _ok(client.get("/coverage", params={"policy": "six-100", "at": at}))
    items = said["policies"][0]["items"]
    rows = found["各项达标情况"]
    assert len(items) == 6
    for name, field in (("达标", "met"), ("未达标", "failed"), ("不明", "unknown")):
        assert [int(one) for one in column(rows, name)] == [one[field] for one in items]
    assert [float(one.rstrip("%")) / 100 for one in column(rows, "达标率")] == pytest.approx(
        [one["rate"] for one in items]
    )
    regions = found["各区域达标情况"]
    tree = await _ok(client.get("/coverage/regions", params={"policy": "six-100", "at": at}))
    assert sorted(map(int, column(regions, "学校数"))) == sorted(
        one["schools"] for one in tree["regions"]
    )


async def test_gaps_schools_and_the_ledger_open_and_say_what_the_interface_says(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    at = (await _ok(client.get("/summary")))["now"]
    for what, name, params in (
        ("gaps", "缺项清单（六个百分百）", {"policy": "six-100", "at": at}),
        ("schools", "各校达标情况（六个百分百）", {"policy": "six-100", "at": at}),
        ("ledger", "隐患台账", {"state": "all"}),
        ("campaign", "专项行动进度：+百日行动", {"campaign": "hundred"}),
    ):
        path = await fetched(client, tmp_path, what, "xlsx", **params)
        office(path, _EVERY_SHEET, tmp_path / "out")
        rows = sheets(tmp_path / "out", what)[name]
        assert len(rows) > 1, what
        if what == "gaps":
            said = await _ok(client.get("/coverage/gaps", params={**params, "limit": 500}))
            assert len(rows) - 1 == said["total"]
            assert not any(one.startswith("coverage.") for row in rows for one in row)
        if what == "ledger":
            assert any("-1 层配电间" in one for one in column(rows, "隐患"))


async def test_csv_opens_in_libreoffice_with_chinese_and_without_a_formula(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    path = await fetched(client, tmp_path, "roster", "csv")
    # comma, quote, UTF-8: what a person chooses in the dialog
    office(path, "xlsx", tmp_path / "out", "--infilter=CSV:44,34,76,1")
    office(tmp_path / "out" / "roster.xlsx", _EVERY_SHEET, tmp_path / "again")

    (rows,) = sheets(tmp_path / "again", "roster").values()
    assert "第三中学" in column(rows, "学校")
    assert f"'{EVIL}" in column(rows, "学校")


PAPERS: Final = (
    ("coverage", {"policy": "six-100"}, ["六个百分百", "封闭式管理", "青禾区"]),
    ("gaps", {"policy": "six-100"}, ["缺项清单", "第三中学"]),
    ("school-sheet", {"school": "no3-middle", "policy": "six-100"}, ["第三中学", "校长（签字）"]),
    ("ledger", {"state": "all"}, ["隐患台账", "配电间堆放纸箱"]),
    ("roster", {}, ["学校名册", "中心小学"]),
    ("campaign", {"campaign": "hundred"}, ["百日行动", "完成率"]),
)


@pytest.mark.parametrize(("what", "params", "said"), PAPERS, ids=[one[0] for one in PAPERS])
async def test_a_paper_has_its_font_its_text_and_ink(
    client: httpx.AsyncClient, tmp_path: Path, what: str, params: dict[str, Any], said: list[str]
) -> None:
    path = await fetched(client, tmp_path, what, "pdf", **params)

    fonts = _told("pdffonts", path).splitlines()[2:]
    assert fonts
    for line in fonts:
        embedded, subset, unicode = line.split()[-5:-2]
        assert (embedded, subset, unicode) == ("yes", "yes", "yes"), line
    text = "".join(_told("pdftotext", "-raw", path, "-").split())
    for one in said:
        assert one in text, (one, text)
    assert re.search(r"第\s*1\s*页\s*/\s*共\s*\d+\s*页", text), text
    pages = int(re.search(r"Pages:\s+(\d+)", _told("pdfinfo", path))[1])  # type: ignore[index]
    assert "A4" in _told("pdfinfo", path)
    if what == "school-sheet":
        assert pages == 1
    drawn = _drawn(path)
    assert len(drawn) == pages
    for one in drawn:
        assert 0.005 < _ink(one) < 0.5, one
    office(path, "png", tmp_path / "out")  # LibreOffice Draw reads it, too
    assert (tmp_path / "out" / f"{what}.png").stat().st_size > 5_000
    _keep(drawn, what)


async def test_a_weekly_report_is_a_form_on_paper(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    campaign = {"template": "jiangxi-winter", "id": "weekly", "begins": "2026-10-01"}
    await _ok(client.post("/campaigns/from-template", json=campaign))
    due = (await _ok(client.get("/audit-reports", params={"campaign": "weekly"})))["items"]
    one = next(one for one in due if one["kind"] == "weekly")
    key = {name: one[name] for name in ("campaign", "kind", "period", "subject")}

    path = await fetched(client, tmp_path, "weekly-report", "pdf", **key)

    text = "".join(_told("pdftotext", "-raw", path, "-").split())
    for said in ("校园安全每周报告", "零报告", "报送期限", "紧急事件"):
        assert said in text, text
    _keep(_drawn(path), "weekly-report")


def _told(*command: object) -> str:
    done = subprocess.run(
        [str(one) for one in command], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "", done.stderr
    return done.stdout


def _drawn(path: Path) -> list[Path]:
    """Each page as a picture."""
    _told("pdftoppm", "-r", "60", "-png", path, path.parent / "page")
    return sorted(path.parent.glob("page*.png"))


def _ink(path: Path) -> float:
    """Share of a page that is not white."""
    with Image.open(path) as page:
        histogram = page.convert("L").histogram()
    return sum(histogram[:200]) / sum(histogram)


def _keep(pages: list[Path], what: str) -> None:
    """Beside the pictures of pages, where somebody looks at them, when there is such a folder."""
    folder = os.environ.get("CAMPUS_PICTURES")
    if folder:
        for page in pages:
            (Path(folder) / f"paper-{what}-{page.name}").write_bytes(page.read_bytes())
