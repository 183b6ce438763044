"""A school goes dark: its connection breaks, and for a quarter of an hour nothing is heard."""

from __future__ import annotations

from typing import Final

from devices.simulator.scenarios.story import Stage, Story

BEGINS: Final = 10_000
ENDS: Final = 15 * 60_000


class SchoolDark(Story):
    """What was measured meanwhile is lost. The broker publishes the connection's last will."""

    length = 16 * 60_000

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.school = stage.pick_school()

    def is_down(self, school: str, elapsed: int) -> bool:
        """Whether it is dark."""
        return school == self.school and BEGINS <= elapsed < ENDS
