"""Doing the same to several alerts: what is asked for, and what came of it for each."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from gateway.api.models.alerts import (
    AcknowledgeIn,
    AlertOut,
    AssignIn,
    CommentIn,
    MarkFalseIn,
    ResetIn,
    ShelveIn,
    UnshelveIn,
)
from gateway.api.models.shapes import In, Out

MOST: Final = 200
"""Alerts of one request: about 50 ms of the gateway's time."""


class ChosenIn(In):
    """One of them. `occurrences`: how many the person saw of it, for acknowledging."""

    id: int = Field(ge=0, le=2**53, examples=[4711])
    occurrences: int | None = Field(default=None, ge=0, examples=[1])


class TogetherIn(In):
    """What to do, and to which alerts; one that is named twice is done once."""

    alerts: list[ChosenIn] = Field(min_length=1, max_length=MOST)
    action: Annotated[
        AcknowledgeIn | CommentIn | AssignIn | ShelveIn | UnshelveIn | ResetIn | MarkFalseIn,
        Field(
            discriminator="action",
            description="Confirming that a press was false is not among them: one looks at each.",
        ),
    ]


class EachActedOut(Out):
    """What came of it for one alert: as for a single one, or why not."""

    id: int = Field(examples=[4711])
    alert: AlertOut | None = Field(description="As it stands now; `null` when it was not done.")
    changed: bool
    code: str = Field(examples=["refusal.newer_occurrence"], description="Why not; empty if done.")
    detail: str


class ActedTogetherOut(Out):
    """One result for each alert, in the order asked for."""

    items: list[EachActedOut]
