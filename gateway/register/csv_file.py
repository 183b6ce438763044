"""CSV as bureaus export it: any of its encodings, separators and spreadsheet habits."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Collection, Iterator
from typing import Final

from gateway.problem import Problem
from gateway.register.columns import COLUMNS, header_key
from gateway.register.entries import Parsed, Table
from gateway.register.rows import TITLE_ROWS, Row, read_rows, tables_of

DELIMITERS: Final = (",", ";", "\t", "，", "|")
MOST_COLUMNS: Final = 1_000
"""Cells of a row that are read: a file may hold nothing but commas."""

_HEAD: Final = 20_000
"""Signs of a line in which the separator is looked for."""

_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


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

    def broken(line: int, message: str) -> None:
        parsed.problems.append(Problem(name, line, "", message))

    known = {header_key(word) for at in tables_of(table) for column in COLUMNS[at]
             for word in column.headers}  # fmt: skip
    read_rows(csv_rows(text, known, broken), name, table, parsed)
    return parsed


def csv_rows(
    text: str, headers: Collection[str], broken: Callable[[int, str], None]
) -> Iterator[Row]:
    """Rows with the line on which each begins. ``headers`` are those that are known (as
    `header_key` makes them); ``broken`` is told the line at which a file breaks off, and why.
    """
    delimiter, start = _delimiter(text, headers)
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
            broken(line, f"{message}{skipped + begins}")
            return
        yield Row(skipped + begins, cells[:MOST_COLUMNS])
        begins = reader.line_num + 1


def _delimiter(text: str, headers: Collection[str]) -> tuple[str, int]:
    """The separator, and where the rows begin: after Excel's own ``sep=;`` line, if there is one.

    The separator is the one under which most cells of the first rows are headers that are known.
    """
    first, _, _ = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4], len(first) + 1
    if first.strip("\r\n ").lower() == "sep=":  # sep=<tab>, whose tab was stripped
        return "\t", len(first) + 1
    head = [line[:_HEAD] for line in text.splitlines()[:TITLE_ROWS]]

    def recognised(delimiter: str) -> int:
        return max(
            (sum(header_key(cell.strip('"')) in headers for cell in line.split(delimiter))
             for line in head), default=0,
        )  # fmt: skip

    return max(DELIMITERS, key=recognised), 0
