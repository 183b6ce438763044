"""Feeders as the API shows them: what they carry, beside what they are made for."""

from __future__ import annotations

from pydantic import Field

from gateway.api.models.shapes import Moment, Names, Out, Page
from gateway.electricity import FeederState
from gateway.settings_fields import PriorityName


class BuildingOut(Out):
    """The outermost place of a feeder: the building it stands in."""

    id: str
    name: Names


class FeederAlertOut(Out):
    """The most urgent open alert of a feeder."""

    id: int
    priority: PriorityName
    condition: str = Field(examples=["overload"])
    name: Names


class FeederOut(Out):
    """One feeder as its electrical monitor last described it. Lists have one entry for each phase
    (cables: each sensor); `null` in them could not be measured, an empty one was never told.
    """

    school: str
    school_name: Names
    device: str = Field(examples=["dorm2-f3"])
    name: Names
    building: BuildingOut | None = Field(description="`null`: it has no place in the register.")
    place: Names | None
    state: FeederState
    out_of_service: bool
    alert: FeederAlertOut | None
    seen: Moment | None = Field(description="When it was last heard; `null`: never.")
    old: bool = Field(description="Not heard for longer than is usual: so it was, not so it is.")
    rating_a: float | None = Field(description="Of its breaker; `null`: nobody has said it.")
    load_pct: float | None = Field(description="Of the rating, of the most loaded phase.")
    current_a: list[float | None]
    voltage_v: list[float | None]
    power_w: float | None
    residual_current_ma: float | None
    residual_limit_ma: float | None
    cable_temperature_c: list[float | None]
    cable_limit_c: float | None
    cable_margin_c: float | None = Field(description="From the hottest sensor to the limit.")
    switch: str | None = Field(examples=["closed"])


class FeederTotalsOut(Out):
    """How many feeders of the school or region are how."""

    trouble: int
    offline: int
    unknown: int
    good: int


class FeedersOut(Page[FeederOut]):
    """Feeders by building, buildings with trouble first. `totals` are of all states, whichever was
    asked for.
    """

    totals: FeederTotalsOut
