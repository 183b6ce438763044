"""A smoke detector says that it is in alarm: an emergency, and each trip counts.

That an event is not one already known has been seen to before (`alerts.rules.events_seen`).
"""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome, Priority
from alerts.rules.measure import truth
from alerts.rules.quiet import QuietRule, one, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

CONDITION: Final = "smoke"
FAULT: Final = "device_fault"


class SmokeAlarmParameters(Parameters):
    """When an alarm message tells of a new trip."""

    same_trip_s: float = Field(default=600, ge=0, le=86_400)
    """Detectors repeat their alarm message. One that comes so long after the last sign of alarm
    is a new trip: the message that the first one was over may have been lost."""


class SmokeAlarmMemory(msgspec.Struct, gc=False):
    """``alarm``: in alarm. ``sign``: when (ms, ours) it last said so. ``fault``: said it is.
    ``tested``: when (ms) it last tested itself, 0 = never heard of."""

    alarm: bool = False
    fault: bool = False
    sign: int = 0
    since: int = 0
    tested: int = 0


class SmokeAlarm(QuietRule):
    """Condition ``smoke`` from the value ``smoke_alarm`` and the events ``alarm`` and
    ``alarm_cleared``; condition ``device_fault`` from the event ``fault``.

    A ``self_test`` is no finding: it is noted, and a passed one ends a fault.
    """

    __slots__ = ("_same_trip",)

    Parameters = SmokeAlarmParameters
    Memory = SmokeAlarmMemory
    kept = (
        ("alarm", bool),
        ("fault", bool),
        ("sign", int),
        ("since", int),
        ("tested", int),
    )
    telemetry = True
    events = True

    def __init__(self, parameters: SmokeAlarmParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._same_trip = int(parameters.same_trip_s * 1000)

    def watches(self) -> frozenset[str]:
        """The value of that name."""
        return frozenset({"smoke_alarm"})

    def judge(
        self, memory: SmokeAlarmMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Judge the event, if it is one; else the value."""
        event = reading.event
        if event is None:
            value = reading.values.get("smoke_alarm")
            if value is memory.alarm or value is None:
                if memory.alarm and value is True:
                    memory.sign = now
                return None
            return self._judge_value(memory, truth(value), reading, now)
        if event == "alarm":
            return self._tripped_again(memory, reading, now)
        if event == "fault":
            return self._faulty(memory, reading, now)
        if event == "alarm_cleared":
            return self._judge_value(memory, False, reading, now)
        if event in {"self_test", "fault_cleared"} and not reading.retained:
            return self._sound(memory, reading, now)
        return None

    def _sound(self, memory: SmokeAlarmMemory, reading: Reading, now: int) -> Outcome | None:
        """It has tested itself, or says that its fault is over."""
        tested = reading.event == "self_test"
        if tested:
            memory.tested = max(memory.tested, min(reading.happened, now))
        if not memory.fault:
            return Outcome(save=True) if tested else None
        memory.fault = False
        why = self.explain("fault_gone")
        return one(stopped(FAULT, Priority.MEDIUM, reading.happened, now, why))

    def _judge_value(
        self, memory: SmokeAlarmMemory, alarm: bool | None, reading: Reading, now: int
    ) -> Outcome | None:
        if alarm is None or alarm is memory.alarm:
            return None
        if alarm:
            # A retained value is the last the device said: an alarm that nobody knows of yet.
            return self._tripped(memory, reading, now)
        if reading.retained or reading.happened < memory.since:
            return None  # older than the alarm
        memory.alarm = False
        why = self.explain("smoke_cleared", metric="smoke_alarm")
        return one(stopped(CONDITION, Priority.EMERGENCY, reading.happened, now, why))

    def _tripped_again(
        self, memory: SmokeAlarmMemory, reading: Reading, now: int
    ) -> Outcome | None:
        if memory.alarm and now - memory.sign < self._same_trip:
            memory.sign = now
            return Outcome(save=True)
        return self._tripped(memory, reading, now)

    def _tripped(self, memory: SmokeAlarmMemory, reading: Reading, now: int) -> Outcome:
        memory.alarm = True
        memory.sign = now
        memory.since = reading.happened
        return one(
            Finding(
                CONDITION,
                True,
                Priority.EMERGENCY,
                reading.happened,
                now,
                self.explain("smoke_alarm", metric="smoke_alarm"),
                occurrence=True,
                latches=True,
                remark=remark_on(reading),
            )
        )

    def _faulty(self, memory: SmokeAlarmMemory, reading: Reading, now: int) -> Outcome | None:
        if memory.fault:
            return None
        memory.fault = True
        return one(
            Finding(
                FAULT,
                True,
                Priority.MEDIUM,
                reading.happened,
                now,
                self.explain("detector_fault"),
                remark=remark_on(reading),
            )
        )
