"""The register as files that a bureau opens and `campus import` reads back without a change.

Ids stand for places, kinds and regions: names can be shared, ids cannot. What is set per device in
YAML (figures, out of service) is in no row; an import leaves it as it is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Final

from devices.model import Device, Place, Region, School
from gateway.register.columns import COLUMNS, Column, Sort, clean
from gateway.register.entries import Table

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

SHEETS: Final[Mapping[Table, str]] = {
    Table.DEVICES: "设备 devices",
    Table.PLACES: "位置 places",
    Table.SCHOOLS: "学校 schools",
    Table.REGIONS: "区域 regions",
}

_WIDTHS: Final = {Sort.IDENTIFIER: 24, Sort.REFERENCE: 22, Sort.TEXT: 30}

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'", "＝", "＋", "－", "＠")
"""A cell that begins so is run by spreadsheets, or loses its apostrophe when it is read back."""

_NUMBERLIKE: Final = re.compile(r"[0-9][0-9.eE/:+-]*\Z")
"""Spreadsheets make a number or a date of these: ``001``, ``3-2``, ``1e5``."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

Thing = Device | Place | School | Region


def columns_out(table: Table) -> list[Column]:
    """The columns of a table that stand in rows, in the order in which they are written."""
    return [column for column in COLUMNS[table] if column.headers]


def header_of(column: Column) -> str:
    """``设备编号 (id)``: what people read, and the field in brackets, which an import ignores."""
    word = next(word for word in column.headers if not word.isascii())
    return f"{word} ({column.field})"


def write_csv(things: Iterable[Thing], table: Table) -> Iterator[bytes]:
    """A CSV file in pieces: UTF-8 with its mark, so that Excel takes it for what it is."""
    columns = columns_out(table)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow([header_of(column) for column in columns])
    for number, thing in enumerate(things, 1):
        writer.writerow([_csv_cell(value) for value in _values(thing, columns)])
        if number % 1000 == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def write_xlsx(tables: Mapping[Table, Sequence[Thing]], target: IO[bytes]) -> None:
    """A workbook with a sheet for each table. Every cell is text, and none is a formula."""
    # openpyxl takes half a second to import, and a gateway that starts needs none of it.
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook(write_only=True)
    for table, things in tables.items():
        sheet = book.create_sheet(SHEETS[table])
        columns = columns_out(table)
        sheet.freeze_panes = "A2"
        for at, column in enumerate(columns):
            letter = sheet.column_dimensions["ABCDEFGHIJ"[at]]
            letter.width = _WIDTHS[column.sort]
            letter.number_format = "@"  # what somebody adds below stays text, too
        sheet.append([_bold(sheet, header_of(column)) for column in columns])
        for thing in things:
            sheet.append([_xlsx_cell(sheet, value) for value in _values(thing, columns)])
        last = "ABCDEFGHIJ"[len(columns) - 1]
        sheet.auto_filter.ref = f"A1:{last}{len(things) + 1}"
    book.save(target)


def _values(thing: Thing, columns: Sequence[Column]) -> list[str]:
    return [_CONTROL.sub("", str(getattr(thing, column.field) or "")) for column in columns]


def _csv_cell(value: str) -> str:
    if value.startswith(FORMULA):
        return f"'{value}"
    return f'="{value}"' if _NUMBERLIKE.match(value) else value


def _xlsx_cell(sheet: WriteOnlyWorksheet, value: str) -> Cell | str | None:
    # An apostrophe before what the import would take for a spreadsheet's habit: it takes that off.
    shown = value if clean(value) == value else f"'{value}"
    if not value.startswith(FORMULA) and not _NUMBERLIKE.match(value):
        return shown or None
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - see above

    cell = WriteOnlyCell(sheet, value=shown)
    cell.data_type = "s"  # else openpyxl makes a formula of what begins with =
    cell.number_format = "@"
    cell.quotePrefix = True  # Excel keeps it text when somebody edits it
    return cell


def _bold(sheet: WriteOnlyWorksheet, text: str) -> Cell:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - see above
    from openpyxl.styles import Font  # noqa: PLC0415

    cell = WriteOnlyCell(sheet, value=text)
    cell.font = Font(bold=True)
    return cell
