"""A feeder draws more than its breaker is rated for, and for how long it can: heat, not an instant.

A thermal release is a body that the current heats and the air cools. As a body of the first order,
its heat `h` as a share of that at which it trips goes towards (I / (k · In))² with one time
constant: I is the current, In the rating, k the multiple of it that never trips.
"""

from __future__ import annotations

from math import exp, inf, log
from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Explanation, Finding, Outcome
from alerts.rules.lasting import Conditions, follow_one, raised
from alerts.rules.measure import Inputs, number, tidy
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.feeder import phase_name
from devices.reading import Reading

METRIC: Final = "current_a"
NEAR: Final = "overload_near"
OVERLOAD: Final = "overload"

_HALF: Final = 0.5
"""The heat below which nothing is called an overload yet: the start of a motor is short."""

_COOLED: Final = 0.1
"""So far below its limit the heat must be for the early warning to be over."""


class OverloadParameters(Parameters):
    """The breaker, and when to say what. Without ``rating_a`` nothing is judged."""

    rating_a: float | None = Field(default=None, gt=0, le=6300)
    """What the breaker of this feeder is rated for, in A. Without it, overload is not judged."""

    never_trips: float = Field(default=1.13, ge=1, le=2)
    """The multiple of the rating that it bears for good (IEC 60898-1: 1.13)."""

    time_constant_s: float = Field(default=270, ge=10, le=36_000)
    """How quickly it heats and cools. 270 s: at 2.55 times its rating it trips within a minute."""

    warn_pct: float = Field(default=80, gt=0, lt=100)
    """Early warning at this share of the heat at which it trips. For good, the rated current comes
    to 78 %."""

    warn_minutes: float = Field(default=15, ge=0, le=1440)
    """Early warning, too, when it would trip within so many minutes."""

    for_s: float = Field(default=120, ge=0, le=3600)
    """How long it must be so for the early warning: kettles boil."""

    alarm_minutes: float = Field(default=5, ge=0, le=1440)
    """Overload when it is half-way there and would trip within so many minutes."""

    clear_for_s: float = Field(default=60, ge=0, le=3600)
    """How long it must be less before either is over."""

    longest_gap_s: float = Field(default=150, ge=1, le=3600)
    """Of a longer time without readings nothing is known: it may have cooled meanwhile."""

    warn_priority: PriorityName = "medium"
    """How urgent the early warning is."""

    priority: PriorityName = "high"
    """How urgent the overload is."""


class OverloadMemory(msgspec.Struct, gc=False):
    """The heat that is certain of each phase and its last current, when that was (device time,
    ms), and the conditions that are raised or may soon be.
    """

    heat: tuple[float, ...] = ()
    last: tuple[float | None, ...] = ()
    at: int = 0
    conditions: Conditions | None = None


