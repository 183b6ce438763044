"""Floods of alerts: more than a person can work through (ISA-18.2, 16.5.3).

A flood changes nothing about any alert. It is recognised so that screens can show what came with it
together, and what came first: that is most likely the cause. Emergencies are never shown grouped.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

import msgspec

MINUTE: Final = 60_000


class FloodLimits(msgspec.Struct, frozen=True, kw_only=True):
    """More than ``more_than`` activations within ``within`` ms begin a flood, fewer than
    ``fewer_than`` end it. The defaults are the standard's, for one operator."""

    more_than: int = 10
    fewer_than: int = 5
    within: int = 10 * MINUTE


class Flood(msgspec.Struct, frozen=True):
    """A flood that stands: ``since`` (ms) its ``first`` alert, ``count`` activations till now."""

    since: int
    count: int
    first: int


class Activation(NamedTuple):
    """That an alert became active, or did so again; ``known`` in ms."""

    known: int
    alert: int
    school: str


class FloodWatch:
    """The activations of one school. Times in ms, in the order in which they became known."""

    def __init__(self, limits: FloodLimits) -> None:
        self._limits: Final = limits
        # With one more a flood stands, and with these it goes on: older ones change neither.
        self._recent: deque[tuple[int, int]] = deque(maxlen=limits.more_than + 1)
        self._flood: Flood | None = None

    def activated(self, alert: int, now: int) -> None:
        """One more activation."""
        self._forget(now)
        self._recent.append((now, alert))
        if self._flood is not None:
            self._flood = msgspec.structs.replace(self._flood, count=self._flood.count + 1)
        elif len(self._recent) > self._limits.more_than:
            since, first = self._recent[0]
            self._flood = Flood(since, len(self._recent), first)

    def standing(self, now: int) -> Flood | None:
        """The flood, if there is one."""
        self._forget(now)
        return self._flood

    @property
    def idle(self) -> bool:
        """Whether nothing is left to remember."""
        return self._flood is None and not self._recent

    def _forget(self, now: int) -> None:
        """What is no longer recent; with too little left the flood is over.

        One activation at a time is let go of, and none is recent that a clock set back puts into
        the future.
        """
        recent, limits = self._recent, self._limits
        while recent and not now - limits.within < recent[0][0] <= now + MINUTE:
            recent.popleft()
        if len(recent) < limits.fewer_than:
            self._flood = None
