"""PDF: pages with the header on each, numbered, and the Chinese font inside.

That pages look right is for `tests/system/exports`, which renders them.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from reports import SETTING, report, rows

from audit.reports.table import Column, Report, Table
from gateway.exports import font
from gateway.exports.font import FontMissingError, find_font, typeface
from gateway.exports.pdf import write_pdf


def written(one: Report) -> tuple[bytes, int]:
    out = io.BytesIO()
    pages = write_pdf(one, out, SETTING)
    return out.getvalue(), pages


def test_a_table_goes_over_as_many_pages_as_it_needs() -> None:
    body, pages = written(report(rows(500)))

    assert body.startswith(b"%PDF")
    assert pages > 5
    assert len(re.findall(rb"/Type /Page\b", body)) == pages


def test_the_font_is_in_the_file_and_only_what_is_used_of_it() -> None:
    body, _ = written(report(rows(20)))

    assert b"/FontFile2" in body
    assert b"/ToUnicode" in body
    assert len(body) < 200_000
    assert b"STSong" not in body


def test_a_sheet_for_one_page_is_set_smaller_until_it_fits() -> None:
    for count in (3, 45):
        _, pages = written(report(rows(count), one_page=True))
        assert pages == 1, count
    _, pages = written(report(rows(400), one_page=True))
    assert pages > 1  # what cannot be read is not made smaller still


def test_a_cell_longer_than_a_page_goes_on_below() -> None:
    long = "隐患描述，" * 4_000
    table = Table(title="t", columns=(Column(key="a", label="隐患"),), rows=[(long,)])

    _, pages = written(Report(title="t", tables=(table,)))

    assert pages > 3


def test_signs_that_the_font_does_not_have_are_told() -> None:
    face = typeface(find_font())
    strange = "\U00020bb7"
    assert not face.has(strange)

    table = Table(title="t", columns=(Column(key="a", label="姓名"),), rows=[(f"{strange}野",)])
    body, _ = written(Report(title="t", tables=(table,)))

    assert face.settable(f"{strange}野") == "〓野"
    assert b"%%EOF" in body


def test_without_a_font_it_says_which_package_brings_one(monkeypatch) -> None:
    monkeypatch.setattr(font, "PLACES", ("/nowhere/font.ttc",))

    with pytest.raises(FontMissingError, match="apt-get install fonts-wqy-microhei"):
        written(report(rows(1)))


def test_a_font_that_cannot_be_embedded_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "broken.ttf"
    path.write_bytes(b"OTTO" + bytes(200))

    with pytest.raises(FontMissingError, match="TrueType outlines"):
        write_pdf(report(rows(1)), io.BytesIO(), SETTING, path)


def test_the_same_report_is_the_same_bytes() -> None:
    assert written(report(rows(30)))[0] == written(report(rows(30)))[0]


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("abc def", 1000, ["abc def"]),
        ("", 100, [""]),
        ("一二三四五六", 31, ["一二三", "四五六"]),
        ("甲乙丙，丁", 31, ["甲乙", "丙，丁"]),
        ("a\nb", 100, ["a", "b"]),
    ],
)
def test_lines_break_where_chinese_lines_do(text: str, room: float, expected: list[str]) -> None:
    assert typeface(find_font()).lines(text, room, 10) == expected


def test_no_sign_is_lost_by_breaking_lines() -> None:
    face = typeface(find_font())
    text = "第三中学 gate-camera-0000000000000000000000000000000000000001 报警，联网。"

    joined = "".join(face.lines(text, 60, 9))

    assert joined.replace(" ", "") == text.replace(" ", "")
