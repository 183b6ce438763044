"""A sensor says what cannot be true, or that it cannot measure: it is at fault, not the room."""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome, Priority
from alerts.rules.measure import number, tidy, unit_of
from alerts.rules.quiet import QuietRule, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading, Value

CONDITION: Final = "out_of_range"
UNMEASURED: Final = "cannot_measure"

_EVERY: Final = 50_000
"""ms. No more than about one reading a minute is looked at: a sensor that breaks stays broken, and
holding every value of every reading against its range would cost more than all other rules."""

INFINITE: Final = float("inf")


class OutOfRangeParameters(Parameters):
    """Plausible ranges and how often they must be left."""

    ranges: dict[str, tuple[float | None, float | None]] = Field(default_factory=dict)
    """Lowest and highest plausible value by name; those of the kind's values unless given."""

    times: int = Field(default=3, ge=1, le=100)
    """So many readings one after the other must be out of range, of about one a minute."""

    unmeasured_for_s: float = Field(default=3600, ge=0, le=31 * 86_400)
    """How long a value may be null, which means that it cannot be measured."""


class Trouble(msgspec.Struct, gc=False, array_like=True):
    """One value in trouble: readings out of range one after the other, null since when (ms, ours,
    0 = not), and the last number that was out of range.
    """

    times: int = 0
    null_since: int = 0
    value: float | None = None


class OutOfRangeMemory(msgspec.Struct, gc=False):
    """``troubles`` by value, ``None`` while there are none; which conditions are raised; and when
    (ms, ours) the next reading is looked at.
    """

    troubles: dict[str, Trouble] | None = None
    out: bool = False
    unmeasured: bool = False
    next: int = 0


class OutOfRange(QuietRule):
    """Conditions ``out_of_range`` and ``cannot_measure``: one of each a device; their explanation
    names the value that was first.
    """

    __slots__ = ("_ranges", "_times", "_unmeasured_for")

    Parameters = OutOfRangeParameters
    Memory = OutOfRangeMemory
    kept = (
        ("troubles", dict[str, Trouble]),
        ("out", bool),
        ("unmeasured", bool),
    )
    telemetry = True
    unhurried = True

    def __init__(self, parameters: OutOfRangeParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._ranges = {
            metric: (-INFINITE if low is None else low, INFINITE if high is None else high)
            for metric, (low, high) in parameters.ranges.items()
        }
        self._times = parameters.times
        self._unmeasured_for = int(parameters.unmeasured_for_s * 1000)

    def judge(
        self, memory: OutOfRangeMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Hold every value against its range."""
        if 0 < memory.next - reading.received <= _EVERY:  # our clock may be set back
            return None
        memory.next = reading.received + _EVERY
        if memory.troubles is None:
            ranges = self._ranges
            try:
                for metric, value in reading.values.items():
                    if metric in ranges:
                        low, high = ranges[metric]
                        if value.__class__ is list:
                            if not low <= min(value) <= max(value) <= high:  # type: ignore[type-var,operator] # odd entries raise
                                break
                        elif not low <= value <= high:  # type: ignore[operator] # odd values raise
                            break
                else:
                    return None
            except (TypeError, ValueError):
                pass  # null, text, or no entry at all: looked at closely below
        return self._look(memory, reading, now)

    def _look(self, memory: OutOfRangeMemory, reading: Reading, now: int) -> Outcome | None:
        troubles = memory.troubles or {}
        for metric, limits in self._ranges.items():
            if metric in reading.values:
                trouble = _follow(
                    troubles.get(metric), reading.values[metric], limits, reading.received
                )
                if trouble is None:
                    troubles.pop(metric, None)
                else:
                    troubles[metric] = trouble
        memory.troubles = troubles or None
        findings = (
            self._out(memory, troubles, reading, now),
            self._unmeasured(memory, troubles, reading, now),
        )
        found = tuple(finding for finding in findings if finding is not None)
        return Outcome(found, save=True) if found else None

    def _out(
        self, memory: OutOfRangeMemory, troubles: dict[str, Trouble], reading: Reading, now: int
    ) -> Finding | None:
        worst = next((m for m, t in troubles.items() if t.times >= self._times), None)
        if worst is None:
            # One that is on its way to being raised has not left it yet.
            if not memory.out or any(trouble.times for trouble in troubles.values()):
                return None
            memory.out = False
            why = self.explain("in_range")
            return stopped(CONDITION, Priority.LOW, reading.happened, now, why)
        if memory.out:
            return None
        memory.out = True
        value = troubles[worst].value or 0.0
        low, high = self._ranges[worst]
        why = self.explain(
            "out_of_range",
            {"value": tidy(value), "times": troubles[worst].times},
            limit=high if value > high else low,
            metric=worst,
            unit=unit_of(worst),
        )
        return Finding(CONDITION, True, Priority.LOW, reading.happened, now, why)

    def _unmeasured(
        self, memory: OutOfRangeMemory, troubles: dict[str, Trouble], reading: Reading, now: int
    ) -> Finding | None:
        before = reading.received - self._unmeasured_for
        nulls = {m: t.null_since for m, t in troubles.items() if t.null_since}
        worst = next((metric for metric, since in nulls.items() if since <= before), None)
        if worst is None:
            if not memory.unmeasured or nulls:
                return None
            memory.unmeasured = False
            return stopped(
                UNMEASURED, Priority.LOW, reading.happened, now, self.explain("measured_again")
            )
        if memory.unmeasured:
            return None
        memory.unmeasured = True
        why = self.explain(
            "cannot_measure",
            {"minutes": (reading.received - nulls[worst]) // 60_000},
            limit=tidy(self._unmeasured_for / 60_000),
            metric=worst,
            unit="min",
        )
        return Finding(UNMEASURED, True, Priority.LOW, nulls[worst], now, why)


def _follow(
    trouble: Trouble | None, value: Value, limits: tuple[float, float], received: int
) -> Trouble | None:
    """What one more reading makes of the trouble of a value; ``None``: there is none."""
    low, high = limits
    entries = value if isinstance(value, list) else [value]
    outside = [
        entry
        for entry in entries
        if (found := number(entry)) is not None and not low <= found <= high
    ]
    null = not entries or any(number(entry) is None for entry in entries)
    if not outside and not null:
        return None
    before = trouble or Trouble()
    worst = number(outside[0]) if outside else None
    return Trouble(
        times=before.times + 1 if outside else 0,
        null_since=(before.null_since or received) if null else 0,
        value=worst,
    )
