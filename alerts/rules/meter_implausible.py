"""A meter contradicts itself: power without current, or more than its phases can make."""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome, Priority
from alerts.rules.lasting import Conditions, follow_one, raised
from alerts.rules.measure import Inputs, tidy
from alerts.rules.quiet import QuietRule, one, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.feeder import contradiction
from devices.reading import Reading

METRIC: Final = "power_w"
CONDITION: Final = "meter_implausible"


class MeterImplausibleParameters(Parameters):
    """By how much figures may differ, and for how long."""

    share_pct: float = Field(default=30, gt=0, le=100)
    """Figures may differ by so much: of currents with harmonics many meters tell the factor of the
    fundamental only."""

    least_w: float = Field(default=50, ge=0, le=100_000)
    """Differences of less are not judged: they are what meters round away."""

    for_s: float = Field(default=600, ge=0, le=86_400)
    """How long it must contradict itself: not every meter measures all at one instant."""

    clear_for_s: float = Field(default=600, ge=0, le=86_400)
    """How long its figures must agree again."""

    longest_gap_s: float = Field(default=150, ge=1, le=86_400)
    """After so long without a reading nothing has lasted."""


class MeterImplausibleMemory(msgspec.Struct, gc=False):
    """Its condition while it is raised or may soon be."""

    conditions: Conditions | None = None


class MeterImplausible(QuietRule):
    """Condition ``meter_implausible`` from voltage, current, power and power factor of one reading.

    A power factor beyond 1 is for `out_of_range`, a counter for `energy_counter`.
    """

    __slots__ = ("_clear", "_for", "_gap", "_least", "_share")

    Parameters = MeterImplausibleParameters
    Memory = MeterImplausibleMemory
    kept = (("conditions", Conditions | None),)
    telemetry = True
    unhurried = True

    def __init__(self, parameters: MeterImplausibleParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._share = parameters.share_pct / 100
        self._least = parameters.least_w
        self._for = int(parameters.for_s * 1000)
        self._clear = int(parameters.clear_for_s * 1000)
        self._gap = int(parameters.longest_gap_s * 1000)

    def watches(self) -> frozenset[str]:
        """All that belongs together."""
        return frozenset({METRIC, "voltage_v", "current_a", "power_factor"})

    def judge(
        self, memory: MeterImplausibleMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Hold the figures of one reading against each other."""
        values = reading.values
        if METRIC not in values or "current_a" not in values or "voltage_v" not in values:
            return None
        found = contradiction(values, self._share, self._least)
        conditions = memory.conditions
        if found is None and conditions is None:
            return None
        conditions = conditions or {}
        wait = self._clear if raised(conditions, CONDITION) else self._for
        seen = follow_one(
            conditions, CONDITION, found is not None, reading.happened, wait, self._gap
        )
        memory.conditions = conditions or None
        if seen is None:
            return None
        if found is None:
            why = self.explain("meter_plausible", metric=METRIC)
            return one(stopped(CONDITION, Priority.LOW, seen.began, now, why))
        inputs: Inputs = {"told_w": tidy(found.told_w), "expected_w": tidy(found.expected_w)}
        why = self.explain(found.mistake.value, inputs, metric=METRIC, unit="W")
        remark = remark_on(reading)
        return one(Finding(CONDITION, True, Priority.LOW, seen.began, now, why, remark=remark))
