"""When messages to a person go one by one, and when together: nobody reads a hundred at night.

Emergencies have no part in it: each goes at once and by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

WINDOW: Final = 300_000
"""Ms over which messages are counted, and between two digests."""


class Turn(Enum):
    """How the waiting messages go."""

    SINGLY = "singly"
    TOGETHER = "together"
    LATER = "later"


class Course(msgspec.Struct):
    """What has gone to one receiver: when single messages did, and when the last digest (ms).

    ``most`` single messages go within `WINDOW`; what is more than that is put together, once in
    `WINDOW`, until a whole one has passed since the last digest.
    """

    most: int
    window: int = WINDOW
    sent: list[int] = []
    digested: int | None = None

    def turn(self, waiting: int, now: int) -> Turn:
        """How the ``waiting`` messages go at ``now``."""
        if waiting <= self._free(now):
            return Turn.SINGLY
        return Turn.TOGETHER if now >= self.due(now) else Turn.LATER

    def due(self, now: int) -> int:
        """When the next digest may go, in ms; not later than a window from now, whatever clock."""
        if self.digested is None:
            return now
        return min(self.digested + self.window, now + self.window)

    def went(self, messages: int, now: int) -> None:
        """So many went at ``now`` in one: remember it."""
        self.sent = [at for at in self.sent if now - self.window < at <= now]
        if messages > 1 or not self._free(now):
            self.digested = now
        else:
            self.sent.append(now)

    def recall(self, gone: Iterable[tuple[int, int]]) -> None:
        """Take up what went before a restart: (when, how many at once), oldest first."""
        for at, messages in gone:
            self.went(messages, at)

    def _free(self, now: int) -> int:
        """How many may still go singly."""
        if self.digested is not None and 0 <= now - self.digested < self.window:
            return 0
        recent = sum(1 for at in self.sent if now - self.window < at <= now)
        return max(0, self.most - recent)
