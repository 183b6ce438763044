"""Rooms as their detectors of fire and gas see them: the verdict, who was first, how each is."""

from __future__ import annotations

from pydantic import Field

from audit.verification.model import Verdict
from gateway.api.models.alerts import ExplanationOut
from gateway.api.models.devices import CurveLimitOut
from gateway.api.models.measuring import OpenAlertOut, StandTotalsOut
from gateway.api.models.shapes import Moment, Names, Out, Page
from gateway.api.models.work_orders import WorkOrderOut
from gateway.fire import FireVerdict
from gateway.measuring import Stand


class FireTurnOut(Out):
    """When a detector began to see a fire. One that has left the register keeps its id as name."""

    device: str = Field(examples=["lab-smoke"])
    name: Names
    at: Moment | None = Field(description="`null`: nobody noted it.")


class HighestLevelOut(Out):
    """The highest that a detector of a room reads now, beside the lowest of its limits."""

    metric: str = Field(examples=["obscuration_pct_m"])
    value: float
    unit: str = Field(examples=["%/m"])
    limit: float | None
    device: str


class FireRoomOut(Out):
    """A place of the register with detectors in it, and what they come to."""

    school: str
    school_name: Names
    place: str | None = Field(description="`null`: detectors that have no place; no room at all.")
    name: Names | None
    state: Stand = Field(description="Of the detector that is worst off.")
    verdict: FireVerdict
    since: Moment | None = Field(description="Since when the verdict's alert tells of it.")
    fire: int | None = Field(description="The number of the alert that the verdict rests on.")
    first: FireTurnOut | None = Field(description="Who began to see it first.")
    alert: OpenAlertOut | None = Field(description="The most urgent one of its detectors.")
    detectors: int
    silent: int = Field(description="Of these, not heard, or saying nothing of fire or gas.")
    dirty: int = Field(description="Of these, chambers to be cleaned.")
    weak: int = Field(description="Of these, low batteries.")
    highest: list[HighestLevelOut] = Field(description="Of those that are heard.")


class FireRoomsOut(Page[FireRoomOut]):
    """Rooms, the gravest first. `totals` are of all states, whichever was asked for."""

    totals: StandTotalsOut


class FireLevelOut(Out):
    """A value that has a curve (`/devices/{school}/{id}/curve`), and the levels of the rules."""

    metric: str = Field(examples=["obscuration_pct_m"])
    value: float
    unit: str
    limits: list[CurveLimitOut]


class DetectorTestOut(Out):
    """The newest verification of a detector that has ended."""

    id: str
    at: Moment
    verdict: Verdict


class DetectorOut(Out):
    """One detector of a room."""

    device: str
    kind: str = Field(examples=["smoke-temperature"])
    name: Names
    state: Stand
    out_of_service: bool
    alerts: list[OpenAlertOut] = Field(description="All that are open, the most urgent first.")
    seen: Moment | None = Field(description="When it was last heard; `null`: never.")
    old: bool = Field(description="Not heard for longer than is usual: so it was, not so it is.")
    alarms: list[str] = Field(
        examples=[["smoke_alarm"]], description="The alarms that it says it is in itself."
    )
    levels: list[FireLevelOut]
    chamber_dirty_pct: float | None = Field(description="As it measures that itself.")
    chamber_dirty_limit_pct: float | None
    clean_air_pct_m: float | None = Field(
        description="What its chamber reads in clean air, as learned over days; `null`: unknown."
    )
    clean_air_limit_pct_m: float | None
    battery_pct: float | None
    battery_limit_pct: float | None
    self_tested: Moment | None = Field(description="When it last said that it had tested itself.")
    tested: DetectorTestOut | None = Field(description="By a person; `null`: never.")


class RoomCameraOut(Out):
    """A camera that stands in the room, or else the nearest one."""

    device: str
    name: Names
    place: Names | None
    inside: bool = Field(description="It stands in this place, or in a place inside it.")
    out_of_service: bool
    alert: OpenAlertOut | None


class FireRoomDetailOut(FireRoomOut):
    """One room with all that its detectors say, who saw what when, and who can look at it."""

    explanation: ExplanationOut | None = Field(description="Why the verdict is as it is.")
    order: list[FireTurnOut] = Field(
        description="Who began to see it when, the first one first. At most five by one verdict."
    )
    each: list[DetectorOut] = Field(
        description="In that order; then those in trouble, then the others."
    )
    cameras: list[RoomCameraOut]
    work_orders: list[WorkOrderOut] = Field(
        description="Those of its detectors that stand, the nearest deadline first."
    )
