"""The roster of schools, lists that are brought in, and what a school must have."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints

from audit.baseline import MOST_NEEDS, MOST_OF_A_KIND, Lessening
from audit.key_places import KeyPlace
from audit.roster import SchoolKind
from gateway.api.models.shapes import Identifier, In, Milliseconds, Moment, Names, Out
from gateway.register.columns import MAX_TEXT
from gateway.roster.columns import MOST_PUPILS, showable
from gateway.roster.entries import Code
from gateway.roster.importing import ImportState
from gateway.roster.plan import Sort

Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1000),
    Field(examples=["撤并到第一小学, 教发〔2026〕12号"]),
]


def _shown(name: str) -> str:
    if not showable(name):
        raise ValueError("it holds control characters; remove them")
    return name


SchoolName = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_TEXT), AfterValidator(_shown)
]
Heads = Annotated[int, Field(ge=0, le=MOST_PUPILS)]


class RosterEntryOut(Out):
    """A school of the roster. `connected`: it is in the register, so that devices of it may be
    seen. `baseline` is the version in effect, 0 without one; `waiting`: a smaller one waits."""

    school: str
    name: str
    kind: SchoolKind
    region: str | None
    region_name: Names | None
    pupils: int
    boarders: int
    key_target: bool
    listed: bool = Field(description="False: struck off.")
    formerly: list[str]
    connected: bool
    baseline: int
    waiting: bool


class RosterTotalsOut(Out):
    """The roster in numbers; all but `struck_off` of the schools listed."""

    listed: int
    struck_off: int
    connected: int
    with_baseline: int
    waiting: int


class ChangeEntryIn(In):
    """Correct an entry; what is left out stays."""

    action: Literal["change"]
    name: SchoolName | None = None
    kind: SchoolKind | None = None
    region: Identifier | None = None
    pupils: Heads | None = None
    boarders: Heads | None = None
    key_target: bool | None = None
    reason: Reason


class StrikeOffIn(In):
    """The school is no more: it counts no longer from now on."""

    action: Literal["strike_off"]
    reason: Reason


class RelistIn(In):
    """It was struck off by mistake."""

    action: Literal["relist"]
    reason: Reason


RosterActionIn: TypeAlias = Annotated[
    ChangeEntryIn | StrikeOffIn | RelistIn, Field(discriminator="action")
]


class RosterTroubleOut(Out):
    """What is wrong on a line; the page words `code` with `roster.trouble.{code}`."""

    code: Code
    line: int | None
    sheet: str
    field: str = Field(description="The header of the column, as the file has it.")
    value: str
    other: str


class RosterFieldsOut(Out):
    """What is said of a school."""

    name: str
    kind: SchoolKind
    region: str | None
    region_name: Names | None
    pupils: int
    boarders: int
    key_target: bool
    listed: bool


class RosterChangeOut(Out):
    """What becomes of one school; `before` is `null` for a new one."""

    sort: Sort
    line: int
    school: str
    before: RosterFieldsOut | None
    after: RosterFieldsOut


class MissingSchoolOut(Out):
    """A listed school that the list does not name. It stays."""

    school: str
    name: str


class RosterPreviewOut(Out):
    """What a list comes to. The lists hold the first of each; the numbers count all."""

    digest: str = Field(description="Names these changes: to be sent back to write them.")
    added: int
    renamed: int
    changed: int
    relisted: int
    unchanged: int
    missing: int
    refused: int = Field(description="Mistakes; the rows that have any are not loaded.")
    noted: int
    unreadable: bool
    changes: list[RosterChangeOut]
    troubles: list[RosterTroubleOut]
    notes: list[RosterTroubleOut]
    not_named: list[MissingSchoolOut]


class RosterImportOut(Out):
    """A list that the caller brought. `done` of `of` rows are read, or written; `of` is `null`
    while nobody knows how many there are."""

    id: str
    file: str
    state: ImportState
    started: Moment
    ended: Moment | None
    done: int
    of: int | None
    written: int
    error: str
    preview: RosterPreviewOut | None


class ApplyIn(In):
    """Write what was shown under this digest."""

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    skip_bad_rows: bool = False
    reason: Annotated[str, StringConstraints(max_length=1000)] = ""


class NeedOut(Out):
    """So many devices of a kind in a place; without a place: anywhere in the school."""

    place: str
    place_name: Names | None
    kind: str
    count: int
    gate: bool
    commissioned: Moment | None


class LessOut(Out):
    """Where a list asks for less than the one in effect."""

    place: str
    place_name: Names | None
    kind: str
    how: Lessening
    before: int
    after: int


class BaselineProposalOut(Out):
    """A list that asks for less and waits for a second person."""

    id: str
    needs: list[NeedOut]
    less: list[LessOut]
    reason: str
    proposed_by: str
    proposed: Moment


class RegisteredOut(Out):
    """How many devices of a kind are registered in a place; `out_of_service` are among them."""

    place: str
    place_name: Names | None
    kind: str
    count: int
    out_of_service: int


class KeyPlaceOut(Out):
    """A place that is to be guarded (GB/T 29315), by its name."""

    place: str
    place_name: Names | None
    sort: KeyPlace


class BaselineOut(Out):
    """What a school must have, beside what is registered. `version` 0: nobody has signed yet."""

    school: str
    school_name: Names
    connected: bool
    version: int
    needs: list[NeedOut]
    signed_by: str
    signed: Moment | None
    confirmed_by: str
    reason: str
    waiting: BaselineProposalOut | None
    registered: list[RegisteredOut]
    suggested: list[NeedOut]
    key_places: list[KeyPlaceOut]
    may_sign: bool
    may_confirm: bool = Field(description="May be the second person for what waits.")
    may_decline: bool


class NeedIn(In):
    """So many devices of a kind in a place of the school; empty: anywhere in it."""

    place: Identifier | Literal[""]
    kind: Identifier
    count: Annotated[int, Field(ge=1, le=MOST_OF_A_KIND)] = 1
    gate: bool = False
    commissioned: Milliseconds | None = None


class BaselineIn(In):
    """Sign for this list. `version` is that of the one it was made from."""

    version: Annotated[int, Field(ge=0, le=2**53)]
    needs: Annotated[list[NeedIn], Field(min_length=1, max_length=MOST_NEEDS)]
    reason: Annotated[str, StringConstraints(max_length=1000)] = ""


ProposalId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class ConfirmBaselineIn(In):
    """Be the second person for this proposal."""

    proposal: ProposalId


class DeclineBaselineIn(In):
    """Decline this proposal, or withdraw one's own."""

    proposal: ProposalId
    reason: Reason
