"""The paper of a notice: whatever is written on it stays on it, and is text."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from shutil import which
from typing import Final

import msgspec
import pytest

from audit.ledger.notice import Finding, Notice
from gateway.exports.font import FontMissingError, find_font
from gateway.hazards.notice_sheet import notice_sheet
from gateway.words import Language, Words

ZONE: Final = "Asia/Shanghai"
A4: Final = (595, 842)
NOTICE: Final = Notice(
    number=7,
    bureau="east",
    bureau_name="东区教育局",
    year=2026,
    sequence=3,
    school="no3",
    school_name="第三中学",
    issued=1_795_161_600_000,
    issued_by="ines",
    issuer="伊内斯",
    due=1_795_161_600_000 + 15 * 86_400_000,
    findings=(Finding(1, "疏散通道堵塞", "立即清理"),),
)


def _font() -> bool:
    try:
        find_font()
    except FontMissingError:
        return False
    return True


pytestmark = pytest.mark.skipif(
    not _font() or which("pdftotext") is None, reason="make test brings font and pdftotext"
)


def read(folder: Path, notice: Notice, *how: str, language: Language = "zh") -> str:
    path = folder / "notice.pdf"
    path.write_bytes(notice_sheet(notice, Words.load(), language, ZONE))
    command = [which("pdftotext") or "", *how, str(path), "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


LONG: Final[dict[str, dict[str, object]]] = {
    "a word without an end": {"findings": (Finding(1, "W" * 600, "x" * 900),)},
    "who signs": {"issuer": "东区教育局安全科" * 16},
    "the bureau": {"bureau_name": "某某省某某市某某新区" * 8},
    "the school": {"school_name": "第三中学" * 30},
    "the rule": {"basis": "《中小学幼儿园安全管理办法》" * 100},
    "everything": {
        "findings": tuple(Finding(n, "疏散通道堵塞。" * 280, "清" * 2000) for n in range(1, 21)),
        "issuer": "N" * 128,
        "basis": "https://example.org/" + "a" * 900,
    },
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("what", LONG)
def test_nothing_leaves_the_paper(tmp_path: Path, what: str, language: Language) -> None:
    notice = msgspec.structs.replace(NOTICE, **LONG[what])
    page = read(tmp_path, notice, "-bbox", language=language)
    boxes = [
        [float(side) for side in box]
        for box in re.findall(
            r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)"', page
        )
    ]
    assert len(boxes) > 20
    for left, top, right, bottom in boxes:
        assert 70 < left < right < A4[0] - 70
        assert 30 < top < bottom < A4[1] - 30


def test_every_sign_of_long_findings_is_on_one_of_its_pages(tmp_path: Path) -> None:
    findings = tuple(Finding(n, f"第 {n} 处：" + "疏散通道堵塞。" * 200) for n in range(1, 21))
    text = read(tmp_path, msgspec.structs.replace(NOTICE, findings=findings))
    text = re.sub(r"\s", "", text)
    whole = re.sub(r"—\d+—", "", text)  # without the numbers of pages
    for finding in findings:
        assert finding.text.replace(" ", "") in whole
    pages = [int(number) for number in re.findall(r"—(\d+)—", text)]
    assert pages == list(range(1, len(pages) + 1))
    assert len(pages) > 10


def test_signs_that_the_font_lacks_are_marked_and_break_nothing(tmp_path: Path) -> None:
    notice = msgspec.structs.replace(
        NOTICE,
        issuer="王\U00020000\U0002a6d6",
        school_name="\U00030edd中学",
        bureau_name="东区\U00020bb7教育局",
        findings=(Finding(1, "第一行\r\n第二行\u2028第三行 \U0001f525 \u202e\u0007", "\t清理"),),
    )
    text = read(tmp_path, notice)
    assert "〓" in text
    for kept in ("中学", "教育局", "第一行", "第二行", "第三行", "清理"):
        assert kept in text
    assert "第一行第二行" not in text
    assert "第一行〓" not in text
