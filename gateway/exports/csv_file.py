"""A table as CSV: RFC 4180 (CRLF, quotes doubled), UTF-8 with its mark, so that Excel reads it.

Values are for programs, too: shares are fractions as the API gives them, times are local. Text that
begins like a formula gets an apostrophe before it (see `gateway.exports.cells`): a reader that is
no spreadsheet takes one off.
"""

from __future__ import annotations

import csv
import io
from typing import IO, Final

from audit.reports.table import Cell, Column, ColumnType, Table
from gateway.exports.cells import Setting, clean, dangerous, shown

CSV_TYPE: Final = "text/csv; charset=utf-8"

_AT_ONCE: Final = 1_000
"""Rows put together before they are written."""


def write_csv(table: Table, target: IO[bytes], setting: Setting) -> int:
    """Write the table; how many rows it had."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow([_guarded(clean(column.label)) for column in table.columns])
    count = 0
    for count, row in enumerate(table.rows, 1):
        writer.writerow(
            [
                _cell(column, cell, setting.zone)
                for column, cell in zip(table.columns, row, strict=True)
            ]
        )
        if count % _AT_ONCE == 0:
            _flush(out, target)
    _flush(out, target)
    return count


def _flush(out: io.StringIO, target: IO[bytes]) -> None:
    target.write(out.getvalue().encode())
    out.seek(0)
    out.truncate()


def _cell(column: Column, cell: Cell, zone: str) -> str:
    if cell is None:
        return ""
    if column.type is ColumnType.TEXT:
        return _guarded(clean(str(cell)))
    if column.type in (ColumnType.SHARE, ColumnType.NUMBER):
        return repr(float(cell))
    return shown(column, cell, zone)


def _guarded(text: str) -> str:
    return f"'{text}" if dangerous(text) else text
