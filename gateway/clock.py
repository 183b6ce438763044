"""The one clock. Whoever needs the time takes ``now``; only the shell asks this."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for people and records, steady time for measuring."""

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...

    def steady(self) -> float:
        """Seconds from an arbitrary start that never jump."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    def steady(self) -> float:
        """Seconds from an arbitrary start that never jump."""
        return time.monotonic()


class ManualClock:
    """A test's clock, turned by hand."""

    def __init__(self, now: int = 1_795_161_600_000) -> None:
        self._now = now
        self._steady = 0.0

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return self._now

    def steady(self) -> float:
        """Seconds from an arbitrary start that never jump."""
        return self._steady

    def jump(self, milliseconds: int) -> int:
        """Somebody sets the clock: no time passes; returns the new ``now``."""
        self._now += milliseconds
        return self._now

    def turn(self, milliseconds: int) -> int:
        """Let time pass; returns the new ``now``."""
        self._now += milliseconds
        self._steady += milliseconds / 1000
        return self._now
