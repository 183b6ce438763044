"""A bureau's list of schools out of a file: CSV in any of its encodings, or XLSX."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from audit.roster import SchoolKind
from devices.model import is_identifier
from gateway.problem import near_miss
from gateway.register.columns import MAX_TEXT, Column, clean, header_key, narrow
from gateway.register.csv_file import csv_rows, decode
from gateway.register.rows import TITLE_ROWS, Row, match_columns
from gateway.register.xlsx_file import TooLargeError, xlsx_sheets
from gateway.roster.columns import (
    COLUMNS,
    HEADERS,
    KINDS,
    MOST_PUPILS,
    SHORTENED,
    heads,
    showable,
    yes_or_no,
)
from gateway.roster.entries import Candidate, Code, Listed, Trouble

MOST_ROWS: Final = 200_000
"""Rows of one list: more than there are schools in any province."""

TOLD_EVERY: Final = 500
"""Rows between two words on how far it is."""

SHOWN: Final = 60
"""Characters of a cell that are quoted."""

_HINTS: Final = 50
"""Wrong words that are compared with the known ones: a wrong column has as many as rows."""

Told: TypeAlias = Callable[[int], None]


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Whoever is told how far it is may raise it: the reading ends."""


def read_list(raw: bytes, told: Told = lambda _rows: None) -> Listed:
    """The rows of a file. ``told`` hears how many have been read, and may raise `Stopped`.

    Nothing else is raised: what cannot be read at all is a trouble, and ``unreadable`` is set.
    """
    listed = Listed()
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        listed.troubles.append(Trouble(code=Code.OLD_SPREADSHEET))
    elif raw.startswith(b"PK\x03\x04"):
        _read_xlsx(raw, listed, told)
    else:
        _read_csv(raw, listed, told)
    listed.unreadable = not (listed.rows or listed.spoiled)
    if listed.unreadable and not listed.troubles:
        listed.troubles.append(Trouble(code=Code.NO_ROWS))
    return listed


def _read_csv(raw: bytes, listed: Listed, told: Told) -> None:
    try:
        text = decode(raw)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        listed.troubles.append(Trouble(code=Code.ENCODING, line=line))
        return

    def broken(line: int, _message: str) -> None:
        listed.troubles.append(Trouble(code=Code.NO_CSV, line=line))

    reading = _Reading(listed, told)
    nameless = reading.table("", csv_rows(text, HEADERS, broken))
    if nameless is not None and not listed.troubles:
        listed.troubles.append(nameless)


def _read_xlsx(raw: bytes, listed: Listed, told: Told) -> None:
    reading = _Reading(listed, told)
    without: list[Trouble] = []
    try:
        for title, rows in xlsx_sheets(raw, reading.passed):
            nameless = reading.table(title, rows)
            if nameless is not None:
                without.append(nameless)
    except Stopped:
        raise
    except TooLargeError:
        listed.troubles.append(Trouble(code=Code.TOO_LARGE))
    except Exception as error:  # noqa: BLE001 - whatever a library comes upon in a damaged file
        listed.troubles.append(Trouble(code=Code.NO_XLSX, value=_cut(str(error))))
    if not (listed.rows or listed.spoiled or listed.troubles):
        # a sheet of notes beside the list does no harm; a book of nothing else does
        listed.troubles += without


@dataclass(frozen=True)
class _Header:
    columns: Mapping[int, Column]
    labels: Mapping[str, str]
    width: int


class _Wrong(Protocol):
    def __call__(self, code: Code, field: str, value: str = "", other: str = "") -> None: ...


