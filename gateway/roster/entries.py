"""What a bureau's list holds, before it is held against the roster: rows, and what is wrong."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from audit.roster import SchoolKind


class Code(StrEnum):
    """What is wrong with a row, or worth a look; catalogues word it as ``roster.trouble.{code}``.

    ``{value}`` is what the file says, ``{other}`` what it is held against.
    """

    # of the file as a whole
    ENCODING = "encoding"
    NO_CSV = "no_csv"
    NO_XLSX = "no_xlsx"
    OLD_SPREADSHEET = "old_spreadsheet"
    NO_HEADER = "no_header"
    NO_ROWS = "no_rows"
    TOO_LARGE = "too_large"
    # of a row, which is refused
    EMPTY = "empty"
    SHORTENED = "shortened"
    NOT_AN_ID = "not_an_id"
    TOO_LONG = "too_long"
    UNPRINTABLE = "unprintable"
    NOT_A_NUMBER = "not_a_number"
    TOO_MANY = "too_many"
    BOARDERS = "boarders"
    NEITHER = "neither"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_REGION = "unknown_region"
    SEVERAL_REGIONS = "several_regions"
    OUT_OF_SCOPE = "out_of_scope"
    BEYOND = "beyond"
    SAME_CODE = "same_code"
    # only said
    REPEATED = "repeated"
    SAME_NAME = "same_name"
    OTHER_REGION = "other_region"
    UNUSED = "unused"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong where: ``field`` is the header as the file has it, ``sheet`` of a workbook."""

    code: Code
    line: int | None = None
    field: str = ""
    value: str = ""
    other: str = ""
    sheet: str = ""


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A good row. What a file has no column for is ``None`` and stays as it is."""

    line: int
    sheet: str
    school: str
    name: str
    kind: SchoolKind
    region: str
    pupils: int
    boarders: int | None
    key_target: bool | None
    field_of_region: str

    def says(self) -> tuple[object, ...]:
        """What it says of the school, wherever it stands."""
        return (self.name, self.kind, self.region, self.pupils, self.boarders, self.key_target)


class Listed(msgspec.Struct):
    """A whole list. ``troubles`` are of rows that are refused, ``notes`` of what is only said.

    ``spoiled`` are the codes of refused rows: these schools are on the list all the same.
    """

    rows: list[Candidate] = msgspec.field(default_factory=list)
    troubles: list[Trouble] = msgspec.field(default_factory=list)
    notes: list[Trouble] = msgspec.field(default_factory=list)
    spoiled: set[str] = msgspec.field(default_factory=set)
    unreadable: bool = False
