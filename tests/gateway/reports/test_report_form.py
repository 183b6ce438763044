"""The report of an emergency: filled in with what is known, the rest left to be written by hand."""

from __future__ import annotations

import base64
import re
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import (
    Acknowledge,
    Alert,
    AlertState,
    Tell,
    Tick,
    Transition,
    TransitionKind,
)
from alerts.alert import Report as Told
from alerts.finding import Explanation, Priority
from alerts.lifecycle import Limits, act
from alerts.reporting import ReportTimes, reports_due
from alerts.response_plan import PlanStep, standing_steps
from gateway.exports.font import embedded
from gateway.reports.content import MOST_HAPPENED, Author, Named, Report, as_text, report_of
from gateway.reports.sheet import report_sheet, wrapped
from gateway.words import Words

T0 = 1_795_161_600_000  # 2026-11-20 08:00:00 UTC
MINUTE = 60_000
A4 = (595.3, 841.9)
FOOT = 56.0
NAMED = Named(
    school="第三中学",
    place="教学楼 / 三层 / 301",
    device="门卫室按钮",
    kind="一键报警按钮",
    sentence="按下",
)
STEPS = (
    PlanStep(id="call", zh="打电话", en="Call"),
    PlanStep(id="run", zh="疏散", en="Evacuate"),
)


def an_alert() -> Alert:
    return Alert(
        id=4711,
        device=7,
        school="no3",
        condition="panic",
        priority=Priority.EMERGENCY,
        state=AlertState.UNACKNOWLEDGED,
        active=True,
        raised=T0,
        known=T0 + 5_000,
        explanation=Explanation(rule="pressed", code="pressed"),
        last_occurrence=T0,
    )


def raised(alert: Alert) -> Transition:
    return Transition(
        alert=alert.id,
        version=1,
        kind=TransitionKind.RAISED,
        state=alert.state,
        happened=alert.raised,
        known=alert.known,
    )


def a_report(language: str = "zh", *, long: str = "") -> Report:
    alert = an_alert()
    history = [raised(alert)]
    for minute, action in enumerate(
        (
            Acknowledge(comment=long),
            Tick("call", text="打电话"),
            Tell("telephone", "区教育局值班室"),
        ),
        1,
    ):
        done = act(alert, action, actor="li", now=T0 + minute * MINUTE, limits=Limits())
        alert = done.alert
        history += done.transitions
    author = Author(Words.load(), "en" if language == "en" else "zh", 480)
    return report_of(
        alert,
        history,
        standing_steps(alert, history, STEPS),
        reports_due(alert, ReportTimes()),
        NAMED,
        author,
        now=T0 + 10 * MINUTE,
    )


def test_it_says_what_happened_where_and_when_in_the_readers_time() -> None:
    text = as_text(a_report())
    assert "学校: 第三中学" in text
    assert "事件类型: 一键报警" in text
    assert "发生时间: 2026-11-20 16:00:00" in text
    assert "网关得知: 2026-11-20 16:00:05" in text
    assert "UTC+08:00" in text
    assert "教学楼 / 三层 / 301" in text


def test_it_says_who_did_what_and_what_is_still_open() -> None:
    text = as_text(a_report())
    assert "2026-11-20 16:01:00: 确认 (li)" in text
    assert "2026-11-20 16:03:00: 已上报 (li) · 电话上报: 区教育局值班室" in text
    assert "已完成: 打电话 (2026-11-20 16:02:00 li)" in text
    assert "未完成: 疏散" in text
    assert "电话上报: 2026-11-20 16:03:00 已报 区教育局值班室" in text
    assert "书面上报: 应于 2026-11-20 17:00:00 前上报" in text


def test_what_the_gateway_cannot_know_is_left_to_be_filled_in() -> None:
    text = as_text(a_report())
    for label in ("人员伤亡", "初步原因", "签发人"):
        assert f"{label}: ________" in text


def test_a_report_that_was_late_says_so() -> None:
    alert = an_alert()
    times = ReportTimes(telephone=MINUTE, written=MINUTE)
    late = Told(form="written", at=T0 + 5 * MINUTE, by="li", to="局")
    dues = reports_due(Alert(**{**_fields(alert), "reports": (late,)}), times)
    author = Author(Words.load(), "zh", 480)
    text = as_text(report_of(alert, [], (), dues, NAMED, author, now=T0))
    assert "逾期，应于 2026-11-20 16:01:00 前" in text