class _Reading:
    """Takes tables row by row into ``listed``."""

    def __init__(self, listed: Listed, told: Told) -> None:
        self._listed: Final = listed
        self._told: Final = told
        self._rows = 0
        self._hints: dict[str, str] = {}

    def table(self, sheet: str, rows: Iterator[Row]) -> Trouble | None:
        """Take a table; what is wrong with it when it has no header."""
        header = self._header(sheet, rows)
        if not isinstance(header, _Header):
            return header
        for row in rows:
            if row.blank:
                continue
            self._rows += 1
            if self._rows > MOST_ROWS:
                too_large = Trouble(
                    code=Code.TOO_LARGE, line=row.line, value=str(MOST_ROWS), sheet=sheet
                )
                self._listed.troubles.append(too_large)
                break
            self._row(row, header, sheet)
            if self._rows % TOLD_EVERY == 0:
                self._told(self._rows)
        self._told(self._rows)
        return None

    def passed(self) -> None:
        """More of the file has been gone through, with or without rows in it."""
        self._told(self._rows)

    def _header(self, sheet: str, rows: Iterator[Row]) -> _Header | Trouble | None:
        """The header; a trouble when there is none under the titles, nothing for an empty table."""
        seen: list[Row] = []
        for row in rows:
            columns = match_columns(row.cells, COLUMNS)
            if columns is not None:
                self._note_unused(row, columns, sheet)
                labels = {column.field: clean(row.cells[at]) for at, column in columns.items()}
                return _Header(columns, labels, len(row.cells))
            seen.append(row)
            if len(seen) == TITLE_ROWS:
                break
        if not seen:
            return None
        likely = max(seen, key=lambda row: sum(header_key(cell) in HEADERS for cell in row.cells))
        missing = "、".join(_missing(likely.cells))
        return Trouble(code=Code.NO_HEADER, line=likely.line, value=missing, sheet=sheet)

    def _note_unused(self, row: Row, columns: Mapping[int, Column], sheet: str) -> None:
        self._listed.notes += [
            Trouble(code=Code.UNUSED, line=row.line, field=_cut(cell), sheet=sheet)
            for at, cell in enumerate(row.cells)
            if clean(cell) and at not in columns
        ]

    def _row(self, row: Row, header: _Header, sheet: str) -> None:
        listed = self._listed
        before = len(listed.troubles)
        cells = {
            column.field: row.cells[at] if at < len(row.cells) else ""
            for at, column in header.columns.items()
        }

        def wrong(code: Code, field: str, value: str = "", other: str = "") -> None:
            listed.troubles.append(
                Trouble(
                    code=code,
                    line=row.line,
                    field=header.labels.get(field, ""),
                    value=_cut(value),
                    other=other,
                    sheet=sheet,
                )
            )

        for cell in row.cells[header.width :]:
            if clean(cell):
                wrong(Code.BEYOND, "", cell)
                break
        school = _school(cells["school"], wrong)
        name = _line(cells["name"], "name", wrong)
        kind = self._kind(cells["kind"], wrong)
        region = _line(cells["region"], "region", wrong)
        pupils = _number(cells["pupils"], "pupils", wrong)
        boarders = _number(cells["boarders"], "boarders", wrong) if "boarders" in cells else None
        key_target = _mark(cells["key_target"], wrong) if "key_target" in cells else None
        if pupils is not None and boarders is not None and boarders > pupils:
            wrong(Code.BOARDERS, "boarders", str(boarders), str(pupils))
        if len(listed.troubles) > before or kind is None or pupils is None:
            listed.spoiled.add(school)
            return
        label = header.labels["region"]
        listed.rows.append(
            Candidate(
                row.line, sheet, school, name, kind, region, pupils, boarders, key_target, label
            )
        )

    def _kind(self, raw: str, wrong: _Wrong) -> SchoolKind | None:
        word = header_key(raw)
        found = KINDS.get(word)
        if found is None and not word:
            wrong(Code.EMPTY, "kind")
        elif found is None:
            if word not in self._hints and len(self._hints) < _HINTS:
                near = near_miss(word, KINDS)
                self._hints[word] = near.split("'")[1] if near else ""
            wrong(Code.UNKNOWN_KIND, "kind", raw, self._hints.get(word, ""))
        return found


def _school(raw: str, wrong: _Wrong) -> str:
    text = narrow(raw)
    if not text:
        wrong(Code.EMPTY, "school")
    elif SHORTENED.match(text):
        wrong(Code.SHORTENED, "school", text)
    elif not is_identifier(text):
        wrong(Code.NOT_AN_ID, "school", text)
    return text


def _line(raw: str, field: str, wrong: _Wrong) -> str:
    """Text for one line of a screen."""
    text = " ".join(clean(raw).split())
    if not text:
        wrong(Code.EMPTY, field)
    elif len(text) > MAX_TEXT:
        wrong(Code.TOO_LONG, field, text, str(MAX_TEXT))
    elif not showable(text):
        wrong(Code.UNPRINTABLE, field, "".join(sign for sign in text if sign.isprintable()))
    return text


def _number(raw: str, field: str, wrong: _Wrong) -> int | None:
    """Heads; an empty cell of boarders says that there are none."""
    if field == "boarders" and not narrow(raw):
        return 0
    found = heads(raw)
    if found is None:
        wrong(Code.NOT_A_NUMBER if narrow(raw) else Code.EMPTY, field, raw)
    elif found > MOST_PUPILS:
        wrong(Code.TOO_MANY, field, raw, str(MOST_PUPILS))
    return found


def _mark(raw: str, wrong: _Wrong) -> bool | None:
    found = yes_or_no(raw)
    if found is None:
        wrong(Code.NEITHER, "key_target", raw)
    return found


def _missing(cells: list[str]) -> list[str]:
    """The required columns that a row lacks, each by a name in either language."""
    keys = {header_key(cell) for cell in cells}
    return [
        f"{column.field} / {next(word for word in column.headers if not word.isascii())}"
        for column in COLUMNS
        if column.required and not keys & {header_key(word) for word in column.headers}
    ]


def _cut(text: str) -> str:
    """What is quoted of a cell: short, and nothing that a screen could not show."""
    shown = "".join(sign if sign.isprintable() else "�" for sign in clean(text))
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"
