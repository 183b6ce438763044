"""A breaker has tripped: each trip counts, with what was measured before it and why, if told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Explanation, Finding, Outcome
from alerts.rules.measure import Inputs, numbers, tidy
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, one, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading, Value

METRIC: Final = "switch"
CAUSE: Final = "trip_cause"
CONDITION: Final = "tripped"

TRIPPED: Final = "tripped"
_RESET: Final = frozenset({"open", "closed"})

CAUSES: Final = frozenset(
    {"overload", "short_circuit", "residual", "arc", "voltage", "heat", "manual", "remote"}
)
"""What tripped it, in the words of smart breakers; ``manual`` and ``remote`` are people."""


class TrippedParameters(Parameters):
    """How urgent it is, and how old a measurement may be to count as what came before."""

    priority: PriorityName = "high"
    """How urgently people must act: the cause is still there."""

    before_s: float = Field(default=150, ge=1, le=3600)
    """What was measured longer ago is not told as what was there before it tripped."""


class TrippedMemory(msgspec.Struct, gc=False):
    """``tripped`` as it last said; the last current (A) and residual current (mA) before that, and
    when (device time, ms) they were measured.
    """

    tripped: bool = False
    at: int = 0
    current: float | None = None
    residual: float | None = None
    measured: int = 0


class Tripped(QuietRule):
    """Condition ``tripped`` from the value ``switch``; ``trip_cause`` says who or what did it.

    What was measured just before is told as it is: a breaker that says no cause leaves it open.
    """

    # A message in which a text has changed looks different and is shown to all rules at once.

    __slots__ = ("_before", "_priority")

    Parameters = TrippedParameters
    Memory = TrippedMemory
    kept = (
        ("tripped", bool),
        ("at", int),
    )
    telemetry = True
    unhurried = True

    def __init__(self, parameters: TrippedParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._before = int(parameters.before_s * 1000)
        self._priority = priority_of(parameters.priority)

    def watches(self) -> frozenset[str]:
        """The position of the switch, and what to remember of before."""
        return frozenset({METRIC, CAUSE, "current_a", "residual_current_ma"})

    def judge(
        self, memory: TrippedMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Follow the switch; remember what flows while it is closed."""
        values = reading.values
        position = values.get(METRIC)
        if position is None or reading.happened < memory.at:
            return None
        if position == TRIPPED:
            return None if memory.tripped else self._trip(memory, reading, now)
        if position not in _RESET:
            return None
        memory.at = reading.happened
        if "current_a" in values or "residual_current_ma" in values:
            memory.current = _largest(values, "current_a")
            memory.residual = _largest(values, "residual_current_ma")
            memory.measured = reading.happened
        if not memory.tripped:
            return None
        memory.tripped = False
        why = self.explain(f"trip_over_{position}", metric=METRIC)
        return one(stopped(CONDITION, self._priority, reading.happened, now, why))

    def _trip(self, memory: TrippedMemory, reading: Reading, now: int) -> Outcome:
        memory.tripped = True
        memory.at = reading.happened
        return one(
            Finding(
                CONDITION,
                True,
                self._priority,
                reading.happened,
                now,
                self._why(memory, reading),
                occurrence=True,
                remark=remark_on(reading),
            )
        )

    def _why(self, memory: TrippedMemory, reading: Reading) -> Explanation:
        told = reading.values.get(CAUSE)
        cause = told if isinstance(told, str) and told in CAUSES else "unknown"
        passed = reading.happened - memory.measured
        if passed > self._before or (memory.current is None and memory.residual is None):
            return self.explain("tripped", {"trip_cause": cause}, metric=METRIC)
        inputs: Inputs = {
            "trip_cause": cause,
            "current_a": None if memory.current is None else tidy(memory.current),
            "residual_ma": None if memory.residual is None else tidy(memory.residual),
            "seconds": round(passed / 1000),
        }
        return self.explain("tripped_after", inputs, metric=METRIC)


def _largest(values: Mapping[str, Value], metric: str) -> float | None:
    return max((abs(one) for one in numbers(values.get(metric))), default=None)
