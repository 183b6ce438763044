"""Recordings: how far back they reach, day by day, by school and region; and the recorders."""

from __future__ import annotations

from pydantic import Field

from devices.recording.forecast import Basis
from devices.recording.proof import Outcome
from devices.recording.source import Trouble
from devices.recording.verdict import ReasonKind, Status
from gateway.api.models.shapes import Moment, Names, Out


class RecordingReasonOut(Out):
    """One thing to be said about a verdict."""

    kind: ReasonKind
    text: Names
    begin: Moment | None
    end: Moment | None
    detail: str = Field(description="The recorder's or the network's own words, in English.")


class RecordingSampleOut(Out):
    """What came of playing one random moment of what is required, the last time."""

    outcome: Outcome
    text: Names
    at: Moment = Field(description="When it was tried.")
    moment: Moment | None = Field(description="What was to be played; `null`: there was nothing.")
    width: int
    height: int
    detail: str = Field(description="Why not: the recorder's or the network's own words.")
    played_at: Moment | None = Field(description="When one was played last; `null`: never yet.")


class RecordingOut(Out):
    """How it stands with the recordings of one camera."""

    school: str
    school_name: Names
    camera: str = Field(examples=["gate-01"])
    name: Names
    place: Names | None
    recorder: str = Field(examples=["nvr-1"], description="The id of its recorder's device.")
    status: Status
    reasons: list[RecordingReasonOut] = Field(description="The worst first.")
    required_days: int
    held_days: float | None = Field(description="`null`: nobody knows, or there is nothing.")
    reach: Moment | None = Field(description="The oldest that counts.")
    covered_pct: float | None = Field(description="Recorded share of the days judged.")
    gaps: int
    asked: Moment | None = Field(description="When its recorder was asked last; `null`: never.")
    as_of: Moment
    falls_short: Moment | None = Field(
        description="When it will not reach back far enough any more, by the trend."
    )
    first_day: str = Field(
        examples=["2026-10-23"], description="Of `marks`; empty while no day is judged."
    )
    marks: str = Field(
        examples=["mmmgmmu"], description="A letter a day: met, short, gaps or unknown."
    )
    sample: RecordingSampleOut | None = Field(description="`null`: none was tried yet.")
    checking: bool = Field(description="Its recorder is being asked because somebody wants it.")


class RecordingDayOut(Out):
    """One local day, as far as it is judged. What is neither recorded nor unknown is missing."""

    day: str = Field(examples=["2026-11-20"])
    begin: Moment
    end: Moment
    recorded_ms: int
    unknown_ms: int
    status: Status


class RecordingSpanOut(Out):
    """From when until when."""

    begin: Moment
    end: Moment


class RecordingDetailOut(RecordingOut):
    """One camera's recordings day by day."""

    begin: Moment = Field(description="What is judged begins here.")
    end: Moment
    oldest: Moment | None = Field(description="The oldest that can be played, locked or not.")
    days: list[RecordingDayOut]
    gap_spans: list[RecordingSpanOut] = Field(description="The longest, in order of time.")
    unknown_spans: list[RecordingSpanOut]
    drift_ms: int | None = Field(description="By how much the recorder's clock is fast.")
    forecast: Basis | None


class RecordingTotalsOut(Out):
    """How many cameras stand how. ``falling``: met today, and by the trend not for long."""

    met: int
    short: int
    gaps: int
    unknown: int
    total: int
    falling: int


class SchoolRecordingsOut(RecordingTotalsOut):
    """The totals of a school."""

    school: str
    school_name: Names
    region: str | None


class RegionRecordingsOut(RecordingTotalsOut):
    """The totals of a region, with all that lies within it."""

    region: str
    name: Names
    parent: str | None


class RecordingsOut(Out):
    """The totals of everything in scope."""

    all: RecordingTotalsOut
    regions: list[RegionRecordingsOut]
    schools: list[SchoolRecordingsOut]


class RecorderOut(Out):
    """One recorder."""

    school: str
    school_name: Names
    id: str
    name: Names
    kind: str = Field(examples=["isapi"])
    cameras: int
    looked: Moment | None = Field(description="When it was looked at last.")
    failing: Moment | None = Field(description="Since when it does not answer as it should.")
    trouble: Trouble | None
    trouble_text: Names | None
    detail: str
    drift_ms: int | None = Field(description="By how much its clock is fast.")


class RecordingCheckOut(Out):
    """That its recorder will be asked; look at `asked` and `checking` of the camera."""

    checking: bool
    asked: Moment | None
