"""Three devices whose clocks are wrong: by a time zone, jumping about, and a day in the future."""

from __future__ import annotations

import zlib
from typing import Final

from devices.model import Device
from devices.simulator.behaviour import ORDINARY, Conditions
from devices.simulator.scenarios.story import Stage, Story

_HOUR: Final = 3_600_000


class ClockTrouble(Story):
    """The first three temperature sensors of the school; a wish names the first of them."""

    length = 60 * 60_000

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        first = stage.pick_device("temperature", "smoke-temperature", "smoke")
        others = [
            device.key
            for device in stage.campus.of_school(first.school)
            if device.kind == first.kind and device.dialect == "native" and device.key != first.key
        ]
        self.wrong = first.key
        """Eight hours slow: local time taken for UTC, the other way round."""

        self.jumping = others[0] if others else None
        self.future = others[1] if len(others) > 1 else None

    def conditions(self, device: Device, elapsed: int) -> Conditions:
        """The clock error of that device at that moment."""
        if elapsed >= self.length:
            return ORDINARY
        if device.key == self.wrong:
            return Conditions(clock_error_ms=-8 * _HOUR, interval_ms=15_000)
        if device.key == self.jumping:
            # Another error every half minute, within two hours to either side.
            turn = zlib.crc32(f"{self.stage.seed}/{elapsed // 30_000}".encode())
            error = turn % (4 * _HOUR) - 2 * _HOUR
            return Conditions(clock_error_ms=error, interval_ms=15_000)
        if device.key == self.future:
            return Conditions(clock_error_ms=24 * _HOUR, interval_ms=15_000)
        return ORDINARY
