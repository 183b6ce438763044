"""A battery runs down within minutes, and then its device is not heard any more."""

from __future__ import annotations

from typing import Final

from devices.model import Device
from devices.simulator.behaviour import ORDINARY, Conditions
from devices.simulator.scenarios.story import Stage, Story

EMPTY: Final = 10 * 60_000


class DyingBattery(Story):
    """From 30 % to nothing in ten minutes: months of a real battery in short."""

    length = 30 * 60_000

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.victim = stage.pick_device("smoke", "temperature", "smoke-temperature").key

    def conditions(self, device: Device, elapsed: int) -> Conditions:
        """The victim's battery; unreachable from empty on."""
        if device.key != self.victim or elapsed >= self.length:
            return ORDINARY
        battery = max(0.0, 30 * (1 - elapsed / EMPTY))
        return Conditions(reachable=battery > 0, battery_pct=battery, interval_ms=20_000)
