"""The hazard ledger: what was found where, at which of the eight steps, and who signed for it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from audit.ledger.hazard import (
    MOST_CHECKS,
    MOST_PHOTOS,
    Grade,
    HazardStep,
    Origin,
    Signer,
    StepKind,
)
from audit.ledger.hazard_actions import HazardActionName
from gateway.api.models.alerts import AlertDeviceOut, Detail
from gateway.api.models.shapes import Identifier, In, Milliseconds, Moment, Names, Out
from gateway.api.models.work_orders import PictureHash

Said = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000),
    Field(examples=["实验楼三层疏散通道被课桌堵塞"]),
]
Remark = Annotated[str, StringConstraints(max_length=2000)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Photos = Annotated[tuple[PictureHash, ...], Field(max_length=MOST_PHOTOS)]


class LedgerStepOut(Out):
    """One step and who signed it; `actor` is empty for the gateway. The page words `kind` with
    `hazard.done.{kind}`."""

    at: Moment
    actor: str = Field(examples=["ines"])
    role: Signer
    kind: StepKind
    at_step: HazardStep
    text: str
    photos: list[str]
    detail: Detail


class FiveThingsOut(Out):
    """What is named before the assessment is left (五到位). `money` in yuan."""

    responsible: str
    measure: str
    money: int
    deadline: Moment
    contingency: str


class CheckOut(Out):
    """A line of the inspector's checklist; `null`: was not looked at."""

    text: str
    met: bool | None


class RemedyOrderOut(Out):
    """The work order that is the remedy, as the entry knows it."""

    number: int
    state: str
    verified: Moment | None
    verification: str


class AwaitedOut(Out):
    """The signature that is wanted next, and whose it may be."""

    kind: StepKind
    by: list[Signer]


class HazardOut(Out):
    """An entry of the ledger. `due` is the deadline of what is under way; `rung` is how far it has
    climbed for being overdue."""

    number: int
    version: int
    school: str
    school_name: Names
    origin: Origin
    title: Names
    text: str
    place: str
    device: AlertDeviceOut | None
    condition: str
    faults: int
    policy: str
    item: str
    grade: Grade
    step: HazardStep
    awaits: AwaitedOut | None
    opened: Moment
    due: Moment
    overdue: bool
    rung: StepKind | None
    five: FiveThingsOut | None
    needs_interim: bool
    interim: str
    checks: list[CheckOut]
    order: RemedyOrderOut | None
    notices: list[int]
    notice_due: Moment | None
    closed: Moment | None
    look_back: Moment | None = Field(description="When it is to be looked at again.")
    looked_back: Moment | None
    reopens: int | None = Field(description="The closed entry that this one goes on from.")
    continued: int | None = Field(description="The entry that goes on from this one.")
    steps: list[LedgerStepOut]
    may: list[HazardActionName] = Field(
        description="What the caller may do to it now; the signature that is awaited comes first."
    )


class HazardCountsOut(Out):
    """Entries in the caller's scope. `steps` has the standing ones by step; `mine` wait for a
    signature of the caller's role; `held_back`: faults and items without an entry, because too many
    stand."""

    steps: dict[HazardStep, int]
    standing: int
    overdue: int
    major: int
    closed: int
    look_back: int
    mine: int
    held_back: int


class LedgerFigureOut(Out):
    """A figure and whose it is."""

    value: int
    source: str


class CheckIn(In):
    """A line of the checklist."""

    text: Line
    met: bool | None = None


class HazardIn(In):
    """What was found at a school."""

    school: Identifier
    text: Said
    grade: Grade = Grade.GENERAL
    place: Annotated[str, StringConstraints(max_length=200)] = ""
    device: Identifier | None = None
    item: Identifier | None = None
    photos: Photos = ()
    checks: Annotated[tuple[CheckIn, ...], Field(max_length=MOST_CHECKS)] = ()


class _ActionIn(In):
    version: Annotated[
        int, Field(ge=1, le=2**53, description="That of the entry as it was looked at.")
    ]


class SignHazardIn(_ActionIn):
    """Give the signature that is awaited."""

    action: Literal["sign"]
    kind: StepKind
    text: Remark = ""
    photos: Photos = ()


class RegisterHazardIn(_ActionIn):
    """Take it into the ledger."""

    action: Literal["register"]
    grade: Grade
    place: Annotated[str, StringConstraints(max_length=200)] = ""
    text: Remark = ""


class AssessHazardIn(_ActionIn):
    """How grave it is, and the five things."""

    action: Literal["assess"]
    grade: Grade
    responsible: Line
    measure: Said
    money: Annotated[int, Field(ge=0, le=10**12, description="Yuan; 0 = none is needed.")]
    deadline: Milliseconds
    contingency: Said
    interim: Remark = ""
    text: Remark = ""


class MonitorHazardIn(_ActionIn):
    """How it is watched until it is remedied."""

    action: Literal["monitor"]
    text: Said
    interim: Remark = ""


class AcceptHazardIn(_ActionIn):
    """Whether the remedy holds. Not by whoever remedied it."""

    action: Literal["accept"]
    met: bool
    text: Said
    photos: Photos = ()


class SendBackHazardIn(_ActionIn):
    """Not to be signed so: the step, or the remedy, is done again."""

    action: Literal["send_back"]
    reason: Said


class InterimHazardIn(_ActionIn):
    """Another interim measure."""

    action: Literal["interim"]
    text: Said


class ExtendHazardIn(_ActionIn):
    """Move the deadline. The bureau's to grant."""

    action: Literal["extend"]
    due: Milliseconds
    reason: Said


class CommentHazardIn(_ActionIn):
    """Remark on it."""

    action: Literal["comment"]
    text: Said
    photos: Photos = ()


class LookBackHazardIn(_ActionIn):
    """A closed entry looked at again. What did not hold goes on in a new entry."""

    action: Literal["look_back"]
    held: bool
    text: Said
    photos: Photos = ()


HazardActionIn: TypeAlias = Annotated[
    SignHazardIn
    | RegisterHazardIn
    | AssessHazardIn
    | MonitorHazardIn
    | AcceptHazardIn
    | SendBackHazardIn
    | InterimHazardIn
    | ExtendHazardIn
    | CommentHazardIn
    | LookBackHazardIn,
    Field(discriminator="action"),
]
