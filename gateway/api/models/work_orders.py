"""Work orders: what has to be mended, by whom, until when, and who did what."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from audit.ledger.work_order import MOST_PHOTOS, OrderActionName, OrderState, StepKind
from gateway.api.models.alerts import AlertDeviceOut, Detail
from gateway.api.models.session import UserName
from gateway.api.models.shapes import Identifier, In, Milliseconds, Moment, Names, Out
from gateway.security.access import Role

Said = Annotated[
    str, StringConstraints(min_length=1, max_length=1000), Field(examples=["更换电池, 清洁探头"])
]

PictureHash = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Field(description="SHA-256 of a picture, as `PUT /pictures` gave it."),
]

Photos = Annotated[tuple[PictureHash, ...], Field(max_length=MOST_PHOTOS)]


class StepOut(Out):
    """One step and who signed it; `actor` is empty for the gateway. `detail`: `to`, `due`, `was`,
    `verification`, `alert`, `faults`. The page words `kind` with `work_order.step.{kind}`."""

    at: Moment
    actor: str = Field(examples=["li.na"])
    kind: StepKind
    text: str
    photos: list[str]
    detail: Detail


class WorkOrderOut(Out):
    """A work order. Without a device it is for the school as a whole; `faults` counts the alerts
    that it covers."""

    id: int
    version: int
    school: str
    school_name: Names
    device: AlertDeviceOut | None
    place: Names | None
    alert: int | None
    condition: str
    faults: int
    title: Names
    opened: Moment
    due: Moment
    overdue: bool
    state: OrderState
    assignee: str | None
    automatic: bool
    fault_gone: Moment | None = Field(description="When its alerts had all ended by themselves.")
    closed: Moment | None
    verification: str = Field(description="Id of the verification that closed it, or empty.")
    steps: list[StepOut]
    closes_when: Names
    may: list[OrderActionName] = Field(description="What the caller may do to it now.")


class WorkOrderCountsOut(Out):
    """Standing work orders in the caller's scope. `held_back`: faults that have none because the
    gateway has as many orders standing as it may."""

    standing: int
    overdue: int
    done: int = Field(description="Reported done; the proof is missing.")
    mine: int
    held_back: int


class AssigneeOut(Out):
    """Somebody who can be made responsible for a work order."""

    name: UserName
    display: str
    role: Role


class OrderedDeviceIn(In):
    """The device a work order is for."""

    school: Identifier
    id: Identifier


class WorkOrderIn(In):
    """What has to be mended, and where."""

    device: OrderedDeviceIn
    text: Said


class AssignOrderIn(In):
    """Say who is responsible; `null` = nobody."""

    action: Literal["assign"]
    to: UserName | None


class CommentOrderIn(In):
    """Remark on it."""

    action: Literal["comment"]
    text: Said
    photos: Photos = ()


class DoneOrderIn(In):
    """Report the repair done. It closes once a verification after this is met."""

    action: Literal["done"]
    text: Said
    photos: Photos = ()


class ReopenOrderIn(In):
    """It is not done after all, or was cancelled by mistake."""

    action: Literal["reopen"]
    reason: Said


class ExtendOrderIn(In):
    """Move the deadline."""

    action: Literal["extend"]
    due: Milliseconds
    reason: Said


class CancelOrderIn(In):
    """There is nothing to mend. Administrators only."""

    action: Literal["cancel"]
    reason: Said


class AcceptOrderIn(In):
    """Take the repair as proven where no verification can prove it. Administrators only."""

    action: Literal["accept"]
    reason: Said


WorkOrderActionIn: TypeAlias = Annotated[
    AssignOrderIn
    | CommentOrderIn
    | DoneOrderIn
    | ReopenOrderIn
    | ExtendOrderIn
    | CancelOrderIn
    | AcceptOrderIn,
    Field(discriminator="action"),
]
