"""A device's clock is wrong: what it reports would be put at the wrong time."""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Explanation, Finding, Outcome, Priority
from alerts.rules.measure import Inputs, tidy
from alerts.rules.quiet import QuietRule, one, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading
from devices.timekeeping import LONGEST

CONDITION: Final = "clock_wrong"


class ClockWrongParameters(Parameters):
    """How wrong, for how long."""

    limit_s: float = Field(default=60, gt=0)
    """Raised when it is wrong by more than this."""

    for_s: float = Field(default=600, ge=0, le=86_400)
    """How long it must be so wrong: most clocks are set soon after a device has started."""


class ClockWrongMemory(msgspec.Struct, gc=False):
    """``since`` (ms, ours) it is wrong, 0 = right."""

    since: int = 0
    raised: bool = False


class ClockWrong(QuietRule):
    """Condition ``clock_wrong``; `devices.timekeeping` estimates the error."""

    __slots__ = ("_for", "_limit")

    Parameters = ClockWrongParameters
    Memory = ClockWrongMemory
    kept = (
        ("since", int),
        ("raised", bool),
    )
    telemetry = True
    unhurried = True

    def __init__(self, parameters: ClockWrongParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._limit = int(parameters.limit_s * 1000)
        self._for = int(parameters.for_s * 1000)

    def judge(
        self, memory: ClockWrongMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Look at the estimate."""
        error = state.offset.error
        if error is None:
            return None
        limit = self._limit
        if -limit <= error <= limit:
            if not memory.since:
                return None
            return self._right(memory, error, now)
        if not memory.since:
            memory.since = now
        if memory.raised or now - memory.since < self._for:
            return None
        memory.raised = True
        direction = "clock_fast" if error > 0 else "clock_slow"
        why = self._why("clock_unset" if abs(error) > LONGEST else direction, error)
        return one(Finding(CONDITION, True, Priority.LOW, memory.since, now, why))

    def _right(self, memory: ClockWrongMemory, error: int, now: int) -> Outcome | None:
        if memory.raised and abs(error) > self._limit // 2:
            return None
        memory.since = 0
        if not memory.raised:
            return None
        memory.raised = False
        return one(stopped(CONDITION, Priority.LOW, now, now, self._why("clock_right", error)))

    def _why(self, code: str, error: int) -> Explanation:
        inputs: Inputs = {
            "error_s": tidy(abs(error) / 1000),
            "days": abs(error) // 86_400_000,
        }
        return self.explain(code, inputs, limit=self._limit / 1000, unit="s")
