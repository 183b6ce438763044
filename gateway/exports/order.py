"""What goes over the pipe to the process that writes a file, and what it says."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from audit.reports.table import Column, ColumnType, Report, Row
from gateway.exports.cells import Setting


class Format(StrEnum):
    """What kind of file."""

    XLSX = "xlsx"
    CSV = "csv"
    PDF = "pdf"


class ColumnTold(msgspec.Struct, frozen=True):
    """A column, as `audit.reports.table.Column`."""

    key: str
    label: str
    type: ColumnType
    width: int

    def column(self) -> Column:
        """The column again."""
        return Column(key=self.key, label=self.label, type=self.type, width=self.width)


class TableTold(msgspec.Struct, frozen=True):
    """A table without its rows, which follow."""

    title: str
    columns: tuple[ColumnTold, ...]
    notes: tuple[str, ...]


class Order(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Write this report into the file ``path``; its rows follow, table after table."""

    format: Format
    path: str
    setting: Setting
    title: str
    tables: tuple[TableTold, ...]
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    one_page: bool = False
    font: str | None = None
    most_bytes: int = 0


class Rows(msgspec.Struct, frozen=True, tag=True):
    """More rows of the table that is being written."""

    rows: list[Row]


class TableDone(msgspec.Struct, frozen=True, tag=True):
    """That was its last row."""


class Written(msgspec.Struct, frozen=True, tag=True):
    """The file is there, whole."""

    size: int


class Failed(msgspec.Struct, frozen=True, tag=True):
    """It could not be written. ``code`` is that of the catalogue (`gateway.exports.writing`)."""

    code: str
    reason: str


Told: TypeAlias = Order | Rows | TableDone
Answer: TypeAlias = Written | Failed

encode: Final = msgspec.msgpack.Encoder().encode
_TOLD: Final = msgspec.msgpack.Decoder(Told)
_ANSWER: Final = msgspec.msgpack.Decoder(Answer)


def decode_told(data: bytes) -> Told:
    """What the gateway has sent. Raises `msgspec.MsgspecError`."""
    told: Told = _TOLD.decode(data)
    return told


def decode_answer(data: bytes) -> Answer:
    """What the process has said. Raises `msgspec.MsgspecError`."""
    answer: Answer = _ANSWER.decode(data)
    return answer


def order_of(
    report: Report,
    file_format: Format,
    path: str,
    setting: Setting,
    *,
    font: str | None,
    most_bytes: int,
) -> Order:
    """The order to write ``report``; a report of several tables is no CSV (``ValueError``)."""
    if file_format is Format.CSV and len(report.tables) != 1:
        raise ValueError("a CSV file holds one table")
    return Order(
        format=file_format,
        path=path,
        setting=setting,
        title=report.title,
        tables=tuple(
            TableTold(
                table.title,
                tuple(ColumnTold(one.key, one.label, one.type, one.width) for one in table.columns),
                table.notes,
            )
            for table in report.tables
        ),
        facts=report.facts,
        notes=report.notes,
        signatures=report.signatures,
        one_page=report.one_page,
        font=font,
        most_bytes=most_bytes,
    )
