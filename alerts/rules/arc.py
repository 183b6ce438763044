"""An arc fault detector says that it sees an arc: a fire may begin there."""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome
from alerts.rules.measure import truth
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, one, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

METRIC: Final = "arc"
CONDITION: Final = "arc"


class ArcParameters(Parameters):
    """How urgent it is, and when it is another one."""

    same_arc_s: float = Field(default=60, ge=0, le=86_400)
    """An arc so soon after the last sign of one is the same: a loose contact comes and goes."""

    priority: PriorityName = "high"
    """How urgently people must act."""

    latches: bool = True
    """Whether the alert stays until a person resets it."""


class ArcMemory(msgspec.Struct, gc=False):
    """``arcing`` as it last said, when (device time, ms), and the last sign of an arc."""

    arcing: bool = False
    at: int = 0
    sign: int = 0


class Arc(QuietRule):
    """Condition ``arc`` from the value ``arc``. The device has counted the half-cycles (GB 31252:
    no alarm at 9 a second or fewer); here nothing is waited for.
    """

    __slots__ = ("_latches", "_priority", "_same")

    Parameters = ArcParameters
    Memory = ArcMemory
    kept = (
        ("arcing", bool),
        ("at", int),
        ("sign", int),
    )
    telemetry = True

    def __init__(self, parameters: ArcParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._same = int(parameters.same_arc_s * 1000)
        self._priority = priority_of(parameters.priority)
        self._latches = parameters.latches

    def watches(self) -> frozenset[str]:
        """The value of that name."""
        return frozenset({METRIC})

    def judge(
        self, memory: ArcMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Raise what it says anew; each arc counts."""
        value = reading.values.get(METRIC)
        if value is None or (value is False and not memory.arcing):
            return None
        arcing = truth(value)
        if arcing is None or reading.happened < memory.at:
            return None
        before, last = memory.arcing, memory.sign
        memory.at = reading.happened
        memory.arcing = arcing
        if arcing:
            memory.sign = reading.happened
            if before:
                return None
            return one(
                Finding(
                    CONDITION,
                    True,
                    self._priority,
                    reading.happened,
                    now,
                    self.explain("arc", metric=METRIC),
                    occurrence=not last or reading.happened - last > self._same,
                    latches=self._latches,
                    remark=remark_on(reading),
                )
            )
        if not before:
            return None
        why = self.explain("arc_over", metric=METRIC)
        return one(stopped(CONDITION, self._priority, reading.happened, now, why))