def _fields(alert: Alert) -> dict[str, object]:
    return {name: getattr(alert, name) for name in alert.__struct_fields__}


def test_it_comes_in_english_and_no_word_is_missing() -> None:
    text = as_text(a_report("en"))
    assert "School emergency report" in text
    assert "done: Call" in text
    assert "report." not in text.replace("emergency report.", "")


def test_of_a_long_story_the_beginning_and_the_end_are_told() -> None:
    alert = an_alert()
    history = [raised(alert)] * (MOST_HAPPENED + 7)
    author = Author(Words.load(), "en", 0)
    found = report_of(alert, history, (), (), NAMED, author, now=T0)
    lines = found.sections[1].lines
    assert len(lines) == MOST_HAPPENED + 1
    assert lines[MOST_HAPPENED // 2].text.startswith("7 entries left out")


def pages(pdf: bytes) -> list[str]:
    """The words drawn on each page."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        drawn = zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>")))
        texts = re.findall(r"\(((?:\\.|[^\\)])*)\) Tj", drawn.decode("latin-1"))
        found.append("\n".join(_unescaped(text) for text in texts))
    return found


def _unescaped(text: str) -> str:
    def sign(match: re.Match[str]) -> str:
        return chr(int(match[1], 8)) if match[1].isdigit() else match[1]

    return re.sub(r"\\([0-7]{3}|.)", sign, text).encode("latin-1").decode("utf-16-be")


def test_the_form_holds_every_line_of_the_report() -> None:
    report = a_report()
    (page,) = pages(report_sheet(report))
    drawn = "".join(page.split())
    lines = [line for section in report.sections for line in section.lines]
    texts = [report.title, *(section.title for section in report.sections)]
    texts += [line.label for line in lines] + [line.text for line in lines]
    assert [text for text in texts if "".join(text.split()) not in drawn] == []


@pytest.mark.parametrize(("length", "sheets"), [(1, 1), (100, 2), (2_000, 3)])
def test_what_somebody_wrote_at_length_goes_on_overleaf(length: int, sheets: int) -> None:
    story = "长" * length
    drawn = pages(report_sheet(a_report(long=story)))
    assert "".join(drawn).count("长") == length
    assert len(drawn) == sheets


def test_nothing_leaves_the_paper_or_runs_into_the_foot() -> None:
    pdf = report_sheet(a_report(long="很长的话" * 400))
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        drawn = zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>"))).decode(
            "latin-1"
        )
        boxes = [tuple(map(float, one.split()[:4])) for one in re.findall(r"[\d. -]+ re\b", drawn)]
        texts = [float(y) for y in re.findall(r"1 0 0 1 [\d.-]+ ([\d.-]+) Tm", drawn)]
        assert boxes
        assert all(x >= 0 and x + wide <= A4[0] for x, _, wide, _ in boxes)
        assert all(y >= FOOT and y + high <= A4[1] for _, y, _, high in boxes)
        assert sum(y < FOOT for y in texts) == 1, "only the foot stands there"


@given(st.text(alphabet="长 ab.", max_size=300))
def test_a_line_loses_nothing_when_it_is_broken(text: str) -> None:
    lines = wrapped(text, 100)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line) <= 100 for line in lines)


def test_a_report_brings_its_font_and_its_words_are_text(tmp_path: Path) -> None:
    face = embedded()
    assert face is not None, "apt-get install fonts-wqy-microhei"
    path = tmp_path / "report.pdf"
    path.write_bytes(report_sheet(a_report(long="很长的话" * 400), face))

    told = [
        subprocess.run([*command, str(path), *more], capture_output=True, check=True, text=True)
        for command, more in ((["pdffonts"], []), (["pdftotext"], ["-"]))
    ]

    (font,) = (line.split() for line in told[0].stdout.splitlines()[2:])
    assert font[-5:-2] == ["yes", "yes", "yes"]
    text = "".join(told[1].stdout.split())
    report = a_report()
    assert "".join(report.title.split()) in text
    assert text.count("很长的话") > 350  # a line may break in the midst of one
