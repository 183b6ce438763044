"""The voltage of a feeder: too high, too low, a phase lost, all of it gone, or out of balance."""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import NOTHING, Explanation, Finding, Outcome, Priority
from alerts.rules.lasting import Conditions, beyond, follow_one, pending, raised
from alerts.rules.measure import Inputs, tidy
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.feeder import entries, phase_name
from devices.reading import Reading

METRIC: Final = "voltage_v"
HIGH: Final = "over_voltage"
LOW: Final = "under_voltage"
LOST: Final = "phase_lost"
NONE: Final = "no_voltage"
NEUTRAL: Final = "neutral_lost"
UNEVEN: Final = "voltage_imbalance"

_LIVE: Final = 0.7
"""The share of the nominal voltage from which on a phase proves that the others ought to live."""

_NEUTRAL: Final = 0.10
"""One phase so far above, another so far below the nominal voltage: no load does that, a broken
neutral does, and it burns what is plugged in on the high side."""

_OPENED: Final = frozenset({"open", "tripped"})


class SupplyVoltageParameters(Parameters):
    """What the voltage ought to be, and for how long it may be otherwise."""

    nominal_v: float = Field(default=220, gt=0, le=1000)
    """What it ought to be, in V: between phase and neutral 220, between phases 380."""

    over_pct: float = Field(default=7, gt=0, le=50)
    """Too high from so much above it."""

    under_pct: float = Field(default=10, gt=0, le=50)
    """Too low from so much below it."""

    hysteresis_pct: float = Field(default=1, ge=0, le=10)
    """How far, in percent of it, the voltage must be back."""

    for_s: float = Field(default=60, ge=0, le=86_400)
    """How long it must be too high or too low: motors start, clouds pass."""

    lost_v: float = Field(default=50, ge=0, le=500)
    """Below this a phase has no voltage: that is another alarm than a low one."""

    lost_for_s: float = Field(default=10, ge=0, le=86_400)
    """How long one phase or all of them must have none."""

    imbalance_pct: float = Field(default=4, gt=0, le=100)
    """How far one phase may be from the mean of all."""

    imbalance_for_s: float = Field(default=600, ge=0, le=86_400)
    """How long it must be so far from it."""

    clear_for_s: float = Field(default=60, ge=0, le=86_400)
    """How long it must be right again."""

    longest_gap_s: float = Field(default=150, ge=1, le=86_400)
    """After so long without a reading nothing has lasted."""

    priority: PriorityName = "medium"
    """How urgent a voltage is that is too high, too low, or gone altogether."""

    lost_priority: PriorityName = "high"
    """How urgent a lost phase or neutral is."""

    imbalance_priority: PriorityName = "low"
    """How urgent imbalance is."""


class SupplyVoltageMemory(msgspec.Struct, gc=False):
    """``conditions`` that are raised or may soon be, ``None`` while there are none."""

    conditions: Conditions | None = None