class Overload(QuietRule):
    """Conditions ``overload_near`` and ``overload`` from the value ``current_a``.

    Between two readings the lower of both currents is taken to flow, and none over a gap: one that
    caught the start of a motor is no overload, and what nobody measured heats nothing.
    """

    __slots__ = (
        "_alarm",
        "_bears",
        "_clear",
        "_for",
        "_gap",
        "_near_priority",
        "_priority",
        "_rating",
        "_tau",
        "_warn",
        "_warn_within",
        "telemetry",
    )

    Parameters = OverloadParameters
    Memory = OverloadMemory
    kept = (
        ("heat", tuple[float, ...]),
        ("at", int),
        ("conditions", Conditions | None),
    )

    def __init__(self, parameters: OverloadParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._rating = parameters.rating_a or 0.0
        self.telemetry = parameters.rating_a is not None
        self._bears = self._rating * parameters.never_trips
        self._tau = parameters.time_constant_s
        self._warn = parameters.warn_pct / 100
        self._warn_within = parameters.warn_minutes * 60
        self._alarm = parameters.alarm_minutes * 60
        self._for = int(parameters.for_s * 1000)
        self._clear = int(parameters.clear_for_s * 1000)
        self._gap = int(parameters.longest_gap_s * 1000)
        self._near_priority = priority_of(parameters.warn_priority)
        self._priority = priority_of(parameters.priority)

    @property
    def rating_a(self) -> float | None:
        """What the breaker is rated for (A), if anybody has said."""
        return self._rating if self.telemetry else None

    def watches(self) -> frozenset[str]:
        """The currents."""
        return frozenset({METRIC})

    def judge(
        self, memory: OverloadMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Heat or cool each phase, and look when it would trip."""
        value = reading.values.get(METRIC)
        passed = reading.happened - memory.at
        if value is None or passed <= 0:
            return None
        told = value if isinstance(value, list) else [value]
        currents = [number(one) for one in told]
        known = passed <= self._gap
        heat, certain = self._heated(memory, currents, passed / 1000, known)
        memory.heat, memory.last, memory.at = tuple(heat), tuple(currents), reading.happened
        if not known:
            return None  # the first reading after a gap begins anew
        hottest = max(heat, default=0.0)
        hardest = max((one for one in certain if one is not None), default=0.0)
        if memory.conditions is None and hottest < self._warn and hardest < self._bears:
            return None
        return self._look(memory, certain, reading, now)

    def _heated(
        self,
        memory: OverloadMemory,
        currents: list[float | None],
        seconds: float,
        known: bool,
    ) -> tuple[list[float], list[float | None]]:
        """Heat of each phase now, and the current that certainly flowed since the last reading."""
        kept = exp(-seconds / self._tau)
        before, last = memory.heat, memory.last
        heat: list[float] = []
        certain: list[float | None] = []
        for index, current in enumerate(currents):
            warm = before[index] if index < len(before) else 0.0
            flowed: float | None = None
            if known and current is not None and index < len(last):
                earlier = last[index]
                if earlier is not None:
                    flowed = min(abs(current), abs(earlier))
            share = (flowed or 0.0) / self._bears
            # A release that has tripped grows no hotter; nor does one that ought to have.
            heat.append(min(warm * kept + share * share * (1 - kept), 1.0))
            certain.append(flowed)
        return heat, certain

    def _look(
        self,
        memory: OverloadMemory,
        certain: list[float | None],
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        left = [
            inf if current is None else self.seconds_left(heat, current)
            for heat, current in zip(memory.heat, certain, strict=True)
        ]
        soonest, hottest = min(left), max(memory.heat)
        # The phase to speak of: that which trips first, else the hottest.
        index = left.index(soonest) if soonest <= self._warn_within else memory.heat.index(hottest)
        over = any(
            heat >= _HALF and seconds <= self._alarm
            for heat, seconds in zip(memory.heat, left, strict=True)
        )
        near = over or hottest >= self._warn or soonest <= self._warn_within
        # Raised for what is certain; over only when every phase was measured.
        ended = None not in certain and soonest == inf
        gone = ended and hottest < self._warn - _COOLED
        findings: list[Finding] = []
        conditions = memory.conditions or {}
        steps = (
            (NEAR, near, gone, self._for, self._near_priority),
            (OVERLOAD, over, ended, 0, self._priority),
        )
        for condition, holds, is_gone, wait, priority in steps:
            verdict = True if holds else False if is_gone else None
            length = self._clear if raised(conditions, condition) else wait
            seen = follow_one(conditions, condition, verdict, reading.happened, length, self._gap)
            if seen is None:
                continue
            why = self._why(
                condition, seen.raised, index, memory.heat[index], certain[index], left[index]
            )
            findings.append(
                Finding(condition, True, priority, seen.began, now, why, remark=remark_on(reading))
                if seen.raised
                else stopped(condition, priority, seen.began, now, why)
            )
        memory.conditions = conditions or None
        return Outcome(tuple(findings), save=True) if findings else None

    def seconds_left(self, heat: float, current: float) -> float:
        """How long (s) until a phase of that heat trips at that current (A); ``inf`` = never."""
        share = current / self._bears
        goal = share * share
        if heat >= 1.0:
            return 0.0 if goal > 1.0 else inf
        return self._tau * log((goal - heat) / (goal - 1.0)) if goal > 1.0 else inf

    def _why(
        self,
        condition: str,
        begun: bool,
        index: int,
        heat: float,
        current: float | None,
        left: float,
    ) -> Explanation:
        inputs: Inputs = {
            "phase": phase_name(index),
            "current_a": None if current is None else tidy(current),
            "rating_a": tidy(self._rating),
            "heat_pct": round(heat * 100),
        }
        if not begun:
            code = "overload_over"
        elif left == inf:
            code = "overload_warm"
        else:
            code = condition
            inputs = {**inputs, "minutes": tidy(left / 60)}
        return self.explain(code, inputs, limit=self._rating, metric=METRIC, unit="A")
