"""A value beyond a limit for long enough, with hysteresis: the workhorse among the rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from pydantic import Field, model_validator

from alerts.finding import Explanation, Finding, Outcome
from alerts.rules.measure import Inputs, numbers, tidy, unit_of
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, one, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

CALM: Final = 0
PENDING: Final = 1  # beyond the limit, not yet for long enough
RAISED: Final = 2
RETURNING: Final = 3  # raised, and back within the limit for not long enough


class ThresholdParameters(Parameters):
    """One limit of one value; exactly one of ``above`` and ``below``."""

    metric: str = Field(min_length=1)
    """The value that is judged. Of a list (by phase, by sensor) its worst entry is."""

    above: float | None = None
    """Raised at or above this."""

    below: float | None = None
    """Raised at or below this."""

    hysteresis: float = Field(default=0, ge=0)
    """How far it must be back within the limit to count as gone."""

    for_s: float = Field(default=0, ge=0, le=86_400)
    """How long it must be beyond the limit before it is raised."""

    clear_for_s: float = Field(default=0, ge=0, le=86_400)
    """How long it must be back before it counts as gone."""

    priority: PriorityName = "medium"
    """How urgently people must act."""

    condition: str = ""
    """The condition's name, catalogue key `condition.…`; empty = the rule's own name."""

    latches: bool = False
    """Whether the alert stays until a person resets it."""

    @model_validator(mode="after")
    def _one_limit(self) -> ThresholdParameters:
        if (self.above is None) == (self.below is None):
            raise ValueError("give exactly one of 'above' and 'below'")
        return self


class ThresholdMemory(msgspec.Struct, gc=False):
    """Where it stands, since when (device time, ms), until when it waits, and the last value."""

    phase: int = CALM
    since: int = 0
    due: int = 0
    value: float = 0.0


class Threshold(QuietRule):
    """A value that is missing or cannot be measured changes nothing: what destroys a sensor must
    not clear the alarm that it was about to raise.
    """

    __slots__ = (
        "_back",
        "_clear_for",
        "_condition",
        "_for",
        "_latches",
        "_limit",
        "_metric",
        "_priority",
        "_rising",
        "_unit",
        "_worst",
    )

    Parameters = ThresholdParameters
    Memory = ThresholdMemory
    kept = (
        ("phase", int),
        ("since", int),
        ("due", int),
        ("value", float),
    )
    telemetry = True
    events = True

    def __init__(self, parameters: ThresholdParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._metric = parameters.metric
        self._unit = unit_of(parameters.metric)
        self._rising = parameters.above is not None
        self._worst: Callable[[Any], Any] = max if self._rising else min
        self._limit: float = (
            parameters.above if parameters.above is not None else (parameters.below or 0.0)
        )
        hysteresis = parameters.hysteresis
        self._back = self._limit - hysteresis if self._rising else self._limit + hysteresis
        self._for = int(parameters.for_s * 1000)
        self._clear_for = int(parameters.clear_for_s * 1000)
        self._condition = parameters.condition or name
        self._priority = priority_of(parameters.priority)
        self._latches = parameters.latches

    def limit_of(self, metric: str) -> float | None:
        """From where on too much of that value is raised; ``None`` when it judges another."""
        return self._limit if self._rising and metric == self._metric else None

    def start(self, memory: ThresholdMemory, state: DeviceState, now: int) -> Outcome | None:
        """Wait anew for what was pending: messages that say otherwise may be under way."""
        if memory.phase not in {PENDING, RETURNING}:
            return None
        memory.due = now + (self._for if memory.phase == PENDING else self._clear_for)
        return Outcome(wake=memory.due)

    def watches(self) -> frozenset[str]:
        """Its one value."""
        return frozenset({self._metric})

    def judge(
        self,
        memory: ThresholdMemory,
        state: DeviceState,
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        """Raise, return, or wait to do so."""
        value = reading.values.get(self._metric)
        if value is None:
            return None
        if memory.phase == CALM:
            try:
                worst: Any = self._worst(value) if value.__class__ is list else value
                if worst < self._limit if self._rising else worst > self._limit:
                    return None
            except (TypeError, ValueError):
                pass  # text, nothing, or both among numbers: looked at closely below
        found = numbers(value)
        if not found or reading.happened < memory.since:  # older than what is known already
            return None
        return self._follow(memory, self._worst(found), reading, now)

    def _follow(
        self, memory: ThresholdMemory, value: float, reading: Reading, now: int
    ) -> Outcome | None:
        beyond = value >= self._limit if self._rising else value <= self._limit
        back = value <= self._back if self._rising else value >= self._back
        happened = reading.happened
        phase = memory.phase
        if phase == CALM and beyond:
            memory.value = value
            return self._wait(memory, PENDING, happened, now, self._for, remark_on(reading))
        if phase == PENDING:
            if not beyond:
                memory.phase = CALM
                return Outcome(save=True)
            memory.value = value
            if happened - memory.since >= self._for:
                return self._raise(memory, now, remark_on(reading))
        elif phase == RAISED and back and not beyond:
            memory.value = value
            return self._wait(memory, RETURNING, happened, now, self._clear_for, "")
        elif phase == RETURNING:
            if not back or beyond:
                memory.phase = RAISED
                return Outcome(save=True)
            memory.value = value
            if happened - memory.since >= self._clear_for:
                return self._clear(memory, now)
        return None

    def tick(self, memory: ThresholdMemory, state: DeviceState, now: int) -> Outcome | None:
        """What was pending has lasted long enough without another word."""
        if memory.phase not in {PENDING, RETURNING}:
            return None
        if now < memory.due:
            return Outcome(wake=memory.due)
        return self._raise(memory, now, "") if memory.phase == PENDING else self._clear(memory, now)

    def _wait(
        self, memory: ThresholdMemory, phase: int, happened: int, now: int, length: int, remark: str
    ) -> Outcome:
        memory.phase = phase
        memory.since = happened
        if not length:
            return (
                self._raise(memory, now, remark) if phase == PENDING else self._clear(memory, now)
            )
        memory.due = now + length
        return Outcome(wake=memory.due, save=True)

    def _raise(self, memory: ThresholdMemory, now: int, remark: str) -> Outcome:
        memory.phase = RAISED
        code = "above" if self._rising else "below"
        inputs: Inputs = {"value": tidy(memory.value)}
        if self._for:
            code += "_for"
            inputs = {**inputs, "seconds": tidy(self._for / 1000)}
        return one(
            Finding(
                self._condition,
                True,
                self._priority,
                memory.since,
                now,
                self._why(code, inputs),
                latches=self._latches,
                remark=remark,
            )
        )

    def _clear(self, memory: ThresholdMemory, now: int) -> Outcome:
        memory.phase = CALM
        why = self._why("within_limit", {"value": tidy(memory.value)})
        return one(stopped(self._condition, self._priority, memory.since, now, why))

    def _why(self, code: str, inputs: Inputs) -> Explanation:
        return self.explain(code, inputs, limit=self._limit, metric=self._metric, unit=self._unit)
