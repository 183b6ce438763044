"""Rectification notices: what a bureau asks a school to put right, and until when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from audit.ledger.hazard import Grade, HazardStep
from audit.ledger.notice import MOST_FINDINGS
from gateway.api.models.hazards import Photos, Remark, Said
from gateway.api.models.shapes import Identifier, In, Milliseconds, Moment, Names, Out


class NoticeFindingOut(Out):
    """One finding, and how its entry of the ledger stands by now."""

    hazard: int
    text: str
    requirement: str
    step: HazardStep | None
    closed: Moment | None


class NoticeReplyOut(Out):
    """What the school answered."""

    at: Moment
    by: str
    role: str
    text: str
    photos: list[str]


class RectificationOut(Out):
    """A notice. `title` is its number as it is cited."""

    number: int
    title: Names
    bureau: str
    bureau_name: str
    year: int
    sequence: int = Field(description="1, 2, 3 … of the bureau and year, without a gap.")
    school: str
    school_name: Names
    issued: Moment
    issued_by: str
    issuer: str
    due: Moment
    overdue: bool = Field(description="Its deadline has passed, and one of its entries stands.")
    basis: str
    findings: list[NoticeFindingOut]
    replies: list[NoticeReplyOut]
    may: list[Literal["reply"]]


class NoticeFindingIn(In):
    """One finding: of an entry that stands (`hazard`), or of a new one."""

    text: Said
    requirement: Remark = ""
    hazard: Annotated[int | None, Field(ge=1, le=2**53)] = None
    grade: Grade = Grade.GENERAL
    place: Annotated[str, StringConstraints(max_length=200)] = ""
    photos: Photos = ()


class RectificationIn(In):
    """A notice to be issued at once."""

    school: Identifier
    due: Milliseconds
    findings: Annotated[tuple[NoticeFindingIn, ...], Field(min_length=1, max_length=MOST_FINDINGS)]
    basis: Remark = ""


class NoticeReplyIn(In):
    """What the school answers."""

    text: Said
    photos: Photos = ()
