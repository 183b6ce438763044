"""CSV as bureaus export it: any of its encodings, separators and spreadsheet habits."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.problem import Problem, listing, near_miss
from gateway.register.columns import COLUMNS, Column, clean, columns_of, header_key, read_cell
from gateway.register.entries import Entry, Parsed, Table
from gateway.yaml_source import Position

DELIMITERS: Final = (",", ";", "\t", "，", "|")
TITLE_ROWS: Final = 10
"""Bureaus put titles above the header: it is looked for in so many rows."""

IN_CSV: Final = (Table.DEVICES, Table.PLACES, Table.SCHOOLS, Table.REGIONS)

_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Header:
    """Which column of the file holds which field."""

    table: Table
    columns: dict[int, Column]
    labels: tuple[str, ...]
    unused: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    line: int
    cells: list[str]

    @property
    def blank(self) -> bool:
        return not any(clean(cell) for cell in self.cells)


def decode(raw: bytes) -> str:
    """Text from UTF-8, UTF-16 with its mark (Excel's "Unicode text") or GB18030.

    UTF-8 is tried first: Chinese text in GB18030 is practically never valid UTF-8. Raises
    ``UnicodeDecodeError`` (of UTF-8) when it is none of them.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        try:
            return raw.decode("gb18030")
        except UnicodeDecodeError:
            raise error from None


def parse_csv(raw: bytes, name: str, table: Table | None = None) -> Parsed:
    """The entries of a CSV file; every bad row is a problem with its line and column.

    ``table`` says what the rows are; without it the header decides.
    """
    parsed = Parsed()
    try:
        text = decode(raw)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = "is neither UTF-8 nor GB18030 from here on; export it as 'CSV UTF-8'"
        parsed.problems.append(Problem(name, line, "", message))
        return parsed
    rows = _rows(text, name, table, parsed)
    header = _find_header(rows, name, table, parsed)
    if header is None:
        return parsed
    for label in header.unused:
        parsed.notes.append(Problem(name, None, label, "this column is not used"))
    for row in rows:
        if not row.blank:
            _read_row(row, header, name, parsed)
    return parsed


def _rows(text: str, name: str, table: Table | None, parsed: Parsed) -> Iterator[_Row]:
    """Rows with the line on which each begins. A file that breaks off becomes a problem."""
    delimiter, start = _delimiter(text, table)
    lines = io.StringIO(text[start:], newline="")
    reader = csv.reader(lines, delimiter=delimiter)
    skipped = text.count("\n", 0, start)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line = skipped + max(reader.line_num, 1)
            message = f"is no CSV from here on ({error}); a quote may be open on line "
            parsed.problems.append(Problem(name, line, "", f"{message}{skipped + begins}"))
            return
        yield _Row(skipped + begins, cells)
        begins = reader.line_num + 1


def _delimiter(text: str, table: Table | None) -> tuple[str, int]:
    """The separator, and where the rows begin: after Excel's own ``sep=;`` line, if there is one.

    The separator is the one under which most cells of the first rows are headers that are known.
    """
    first, _, _ = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4], len(first) + 1
    if first.strip("\r\n ").lower() == "sep=":  # sep=<tab>, whose tab was stripped
        return "\t", len(first) + 1
    head = text.splitlines()[:TITLE_ROWS]
    known = {header_key(word) for at in _tables(table) for column in COLUMNS[at]
             for word in column.headers}  # fmt: skip

    def recognised(delimiter: str) -> int:
        return max(
            (sum(header_key(cell.strip('"')) in known for cell in line.split(delimiter))
             for line in head), default=0,
        )  # fmt: skip

    return max(DELIMITERS, key=recognised), 0


def _tables(table: Table | None) -> tuple[Table, ...]:
    return IN_CSV if table is None else (table,)


def _find_header(
    rows: Iterator[_Row], name: str, table: Table | None, parsed: Parsed
) -> Header | None:
    """The header among the first rows; a file without one is a problem."""
    closest: tuple[int, _Row] | None = None
    for number, row in enumerate(rows):
        if number == TITLE_ROWS:
            break
        fitting = [header for at in _tables(table) if (header := match_header(row.cells, at))]
        if table is None:
            fitting = [header for header in fitting if not _about_others(header)]
        if fitting:
            return max(fitting, key=lambda header: len(header.columns))
        words = sum(bool(clean(cell)) for cell in row.cells)
        if closest is None or words > closest[0]:
            closest = (words, row)
    line = closest[1].line if closest else 1
    message = _no_header(closest[1].cells if closest else [], table)
    if not parsed.problems:
        parsed.problems.append(Problem(name, line, "", message))
    return None


def match_header(cells: list[str], table: Table) -> Header | None:
    """The header if the row is one of this table: every required field, each at most once."""
    columns: dict[int, Column] = {}
    keys = [header_key(cell) for cell in cells]
    for column in COLUMNS[table]:
        for word in column.headers:  # in the order of preference
            places = [at for at, key in enumerate(keys) if key == header_key(word)]
            free = [at for at in places if at not in columns]
            if free:
                columns[free[0]] = column
                break
        else:
            if column.required:
                return None
    labels = tuple(clean(cell) for cell in cells)
    unused = tuple(label for at, label in enumerate(labels) if label and at not in columns)
    return Header(table, columns, labels, unused)


def _about_others(header: Header) -> bool:
    """Whether rows that could be of this table are rather of one whose header is incomplete.

    A list of devices without their kinds must not be taken for a list of schools.
    """
    if header.table in {Table.REGIONS, Table.SCHOOLS}:
        named = any(column.field == "name_zh" for column in header.columns.values())
        return not named or bool(_OWN_IDS & {header_key(label) for label in header.unused})
    return False


_OWN_IDS: Final = {
    header_key(word)
    for table in (Table.PLACES, Table.DEVICES)
    for word in columns_of(table)["id"].headers
}


def _no_header(cells: list[str], table: Table | None) -> str:
    best = table or Table.DEVICES
    wanted = [column for column in COLUMNS[best] if column.required]
    keys = {header_key(cell) for cell in cells}
    missing = [
        column for column in wanted if not keys & {header_key(word) for word in column.headers}
    ]
    names = [f"{column.field} ({_chinese(column)})" for column in missing or wanted]
    known = {header_key(word) for column in columns_of(best).values() for word in column.headers}
    words = [word for column in missing for word in column.headers]
    strange = [clean(cell) for cell in cells if header_key(cell) not in known]
    hints = [near_miss(cell, words) for cell in strange if cell]
    hint = next((found for found in hints if found), "")
    return f"has no header of {best}: missing {listing(names)}{hint}"


def _chinese(column: Column) -> str:
    return next((word for word in column.headers if not word.isascii()), column.field)


def _read_row(row: _Row, header: Header, name: str, parsed: Parsed) -> None:
    values: dict[str, object] = {}
    labels: dict[str, str] = {}
    problems: list[Problem] = []
    for at, column in header.columns.items():
        label = header.labels[at]
        labels[column.field] = label
        try:
            values[column.field] = read_cell(column, row.cells[at] if at < len(row.cells) else "")
        except ValueError as error:
            problems.append(Problem(name, row.line, label, str(error)))
    beyond = [cell for cell in row.cells[len(header.labels) :] if clean(cell)]
    if beyond:
        message = (
            f"has {len(row.cells)} cells under {len(header.labels)} headers; "
            "put text that holds the separator in quotes"
        )
        problems.append(Problem(name, row.line, "", message))
    if problems:
        parsed.spoil(header.table, values, problems)
    else:
        parsed.entries.append(Entry(header.table, values, Position(name, row.line), labels))
