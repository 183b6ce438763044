"""Loads recognised behind a feeder, as the API shows them."""

from __future__ import annotations

from pydantic import Field

from alerts.appliances.kinds import Kind
from gateway.api.models.shapes import Moment, Names, Out


class LoadOut(Out):
    """Something that was switched on behind a feeder, told from its power."""

    phase: int = Field(description="From 0; 0 where the meter has a single one.")
    since: Moment
    ended: Moment | None = Field(description="`null`: it is on.")
    step_w: float = Field(examples=[1980.0])
    kind: Kind
    name: Names
    confidence: float = Field(examples=[0.97])
    power_factor: float | None = Field(description="`null`: the meter gives none.")
    flatness: float = Field(
        description="Share of its height by which the feeder differed, up or down."
    )
    unseen: bool = Field(description="It came or went while there were no readings.")
    told: bool = Field(description="It was forbidden, and an alert told so.")


class LoadsOut(Out):
    """What was recognised in the latest day and a half, oldest first."""

    judged: bool = Field(description="Whether this device is judged for appliances at all.")
    loads: list[LoadOut]
