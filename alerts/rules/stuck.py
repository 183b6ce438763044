"""A value never moves although it always did: the sensor is stuck, not the room.

How long a value may stand still is learned of each sensor, since it depends on how finely it
measures and on where it hangs: a sensor of half a degree in a cellar rests for days, one of a
hundredth in a classroom for minutes. One that has never been seen to move is not judged.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome, Priority
from alerts.rules.measure import number, tidy, unit_of
from alerts.rules.quiet import QuietRule, one, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

_HOUR: Final = 3_600_000
_EVERY: Final = 25_000
"""ms. Readings that come sooner after the last one that was looked at are passed over."""

_HEARD_AGAIN: Final = 2 * _HOUR
"""A pause longer than this counts as none of the time in which the value stood still."""

_SEASON: Final = 14 * 24 * _HOUR
"""The longest rest is remembered for one to two of these: weekends and single holidays are in it.
"""

_NOTED: Final = 6 * _HOUR
"""A rest of this length is saved, so that a restart does not begin it anew."""


class StuckParameters(Parameters):
    """For how long a value may stand still."""

    metric: str = Field(default="temperature_c", min_length=1)
    """The value that is watched."""

    still_h: float = Field(default=24, ge=1, le=24 * 31)
    """Never raised before the value has stood still for so long."""

    times: float = Field(default=5, ge=2, le=100)
    """Nor before it has stood still for so many times its longest rest of the last weeks."""

    moves: int = Field(default=50, ge=5, le=100_000)
    """It must have been seen to move so often before it is judged."""

    condition: str = "stuck"
    """The condition's name, catalogue key `condition.…`."""


class StuckMemory(msgspec.Struct, gc=False):
    """``value`` has stood since ``since``, last seen ``at`` (ms, ours, pauses left out of it).

    ``longest`` and ``before`` are the longest rests (ms) that ended by a movement, of the season
    that began at ``season`` and of the one before it; ``moves`` counts movements. ``noted``: the
    rest is long enough to be worth remembering.
    """

    value: float | None = None
    since: int = 0
    at: int = 0
    longest: int = 0
    before: int = 0
    season: int = 0
    moves: int = 0
    noted: bool = False
    raised: bool = False


class Stuck(QuietRule):
    """Gone as soon as the value moves."""

    __slots__ = ("_condition", "_metric", "_moves", "_still", "_times")

    Parameters = StuckParameters
    Memory = StuckMemory
    kept = (
        ("value", float),
        ("since", int),
        ("at", int),
        ("longest", int),
        ("before", int),
        ("season", int),
        ("moves", int),
        ("noted", bool),
        ("raised", bool),
    )
    telemetry = True
    unhurried = True

    def __init__(self, parameters: StuckParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._metric = parameters.metric
        self._still = int(parameters.still_h * _HOUR)
        self._times = parameters.times
        self._moves = parameters.moves
        self._condition = parameters.condition

    def watches(self) -> frozenset[str]:
        """Its one value."""
        return frozenset({self._metric})

    def load(self, data: Any) -> StuckMemory:
        """A rest that was not noted may have ended since it was saved: it begins anew."""
        memory: StuckMemory = super().load(data)
        if not memory.noted:
            memory.value, memory.since, memory.at = None, 0, 0
        return memory

    def judge(
        self, memory: StuckMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Follow how long the value has stood still."""
        received = reading.received
        if 0 < received - memory.at < _EVERY:
            return None
        value = number(reading.values.get(self._metric))
        if value is None:
            return None
        passed, memory.at = received - memory.at, received
        if value != memory.value or passed < 0:  # our clock was set back: nothing can be told
            return self._moved(memory, value, reading, now)
        if passed > _HEARD_AGAIN:
            memory.since += passed
        rest = received - memory.since
        if memory.raised or rest < _NOTED:
            return None
        if not memory.noted:
            memory.noted = True
            return Outcome(save=True)
        usual = max(memory.longest, memory.before)
        if rest < self._still or memory.moves < self._moves or rest < self._times * usual:
            return None
        memory.raised = True
        why = self.explain(
            "stuck",
            {"value": tidy(value), "hours": rest // _HOUR, "rest_minutes": usual / 60_000},
            metric=self._metric,
            unit=unit_of(self._metric),
        )
        return one(Finding(self._condition, True, Priority.LOW, memory.since, now, why))

    def _moved(
        self, memory: StuckMemory, value: float, reading: Reading, now: int
    ) -> Outcome | None:
        received = reading.received
        if memory.value is not None:
            memory.moves += 1
            if not memory.raised:  # what a broken sensor does is no measure of it
                memory.longest = max(memory.longest, received - memory.since)
        if not 0 <= received - memory.season < _SEASON:
            # Of the season before a longer pause nothing is known that still counts.
            following = 0 <= received - memory.season < 2 * _SEASON
            memory.before = memory.longest if following or not memory.season else 0
            memory.longest, memory.season = 0, received
        was_noted, was_raised = memory.noted, memory.raised
        memory.value, memory.since = value, received
        memory.noted = memory.raised = False
        if was_raised:
            why = self.explain(
                "moves_again",
                {"value": tidy(value)},
                metric=self._metric,
                unit=unit_of(self._metric),
            )
            return one(stopped(self._condition, Priority.LOW, reading.happened, now, why))
        # Learned enough to be judged, or a rest is over that was saved: once in hours at most.
        return Outcome(save=True) if was_noted or memory.moves == self._moves else None
