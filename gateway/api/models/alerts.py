"""Alerts, what happened to them, what people may do to them, and the live stream."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from alerts.alert import AlertState, TransitionKind
from gateway.api.models.causes import FloodOut
from gateway.api.models.links import AlertPoliceOut, LinkCountsOut
from gateway.api.models.response import PlanStepOut, ReportDueOut, TellIn, TickIn
from gateway.api.models.session import UserName
from gateway.api.models.shapes import In, Milliseconds, Moment, Names, Out
from gateway.settings_fields import PriorityName

Detail = dict[str, str | int | float | bool | None]

Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500),
    Field(examples=["烘焙课, 已派人核实"]),
]


class AlertActionName(StrEnum):
    """What people may do to an alert."""

    ACKNOWLEDGE = "acknowledge"
    COMMENT = "comment"
    ASSIGN = "assign"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    RESET = "reset"
    MARK_FALSE = "mark_false"
    CONFIRM_FALSE = "confirm_false"
    TICK = "tick"
    TELL = "tell"


class AcknowledgeIn(In):
    """Take the alert. `occurrences`: how many the person saw; refused when there are more."""

    action: Literal["acknowledge"]
    comment: str = Field(default="", max_length=500)
    occurrences: int | None = Field(default=None, ge=0, examples=[1])


class CommentIn(In):
    """Remark on it."""

    action: Literal["comment"]
    text: Reason


class AssignIn(In):
    """Say who deals with it; `null` = nobody."""

    action: Literal["assign"]
    to: UserName | None


class ShelveIn(In):
    """Put it aside until a time. Refused for an emergency and beyond the longest time allowed."""

    action: Literal["shelve"]
    until: Milliseconds
    reason: Reason


class UnshelveIn(In):
    """Take it back from the shelf."""

    action: Literal["unshelve"]


class ResetIn(In):
    """Unlatch it; its condition must be gone."""

    action: Literal["reset"]


class MarkFalseIn(In):
    """Say that it was no alarm. A panic alarm needs a second person to confirm."""

    action: Literal["mark_false"]
    reason: Reason


class ConfirmFalseIn(In):
    """Agree, or not, that a panic alarm was false; not by who proposed it."""

    action: Literal["confirm_false"]
    agree: bool
    reason: str = Field(default="", max_length=500)


ActionIn = Annotated[
    AcknowledgeIn
    | CommentIn
    | AssignIn
    | ShelveIn
    | UnshelveIn
    | ResetIn
    | MarkFalseIn
    | ConfirmFalseIn
    | TickIn
    | TellIn,
    Field(discriminator="action"),
]


class AlertDeviceOut(Out):
    """The device an alert is about. A device that has left the register keeps its number as id."""

    school: str = Field(examples=["no3-middle"])
    id: str = Field(examples=["gate-01"])
    kind: str = Field(examples=["alarm-button"])
    name: Names


class ExplanationOut(Out):
    """Why: the rule, what it looked at, what it held that against, and the sentence."""

    rule: str = Field(examples=["threshold"])
    code: str = Field(examples=["above"])
    inputs: dict[str, bool | int | float | str | None] = Field(
        examples=[{"temperature_c": 61.5, "limit_c": 54}]
    )
    limit: float | None = Field(examples=[54.0])
    unit: str = Field(examples=["°C"])
    source: str = Field(examples=["EN 54-5 class A1"])
    metric: str = Field(examples=["temperature_c"], description="Whose curve shows it, or empty.")
    text: Names = Field(
        examples=[
            {
                "zh": "温度 61.5 °C, 高于 54 °C (EN 54-5 A1)",
                "en": "61.5 °C, above 54 °C (EN 54-5 class A1)",
            }
        ]
    )


class MaintenanceMarkOut(Out):
    """The maintenance during which faults are expected here; of several the one that ends last."""

    id: int
    ends: Moment
    reason: str


class AlertOut(Out):
    """An alert as it stands at one `version`; a higher version of the same id replaces it."""

    id: int = Field(examples=[4711])
    version: int = Field(examples=[2])
    state: AlertState
    active: bool = Field(description="Whether its condition is true now.")
    priority: PriorityName
    condition: str = Field(examples=["pressed"])
    school: str = Field(examples=["no3-middle"])
    school_name: Names
    device: AlertDeviceOut
    place: Names | None = Field(
        examples=[{"zh": "教学楼 / 三层 / 301", "en": "Teaching block / 3rd floor / 301"}]
    )
    raised: Moment
    known: Moment = Field(description="When the gateway knew; later than `raised` if late.")
    last_occurrence: Moment
    occurrences: int = Field(examples=[1])
    returned: Moment | None
    acknowledged: Moment | None
    acknowledged_by: str | None
    assigned_to: str | None
    shelved_until: Moment | None
    shelved_by: str | None
    suppressed: bool
    maintenance: MaintenanceMarkOut | None = Field(
        description="What hides it now; `null`: nothing does, or it is its device out of service."
    )
    escalated: Moment | None
    escalation_step: int = Field(description="Steps since it was last raised or remembered.")
    called: list[str] = Field(
        examples=[["user:li.na", "bureau"]], description="Whom these steps called."
    )
    louder: bool = Field(description="A step asked screens to cry louder.")
    closed: Moment | None
    is_false: bool
    false_proposed_by: str | None
    false_reason: str
    latches: bool
    remark: str = Field(examples=["late"], description="A code of the catalogues, or empty.")
    explanation: ExplanationOut
    scope: str = Field(
        examples=["place:block-a"],
        description="What it is about when that is no single device, else empty.",
    )
    victims: int = Field(description="How many devices it keeps from being heard.")
    police: AlertPoliceOut | None = Field(
        description="How it fares on its way to the police; `null` when it does not go there."
    )
    reports: list[ReportDueOut] = Field(
        description="By when those above are to be told of it; only of emergencies."
    )


class TransitionOut(Out):
    """One thing that happened to an alert. `actor` is empty for the gateway itself."""

    row: int = Field(examples=[90211], description="The event id of the stream.")
    version: int
    kind: TransitionKind
    state: AlertState
    happened: Moment
    known: Moment
    actor: str = Field(examples=["li.na"])
    detail: Detail


class AlertDetailOut(Out):
    """An alert, its history, and what the caller may do to it right now."""

    alert: AlertOut
    transitions: list[TransitionOut]
    may: list[AlertActionName]
    steps: list[PlanStepOut] = Field(description="The steps of the response plan for it.")


class ActedOut(Out):
    """What an action came to. `changed` is false when it had been so already."""

    alert: AlertOut
    changed: bool


class FeedOut(Out):
    """Whether messages arrive."""

    now: Moment
    connected: bool = Field(description="Whether the gateway has its broker.")
    last_message: Moment | None
    rate: float = Field(examples=[412.5], description="Messages a second.")
    trouble: list[str] = Field(
        examples=[["broker_lost"]], description="Codes of the catalogues: `feed.{code}`."
    )


class CountOut(Out):
    """How many alerts of one priority are open, and how many of these nobody has acknowledged."""

    open: int
    unacknowledged: int


class CountsOut(Out):
    """Open alerts in the caller's scope by priority."""

    emergency: CountOut
    high: CountOut
    medium: CountOut
    low: CountOut
    notice: CountOut


