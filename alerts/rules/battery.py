"""A battery runs down: low in good time to be changed, critical before it fails."""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field, model_validator

from alerts.finding import Finding, Outcome, Priority
from alerts.rules.measure import number, tidy
from alerts.rules.quiet import QuietRule, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

LOW: Final = "battery_low"
CRITICAL: Final = "battery_critical"


class BatteryParameters(Parameters):
    """Levels in percent; in volts for devices that only tell those."""

    low_pct: float = Field(default=20, ge=0, le=100)
    """Low at or below this."""

    critical_pct: float = Field(default=10, ge=0, le=100)
    """Critical at or below this."""

    hysteresis_pct: float = Field(default=5, ge=0, le=100)
    """How far above a level it must be to have left it: voltages recover with warmth and rest."""

    low_v: float | None = None
    """Low at or below this, for devices that tell no percentage; empty = not judged."""

    critical_v: float | None = None
    """Critical at or below this."""

    hysteresis_v: float = Field(default=0.1, ge=0)
    """How far above a level it must be to have left it."""

    @model_validator(mode="after")
    def _ordered(self) -> BatteryParameters:
        if self.critical_pct > self.low_pct:
            raise ValueError("critical_pct must not be more than low_pct")
        if self.low_v is not None and self.critical_v is not None and self.critical_v > self.low_v:
            raise ValueError("critical_v must not be more than low_v")
        return self


class BatteryMemory(msgspec.Struct, gc=False):
    """``level``: 0 good, 1 low, 2 critical. ``worse`` is the level that the last value meant."""

    level: int = 0
    worse: int = 0


class Battery(QuietRule):
    """Two values one after the other must say so: radio modules send a 0 when they rejoin."""

    __slots__ = ("_critical_pct", "_critical_v", "_low_pct", "_low_v", "_slack_pct", "_slack_v")

    Parameters = BatteryParameters
    Memory = BatteryMemory
    kept = (
        ("level", int),
        ("worse", int),
    )
    telemetry = True
    unhurried = True

    def __init__(self, parameters: BatteryParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._low_pct = parameters.low_pct
        self._critical_pct = parameters.critical_pct
        self._slack_pct = parameters.hysteresis_pct
        self._low_v = parameters.low_v
        self._critical_v = parameters.critical_v
        self._slack_v = parameters.hysteresis_v

    def judge(
        self, memory: BatteryMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Judge the percentage, else the voltage."""
        percent = reading.values.get("battery_pct")
        if percent is None:
            if self._low_v is None:
                return None
            volts = number(reading.values.get("battery_v"))
            if volts is None:
                return None
            critical = -1.0 if self._critical_v is None else self._critical_v
            limits = (self._low_v, critical, self._slack_v)
            return self._look(memory, volts, limits, "battery_v", reading, now)
        try:
            if percent > self._low_pct and not memory.worse and not memory.level:  # type: ignore[operator] # odd values raise
                return None
        except TypeError:
            return None
        level = number(percent)
        if level is None or level < 0:
            return None
        limits = (self._low_pct, self._critical_pct, self._slack_pct)
        return self._look(memory, level, limits, "battery_pct", reading, now)

    def _look(
        self,
        memory: BatteryMemory,
        value: float,
        limits: tuple[float, float, float],
        metric: str,
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        low, critical, slack = limits
        worst = 2 if value <= critical else 1 if value <= low else 0
        # Within the slack above a level it stays at that level.
        best = 2 if value <= critical + slack else 1 if value <= low + slack else 0
        before = memory.level
        sure = min(worst, memory.worse)
        memory.worse = worst
        level = sure if sure > before else min(before, best)
        if level == before:
            return None
        memory.level = level
        findings: list[Finding] = []
        conditions = ((1, LOW, Priority.LOW, low), (2, CRITICAL, Priority.MEDIUM, critical))
        for step, condition, priority, limit in conditions:
            if (before >= step) == (level >= step):
                continue
            active = level >= step
            why = self.explain(
                condition if active else "battery_good",
                {"value": tidy(value)},
                limit=limit,
                metric=metric,
                unit="%" if metric == "battery_pct" else "V",
            )
            findings.append(
                Finding(condition, True, priority, reading.happened, now, why)
                if active
                else stopped(condition, priority, reading.happened, now, why)
            )
        return Outcome(tuple(findings), save=True)
