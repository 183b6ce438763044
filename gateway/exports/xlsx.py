"""Tables as a workbook: real numbers, dates and shares, a frozen header, filters, widths.

A sheet for each table, with nothing above its header, so that it can be sorted and counted; what
it is and as of when stands on a sheet of its own, the last one. Written row by row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, Final

from audit.reports.table import Cell, Column, ColumnType, Report, Table
from gateway.exports.cells import Setting, clean, dangerous, local
from gateway.register.export import XLSX_TYPE

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

__all__ = ["MOST_ROWS", "XLSX_TYPE", "write_xlsx"]

MOST_ROWS: Final = 1_048_575
"""Rows of a sheet below its header; Excel's own bound."""

_FORMATS: Final = {
    ColumnType.INT: "0",
    ColumnType.NUMBER: "General",
    # What is not the whole must not be rounded to 100 %: 49,999 of 50,000 schools are 99.998 %.
    ColumnType.SHARE: "[<0.99995]0.00%;[<1]0.000%;0%",
    ColumnType.DATE: "yyyy-mm-dd",
    ColumnType.TIME: "yyyy-mm-dd hh:mm:ss",
}
_WIDTHS: Final = {
    ColumnType.TEXT: 24,
    ColumnType.INT: 11,
    ColumnType.NUMBER: 12,
    ColumnType.SHARE: 11,
    ColumnType.DATE: 12,
    ColumnType.TIME: 20,
}
_NO_NAME: Final = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME: Final = 31


def write_xlsx(report: Report, target: IO[bytes], setting: Setting) -> int:
    """Write the workbook; how many rows it has in all its tables."""
    # openpyxl takes half a second to import, and a gateway that starts needs none of it.
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook(write_only=True)
    book.properties.title = clean(report.title)
    book.properties.creator = "Campus Gateway"
    names = _Names()
    count = 0
    for table in report.tables:
        count += _write_table(book, names.of(table.title), table, setting)
    _write_about(book, names.of(setting.said.about), report, setting)
    book.save(target)
    return count


def _write_table(book: Workbook, name: str, table: Table, setting: Setting) -> int:
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - see above

    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for at, column in enumerate(table.columns, 1):
        width = max(column.width or _WIDTHS[column.type], _wide(column.label) + 4)
        sheet.column_dimensions[get_column_letter(at)].width = min(width, 80)
    sheet.append([_head(sheet, column.label) for column in table.columns])
    makers = [_maker(sheet, column, setting.zone) for column in table.columns]
    count = 0
    for row in table.rows:
        sheet.append(
            [None if cell is None else make(cell) for make, cell in zip(makers, row, strict=True)]
        )
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{count + 1}"
    return count


def _write_about(book: Workbook, name: str, report: Report, setting: Setting) -> None:
    sheet = book.create_sheet(name)
    sheet.column_dimensions["A"].width = 30
    sheet.column_dimensions["B"].width = 90
    text = _maker(sheet, Column(key="text", label=""), setting.zone)
    sheet.append([_head(sheet, report.title)])
    for label, said in report.facts:
        sheet.append([text(label), text(said)])
    for note in report.notes:
        sheet.append([text(note)])
    for table in report.tables:
        for note in table.notes:
            sheet.append([text(table.title), text(note)])
    sheet.append([text(setting.said.written)])


def _head(sheet: WriteOnlyWorksheet, label: str) -> Any:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - see above
    from openpyxl.styles import Alignment, Font, PatternFill  # noqa: PLC0415

    cell = WriteOnlyCell(sheet, value=clean(label))
    cell.data_type = "s"
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="FFE6E6E6")
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cell


def _maker(sheet: WriteOnlyWorksheet, column: Column, zone: str) -> Callable[[Any], Any]:
    """What makes a cell of a value of this column."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - see above

    kind = column.type
    if kind is ColumnType.TEXT:

        def text(value: Cell) -> Any:
            shown = clean(str(value))
            cell = WriteOnlyCell(sheet, value=shown)
            cell.data_type = "s"  # else openpyxl makes a formula of what begins with =
            if dangerous(shown):
                cell.quotePrefix = True  # Excel keeps it text when somebody edits it
            return cell

        return text
    written = _FORMATS[kind]

    def typed(value: Any) -> Any:
        if kind in (ColumnType.DATE, ColumnType.TIME):
            moment = local(zone, int(value))
            value = moment.date() if kind is ColumnType.DATE else moment
        elif kind is ColumnType.INT:
            value = int(value)
        else:
            value = float(value)
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = written
        return cell

    return typed


def _wide(text: str) -> int:
    """Signs of Latin text that it is as wide as."""
    return max(sum(2 if sign > "\u2e7f" else 1 for sign in line) for line in text.split("\n"))


class _Names:
    """Names of sheets: short, without signs that Excel refuses, no two alike."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, title: str) -> str:
        plain = _NO_NAME.sub(" ", clean(title)).strip()[:_LONGEST_NAME] or "1"
        name, number = plain, 1
        while name.casefold() in self._taken:
            number += 1
            tail = f" {number}"
            name = plain[: _LONGEST_NAME - len(tail)] + tail
        self._taken.add(name.casefold())
        return name
