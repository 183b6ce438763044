"""A device says that it is in alarm, of whatever kind it was registered: an emergency.

Gas and carbon monoxide have no kind of their own, and combined detectors are registered as what
they mostly are. Smoke of the kinds of smoke is judged by `alerts.rules.smoke_alarm`, presses by
`alerts.rules.pressed`.
"""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome, Priority
from alerts.rules.measure import truth
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

BY_VALUE: Final = {
    "gas_alarm": "gas_alarm",
    "co_alarm": "co_alarm",
    "water_leak": "water_leak",
    "smoke_alarm": "smoke",
}
"""The condition of each value that says so."""

BY_EVENT: Final = "device_alarm"
"""The condition of the event ``alarm``: what of, only the device knows."""

_EVENTS: Final = {"alarm": True, "alarm_cleared": False}


class InAlarmParameters(Parameters):
    """What of the device tells of an alarm."""

    by_event: bool = False
    """Whether the event `alarm` does, of kinds that have no rule of their own for it."""

    smoke: bool = False
    """Whether the value `smoke_alarm` does, of kinds that have no rule of their own for it."""

    water_priority: PriorityName = "high"
    """How urgently people must act on water. Gas, carbon monoxide and smoke are emergencies."""

    same_trip_s: float = Field(default=600, ge=0, le=86_400)
    """Detectors repeat their alarm message. One that comes so long after the last one is a new
    trip: the message that the first one was over may have been lost."""


class InAlarmMemory(msgspec.Struct, gc=False):
    """``standing``: when (ms, device time) each condition that stands was said, by an event the
    last time; ``None`` = there is none, as is nearly always so of nearly all devices."""

    standing: dict[str, int] | None = None


class InAlarm(QuietRule):
    """Conditions ``gas_alarm``, ``co_alarm``, ``water_leak`` and ``smoke`` from values of devices,
    ``device_alarm`` from the events ``alarm`` and ``alarm_cleared``. All of them latch."""

    __slots__ = ("_by_event", "_same_trip", "_values", "_water")

    Parameters = InAlarmParameters
    Memory = InAlarmMemory
    kept = (("standing", dict[str, int] | None),)
    telemetry = True
    events = True

    def __init__(self, parameters: InAlarmParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._by_event = parameters.by_event
        self._same_trip = int(parameters.same_trip_s * 1000)
        self._values = tuple(
            metric for metric in BY_VALUE if parameters.smoke or metric != "smoke_alarm"
        )
        self._water = priority_of(parameters.water_priority)

    def watches(self) -> frozenset[str]:
        """The values that say so."""
        return frozenset(self._values)

    def judge(
        self, memory: InAlarmMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Judge the event, if it is one of an alarm, and each value that is there."""
        before = memory.standing
        found: list[Finding] = []
        alarm = _EVENTS.get(reading.event) if self._by_event and reading.event else None
        if alarm is not None:
            found += self._told(memory, BY_EVENT, alarm, reading, now, repeats=True)
        values = reading.values
        for metric in self._values:
            if metric in values and (alarm := truth(values[metric])) is not None:
                found += self._told(memory, BY_VALUE[metric], alarm, reading, now)
        return None if memory.standing is before else Outcome(tuple(found), save=True)

    def _told(
        self,
        memory: InAlarmMemory,
        condition: str,
        alarm: bool,
        reading: Reading,
        now: int,
        *,
        repeats: bool = False,
    ) -> list[Finding]:
        standing = memory.standing or {}
        since = standing.get(condition)
        if not alarm:
            if since is None or reading.retained or reading.happened < since:
                return []  # nothing stands, or it is older than the alarm
            memory.standing = {one: at for one, at in standing.items() if one != condition} or None
            return [self._over(condition, reading, now)]
        if since is not None and not repeats:
            return []
        # A retained value is the last the device said: an alarm that nobody knows of yet.
        memory.standing = {**standing, condition: reading.happened}
        if since is not None and reading.happened - since < self._same_trip:
            return []
        return [self._raised(condition, reading, now)]

    def _raised(self, condition: str, reading: Reading, now: int) -> Finding:
        return Finding(
            condition,
            True,
            self._priority(condition),
            reading.happened,
            now,
            self.explain(f"in_alarm_{condition}", {"event": reading.event or ""}),
            occurrence=True,
            latches=True,
            remark=remark_on(reading),
        )

    def _over(self, condition: str, reading: Reading, now: int) -> Finding:
        why = self.explain("in_alarm_over")
        return stopped(condition, self._priority(condition), reading.happened, now, why)

    def _priority(self, condition: str) -> Priority:
        return self._water if condition == "water_leak" else Priority.EMERGENCY