class SupplyVoltage(QuietRule):
    """Conditions ``over_voltage``, ``under_voltage``, ``phase_lost``, ``no_voltage``,
    ``neutral_lost`` and ``voltage_imbalance`` from the value ``voltage_v``.

    A phase that cannot be measured is not judged, and proves nothing of the others. That a feeder
    without any voltage was switched off is no alarm, if the device tells so (``switch``).
    """

    # Looked at twice a minute, and at every message once something seems to begin.

    __slots__ = ("_back_high", "_back_low", "_high", "_low", "_parameters", "_priorities", "_waits")

    Parameters = SupplyVoltageParameters
    Memory = SupplyVoltageMemory
    kept = (("conditions", Conditions | None),)
    telemetry = True
    unhurried = True

    def __init__(self, parameters: SupplyVoltageParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._parameters = parameters
        nominal, back = parameters.nominal_v, parameters.hysteresis_pct
        self._high = round(nominal * (1 + parameters.over_pct / 100), 2)
        self._low = round(nominal * (1 - parameters.under_pct / 100), 2)
        self._back_high = round(nominal * (1 + (parameters.over_pct - back) / 100), 2)
        self._back_low = round(nominal * (1 - (parameters.under_pct - back) / 100), 2)
        wrong = priority_of(parameters.priority)
        lost = priority_of(parameters.lost_priority)
        self._priorities: dict[str, Priority] = {
            HIGH: wrong,
            LOW: wrong,
            NONE: wrong,
            LOST: lost,
            NEUTRAL: lost,
            UNEVEN: priority_of(parameters.imbalance_priority),
        }
        waits = dict.fromkeys((HIGH, LOW), parameters.for_s)
        waits |= dict.fromkeys((LOST, NONE, NEUTRAL), parameters.lost_for_s)
        waits[UNEVEN] = parameters.imbalance_for_s
        self._waits = {condition: int(1000 * seconds) for condition, seconds in waits.items()}

    def watches(self) -> frozenset[str]:
        """The voltages."""
        return frozenset({METRIC})

    def judge(
        self,
        memory: SupplyVoltageMemory,
        state: DeviceState,
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        """Look at all phases together."""
        value = reading.values.get(METRIC)
        if value is None:
            return None
        phases = entries(value)
        known = [one for one in phases if one is not None]
        if not known:
            return None
        conditions = memory.conditions
        if conditions is None and self._right(min(known), max(known)):
            return None
        told = self._told(phases, known, state)
        if conditions is None and not any(told.values()):
            return None
        return self._follow(memory, conditions or {}, told, phases, reading, now)

    def _right(self, low: float, high: float) -> bool:
        """At a glance: nothing can be wrong."""
        most = self._parameters.imbalance_pct * low / 100
        return self._low < low and high < self._high and high - low < most

    def _told(
        self, phases: list[float | None], known: list[float], state: DeviceState
    ) -> dict[str, bool | None]:
        """What this reading says of each condition; ``None`` = nothing."""
        limits = self._parameters
        all_known = len(known) == len(phases)
        live = [one for one in known if one >= limits.lost_v]
        if not live:
            if not all_known:
                return dict.fromkeys(self._waits)
            gone = state.values.get("switch") not in _OPENED
            return {**dict.fromkeys(self._waits), NONE: gone}
        high, low = max(known), min(live)
        lost = len(live) < len(known) and high >= _LIVE * limits.nominal_v
        torn = (
            high >= (1 + _NEUTRAL) * limits.nominal_v and low <= (1 - _NEUTRAL) * limits.nominal_v
        )
        too_low = beyond(low, self._low, self._back_low)
        return {
            HIGH: beyond(high, self._high, self._back_high),
            # Of a broken neutral this is the other half, and no alarm of its own.
            LOW: None if torn else too_low,
            LOST: True if lost else False if all_known else None,
            NONE: False,
            NEUTRAL: torn if all_known else torn or None,
            UNEVEN: None if torn or lost or len(live) < 2 else self._uneven(live),
        }

    def _uneven(self, live: list[float]) -> bool | None:
        mean = sum(live) / len(live)
        off = 100 * max(abs(one - mean) for one in live) / mean
        limit = self._parameters.imbalance_pct
        return beyond(off, limit, 0.8 * limit)

    def _follow(
        self,
        memory: SupplyVoltageMemory,
        conditions: Conditions,
        told: dict[str, bool | None],
        phases: list[float | None],
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        clear, gap = self._parameters.clear_for_s, int(self._parameters.longest_gap_s * 1000)
        findings: list[Finding] = []
        for condition, holds in told.items():
            ending = raised(conditions, condition)
            wait = int(clear * 1000) if ending else self._waits[condition]
            seen = follow_one(conditions, condition, holds, reading.happened, wait, gap)
            if seen is None:
                continue
            priority = self._priorities[condition]
            why = self._why(condition, seen.raised, phases)
            findings.append(
                Finding(condition, True, priority, seen.began, now, why, remark=remark_on(reading))
                if seen.raised
                else stopped(condition, priority, seen.began, now, why)
            )
        memory.conditions = conditions or None
        if findings:
            return Outcome(tuple(findings), save=True)
        return NOTHING if pending(conditions) else None

    def _why(self, condition: str, raised: bool, phases: list[float | None]) -> Explanation:
        volts = {index: one for index, one in enumerate(phases) if one is not None}
        highest, lowest = max(volts, key=volts.__getitem__), min(volts, key=volts.__getitem__)
        nominal = self._parameters.nominal_v
        inputs: Inputs = {
            "phase": phase_name(highest if condition == HIGH else lowest),
            "highest_v": tidy(volts[highest]),
            "lowest_v": tidy(volts[lowest]),
            "nominal_v": tidy(nominal),
            "seconds": tidy(self._waits[condition] / 1000),
        }
        mean = sum(volts.values()) / len(volts)
        if condition == UNEVEN and mean:
            inputs = {
                **inputs,
                "off_pct": tidy(100 * max(abs(one - mean) for one in volts.values()) / mean),
                "most_pct": tidy(self._parameters.imbalance_pct),
            }
        limits = {HIGH: self._high, LOW: self._low, LOST: self._parameters.lost_v}
        return self.explain(
            condition if raised else "voltage_right",
            inputs,
            limit=limits.get(condition),
            metric=METRIC,
            unit="V",
        )
