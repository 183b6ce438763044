"""Replays: stored readings through today's or changed rules, beside what was raised."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from alerts.replay import Agreement, Difference
from gateway.api.models.alerts import AlertDeviceOut, ExplanationOut
from gateway.api.models.shapes import Identifier, In, Milliseconds, Moment, Out
from gateway.replay.changes import NO_CHANGES, Changes
from gateway.replay.desk import RunState
from gateway.settings_fields import PriorityName

MOST_PAIRS: Final = 500


class ReplayIn(In):
    """Which days, of which devices, by which rules. Without `changes` by today's."""

    since: Milliseconds
    until: Milliseconds
    school: Identifier | None = None
    kind: Identifier | None = None
    device: Identifier | None = Field(default=None, description="Needs `school`.")
    changes: Changes = Field(
        default=NO_CHANGES,
        description="Figures laid over today's, as in the file of `campus replay`.",
        examples=[{"kinds": {"smoke-temperature": {"heat": {"above": 50}}}}],
    )
    all_rules: bool = Field(
        default=False, description="With `changes`: also the rules that are not changed."
    )


class CountedOut(Out):
    """How many alerts came out how, of one rule."""

    rule: str
    counts: dict[Agreement, int]


class ReplayOut(Out):
    """A replay as it stands. What came of it is known once it is `done`."""

    id: str
    state: RunState
    started: Moment
    ended: Moment | None
    since: Moment
    until: Moment
    school: str | None
    kind: str | None
    device: str | None
    changed: bool = Field(description="Whether figures were changed.")
    done: float = Field(description="How far it has got, 0 to 1.")
    readings: int = Field(description="Judged so far.")
    error: str = Field(description="Why it failed, in English; empty unless it has.")
    covered: tuple[Moment, Moment] | None = Field(
        description="What of the time there are readings of."
    )
    deaf_ms: int = Field(description="How long nobody could be heard in it.")
    devices: int
    seconds: float
    counts: dict[Agreement, int]
    rules: list[CountedOut]
    outside: dict[str, int] = Field(
        description="Alerts that do not follow from stored readings, by rule: not replayed."
    )


class EpisodeOut(Out):
    """One time that a condition was true."""

    began: Moment
    ended: Moment | None = Field(description="`null`: it still was.")
    priority: PriorityName
    occurrences: int
    explanation: ExplanationOut


class PairOut(Out):
    """What was raised and what the replay found, of one condition of one device."""

    verdict: Agreement
    differs: list[Difference]
    device: AlertDeviceOut
    condition: str
    alert: int | None = Field(description="The alert that was raised.")
    raised: EpisodeOut | None
    replayed: EpisodeOut | None


class ReplayDetailOut(ReplayOut):
    """With its alerts, those that differ first; at most 500."""

    changes: Changes
    pairs: list[PairOut]
    more: int = Field(description="How many there are beyond those.")
