"""Feeders as the API shows them: what they carry, beside what they are made for."""

from __future__ import annotations

from pydantic import Field

from gateway.api.models.measuring import OpenAlertOut, StandTotalsOut
from gateway.api.models.shapes import Moment, Names, Out, Page
from gateway.measuring import Stand


class BuildingOut(Out):
    """The outermost place of a feeder: the building it stands in."""

    id: str
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
    state: Stand
    out_of_service: bool
    alert: OpenAlertOut | None = Field(description="The most urgent open one.")
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


class FeedersOut(Page[FeederOut]):
    """Feeders by building, buildings with trouble first. `totals` are of all states, whichever was
    asked for.
    """

    totals: StandTotalsOut
