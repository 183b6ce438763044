"""A value jumps to and fro as no room does: the sensor or its wiring is at fault.

What is measured is the *reversal*: of two steps in opposite directions the smaller one. A fire, a
door that opens and a radiator that is turned on are steps in one direction, and make none.
"""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field, model_validator

from alerts.finding import Finding, Outcome, Priority
from alerts.rules.measure import number, tidy, unit_of
from alerts.rules.quiet import QuietRule, one, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

_EVERY: Final = 25_000
"""ms. Readings that come sooner after the last one that was looked at are passed over."""

_RECENT: Final = 30
"""Readings over which the recent reversals are averaged."""

_USUAL: Final = 2_000
"""Those over which the usual ones are: a day and more."""

_MOST: Final = 4.0
"""A single reversal counts as so many times the limit at most: one outlier is no noise."""

_SAVED: Final = 2_000
"""What was learned is saved once in so many readings."""


class NoisyParameters(Parameters):
    """How much a value may jump to and fro."""

    metric: str = Field(default="temperature_c", min_length=1)
    """The value that is watched."""

    least: float = Field(default=1.5, gt=0)
    """Never raised below this mean reversal, in the unit of the value."""

    times: float = Field(default=8, ge=2, le=100)
    """Nor below so many times the sensor's own usual mean reversal."""

    impossible: float = Field(default=4, gt=0)
    """Raised at this mean reversal even if it was never otherwise."""

    learn: int = Field(default=500, ge=50, le=100_000)
    """Readings after which it is known what is usual."""

    apart_s: float = Field(default=600, ge=30, le=86_400)
    """Readings further apart tell nothing of noise: the room itself may have changed meanwhile."""

    condition: str = "noisy"
    """The condition's name, catalogue key `condition.…`."""

    @model_validator(mode="after")
    def _ordered(self) -> NoisyParameters:
        if self.least > self.impossible:
            raise ValueError("least must not be more than impossible")
        return self


class NoisyMemory(msgspec.Struct, gc=False):
    """The last value, its time (ms, ours) and the step to it; mean reversals, the recent and the
    usual; how many readings were learned from, and how many were judged in a row."""

    value: float = 0.0
    at: int = 0
    step: float = 0.0
    row: int = 0
    recent: float = 0.0
    usual: float = 0.0
    learned: int = 0
    raised: bool = False


class Noisy(QuietRule):
    """Gone when the recent reversals are less than half of the limit."""

    __slots__ = ("_apart", "_condition", "_impossible", "_learn", "_least", "_metric", "_times")

    Parameters = NoisyParameters
    Memory = NoisyMemory
    kept = (("usual", float), ("learned", int), ("raised", bool))
    telemetry = True
    unhurried = True

    def __init__(self, parameters: NoisyParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._metric = parameters.metric
        self._least = parameters.least
        self._times = parameters.times
        self._impossible = parameters.impossible
        self._learn = parameters.learn
        self._apart = int(parameters.apart_s * 1000)
        self._condition = parameters.condition

    def watches(self) -> frozenset[str]:
        """Its one value."""
        return frozenset({self._metric})

    def judge(
        self, memory: NoisyMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Follow how far the value jumps to and fro."""
        received = reading.received
        passed = received - memory.at
        if 0 < passed < _EVERY:
            return None
        value = reading.values.get(self._metric)
        if value.__class__ is not float:
            value = number(value)
            if value is None:
                return None
        step = value - memory.value
        before, memory.step = memory.step, step
        memory.value, memory.at = value, received
        if not 0 < passed <= self._apart:
            memory.row = 0
            memory.step = 0.0
            return None
        memory.row = row = memory.row + 1
        counted = 0.0
        if step * before < 0:
            counted = min(abs(step), abs(before))
            if counted > self._least:
                counted = min(counted, _MOST * self._limit(memory))
        memory.recent += (counted - memory.recent) / min(_RECENT, row)
        if memory.raised or (memory.recent >= self._least and row >= _RECENT):
            outcome = self._look(memory, reading, now)
            if outcome is not None or memory.raised:
                return outcome
        memory.learned = learned = memory.learned + 1
        memory.usual += (counted - memory.usual) / min(_USUAL, learned)
        settled = learned == self._learn or learned % _SAVED == 0
        return Outcome(save=True) if settled else None

    def _look(self, memory: NoisyMemory, reading: Reading, now: int) -> Outcome | None:
        limit = self._limit(memory)
        if memory.raised:
            if memory.row < _RECENT or memory.recent >= limit / 2:
                return None
            memory.raised = False
            why = self.explain("noise_over", metric=self._metric)
            return one(stopped(self._condition, Priority.LOW, reading.happened, now, why))
        if memory.recent < limit:
            return None
        memory.raised = True
        why = self.explain(
            "noisy",
            {
                "value": tidy(memory.recent),
                "usual": tidy(memory.usual),
                "most": tidy(limit),
            },
            metric=self._metric,
            unit=unit_of(self._metric),
        )
        return one(Finding(self._condition, True, Priority.LOW, reading.happened, now, why))

    def _limit(self, memory: NoisyMemory) -> float:
        if memory.learned < self._learn:
            return self._impossible
        return min(self._impossible, max(self._least, self._times * memory.usual))