class HeldPressOut(Out):
    """A press in a test window that waits to be confirmed; at `due` it is a real alarm."""

    verification: str
    device: AlertDeviceOut
    school_name: Names
    place: Names | None
    actor: str
    happened: Moment
    due: Moment


class SummaryOut(Out):
    """What the frame of every page shows."""

    now: Moment
    feed: FeedOut
    counts: CountsOut
    maintenances: int = Field(description="How many hide faults now, in the caller's scope.")
    demo: bool
    floods: list[FloodOut] = Field(description="Where more alerts come than one can work through.")
    police_link: LinkCountsOut | None = Field(
        description="The police links in the caller's scope; `null` without any."
    )


class LiveAlertOut(Out):
    """One event of the stream's `alerts` frames: the alert as it stood after the transition."""

    row: int = Field(examples=[90211])
    alert: AlertOut
    transition: TransitionOut


class LiveFeedOut(Out):
    """The data of the stream's `feed` frames."""

    feed: FeedOut
    counts: CountsOut
    floods: list[FloodOut] = Field(description="Where more alerts come than one can work through.")
    maintenances: int = Field(description="How many hide faults now, in the caller's scope.")
    police_link: LinkCountsOut | None = Field(
        description="The police links in the caller's scope; `null` without any."
    )
    held: list[HeldPressOut] = Field(
        description="Presses that wait to be confirmed as tests: nobody has been called out yet."
    )
