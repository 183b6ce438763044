"""An energy counter that runs backwards, or has begun anew: what is charged for, and by what."""

from __future__ import annotations

from math import ceil, log10
from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import NOTHING, Finding, Outcome, Priority
from alerts.rules.measure import Inputs, tidy
from alerts.rules.quiet import QuietRule, one, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.feeder import measured
from devices.reading import Reading

METRIC: Final = "energy_kwh"
BACKWARDS: Final = "energy_backwards"
RESTARTED: Final = "energy_restarted"

_NEAR_FULL: Final = 0.99
"""From this share of all its digits on a counter may wrap around."""

_NEARLY_NEW: Final = 0.01
"""Below this share of what it showed it has begun anew."""


class EnergyCounterParameters(Parameters):
    """What is running backwards, and what is one step back."""

    step_kwh: float = Field(default=5, gt=0, le=1_000_000)
    """A step back of more than this is a counter that was reset or replaced; of less, one that
    runs backwards."""

    times: int = Field(default=3, ge=1, le=1000)
    """So many such readings, without one that has counted on, are running backwards."""


class EnergyCounterMemory(msgspec.Struct, gc=False):
    """The last total (kWh, ``None`` = none yet), when (device time, ms), how many steps back one
    after the other, and whether ``energy_backwards`` is raised.
    """

    total: float | None = None
    at: int = 0
    back: int = 0
    raised: bool = False


class EnergyCounter(QuietRule):
    """Conditions ``energy_backwards``, and the notice ``energy_restarted``, from ``energy_kwh``.

    A feeder that feeds in (``power_w`` below 0) may count backwards; that is not judged.
    """

    __slots__ = ("_step", "_times")

    Parameters = EnergyCounterParameters
    Memory = EnergyCounterMemory
    kept = (
        ("total", float | None),
        ("at", int),
        ("back", int),
        ("raised", bool),
    )
    telemetry = True
    unhurried = True

    def __init__(self, parameters: EnergyCounterParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._step = parameters.step_kwh
        self._times = parameters.times

    def watches(self) -> frozenset[str]:
        """The counter."""
        return frozenset({METRIC})

    def judge(
        self, memory: EnergyCounterMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Hold the total against the last one."""
        value = reading.values.get(METRIC)
        if value is None or reading.happened <= memory.at:
            return None
        counters = measured(value)
        if not counters:
            return None
        total, before = sum(counters), memory.total
        memory.total, memory.at = total, reading.happened
        if before is None or total == before:
            return None
        if total > before:
            return self._counts_on(memory, reading, now)
        if sum(measured(reading.values.get("power_w"))) < 0:
            return None
        if before - total > self._step:
            memory.back = 0
            return self._restarted(before, total, reading, now)
        memory.back += 1
        if memory.raised or memory.back < self._times:
            return NOTHING
        memory.raised = True
        inputs: Inputs = {"total_kwh": total, "before_kwh": before, "times": memory.back}
        why = self.explain(BACKWARDS, inputs, metric=METRIC, unit="kWh")
        remark = remark_on(reading)
        return one(
            Finding(BACKWARDS, True, Priority.LOW, reading.happened, now, why, remark=remark)
        )

    def _counts_on(self, memory: EnergyCounterMemory, reading: Reading, now: int) -> Outcome | None:
        memory.back = 0
        if not memory.raised:
            return None
        memory.raised = False
        why = self.explain("energy_counts_on", metric=METRIC)
        return one(stopped(BACKWARDS, Priority.LOW, reading.happened, now, why))

    def _restarted(self, before: float, total: float, reading: Reading, now: int) -> Outcome:
        full = 10.0 ** ceil(log10(max(before, 1.0) * 1.0000001))
        if before >= _NEAR_FULL * full and total <= _NEARLY_NEW * full:
            code = "energy_wrapped"
        elif total <= _NEARLY_NEW * before:
            code = "energy_reset"
        else:
            code = "energy_replaced"
        inputs: Inputs = {"total_kwh": tidy(total), "before_kwh": tidy(before)}
        why = self.explain(code, inputs, metric=METRIC, unit="kWh")
        # Worth a look, and over at once: it counts on from there.
        return one(
            Finding(
                RESTARTED,
                False,
                Priority.NOTICE,
                reading.happened,
                now,
                why,
                occurrence=True,
                remark=remark_on(reading),
            )
        )
