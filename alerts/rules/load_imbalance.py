"""The load of a feeder lies on one phase: the neutral carries what the others do not."""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome
from alerts.rules.lasting import Conditions, beyond, follow_one, raised
from alerts.rules.measure import Inputs, tidy
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, one, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.feeder import measured, phase_name
from devices.reading import Reading

METRIC: Final = "current_a"
CONDITION: Final = "load_imbalance"


class LoadImbalanceParameters(Parameters):
    """How uneven, from which load on, for how long."""

    most_pct: float = Field(default=80, gt=0, le=200)
    """How far the most loaded phase may be above the mean of all, in percent of that. All load on
    one of three phases is 200 %."""

    least_a: float = Field(default=10, ge=0, le=6300)
    """Not judged while the mean is less: a single kettle is no imbalance."""

    for_s: float = Field(default=1800, ge=0, le=86_400)
    """How long it must be so uneven."""

    clear_for_s: float = Field(default=600, ge=0, le=86_400)
    """How long it must be even again, or hardly loaded."""

    longest_gap_s: float = Field(default=150, ge=1, le=86_400)
    """After so long without a reading nothing has lasted."""

    priority: PriorityName = "low"
    """How urgent it is."""


class LoadImbalanceMemory(msgspec.Struct, gc=False):
    """Its condition while it is raised or may soon be."""

    conditions: Conditions | None = None


class LoadImbalance(QuietRule):
    """Condition ``load_imbalance`` from the value ``current_a`` of three-phase feeders."""

    __slots__ = ("_clear", "_for", "_gap", "_least", "_most", "_priority")

    Parameters = LoadImbalanceParameters
    Memory = LoadImbalanceMemory
    kept = (("conditions", Conditions | None),)
    telemetry = True
    unhurried = True

    def __init__(self, parameters: LoadImbalanceParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._most = parameters.most_pct
        self._least = parameters.least_a
        self._for = int(parameters.for_s * 1000)
        self._clear = int(parameters.clear_for_s * 1000)
        self._gap = int(parameters.longest_gap_s * 1000)
        self._priority = priority_of(parameters.priority)

    def watches(self) -> frozenset[str]:
        """The currents."""
        return frozenset({METRIC})

    def judge(
        self, memory: LoadImbalanceMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Hold the most loaded phase against the mean."""
        value = reading.values.get(METRIC)
        if value.__class__ is not list:
            return None
        currents = [abs(current) for current in measured(value)]
        if len(currents) < 2:
            return None  # single-phase, or a phase that nobody knows of
        mean = sum(currents) / len(currents)
        most = max(currents)
        above = 100 * (most - mean) / mean if mean else 0.0
        uneven = beyond(above, self._most, 0.9 * self._most)
        holds = uneven if mean >= self._least else False
        conditions = memory.conditions
        if not holds and conditions is None:
            return None
        conditions = conditions or {}
        wait = self._clear if raised(conditions, CONDITION) else self._for
        seen = follow_one(conditions, CONDITION, holds, reading.happened, wait, self._gap)
        memory.conditions = conditions or None
        if seen is None:
            return None
        inputs: Inputs = {
            "phase": phase_name(currents.index(most)),
            "most_a": tidy(most),
            "mean_a": tidy(mean),
            "above_pct": tidy(above),
            "minutes": tidy(self._for / 60_000),
        }
        code = CONDITION if seen.raised else "load_even"
        why = self.explain(code, inputs, limit=self._most, metric=METRIC, unit="%")
        if not seen.raised:
            return one(stopped(CONDITION, self._priority, seen.began, now, why))
        return one(
            Finding(
                CONDITION,
                True,
                self._priority,
                seen.began,
                now,
                why,
                remark=remark_on(reading),
            )
        )
