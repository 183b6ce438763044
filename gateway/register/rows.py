"""Rows of a table under their header, whatever file they come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.problem import Problem, listing, near_miss
from gateway.register.columns import COLUMNS, Column, clean, columns_of, header_key, read_cell
from gateway.register.entries import Entry, Parsed, Table
from gateway.yaml_source import Position

TITLE_ROWS: Final = 10
"""Bureaus put titles above the header: it is looked for in so many rows."""

IN_ROWS: Final = (Table.DEVICES, Table.PLACES, Table.SCHOOLS, Table.REGIONS)
"""What can stand in rows; parameters cannot."""


@dataclass(frozen=True)
class Header:
    """Which column of the file holds which field."""

    table: Table
    columns: dict[int, Column]
    labels: tuple[str, ...]
    unused: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """Cells as text, and the line of the file on which they begin."""

    line: int
    cells: list[str]

    @property
    def blank(self) -> bool:
        """Whether there is nothing in it."""
        return not any(clean(cell) for cell in self.cells)


def read_rows(rows: Iterator[Row], name: str, table: Table | None, parsed: Parsed) -> None:
    """The entries of rows into ``parsed``; every bad row is a problem with its line and column.

    ``table`` says what the rows are; without it the header decides.
    """
    header = _find_header(rows, name, table, parsed)
    if header is None:
        return
    for label in header.unused:
        parsed.notes.append(Problem(name, None, label, "this column is not used"))
    for row in rows:
        if not row.blank:
            _read_row(row, header, name, parsed)


def tables_of(table: Table | None) -> tuple[Table, ...]:
    """Which tables the rows may be of."""
    return IN_ROWS if table is None else (table,)


def _find_header(
    rows: Iterator[Row], name: str, table: Table | None, parsed: Parsed
) -> Header | None:
    """The header among the first rows; a file without one is a problem."""
    closest: tuple[int, Row] | None = None
    for number, row in enumerate(rows):
        if number == TITLE_ROWS:
            break
        fitting = [header for at in tables_of(table) if (header := match_header(row.cells, at))]
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
    columns = match_columns(cells, COLUMNS[table])
    if columns is None:
        return None
    labels = tuple(clean(cell) for cell in cells)
    unused = tuple(label for at, label in enumerate(labels) if label and at not in columns)
    return Header(table, columns, labels, unused)


def match_columns(cells: list[str], wanted: Iterable[Column]) -> dict[int, Column] | None:
    """Which cell of a header names which column; ``None`` when a required one is not there."""
    columns: dict[int, Column] = {}
    keys = [header_key(cell) for cell in cells]
    for column in wanted:
        for word in column.headers:  # in the order of preference
            places = [at for at, key in enumerate(keys) if key == header_key(word)]
            free = [at for at in places if at not in columns]
            if free:
                columns[free[0]] = column
                break
        else:
            if column.required:
                return None
    return columns


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


def _read_row(row: Row, header: Header, name: str, parsed: Parsed) -> None:
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
