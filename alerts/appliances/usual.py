"""A feeder's usual day: its power by the hour, and heaters that belong there.

Nothing that was alarmed is learned. Heaters are learned in the days after a feeder is first judged,
and only if it was so decided: a boiler or a water dispenser that belongs there is on then, and
whoever lives there is not.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.appliances.policy import DAY_MS, HOUR_MS

FOLLOW: Final = 0.01
"""Share by which an hour's power goes to where it is, once a minute: two of its days."""

MOST_LEARNED: Final = 12
AGREES: Final = 0.05
"""Heights that differ by no more than this share are the same heater."""

DAYS: Final = 2
"""On so many days it came before it counts as usual."""


class Learned(msgspec.Struct, gc=False):
    """A heater of this height (W) that came in these hours (a bit each), on so many days."""

    height: float
    hours: int
    days: int
    day: int


class Usual(msgspec.Struct, gc=False):
    """Since when (ms) it is watched; W by local hour (-1 = not known); the heaters learned."""

    since: int
    watts: list[float] = msgspec.field(default_factory=lambda: [-1.0] * 24)
    learned: list[Learned] = msgspec.field(default_factory=list)

    def note_power(self, local: int, watts: float) -> None:
        """Take in the feeder's power at a local time (ms), once a minute."""
        hour = local % DAY_MS // HOUR_MS
        known = self.watts[hour]
        self.watts[hour] = watts if known < 0 else known + FOLLOW * (watts - known)

    def power_at(self, local: int) -> float | None:
        """The usual power at that local time (ms), in W."""
        known = self.watts[local % DAY_MS // HOUR_MS]
        return None if known < 0 else known

    def learn(self, local: int, height: float) -> None:
        """A heater that belongs there came on at that local time (ms)."""
        day, bit = local // DAY_MS, 1 << (local % DAY_MS // HOUR_MS)
        for one in self.learned:
            if abs(one.height - height) <= AGREES * height:
                one.height += 0.2 * (height - one.height)
                one.hours |= bit
                one.days += day != one.day
                one.day = day
                return
        if len(self.learned) < MOST_LEARNED:
            self.learned.append(Learned(height, bit, 1, day))

    def knows(self, local: int, height: float) -> bool:
        """Whether a heater of this height is usual at that local time (ms), or an hour off."""
        hour = local % DAY_MS // HOUR_MS
        near = (1 << hour) | (1 << (hour + 1) % 24) | (1 << (hour - 1) % 24)
        return any(
            one.days >= DAYS and one.hours & near and abs(one.height - height) <= AGREES * height
            for one in self.learned
        )
