"""One of several sensors grows hot quickly: a joint of a cable that has come loose.

Each sensor is held against its own past. Unlike `rate_of_rise`, which keeps a dozen points of one
quantity, this keeps the lowest level of two halves of the window for each: a feeder has many
sensors, and copper heats slowly.
"""

from __future__ import annotations

from array import array
from typing import Final

from pydantic import Field

from alerts.finding import Finding, Outcome
from alerts.rules.measure import Inputs, number, tidy, unit_of
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

_UNKNOWN: Final = float("inf")
"""No lowest level yet: nothing has risen above it."""

_NAN: Final = float("nan")


class HeatingParameters(Parameters):
    """How much within how long, and from which level on."""

    metric: str = Field(default="cable_temperature_c", min_length=1)
    """The value that is judged: a list, one entry for each sensor, or a single figure."""

    rise: float = Field(default=15, gt=0)
    """Raised when a sensor has risen by so much, in the unit of the value …"""

    within_s: float = Field(default=600, ge=60, le=86_400)
    """… within this time, or half of it."""

    at_least: float = Field(default=45)
    """Raised only from this level on: a cellar that grows warm in the morning is no fault."""

    longest_gap_s: float = Field(default=150, ge=1, le=86_400)
    """After so long without a value, what was before is not compared with what comes after."""

    priority: PriorityName = "medium"
    """How urgently people must act."""

    condition: str = "cable_heating"
    """The condition's name, catalogue key `condition.…`."""


class HeatingMemory:
    """``levels`` holds the last value of each sensor, then the lowest level of each in the half of
    the window before, then in the present one (``half``: its number; ``at``: the last reading, ms).
    Only ``raised`` is kept.
    """

    __slots__ = ("at", "half", "levels", "raised")

    def __init__(self) -> None:
        self.raised = False
        self.at = 0
        self.half = 0
        self.levels = array("f")


class Heating(QuietRule):
    """A level counts when two values in a row have reached it, up or down: neither a spike nor a
    drop-out is a rise. Gone when no sensor has risen by half of it: it may have become hot to stay.
    """

    __slots__ = ("_at_least", "_condition", "_gap", "_half", "_metric", "_priority", "_rise")

    Parameters = HeatingParameters
    Memory = HeatingMemory
    kept = (("raised", bool),)
    telemetry = True
    unhurried = True

    def __init__(self, parameters: HeatingParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._metric = parameters.metric
        self._rise = parameters.rise
        self._half = int(parameters.within_s * 500)
        self._at_least = parameters.at_least
        self._gap = int(parameters.longest_gap_s * 1000)
        self._priority = priority_of(parameters.priority)
        self._condition = parameters.condition

    def watches(self) -> frozenset[str]:
        """Its one value."""
        return frozenset({self._metric})

    def judge(
        self, memory: HeatingMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Note each sensor and look whether it has risen."""
        value = reading.values.get(self._metric)
        passed = reading.happened - memory.at
        if value is None or passed <= 0:
            return None
        told = value if isinstance(value, list) else [value]
        levels = [number(one) for one in told]
        if passed > self._gap or 3 * len(levels) != len(memory.levels):
            self._begin(memory, levels, reading.happened)
            return None
        index, risen = self._note(memory, levels, reading.happened)
        if memory.raised:
            if risen is None or risen >= self._rise / 2:
                return None  # an unknown rise is none that has ended
        elif risen is None or risen < self._rise or memory.levels[index] < self._at_least:
            return None
        memory.raised = not memory.raised
        inputs: Inputs = {
            "sensor": index + 1,
            "rise": tidy(risen),
            "value": tidy(memory.levels[index]),
            "within_minutes": tidy(self._half / 30_000),
        }
        why = self.explain(
            "heating" if memory.raised else "heating_over",
            inputs,
            limit=self._rise,
            metric=self._metric,
            unit=unit_of(self._metric),
        )
        finding = (
            Finding(
                self._condition,
                True,
                self._priority,
                reading.happened,
                now,
                why,
                remark=remark_on(reading),
            )
            if memory.raised
            else stopped(self._condition, self._priority, reading.happened, now, why)
        )
        return Outcome((finding,), save=True)

    def _begin(self, memory: HeatingMemory, levels: list[float | None], at: int) -> None:
        memory.at, memory.half = at, at // self._half
        last = [_NAN if level is None else level for level in levels]
        memory.levels = array("f", (*last, *[_UNKNOWN] * (2 * len(levels))))

    def _note(
        self, memory: HeatingMemory, levels: list[float | None], at: int
    ) -> tuple[int, float | None]:
        """The sensor that has risen most and by how much; ``None`` when nobody can tell."""
        held, many, half = memory.levels, len(levels), at // self._half
        if half != memory.half:
            nothing = array("f", [_UNKNOWN] * many)
            held[many : 2 * many] = held[2 * many :] if half == memory.half + 1 else nothing
            held[2 * many :] = nothing
            memory.half = half
        memory.at = at
        most, found = 0, -_UNKNOWN
        for index, level in enumerate(levels):
            earlier = held[index]
            held[index] = _NAN if level is None else level
            if level is None or earlier != earlier:  # noqa: PLR0124 - not a number
                continue
            before, now = index + many, index + 2 * many
            risen = min(level, earlier) - min(held[before], held[now])
            held[now] = min(held[now], max(level, earlier))
            if risen > found:
                most, found = index, risen
        return most, None if found == -_UNKNOWN else found
