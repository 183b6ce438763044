"""A sensor reads otherwise than its neighbours: it is out of calibration, or it drifts away.

What it is judged by is no reading of its own: the gateway compares it with its neighbours once an
hour (`alerts.neighbours`) and says so as the value ``beside_neighbours``.

In one room all sensors must agree. Rooms of a building may differ for good, a cellar from an attic:
there the sensor is held against what was usual of it, which is learned first.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any, Final

import msgspec
from pydantic import Field

from alerts.finding import Explanation, Finding, Outcome, Priority
from alerts.neighbours import PARTS, Comparison, certain, days_so, drift_of
from alerts.rules.measure import Inputs, tidy, unit_of
from alerts.rules.quiet import QuietRule, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Origin, Reading, Value

VALUE: Final = "beside_neighbours"
OFF: Final = "out_of_calibration"
DRIFTING: Final = "drifting"

_DAY: Final = 86_400_000

_FORGETS: Final = 100
"""Days over which what is usual of a sensor follows it: the seasons move rooms, too."""


_UNKNOWN: Final[tuple[float | None, ...]] = (None,) * PARTS
_NOUGHT: Final[tuple[float | None, ...]] = (0.0,) * PARTS


class OutOfCalibrationParameters(Parameters):
    """How much it may read otherwise than its neighbours."""

    metric: str = Field(default="temperature_c", min_length=1)
    """The value that is compared."""

    limit: float = Field(default=2, gt=0)
    """Raised when it reads so much otherwise than its neighbours in the same room, in the unit of
    the value, at all hours of the day."""

    limit_building: float = Field(default=4, gt=0)
    """With neighbours elsewhere in the building: raised when it reads so much otherwise than it
    usually does beside them."""

    spreads: float = Field(default=4, ge=1, le=100)
    """And so many times as much as the neighbours differ among themselves."""

    learn_days: int = Field(default=10, ge=3, le=365)
    """Days after which it is known how it usually reads beside neighbours elsewhere."""


class Beside(msgspec.Struct, frozen=True):
    """What the gateway says of a sensor and its neighbours: a `Comparison` of ``metric``.

    ``room``: the neighbours are in the same room.
    """

    metric: str
    room: bool
    offset: float
    parts: tuple[float | None, ...]
    daily: tuple[float | None, ...]
    spread: float
    neighbours: int


_decode_beside: Final = msgspec.json.Decoder(Beside).decode


class OutOfCalibrationMemory(msgspec.Struct, gc=False):
    """What is usual in each part of the day beside neighbours elsewhere, learned on so many days,
    the last of which is ``day`` (since 1970); and the condition that is raised.
    """

    usual: tuple[float | None, ...] = _UNKNOWN
    learned: int = 0
    day: int = 0
    raised: str = ""


class OutOfCalibration(QuietRule):
    """Gone when it reads less than half of the limit otherwise. While nobody can tell, nothing
    changes.
    """

    __slots__ = ("_learn_days", "_limit", "_limit_building", "_spreads", "metric")

    Parameters = OutOfCalibrationParameters
    Memory = OutOfCalibrationMemory
    kept = (
        ("usual", tuple[float | None, ...]),
        ("learned", int),
        ("day", int),
        ("raised", str),
    )
    telemetry = True
    unhurried = True

    def __init__(self, parameters: OutOfCalibrationParameters, name: str) -> None:
        super().__init__(parameters, name)
        self.metric = parameters.metric
        self._limit = parameters.limit
        self._limit_building = parameters.limit_building
        self._spreads = parameters.spreads
        self._learn_days = parameters.learn_days

    def watches(self) -> frozenset[str]:
        """What the gateway says of it."""
        return frozenset({VALUE})

    def load(self, data: Any) -> OutOfCalibrationMemory:
        """What was learned of a day that is divided otherwise is learned anew."""
        memory: OutOfCalibrationMemory = super().load(data)
        if len(memory.usual) != PARTS:
            memory.usual, memory.learned = _UNKNOWN, 0
        return memory

    def judge(
        self, memory: OutOfCalibrationMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Judge a comparison; a device that speaks of its neighbours itself is not listened to."""
        said = reading.values.get(VALUE)
        if said is None or reading.origin is not Origin.PROBE:
            return None
        try:
            beside = _decode_beside(msgspec.json.encode(said))
        except msgspec.ValidationError:
            return None
        if beside.metric != self.metric or len(beside.parts) != PARTS:
            return None
        learned = not beside.room and self._learn(memory, beside, now)
        usual = _NOUGHT if beside.room else memory.usual
        finding = self._judged(memory, beside, usual, reading, now)
        if finding is not None:
            return Outcome((finding,), save=True)
        return Outcome(save=True) if learned else None

    def _learn(self, memory: OutOfCalibrationMemory, beside: Beside, now: int) -> bool:
        """Once a day, and not from a sensor that is out of it."""
        day = now // _DAY
        if day == memory.day or memory.raised:
            return False
        memory.day = day
        memory.learned += 1
        share = 1 / min(memory.learned, _FORGETS)
        memory.usual = tuple(
            before if part is None else part if before is None else before + (part - before) * share
            for before, part in zip(memory.usual, beside.parts, strict=True)
        )
        return True

    def _judged(
        self,
        memory: OutOfCalibrationMemory,
        beside: Beside,
        usual: Sequence[float | None],
        reading: Reading,
        now: int,
    ) -> Finding | None:
        off = certain(beside.parts, usual)
        least = self._limit if beside.room else self._limit_building
        limit = max(least, self._spreads * beside.spread)
        if memory.raised:
            if abs(off) >= limit / 2:
                return None
            condition, memory.raised = memory.raised, ""
            why = self._why("beside_again", beside, limit, offset=tidy(abs(beside.offset)))
            return stopped(condition, Priority.LOW, reading.happened, now, why)
        if not beside.room and memory.learned < self._learn_days:
            return None
        drift, days = drift_of(beside.daily)
        if abs(off) < limit and not (beside.room and abs(drift) >= limit):
            return None
        # Most of the difference came little by little: it will come to more.
        if abs(drift) >= max(limit, abs(off)) / 2:
            memory.raised = DRIFTING
            code = "drifting_up" if drift > 0 else "drifting_down"
            why = self._why(code, beside, limit, drift=tidy(abs(drift)), days=days)
        else:
            memory.raised = OFF
            days = days_so(beside.daily, fmean(part for part in usual if part is not None), off)
            code = "beside_" + ("room_" if beside.room else "building_")
            code += "above" if off > 0 else "below"
            why = self._why(code, beside, limit, offset=tidy(abs(off)), days=days)
        happened = min(reading.happened, now - days * _DAY)
        return Finding(memory.raised, True, Priority.LOW, happened, now, why)

    def _why(self, code: str, beside: Beside, limit: float, **inputs: float) -> Explanation:
        known: Inputs = {**inputs, "neighbours": beside.neighbours}
        return self.explain(
            code,
            known,
            limit=tidy(limit),
            metric=f"{VALUE}.offset",
            unit=unit_of(self.metric),
        )


def said_of(metric: str, comparison: Comparison, *, room: bool) -> Value:
    """A comparison as the gateway says it: rounded, so that it can be read as a value, too."""
    return {
        "metric": metric,
        "room": room,
        "offset": round(comparison.offset, 2),
        "parts": [None if part is None else round(part, 2) for part in comparison.parts],
        "daily": [None if day is None else round(day, 2) for day in comparison.daily],
        "spread": round(comparison.spread, 3),
        "neighbours": comparison.neighbours,
    }
