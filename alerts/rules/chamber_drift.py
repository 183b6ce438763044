"""A smoke chamber is getting dirty: what it reads in clean air has risen over days and weeks.

No fire, and no fault yet: its sensitivity changes. Detectors that measure their own contamination
say so themselves (`chamber_dirty_pct`); this is for those that tell only of smoke.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field, model_validator

from alerts.finding import Explanation, Finding, Outcome, Priority
from alerts.rules.clean_air import DAY, CleanAir, learn
from alerts.rules.measure import number, tidy
from alerts.rules.quiet import QuietRule, one, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

CONDITION: Final = "chamber_drift"
SMOKE: Final = "obscuration_pct_m"


class ChamberDriftParameters(Parameters):
    """How much smoke a chamber may seem to see in clean air."""

    above_pct_m: float = Field(default=1.5, gt=0, le=100)
    """Told from this on, in %/m."""

    back_pct_m: float = Field(default=1.0, ge=0, le=100)
    """Gone below this: it was cleaned, or replaced."""

    @model_validator(mode="after")
    def _ordered(self) -> ChamberDriftParameters:
        if self.back_pct_m >= self.above_pct_m:
            raise ValueError("back_pct_m must be less than above_pct_m")
        return self


class ChamberDriftMemory(CleanAir, gc=False):
    """What clean air reads, when (ms) that was last stored, and whether it was told."""

    raised: bool = False
    saved: int = 0


class ChamberDrift(QuietRule):
    """Condition ``chamber_drift`` (low)."""

    __slots__ = ("_above", "_back")

    Parameters = ChamberDriftParameters
    Memory = ChamberDriftMemory
    kept = (
        ("level", float),
        ("low", float),
        ("since", int),
        ("first", int),
        ("raised", bool),
    )
    telemetry = True
    unhurried = True

    def __init__(self, parameters: ChamberDriftParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._above = parameters.above_pct_m
        self._back = parameters.back_pct_m

    def watches(self) -> frozenset[str]:
        """Smoke."""
        return frozenset({SMOKE})

    def judge(
        self, memory: ChamberDriftMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Learn, and once an hour look at what was learned."""
        smoke = number(reading.values.get(SMOKE))
        at = reading.happened
        if smoke is None or not learn(memory, at, smoke):
            return None
        level = memory.level
        if not memory.raised and level >= self._above:
            memory.raised, memory.saved = True, at
            why = self._why("chamber_drifted", level, at - memory.first)
            return one(Finding(CONDITION, True, Priority.LOW, at, now, why))
        if memory.raised and level < self._back:
            memory.raised, memory.saved = False, at
            why = self._why("chamber_clean", level, at - memory.first)
            return one(stopped(CONDITION, Priority.LOW, at, now, why))
        if 0 <= at - memory.saved < DAY:
            return None
        memory.saved = at
        return Outcome(save=True)

    def _why(self, code: str, level: float, heard: int) -> Explanation:
        told = {"clean_air_pct_m": tidy(level), "days": max(heard, 0) // DAY}
        return self.explain(code, told, limit=self._above, metric=SMOKE, unit="%/m")
