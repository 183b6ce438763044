"""Exports: what can be asked for, and how far each is."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from gateway.api.models.shapes import In, Moment, Out
from gateway.exports.desk import ExportState
from gateway.exports.order import Format


class ExportIn(In):
    """Ask for a file. `params` are those of its kind."""

    what: str = Field(min_length=1, max_length=64, examples=["coverage"])
    format: Format
    params: dict[str, Any] = Field(default_factory=dict, max_length=20)
    language: Literal["zh", "en"] = "zh"


class ExportKindOut(Out):
    """Something that leaves as files, and in which formats."""

    what: str
    formats: list[Format]


class ExportOut(Out):
    """An export as it stands. `done` is 0 to 1; `null` while nobody knows."""

    id: str
    what: str
    title: str = Field(description="Empty until its rows are being written.")
    format: Format
    state: ExportState
    rows: int
    count: int | None
    done: float | None
    size: int = Field(description="Bytes, once it is done.")
    begun: Moment
    ended: Moment | None
    kept_until: Moment | None
    name: str = Field(description="What the file is called.")
    code: str = Field(description="Why it failed, as the `code` of a problem; empty: it did not.")
    error: str
