"""Why a device is as it is, how it is connected, and how it was by day."""

from __future__ import annotations

from enum import StrEnum

from pydantic import ConfigDict, Field

from alerts.evidence import Verdict
from gateway.api.models.shapes import Moment, Names, Out
from gateway.settings_fields import PriorityName


class DayState(StrEnum):
    """How a device was on a day. Unknown: nobody was heard then, or it was not there yet."""

    OK = "ok"
    TROUBLE = "trouble"
    SILENT = "silent"
    UNKNOWN = "unknown"


class ReasonOut(Out):
    """One reason, and what to do about it."""

    code: str = Field(examples=["repeater_down"])
    text: Names
    advice: Names
    priority: PriorityName | None = Field(description="`null`: it says why nobody can tell.")
    since: Moment | None
    alert: int | None = Field(description="The alert that it is, or comes from.")


class BatteryEndOut(Out):
    """When the battery will be empty: the likeliest day (its begin, UTC), not before, not after."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    on: Moment
    from_: Moment = Field(alias="from")
    to: Moment


class ConnectivityOut(Out):
    """How a device is connected. What cannot be told is `null`."""

    heard: Moment | None = Field(description="Its last message, also before the last start.")
    expected: int = Field(description="The heartbeat expected, in ms.")
    limit: int = Field(description="The silence in ms after which it is called silent.")
    delay_ms: int | None = Field(description="How long its newest message was under way.")
    loss_pct_day: float | None = Field(description="Lost since yesterday's begin (UTC), percent.")
    loss_pct_30d: float | None
    reconnects_day: float = Field(description="Reconnects a day since yesterday's begin (UTC).")
    reboots_30d: int
    battery_pct: float | None
    battery_dies: BatteryEndOut | None
    signal_dbm: float | None
    firmware: str | None
    clock_offset_ms: int | None
    repeater: str | None


class DiagnosisOut(Out):
    """Why a device is as it is, the most telling reason first."""

    verdict: Verdict
    reasons: list[ReasonOut]
    connectivity: ConnectivityOut


class DayOut(Out):
    """One day of a device. `day` is its begin (UTC); no messages and no state are told apart."""

    day: Moment
    messages: int
    lost: int
    reconnects: int
    reboots: int
    battery_pct: float | None
    signal_dbm: float | None
    state: DayState


class TimelineAlertOut(Out):
    """An alert that stood in these days. `until` is `null` while its condition lasts."""

    id: int
    condition: str
    priority: PriorityName
    since: Moment
    until: Moment | None


class TimelineVerificationOut(Out):
    """A verification of these days. `verdict` is `null` while it is under way."""

    id: str
    at: Moment
    verdict: str | None
    kind: str


class TimelineOut(Out):
    """How a device was, day by day, the oldest first; its alerts and verifications."""

    days: list[DayOut]
    alerts: list[TimelineAlertOut]
    verifications: list[TimelineVerificationOut]
