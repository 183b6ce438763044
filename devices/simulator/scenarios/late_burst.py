"""A school is cut off for ten minutes; then its devices send what they kept, oldest first."""

from __future__ import annotations

from typing import Final

from devices.model import Device
from devices.simulator.behaviour import ORDINARY, Conditions
from devices.simulator.scenarios.story import Act, Stage, Story

BEGINS: Final = 5_000
ENDS: Final = 10 * 60_000
PRESSED: Final = 60_000


class LateBurst(Story):
    """Among what comes late is a press: a late alarm is still an alarm."""

    length = 11 * 60_000

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        button = stage.pick_device("alarm-button")
        self.school = button.school
        self.acts = (Act(PRESSED, button.school, button.id, "pressed"),)

    def conditions(self, device: Device, elapsed: int) -> Conditions:
        """Every device of the school keeps its readings."""
        if device.school != self.school or elapsed >= self.length:
            return ORDINARY
        return Conditions(buffers=True)

    def is_down(self, school: str, elapsed: int) -> bool:
        """Whether the school is cut off."""
        return school == self.school and BEGINS <= elapsed < ENDS
