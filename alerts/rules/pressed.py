"""A one-key alarm button was pressed: an emergency, and each press counts.

That a press is not one already known has been seen to before (`alerts.rules.events_seen`).
"""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome, Priority
from alerts.rules.quiet import QuietRule, one, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

PRESSES: Final = frozenset({"pressed", "held", "pressed_twice"})
RELEASES: Final = frozenset({"released", "restored"})
CONDITION: Final = "panic"


class PressedParameters(Parameters):
    """When a press is over."""

    ends_after_s: float = Field(default=60, ge=1, le=86_400)
    """Buttons that never say they were released count as released after so many seconds. The
    alert stays until people have dealt with it: it latches."""


class PressedMemory(msgspec.Struct, gc=False):
    """``pressed`` is when (ms) the press was known that has not ended yet, 0 = none."""

    pressed: int = 0


class Pressed(QuietRule):
    """Condition ``panic``: latches until a person resets it."""

    __slots__ = ("_ends_after",)

    Parameters = PressedParameters
    Memory = PressedMemory
    kept = (("pressed", int),)
    events = True

    def __init__(self, parameters: PressedParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._ends_after = int(parameters.ends_after_s * 1000)

    def start(self, memory: PressedMemory, state: DeviceState, now: int) -> Outcome | None:
        """A press that was on when the gateway stopped ends in its time."""
        return Outcome(wake=now + self._ends_after) if memory.pressed else None

    def judge(
        self,
        memory: PressedMemory,
        state: DeviceState,
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        """A press is an occurrence; a release ends it; everything else is none of its business."""
        event = reading.event
        if event in PRESSES:
            memory.pressed = now
            return self._raised(event, reading, now)
        if event in RELEASES and memory.pressed and not reading.retained:
            memory.pressed = 0
            explanation = self.explain("released")
            return one(stopped(CONDITION, Priority.EMERGENCY, reading.happened, now, explanation))
        return None

    def tick(self, memory: PressedMemory, state: DeviceState, now: int) -> Outcome | None:
        """No release came: over."""
        if not memory.pressed:
            return None
        due = memory.pressed + self._ends_after
        if now < due:
            return Outcome(wake=due)
        memory.pressed = 0
        explanation = self.explain("press_over", {"seconds": self._ends_after // 1000})
        return one(stopped(CONDITION, Priority.EMERGENCY, now, now, explanation))

    def _raised(self, event: str, reading: Reading, now: int) -> Outcome:
        zone = reading.values.get("zone")
        named = isinstance(zone, (str, int)) and not isinstance(zone, bool) and zone != ""
        explanation = self.explain(
            f"{event}_in_zone" if named else event, {"zone": str(zone)[:64]} if named else {}
        )
        finding = Finding(
            CONDITION,
            True,
            Priority.EMERGENCY,
            reading.happened,
            now,
            explanation,
            occurrence=True,
            latches=True,
            remark=remark_on(reading),
        )
        return one(finding, wake=now + self._ends_after)
