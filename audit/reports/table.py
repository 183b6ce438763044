"""The one shape that everything takes that leaves as XLSX, CSV or PDF.

Whoever supplies a table gives plain values, of the type its column names: writers make dates,
percentages and text of them. Words are those of the asker's language already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias


class ColumnType(StrEnum):
    """What the cells of a column are. ``None`` is an empty cell in every one of them."""

    TEXT = "text"  # str
    INT = "int"  # int: counts
    NUMBER = "number"  # float: measured values
    SHARE = "share"  # float, 0 to 1: shown as a percentage
    DATE = "date"  # int, ms UTC: shown as the local day
    TIME = "time"  # int, ms UTC: shown as the local day and time, to the second


Cell: TypeAlias = str | int | float | None
Row: TypeAlias = tuple[Cell, ...]

MOST_COLUMNS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: ``key`` is its name for programs, ``label`` its heading for people.

    ``width`` in signs of Latin text (a Chinese one counts two); 0 = what its type needs.
    """

    key: str
    label: str
    type: ColumnType = ColumnType.TEXT
    width: int = 0

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("a column needs a key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table. ``rows`` are gone through once, in order, so that they may be made as they are
    written; each has a cell for every column.

    ``count`` is how many rows there will be, for the progress; ``None`` when nobody knows.
    ``notes`` are lines that belong to it: as of when, of which schools, how it was counted.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    count: int | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.columns) <= MOST_COLUMNS:
            raise ValueError(f"a table has 1 to {MOST_COLUMNS} columns, not {len(self.columns)}")
        keys = [column.key for column in self.columns]
        if len(set(keys)) != len(keys):
            raise ValueError(f"table {self.title}: two columns have the same key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Tables that leave as one file. ``facts`` are lines of label and text above the first table,
    ``signatures`` what is signed below the last one, by hand.

    A CSV file holds one table: a report of several leaves as XLSX (a sheet each) or PDF.
    """

    title: str
    tables: tuple[Table, ...]
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()

    one_page: bool = False
    """Set so small that it fits on one page of A4, as far as that can be read."""
