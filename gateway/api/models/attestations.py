"""Attestations, what policies ask to be attested, drills, and attached files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from audit.attestation import MOST_FIGURE, MOST_FILES, MOST_TEXT, Stands
from audit.roster import SchoolKind
from gateway.api.models.shapes import Identifier, In, Milliseconds, Moment, Names, Out

FileHash = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Field(description="SHA-256 of a file, as `PUT /files` gave it."),
]

FigureName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
FigureValue = Annotated[int, Field(ge=0, le=MOST_FIGURE)]


class FileOut(Out):
    """An attached file. `hash` is the SHA-256 of what is kept: of a photo that is the picture
    without what the camera wrote into it."""

    hash: str
    media_type: str = Field(examples=["application/pdf"])
    size: int = Field(description="Bytes.")
    name: str = Field(examples=["门岗值班表.pdf"])


class EvidenceFileOut(Out):
    """A file as an attestation names it."""

    hash: str
    media_type: str
    size: int
    name: str = Field(examples=["guards-1.pdf"])


class AttestationOut(Out):
    """What somebody states. `state`: `standing` from `valid_from` until before `expires`, unless it
    was `withdrawn`, or `replaced` by a newer one. `days_left`: whole days, begun ones counted.
    """

    id: str = Field(examples=["9f1c3b5d7e2a4c6880aa11bb22cc33dd"])
    version: int
    school: str
    school_name: Names
    item: str = Field(examples=["guards"])
    item_name: Names
    state: Literal["not_yet", "standing", "expired", "withdrawn", "replaced"]
    stated_by: str
    at: Moment
    valid_from: Moment
    expires: Moment
    days_left: int
    figures: dict[str, int] = Field(examples=[{"guards": 3}])
    files: list[EvidenceFileOut]
    text: str
    confirmed_by: str = Field(description="Empty: nobody has.")
    confirmed: Moment | None
    withdrawn: Moment | None
    withdrawn_by: str
    reason: str = Field(description="Why it was withdrawn.")
    replaced: Moment | None = Field(description="When a newer one takes its place.")
    may: list[Literal["confirm", "withdraw"]] = Field(
        description="What the caller may do to it now."
    )


class AttestationIn(In):
    """State that an item is met. `expires` at most as far away as the policy allows."""

    school: Identifier
    item: Identifier
    expires: Milliseconds
    valid_from: Milliseconds | None = Field(
        None, description="Up to 7 days ago; of a drill when it was held. Default: now."
    )
    figures: dict[FigureName, FigureValue] = Field(default_factory=dict, max_length=20)
    files: Annotated[tuple[FileHash, ...], Field(max_length=MOST_FILES)] = ()
    text: Annotated[str, StringConstraints(max_length=MOST_TEXT)] = ""


class WithdrawIn(In):
    """Say why it no longer holds."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=MOST_TEXT)]


class AskedByOut(Out):
    """A policy that asks for it."""

    id: str = Field(examples=["six-100"])
    name: Names


class AskedOut(Out):
    """A statement that policies ask for, and how it stands at a school now.

    `attestation` is the one that counts. `lacking` names figures and `files` that are missing.
    `guards_needed` by the roster and the staffing rule; `from_memory`: a figure of that rule was
    not read in the standard itself.
    """

    item: str
    name: Names
    policies: list[AskedByOut]
    longest_days: int
    files: int = Field(description="At least so many.")
    figures: list[str]
    second_person: bool = Field(description="Whether a second person has to confirm it.")
    guards_needed: int | None
    guards_from_memory: bool
    stands: Stands
    lacking: list[str]
    until: Moment | None = Field(description="When that may change by itself.")
    attestation: AttestationOut | None


class SchoolAttestationsOut(Out):
    """What a school has to attest. `kind`, `pupils` and `boarders` as it is on the roster."""

    school: str
    name: Names
    kind: SchoolKind | None
    pupils: int | None
    boarders: int | None
    may_attest: bool
    items: list[AskedOut]


class DrillOut(Out):
    """When a school last held an evacuation drill, and by when the next one is due; `null`: none
    was ever written down."""

    school: str
    school_name: Names
    kind: SchoolKind | None
    every_days: int
    attestation: str | None = Field(description="Id of the attestation of the last one.")
    held: Moment | None
    due: Moment | None
    overdue: bool
    participants: int | None
    duration_s: int | None


class DrillsOut(Out):
    """Drills by school, the longest overdue first; `next` as on every list."""

    items: list[DrillOut]
    next: str | None = None
    schools: int
    overdue: int
