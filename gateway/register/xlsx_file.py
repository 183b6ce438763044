"""XLSX as bureaus keep it: each sheet is a table under a header, as in CSV."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import Any, Final, Protocol, cast

from gateway.problem import Problem
from gateway.register.entries import Parsed, Table
from gateway.register.rows import Row, read_rows

MOST_UNPACKED: Final = 128 << 20
MOST_BESIDE: Final = 8 << 20
"""Bytes that the parts of a file may come to, and those beside its tables and pictures, such as
its styles: it is packed, and a small one can hold anything. 100,000 devices are 60 MB. Beside them
there are some 10 KB, of which each byte takes 24 in memory.
"""

MOST_ROWS: Final = 1 << 20
"""Excel's own bound. A row says its number itself, and those before it are gone through."""

MOST_COLUMNS: Final = 100
PASSED: Final = 1_000
"""Rows between two words on how far it is."""

EXACT: Final = 10**15
"""Excel keeps 15 digits of a number: beyond, an id is lost."""

_PACKED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_TABLES_AND_PICTURES: Final = ("xl/worksheets/", "xl/sharedStrings", "xl/media/", "xl/drawings/")
_ZEROS: Final = re.compile(r"0+\Z")


class TooLargeError(Exception):
    """A packed file comes to more than is read."""


class _Sheet(Protocol):
    """What is used of openpyxl's sheets for reading."""

    def reset_dimensions(self) -> None: ...

    def iter_rows(self, *, max_col: int, max_row: int) -> Iterator[tuple[Any, ...]]: ...


def parse_xlsx(raw: bytes, name: str, table: Table | None = None) -> Parsed:
    """The entries of all sheets; every bad row is a problem with its sheet and line.

    Of formulas the value counts that was last computed. Sheets without a known header are noted,
    unless none has one. ``table`` says what the rows are; without it each header decides.
    """
    parsed = Parsed()
    try:
        without: list[Problem] = []
        for title, rows in xlsx_sheets(raw):
            _read_sheet(rows, f"{name} [{title}]", table, parsed, without)
    except TooLargeError:
        message = "unpacks to more than any list of devices; save it anew as CSV"
        return Parsed(problems=[Problem(name, None, "", message)])
    except Exception as error:  # noqa: BLE001 - whatever a library comes upon in a damaged file
        message = f"is no XLSX file that can be read ({error}); save it anew"
        return Parsed(problems=[Problem(name, None, "", message)])
    if parsed.entries or parsed.problems:
        parsed.notes += without
    else:
        parsed.problems += without or [Problem(name, None, "", "holds no rows")]
    return parsed


def xlsx_sheets(
    raw: bytes, passed: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, Iterator[Row]]]:
    """The visible sheets, each by its title with its rows; of formulas what was last computed.

    ``passed`` is called every `PASSED` rows, empty ones too, and may raise to end it. Raises
    `TooLargeError`, and of a damaged file whatever the library comes upon.
    """
    # openpyxl takes half a second to import, and a gateway that starts needs none of it.
    from openpyxl import load_workbook  # noqa: PLC0415

    if _unpacks_to_too_much(raw):
        raise TooLargeError
    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            yield sheet.title, _rows(cast("_Sheet", sheet), passed)


def _unpacks_to_too_much(raw: bytes) -> bool:
    whole = beside = 0
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        for part in packed.infolist():
            if part.compress_type not in _PACKED:
                return True  # of others a few bytes are unpacked at once to gigabytes
            whole += part.file_size
            if not part.filename.startswith(_TABLES_AND_PICTURES):
                beside += part.file_size
    return whole > MOST_UNPACKED or beside > MOST_BESIDE


def _read_sheet(
    rows: Iterator[Row],
    name: str,
    table: Table | None,
    parsed: Parsed,
    without: list[Problem],
) -> None:
    own = Parsed()
    read_rows(rows, name, table, own)
    if own.entries or own.notes or len(own.problems) != 1 or own.spoiled:
        parsed.add(own)
    elif own.problems[0].line is not None and "has no header" in own.problems[0].message:
        without += own.problems
    else:
        parsed.add(own)


def _rows(sheet: _Sheet, passed: Callable[[], None]) -> Iterator[Row]:
    sheet.reset_dimensions()  # what a file says of its size need not be so
    for line, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS, max_row=MOST_ROWS), 1):
        if line % PASSED == 0:
            passed()
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            yield Row(line, texts)


def _text(cell: Any) -> str:
    """A cell as the person saw it, as far as that matters for ids and names."""
    value = cell.value
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return str(value).upper()
        case int() | float() if abs(value) >= EXACT:
            return f"{value:.5E}"  # said to be lost, as in CSV
        case int() | float() if value == int(value):
            digits = str(int(value))
            shown = str(cell.number_format)
            return digits.zfill(len(shown)) if _ZEROS.match(shown) else digits
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)
