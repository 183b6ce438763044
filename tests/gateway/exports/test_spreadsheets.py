"""XLSX and CSV: real types, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import pytest
from openpyxl import load_workbook
from reports import COLUMNS, EVIL, SETTING, WRITTEN, report, rows

from audit.reports.table import Column, Report, Table
from gateway.exports.cells import clean, dangerous, share
from gateway.exports.csv_file import write_csv
from gateway.exports.xlsx import write_xlsx


def book(one: Report):
    out = io.BytesIO()
    write_xlsx(one, out, SETTING)
    return load_workbook(io.BytesIO(out.getvalue()))


def lines(table: Table) -> list[list[str]]:
    out = io.BytesIO()
    write_csv(table, out, SETTING)
    assert out.getvalue().startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))


def test_a_workbook_holds_numbers_shares_days_and_times_as_such() -> None:
    sheet = book(report(rows(50)))["各校达标情况"]

    text, met, rate, value, day, at = next(sheet.iter_rows(min_row=9, max_row=9))
    assert (text.value, met.value, value.value) == ("第7中学", 7, 1.0)
    assert rate.value == pytest.approx(7 / 50)
    assert "%" in rate.number_format
    assert day.value == datetime(2026, 11, 27)  # noqa: DTZ001 - cells have no zone
    assert at.value == datetime(2026, 11, 20, 16, 0, 7)  # noqa: DTZ001


def test_a_workbook_has_a_frozen_header_a_filter_over_all_and_widths() -> None:
    sheet = book(report(rows(50)))["各校达标情况"]

    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:F51"
    assert [cell.value for cell in sheet[1]] == [one.label for one in COLUMNS]
    assert sheet.column_dimensions["A"].width == 24
    assert sheet.print_title_rows == "$1:$1"


def test_what_a_workbook_is_about_stands_on_its_last_sheet() -> None:
    found = book(report(rows(3)))

    assert found.sheetnames == ["各校达标情况", "说明"]
    said = [cell.value for row in found["说明"] for cell in row if cell.value]
    assert {"no3", "东区", "比率向下取整", "数据截至 2026-11-20", SETTING.said.written} <= set(said)


def test_an_empty_table_is_a_header_with_its_filter() -> None:
    sheet = book(report([]))["各校达标情况"]

    assert (sheet.max_row, sheet.auto_filter.ref) == (1, "A1:F1")


@pytest.mark.parametrize("text", EVIL)
def test_text_stays_text_in_a_workbook(text: str) -> None:
    column = Column(key="text", label=text)
    found = book(Report(title=text, tables=(Table(title=text, columns=(column,), rows=[(text,)]),)))

    for sheet in found:
        for cell in (cell for row in sheet for cell in row if cell.value is not None):
            assert cell.data_type == "s", cell.coordinate
    head, cell = (row[0] for row in found.worksheets[0].iter_rows(max_row=2))
    assert head.value == cell.value == clean(text)
    assert cell.quotePrefix is dangerous(cell.value)


@pytest.mark.parametrize("text", EVIL)
def test_text_that_begins_like_a_formula_is_none_in_csv(text: str) -> None:
    column = Column(key="text", label=text)
    head, row = lines(Table(title="x", columns=(column,), rows=[(text,)]))

    assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    assert head == row
    plain = clean(text)
    assert row[0] == (f"'{plain}" if dangerous(plain) else plain)


def test_csv_has_crlf_quotes_doubled_and_a_minus_that_is_a_number() -> None:
    table = Table(
        title="x",
        columns=(COLUMNS[0], COLUMNS[1], COLUMNS[2]),
        rows=[('a "b", c\nd', -5, 1 / 3), (None, None, None)],
    )
    out = io.BytesIO()
    write_csv(table, out, SETTING)

    body = out.getvalue().decode("utf-8-sig")
    assert body == f'学校,达标,达标率\r\n"a ""b"", c\nd",-5,{1 / 3!r}\r\n,,\r\n'


def test_csv_tells_local_times() -> None:
    (_, row) = lines(Table(title="x", columns=COLUMNS[4:], rows=[(WRITTEN, WRITTEN)]))

    assert row == ["2026-11-20", "2026-11-20 16:00:00"]


def test_two_sheets_never_have_the_same_name_nor_one_that_excel_refuses() -> None:
    tables = tuple(
        Table(title=title, columns=COLUMNS[:1], rows=[])
        for title in ("安全/检查:[一]*?", "x" * 40, "x" * 50, "X" * 40, "''", "")
    )
    found = book(Report(title="r", tables=tables)).sheetnames

    assert len(set(map(str.casefold, found))) == len(tables) + 1
    assert all(0 < len(name) <= 31 for name in found)
    assert not any(sign in name for name in found for sign in "[]:*?/\\'")


def test_a_share_is_the_whole_only_when_it_is() -> None:
    assert share(1.0) == "100%"
    assert share(49_999 / 50_000) == "99.99%"
    assert share(0.57) == "57.00%"
    assert share(0) == "0.00%"
    assert share(float("nan")) == ""


def test_a_row_that_has_not_a_cell_for_every_column_is_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        lines(Table(title="x", columns=COLUMNS[:2], rows=[("a",)]))
