"""A school's connection comes and goes every few seconds; devices keep what they could not send."""

from __future__ import annotations

import random
from bisect import bisect_right
from itertools import accumulate

from devices.model import Device
from devices.simulator.behaviour import ORDINARY, Conditions
from devices.simulator.scenarios.story import Stage, Story


class FlappingNetwork(Story):
    """Up for 5 to 25 seconds, down for 2 to 12, for ten minutes."""

    length = 10 * 60_000

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.school = stage.pick_school()
        chance = random.Random(f"{stage.seed}/flapping/{self.school}")
        spans = [
            chance.randint(*((5_000, 25_000) if turn % 2 == 0 else (2_000, 12_000)))
            for turn in range(200)
        ]
        self._turns = list(accumulate(spans))

    def conditions(self, device: Device, elapsed: int) -> Conditions:
        """Only the connection suffers; nothing is lost, it comes late."""
        if device.school != self.school or elapsed >= self.length:
            return ORDINARY
        return Conditions(buffers=True)

    def is_down(self, school: str, elapsed: int) -> bool:
        """Whether it is a time in between."""
        if school != self.school or elapsed >= self.length:
            return False
        return bisect_right(self._turns, elapsed) % 2 == 1
