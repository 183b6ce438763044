"""A meter whose readings a test writes down: loads that come and go over a base."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import pytest

from alerts.appliances.feeder import Feeder, follow
from alerts.appliances.loads import Load

START = 1_795_161_600_000
GAP = 60_000


class Meter:
    """Reads the sum of a base and of loads ``(begin s, end s, W, var)`` when asked to."""

    def __init__(
        self,
        *loads: tuple[float, float, float, float],
        base: float = 400,
        reactive: bool = False,
        least: float = 600,
    ) -> None:
        self.start = START
        self.feeder = Feeder()
        self.told: list[Load] = []
        self._loads = loads
        self._base = base
        self._reactive = reactive
        self._least = least

    def at(self, second: float) -> tuple[float, float]:
        on = [load for load in self._loads if load[0] <= second < load[1]]
        reactive = 30 + sum(load[3] for load in on) if self._reactive else math.nan
        return self._base + sum(load[2] for load in on), reactive

    def reads(self, seconds: Iterable[float]) -> list[Load]:
        """What is told meanwhile."""
        told: list[Load] = []
        for second in seconds:
            watts, reactive = self.at(second)
            now = START + int(1000 * second)
            told += follow(self.feeder, now, watts, reactive, self._least, GAP)
        self.told += told
        return told


@pytest.fixture(scope="session")
def meter() -> Callable[..., Meter]:
    """``meter((10, 200, 2000, 0), base=400)``: what is on from when to when, in s, W and var."""
    return Meter
