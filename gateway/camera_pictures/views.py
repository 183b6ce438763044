"""Who has looked at the wall of small pictures: once in a while it is written down.

On a wall hundreds are seen at once, every half minute anew: a fact for each would bury those that
somebody may one day ask for. See docs/decisions.
"""

from __future__ import annotations

import asyncio
from typing import Final

SMALL_SIDE: Final = 160
"""Pixels. In a picture of a yard or a room, of which these are made, a face is a few of them."""

APART_MS: Final = 900_000


class WallViews:
    """When each person's last view of each school's wall was written. After a restart it is written
    once more.
    """

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], int] = {}
        self.turn: Final = asyncio.Lock()
        """Held from the question whether a view is new until it is written: a browser asks for
        several pictures in the same moment.
        """

    def is_new(self, user: str, school: str, now: int) -> bool:
        """Whether a view (at ``now``, ms) is to be written down."""
        before = self._written.get((user, school))
        return before is None or not 0 <= now - before < APART_MS

    def written(self, user: str, school: str, now: int) -> None:
        """It is."""
        self._written = {
            key: at for key, at in self._written.items() if 0 <= now - at < APART_MS
        } | {(user, school): now}
