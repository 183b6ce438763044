"""The figures of the alarm system (ISA-18.2) as they are shown."""

from __future__ import annotations

from pydantic import Field

from gateway.api.models.alerts import AlertDeviceOut
from gateway.api.models.shapes import Moment, Names, Out
from gateway.settings_fields import PriorityName


class SourceOut(Out):
    """What alerts come from: a condition of a device, or of a place that one cause has cut off."""

    school: str = Field(examples=["no3-middle"], description="Empty: the gateway itself.")
    school_name: Names
    device: AlertDeviceOut
    place: Names | None
    condition: str = Field(examples=["smoke"], description="Worded by `condition.…`.")


class SourceFiguresOut(Out):
    """What one source did within the period."""

    source: SourceOut
    priority: PriorityName = Field(description="The most urgent one it had.")
    activations: int
    share: float = Field(description="Of all activations, 0 to 1.", examples=[0.12])
    alerts: int = Field(description="Alerts these were activations of.")
    false: int = Field(description="How many of these alerts were found false.")
    chattering: bool = Field(description="It came three times within a minute.")


class PriorityFiguresOut(Out):
    """One priority. Waits in ms; `null` when none was acknowledged within the period."""

    priority: PriorityName
    activations: int
    acknowledged: int
    median_ms: int | None
    p95_ms: int | None


class StaleOut(Out):
    """An alert that has been open for more than a day."""

    alert: int = Field(examples=[4711])
    source: SourceOut
    priority: PriorityName
    since: Moment


class BarOut(Out):
    """An hour or a day of the period."""

    start: Moment
    activations: int
    operator_hours: float
    flooded: int = Field(description="Slots of ten minutes in a flood.")


class WaitOut(Out):
    """A class of waits."""

    up_to_ms: int | None = Field(description="Its end; `null`: longer than all others.")
    count: int


class TargetsOut(Out):
    """What one operator can manage (ISA-18.2-2016, clause 16); shares 0 to 1. At most so much."""

    per_operator_hour: float = Field(description="Acceptable; twice as many can be managed.")
    busiest: int
    flooded: float
    top_share: float
    stale: int
    chattering: int


class FiguresOut(Out):
    """What the period `since` to `until` came to. Shares are 0 to 1, `null` of nothing.

    Alerts are counted as they come to operators: when they are activated in sight, or come back
    into sight (off the shelf, in service again) with an activation that nobody has taken.
    """

    since: Moment
    until: Moment
    activations: int
    operator_hours: float = Field(
        description="Each hour counts the people who did something to these alerts, at least one."
    )
    per_operator_hour: float
    mean: float = Field(description="Activations in ten minutes.")
    busiest: int = Field(description="The most activations in one slot of ten minutes.")
    floods: int = Field(
        description="From more than 10 activations in a slot of ten minutes to fewer than 5."
    )
    flooded: float = Field(description="Share of the slots of ten minutes that lay in a flood.")
    acknowledged: int
    median_ms: int | None = Field(description="From coming into sight to being taken.")
    p95_ms: int | None
    waits: list[WaitOut]
    waiting: int = Field(description="Alerts that nobody had taken at the end.")
    standing: int = Field(description="Alerts open at the end, without suppressed ones.")
    stale: int = Field(description="How many of them for more than a day.")
    stale_alerts: list[StaleOut] = Field(description="The oldest of these, 50 at most.")
    alerts: int = Field(description="Alerts that came within the period.")
    false: int = Field(description="How many of them were found false.")
    false_share: float | None
    priorities: list[PriorityFiguresOut]
    top: list[SourceFiguresOut] = Field(description="The most frequent sources, ten at most.")
    top_share: float | None = Field(description="Their share of all activations.")
    sources: int = Field(description="How many sources there were.")
    chattering: int = Field(description="How many of them came three times within a minute.")
    chatterers: list[SourceFiguresOut] = Field(
        description="The most frequent of these, 50 at most."
    )
    span_ms: int = Field(description="Length of a bar: an hour or a day.")
    bars: list[BarOut]
    targets: TargetsOut
