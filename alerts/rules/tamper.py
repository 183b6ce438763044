"""Somebody has opened a device or taken it off its place."""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.finding import Finding, Outcome
from alerts.rules.measure import truth
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, one, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

CONDITION: Final = "tamper"


class TamperParameters(Parameters):
    """How urgent it is."""

    priority: PriorityName = "high"
    """How urgently people must act: a button that was taken off can call nobody."""


class TamperMemory(msgspec.Struct, gc=False):
    """``open`` as it last said, and since when (device time, ms)."""

    open: bool = False
    since: int = 0


class Tamper(QuietRule):
    """Condition ``tamper`` from the events ``tamper`` and ``tamper_restored`` and the value
    ``tamper``.
    """

    __slots__ = ("_priority",)

    Parameters = TamperParameters
    Memory = TamperMemory
    kept = (
        ("open", bool),
        ("since", int),
    )
    telemetry = True
    events = True

    def __init__(self, parameters: TamperParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._priority = priority_of(parameters.priority)

    def watches(self) -> frozenset[str]:
        """The value of that name."""
        return frozenset({"tamper"})

    def judge(
        self, memory: TamperMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Follow what it says, in the order in which it happened."""
        event = reading.event
        if event is None:
            value = reading.values.get("tamper")
            if value is None or value is memory.open:
                return None
            is_open = truth(value)
        elif event == "tamper":
            is_open = True
        elif event == "tamper_restored":
            is_open = False
        else:
            return None
        if is_open is None or is_open is memory.open or reading.happened < memory.since:
            return None
        memory.open = is_open
        memory.since = reading.happened
        if not is_open:
            why = self.explain("tamper_restored")
            return one(stopped(CONDITION, self._priority, reading.happened, now, why))
        return one(
            Finding(
                CONDITION,
                True,
                self._priority,
                reading.happened,
                now,
                self.explain("tamper"),
                remark=remark_on(reading),
            )
        )
