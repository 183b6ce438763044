"""Changes of a record: all that is not changed is shared with the one before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec.structs import replace

from audit.coverage.record import SchoolRecord
from audit.fact import FactRow

_Key = TypeVar("_Key", str, int)
_Value = TypeVar("_Value")


def having(record: SchoolRecord, fact: FactRow, **changes: object) -> SchoolRecord:
    """The record after ``fact``, with these changes."""
    return replace(record, row=fact.row, known=fact.known, **changes)


def put(there: Mapping[_Key, _Value], key: _Key, value: _Value) -> dict[_Key, _Value]:
    """The same with one more, or another, entry."""
    return {**there, key: value}


def without(there: Mapping[_Key, _Value], key: _Key) -> dict[_Key, _Value]:
    """The same without an entry."""
    return {one: value for one, value in there.items() if one != key}


def name_of(fact: FactRow) -> str:
    """The id behind the school: ``device:no3/hall`` gives ``hall``."""
    return fact.subject.partition("/")[2]
