"""Maintenances: where faults are expected, until when, and what they have hidden."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from gateway.api.models.alerts import AlertDeviceOut, AlertOut, Reason
from gateway.api.models.shapes import Identifier, In, Milliseconds, Moment, Names, Out


class MaintenanceState(StrEnum):
    """Where one stands."""

    COMING = "coming"
    UNDER_WAY = "under_way"
    OVER = "over"


class MaintenanceIn(In):
    """Announce one: of a whole school, of a place with all within it, or of a device. At most 30
    days; without `starts` it begins now."""

    school: Identifier
    place: Identifier | None = None
    device: Identifier | None = None
    starts: Milliseconds | None = None
    ends: Milliseconds
    reason: Reason


class MaintenanceEndIn(In):
    """End it before its time, or call it off."""

    remark: str = Field(default="", max_length=500, examples=["提前完工"])


class MaintenanceOut(Out):
    """Faults of the school, place or device are expected from `starts` until `ends`, and hidden;
    emergencies never are."""

    id: int
    state: MaintenanceState
    school: str
    school_name: Names
    place: str | None
    place_name: Names | None
    device: AlertDeviceOut | None
    starts: Moment
    ends: Moment
    reason: str
    actor: str = Field(examples=["li.na"])
    announced: Moment
    begun: Moment | None
    ended: Moment | None
    ended_by: str = Field(description="Empty when its time was over.")
    remark: str
    hidden: int = Field(description="How many alerts it has hidden so far.")
    may_end: bool = Field(description="Whether the caller may end it now.")


class MaintenanceDetailOut(MaintenanceOut):
    """One with the alerts that it has hidden, those that still stand first; at most 500."""

    alerts: list[AlertOut]
