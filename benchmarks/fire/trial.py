"""One detector under trial: what it would have sent is judged by its kind's own rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from alerts.finding import Finding, Outcome, Priority
from alerts.fire_room import Witness, judge_room, witness_of
from alerts.rules import bind
from alerts.rules.rule import DeviceState, Hearing, Rule
from benchmarks.fire.recordings import Column, Series
from devices.kinds import effective_rules
from devices.model import Device
from devices.reading import Channel, Reading, Value
from gateway.kinds import load_kinds

KINDS: Final = Path(__file__).parents[2] / "config" / "kinds"
START: Final = 1_795_161_600_000
JUDGING: Final = frozenset(
    {"smoke_and_temperature", "heat", "heavy_smoke", "rate_of_rise", "smoke_sign", "chamber_drift"}
)
"""The rules of ``config/kinds/`` that judge fire and the chamber."""

ALARMS: Final = frozenset({"fire", "smoke", "heat"})
WARNINGS: Final = frozenset({"fire_suspected", "heavy_smoke", "rate_of_rise"})


@dataclass(frozen=True, slots=True)
class Sampling:
    """When a detector speaks: every so many seconds, or when something has changed so much since
    its last word (then it looks every ``every_s``, and speaks after ``heartbeat_s`` anyway).
    ``lag_s``: the time constant of its temperature sensor; 0 = as the recording's.
    """

    name: str
    every_s: float
    heartbeat_s: float = 0.0
    smoke_by: float = 1.0
    temperature_by: float = 1.0
    lag_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """A condition that was raised, and at which second of the recording."""

    at: float
    condition: str
    priority: Priority
    code: str


@cache
def rules_of(kind: str) -> tuple[Rule, ...]:
    """Those rules of a kind, with its file's figures, that judge fire."""
    spec = load_kinds(KINDS)[kind]
    return tuple(rule for rule in bind(effective_rules(spec), spec) if rule.name in JUDGING)


class Detector:
    """A device of a kind, judged reading by reading through the seam of the rules."""

    def __init__(self, kind: str) -> None:
        self._rules: Final = rules_of(kind)
        self._state: Final = DeviceState(Device("school", kind, kind), Hearing(START, True), START)
        self._memories: Final = [rule.memory() for rule in self._rules]
        self._wakes: Final[dict[int, int]] = {}
        self.found: Final[list[Found]] = []
        self.findings: Final[list[tuple[int, Finding]]] = []

    def says(self, at: float, values: dict[str, Value]) -> None:
        """It has measured ``values`` at second ``at``."""
        now = START + round(at * 1000)
        for number, due in sorted(self._wakes.items()):
            if due <= now:
                del self._wakes[number]
                rule = self._rules[number]
                self._take(number, rule.tick(self._memories[number], self._state, due), due)
        reading = Reading(Channel.TELEMETRY, values, now, b"", now, now)
        for number, rule in enumerate(self._rules):
            self._take(number, rule.judge(self._memories[number], self._state, reading, now), now)

    def _take(self, number: int, outcome: Outcome | None, now: int) -> None:
        if outcome is None:
            return
        if outcome.wake is not None:
            self._wakes[number] = outcome.wake
        self.findings.extend((now, one) for one in outcome.findings)
        self.found.extend(
            Found((now - START) / 1000, one.condition, one.priority, one.explanation.code)
            for one in outcome.findings
            if one.active
        )


def watched(kind: str, series: Series, sampling: Sampling, phase: float) -> list[Found]:
    """What is raised of a detector of this kind at this place. ``phase``: 0 to 1 of a period."""
    detector = Detector(kind)
    smoky, warm = kind != "temperature", kind != "smoke"
    for at, smoke, temperature, humidity in sampled(series, sampling, phase):
        values: dict[str, Value] = {}
        if smoky and smoke is not None:
            values["obscuration_pct_m"] = round(smoke, 1)
        if warm:
            values["temperature_c"] = round(temperature, 1)
            if humidity is not None:
                values["humidity_pct"] = round(humidity, 1)
        detector.says(at, values)
    return detector.found


def watched_apart(series: Series, sampling: Sampling, phases: tuple[float, float]) -> float | None:
    """When a smoke and a temperature detector of the same room are a fire: by the room's judgement
    or by an alarm of their own, whichever comes first."""
    said = []
    for row, kind in enumerate(("smoke", "temperature")):
        detector = Detector(kind)
        for at, smoke, temperature, _ in sampled(series, sampling, phases[row]):
            value = smoke if kind == "smoke" else temperature
            if value is not None:
                name = "obscuration_pct_m" if kind == "smoke" else "temperature_c"
                detector.says(at, {name: round(value, 1)})
        said += [(now, row, finding) for now, finding in detector.findings]
    witnesses: dict[tuple[int, str], Witness] = {}
    for now, row, finding in sorted(said, key=lambda one: one[:2]):
        key = (row, finding.condition)
        if not finding.active:
            witnesses.pop(key, None)
            continue
        witness = witness_of(
            finding.condition, finding.explanation, device=row, name="", since=finding.happened
        )
        if witness is not None:
            witnesses[key] = witness
        if finding.condition in ALARMS or judge_room(witnesses.values()) is not None:
            return (now - START) / 1000
    return None


def sampled(
    series: Series, sampling: Sampling, phase: float
) -> Iterator[tuple[float, float | None, float, float | None]]:
    """The values that a detector sends: the newest measured at that moment."""
    looks = np.arange(
        series.at[0] + phase * sampling.every_s, series.at[-1] + 1e-6, sampling.every_s
    )
    indices = np.searchsorted(series.at, looks, side="right") - 1
    temperatures = _lagging(series, sampling.lag_s)
    sent: tuple[float, float, float] | None = None
    for at, index in zip(looks.tolist(), indices.tolist(), strict=True):
        smoke = None if series.smoke is None else float(series.smoke[index])
        humidity = None if series.humidity is None else float(series.humidity[index])
        temperature = float(temperatures[index])
        if sampling.heartbeat_s and sent is not None:
            quiet = (
                at - sent[0] < sampling.heartbeat_s
                and abs((smoke or 0.0) - sent[1]) < sampling.smoke_by
                and abs(temperature - sent[2]) < sampling.temperature_by
            )
            if quiet:
                continue
        sent = (at, smoke or 0.0, temperature)
        yield at, smoke, temperature, humidity


def _lagging(series: Series, lag_s: float) -> Column:
    if not lag_s:
        return series.temperature
    felt = np.empty(len(series.at))
    felt[0] = series.temperature[0]
    steps = np.diff(series.at, prepend=series.at[0])
    for index in range(1, len(felt)):
        share = 1 - np.exp(-steps[index] / lag_s)
        felt[index] = felt[index - 1] + share * (series.temperature[index] - felt[index - 1])
    return felt
