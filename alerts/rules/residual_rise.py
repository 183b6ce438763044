"""A feeder leaks more than it usually does: early, and well below what is an alarm.

Every feeder has its natural leakage: filters of power supplies, long cables, damp. What is usual is
learned: of each day the highest level that two readings in a row have reached, and of the last
seven such days the median. Neither a spike nor one odd day moves it.
"""

from __future__ import annotations

from statistics import median
from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome
from alerts.rules.lasting import Conditions, Lasting, beyond, follow_one, raised
from alerts.rules.measure import Inputs, tidy
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.feeder import entries
from devices.reading import Reading

METRIC: Final = "residual_current_ma"
CONDITION: Final = "residual_rise"

DAYS: Final = 7
"""Days that what is usual is made of: a school week with its weekend."""

_DAY: Final = 86_400_000
_BACK: Final = 0.8
"""It is over when the rise is less than this share of what raised it."""


class ResidualRiseParameters(Parameters):
    """What counts as more than usual, and what is never learned."""

    rise_ma: float = Field(default=50, gt=0, le=10_000)
    """Raised at so much above the usual …"""

    rise_pct: float = Field(default=50, ge=0, le=1000)
    """… and at so many percent of the usual above it."""

    for_s: float = Field(default=600, ge=0, le=86_400)
    """How long it must be so high."""

    clear_for_s: float = Field(default=600, ge=0, le=86_400)
    """How long it must be back."""

    usual_ma: float | None = Field(default=None, ge=0, le=10_000)
    """What is usual, if a person knows; then nothing is learned."""

    learn_days: int = Field(default=3, ge=1, le=DAYS)
    """Days that must be known before anything is raised."""

    least_hours: float = Field(default=6, gt=0, le=24)
    """A day of which less is known is not counted."""

    never_above_ma: float = Field(default=200, gt=0, le=10_000)
    """Nothing from here on is learned as natural leakage."""

    longest_gap_s: float = Field(default=150, ge=1, le=86_400)
    """After so long without a reading nothing has lasted, and nothing is known of that time."""

    priority: PriorityName = "low"
    """How urgent it is: an early warning."""


class Leakage(msgspec.Struct, gc=False, array_like=True):
    """One sensor: the highest level of each known day, and of the day under way (number of days
    since 1970 UTC, level, known ms, last value and its time).
    """

    highs: tuple[float, ...] = ()
    day: int = 0
    high: float = 0.0
    known: int = 0
    last: float = 0.0
    at: int = 0


class ResidualRiseMemory(msgspec.Struct, gc=False):
    """By sensor; and the conditions, by sensor too, that are raised or may soon be."""

    sensors: tuple[Leakage, ...] = ()
    conditions: Conditions | None = None


class ResidualRise(QuietRule):
    """Condition ``residual_rise`` from the value ``residual_current_ma``.

    Learns only from what raises nothing: never from a level at which this or the alarm would be
    raised, nor while it stands. What a person has found to be natural is given as ``usual_ma``.
    """

    __slots__ = ("_clear", "_for", "_gap", "_parameters", "_priority")

    Parameters = ResidualRiseParameters
    Memory = ResidualRiseMemory
    kept = (
        ("sensors", tuple[Leakage, ...]),
        ("conditions", Conditions | None),
    )
    telemetry = True
    unhurried = True

    def __init__(self, parameters: ResidualRiseParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._parameters = parameters
        self._for = int(parameters.for_s * 1000)
        self._clear = int(parameters.clear_for_s * 1000)
        self._gap = int(parameters.longest_gap_s * 1000)
        self._priority = priority_of(parameters.priority)

    def watches(self) -> frozenset[str]:
        """The residual current."""
        return frozenset({METRIC})

    def judge(
        self, memory: ResidualRiseMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Hold each sensor against its own past, and learn."""
        value = reading.values.get(METRIC)
        if value is None:
            return None
        told = entries(value)
        sensors = memory.sensors
        if len(sensors) < len(told):
            sensors = (*sensors, *(Leakage() for _ in told[len(sensors) :]))
            memory.sensors = sensors
        conditions = memory.conditions or {}
        stood = any(seen.raised for seen in conditions.values())
        finding: Finding | None = None
        learned = changed = False
        for index, (sensor, level) in enumerate(zip(sensors, told, strict=False)):
            if level is None or reading.happened <= sensor.at:
                continue
            name, high = str(index), abs(level)
            learned |= self._take(sensor, high, reading.happened, raised(conditions, name))
            seen = self._judged(conditions, name, sensor, high, reading.happened)
            if seen is not None:
                changed = True
                finding = self._finding(sensor, high, seen, reading, now)
        memory.conditions = conditions or None
        stands = any(seen.raised for seen in conditions.values())
        if finding is not None and stands != stood:
            return Outcome((finding,), save=True)
        return Outcome(save=True) if learned or changed else None

    def usual(self, sensor: Leakage) -> float | None:
        """What is usual for it; ``None`` while too little is known."""
        given = self._parameters.usual_ma
        if given is not None:
            return given
        if len(sensor.highs) < self._parameters.learn_days:
            return None
        return median(sensor.highs)

    def _rise(self, usual: float) -> float:
        return max(self._parameters.rise_ma, usual * self._parameters.rise_pct / 100)

    def _judged(
        self,
        conditions: Conditions,
        name: str,
        sensor: Leakage,
        level: float,
        happened: int,
    ) -> Lasting | None:
        usual = self.usual(sensor)
        if usual is None:
            return None
        rise = self._rise(usual)
        holds = beyond(level, usual + rise, usual + _BACK * rise)
        wait = self._clear if raised(conditions, name) else self._for
        return follow_one(conditions, name, holds, happened, wait, self._gap)

    def _take(self, sensor: Leakage, level: float, happened: int, stands: bool) -> bool:
        """Take in one level; true when a day is over and known."""
        day = happened // _DAY
        over = False
        if day != sensor.day:
            over = sensor.known >= self._parameters.least_hours * 3_600_000
            if over:
                sensor.highs = (*sensor.highs, sensor.high)[-DAYS:]
            sensor.day, sensor.high, sensor.known = day, 0.0, 0
        passed = happened - sensor.at
        if passed <= self._gap and not stands:
            certain = min(level, sensor.last)
            if self._natural(sensor, certain):
                sensor.high = max(sensor.high, certain)
                sensor.known += min(passed, happened - day * _DAY)
        sensor.at, sensor.last = happened, level
        return over

    def _natural(self, sensor: Leakage, level: float) -> bool:
        """Whether a level may be learned."""
        usual = self.usual(sensor)
        if usual is not None and level >= usual + self._rise(usual):
            return False
        return level < self._parameters.never_above_ma

    def _finding(
        self, sensor: Leakage, level: float, seen: Lasting, reading: Reading, now: int
    ) -> Finding:
        usual = self.usual(sensor) or 0.0
        inputs: Inputs = {
            "value": tidy(level),
            "usual": tidy(usual),
            "minutes": tidy(self._for / 60_000),
        }
        code = CONDITION if seen.raised else "residual_usual"
        limit = float(tidy(usual + self._rise(usual)))
        why = self.explain(code, inputs, limit=limit, metric=METRIC, unit="mA")
        if not seen.raised:
            return stopped(CONDITION, self._priority, seen.began, now, why)
        remark = remark_on(reading)
        return Finding(CONDITION, True, self._priority, seen.began, now, why, remark=remark)
