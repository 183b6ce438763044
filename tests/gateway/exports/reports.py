"""Reports to be written: every type of cell, and text that is up to no good."""

from __future__ import annotations

from collections.abc import Iterable

from audit.reports.table import Column, ColumnType, Report, Row, Table
from gateway.exports.cells import Said, Setting

WRITTEN = 1_795_161_600_000  # 2026-11-20 16:00 in Shanghai
SAID = Said(
    page="第 {page} 页",
    pages=" / 共 {pages} 页",
    written="制表时间 2026-11-20 16:00:00（Asia/Shanghai, UTC+08:00）",
    about="说明",
    missing="字体中没有的字（以〓代替）：{signs}",
)
SETTING = Setting(zone="Asia/Shanghai", written=WRITTEN, said=SAID)

COLUMNS = (
    Column(key="school", label="学校", width=24),
    Column(key="met", label="达标", type=ColumnType.INT),
    Column(key="rate", label="达标率", type=ColumnType.SHARE),
    Column(key="value", label="数值", type=ColumnType.NUMBER),
    Column(key="day", label="日期", type=ColumnType.DATE),
    Column(key="at", label="时间", type=ColumnType.TIME),
)

EVIL = (
    '=HYPERLINK("http://evil.example","x")',
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "\t=1+1",
    "＝1+1",
    "'=1+1",
    "#REF!",
    "001",
    "1e5",
    "3-2",
    "a\x00b\x0bc",
    "第一行\n第二行",
    '带"引号", 和逗号',
)


def rows(count: int) -> list[Row]:
    return [
        (f"第{n}中学", n, n / count, n / 7, WRITTEN + n * 86_400_000, WRITTEN + n * 1000)
        for n in range(count)
    ]


def report(found: Iterable[Row], *, title: str = "各校达标情况", one_page: bool = False) -> Report:
    table = Table(title=title, columns=COLUMNS, rows=found, notes=("比率向下取整",))
    return Report(
        title=title,
        tables=(table,),
        facts=(("学校代码", "no3"), ("区域", "东区")),
        notes=("数据截至 2026-11-20",),
        signatures=("校长（签字）", "检查人（签字）", "日期"),
        one_page=one_page,
    )
