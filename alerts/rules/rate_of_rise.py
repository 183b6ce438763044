"""It grows hot quickly: the rate of rise of a temperature, as of a class R heat detector."""

from __future__ import annotations

from pydantic import Field

from alerts.finding import Explanation, Finding, Outcome, Priority
from alerts.rules.fire_sign import SIGN, SIGN_OF_HEAT
from alerts.rules.measure import number, tidy, unit_of
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, one, remark_on, stopped
from alerts.rules.rise import (
    SLOTS,
    UNKNOWN,
    RiseWindow,
    certain_rise,
    note,
    quick_rise,
    refilled,
)
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading


class RateOfRiseParameters(Parameters):
    """How much within how long."""

    metric: str = Field(default="temperature_c", min_length=1)
    """The value that is judged."""

    rise: float = Field(default=12, gt=0)
    """Raised when it has risen by so much, in the unit of the value."""

    within_s: float = Field(default=300, ge=10, le=86_400)
    """The time within which it must have."""

    longest_gap_s: float = Field(default=150, ge=1, le=86_400)
    """After so long without a value, what was before is not compared with what comes after."""

    priority: PriorityName = "high"
    """How urgently people must act."""

    condition: str = "rate_of_rise"
    """The condition's name, catalogue key `condition.…`."""

    latches: bool = True
    """Whether the alert stays until a person resets it."""

    sign_rise: float | None = Field(default=None, gt=0)
    """A rise of so much, or of half of it within a third of the time, is a sign of fire: no alert,
    but the judgement on the room knows it (`alerts.fire_room`). Empty = it says nothing of that."""


class RateOfRiseMemory:
    """The window is filled again from readings; only ``raised`` is kept. ``sign``: told of one."""

    __slots__ = ("raised", "sign", "window")

    def __init__(self) -> None:
        self.window = RiseWindow()
        self.raised = False
        self.sign = False


class RateOfRise(QuietRule):
    """Gone when the rise is less than half: it may have become hot to stay."""

    __slots__ = (
        "_condition",
        "_gap",
        "_latches",
        "_least",
        "_length",
        "_metric",
        "_priority",
        "_rise",
        "_sign",
        "_slot",
        "_unit",
    )

    Parameters = RateOfRiseParameters
    Memory = RateOfRiseMemory
    kept = (("raised", bool),)
    telemetry = True

    def __init__(self, parameters: RateOfRiseParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._metric = parameters.metric
        self._unit = unit_of(parameters.metric)
        self._rise = parameters.rise
        self._sign = parameters.sign_rise
        # Half of a sign's rise, quickly, is one; its last reading may be twice the one before.
        self._least = min(self._rise, (parameters.sign_rise or 4 * self._rise) / 4)
        self._length = int(parameters.within_s * 1000)
        self._slot = self._length // SLOTS
        self._gap = int(parameters.longest_gap_s * 1000)
        self._condition = parameters.condition
        self._priority = priority_of(parameters.priority)
        self._latches = parameters.latches

    def watches(self) -> frozenset[str]:
        """Its one value."""
        return frozenset({self._metric})

    def judge(
        self, memory: RateOfRiseMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Note the value and look whether it has risen."""
        value = reading.values.get(self._metric)
        if value.__class__ is not float:
            value = number(value)
            if value is None:
                return None
        at_most = note(memory.window, reading.happened, value, self._slot, self._gap)
        if at_most < self._least and not memory.raised and not memory.sign:
            return None
        outcome = self._look(memory, reading, now)
        if self._sign is None:
            return outcome
        sign = self._look_for_sign(memory, reading, now)
        if sign is None or outcome is None:
            return outcome if sign is None else Outcome((sign,))
        return Outcome((sign, *outcome.findings), save=True)

    def window(self) -> tuple[str, int]:
        """A slot more than the window, which may begin in the middle of one."""
        return self._metric, self._length + self._slot

    def refill(self, memory: RateOfRiseMemory, points: list[tuple[int, float]]) -> None:
        """Put the stored past before what the window holds."""
        memory.window = refilled(memory.window, points, self._slot, self._gap)

    def _look(self, memory: RateOfRiseMemory, reading: Reading, now: int) -> Outcome | None:
        window = memory.window
        risen, seconds = certain_rise(window, self._slot)
        if memory.raised:
            if risen == UNKNOWN or risen >= self._rise / 2:
                return None  # an unknown rise is none that has ended
            memory.raised = False
            why = self._why("rise_over", window, risen, seconds)
            return one(stopped(self._condition, self._priority, reading.happened, now, why))
        if risen < self._rise:
            return None
        memory.raised = True
        return one(
            Finding(
                self._condition,
                True,
                self._priority,
                reading.happened,
                now,
                self._why("risen", window, risen, seconds),
                occurrence=True,
                latches=self._latches,
                remark=remark_on(reading),
            )
        )

    def _look_for_sign(
        self, memory: RateOfRiseMemory, reading: Reading, now: int
    ) -> Finding | None:
        window, sign = memory.window, self._sign or 0.0
        slow, quick = certain_rise(window, self._slot), quick_rise(window, self._slot)
        risen, seconds = max(slow, quick)
        if memory.sign:
            if risen == UNKNOWN or risen >= sign / 2:
                return None
            memory.sign = False
            why = self._why("fire_sign_gone", window, risen, seconds)
            return stopped(SIGN, Priority.NOTICE, reading.happened, now, why)
        if slow[0] < sign and quick[0] < sign / 2:
            return None
        memory.sign = True
        why = self.explain(
            SIGN_OF_HEAT,
            {"rise_c": tidy(risen), "minutes": tidy(seconds / 60)},
            limit=sign,
            metric=self._metric,
            unit=self._unit,
        )
        return Finding(SIGN, True, Priority.NOTICE, reading.happened, now, why)

    def _why(self, code: str, window: RiseWindow, risen: float, seconds: float) -> Explanation:
        return self.explain(
            code,
            {
                "rise": tidy(risen),
                "minutes": tidy(seconds / 60),
                "value": tidy(window.level),
                "within_minutes": tidy(self._length / 60_000),
            },
            limit=self._rise,
            metric=self._metric,
            unit=self._unit,
        )
