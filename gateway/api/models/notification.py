"""Receivers of notifications, what was delivered to them, and what could not be."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.api.models.shapes import In, Milliseconds, Moment, Out
from gateway.notification.dead_letters import LetterState
from gateway.notification.desk import ReceiverKind
from gateway.settings_fields import PriorityName

Rows = Annotated[
    list[Annotated[int, Field(ge=1, le=2**53)]], Field(min_length=1, max_length=500, examples=[[7]])
]


class ReceiverOut(Out):
    """A receiver and how it fares."""

    name: str = Field(examples=["duty-chat"])
    kind: ReceiverKind = Field(
        description="`unknown`: no longer configured, and messages still wait for it."
    )
    user: str | None = Field(description="Whom it reaches, when that is one person.")
    label: str | None = Field(description="Which of their devices, when it is one.")
    waiting: int = Field(examples=[0])
    oldest: Moment | None = Field(description="When the oldest waiting message was written.")
    aside: int = Field(description="Of the waiting: refused, and tried again by themselves.")
    given_up: int
    failing: Moment | None = Field(description="Since when nothing has arrived, though tried.")
    error: str = Field(examples=["answered 503 Service Unavailable"])
    delivered: Moment | None = Field(description="When something last arrived since the start.")
    holding: Moment | None = Field(
        description="Messages are collected until then, and go together."
    )


class DeliveryOut(Out):
    """One message to one receiver."""

    row: int
    receiver: str = Field(examples=["duty-chat"])
    state: LetterState
    version: int | None = Field(description="Of the alert that it tells of.")
    created: Moment
    attempts: int = Field(description="How often it was refused.")
    due: Moment | None = Field(description="When it is tried next, if it is.")
    delivered: Moment | None
    reason: str = Field(description="Why it was refused last.")


class DeadLetterOut(DeliveryOut):
    """A message that was refused or given up, or whose receiver is no more."""

    alert: int | None
    priority: PriorityName | None


class TestedOut(Out):
    """What came of a test message."""

    arrived: bool
    reason: str = Field(description="Why it did not arrive.")
    took_ms: Milliseconds


class RetryIn(In):
    """Which messages are tried again, at once and in their order."""

    rows: Rows


class DropIn(In):
    """Which messages are never tried again, and why."""

    rows: Rows
    reason: str = Field(min_length=1, max_length=500)


class DecidedOut(Out):
    """How many messages it was done to; what arrived meanwhile has arrived."""

    messages: int
