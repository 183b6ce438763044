"""Limits on rates: a bucket of requests for each user, growing waits for failed sign-ins.

Pure but for what they remember; time is handed in as seconds that never jump.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

REMEMBERED: Final = 20_000
"""Names and addresses remembered; the longest unused are forgotten first."""


class Buckets:
    """At most ``per_minute`` a minute for each key, the whole minute's at once if need be."""

    def __init__(self, per_minute: int, remembered: int = REMEMBERED) -> None:
        self._most = float(per_minute)
        self._rate = per_minute / 60
        self._remembered = remembered
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now: float) -> float:
        """Take one; returns 0, or how many seconds to wait when there is none left."""
        left, since = self._buckets.pop(key, (self._most, now))
        left = min(self._most, left + (now - since) * self._rate)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate
        self._buckets[key] = (left if wait else left - 1, now)
        if len(self._buckets) > self._remembered:
            self._buckets.popitem(last=False)
        return wait


class Patience:
    """Waits after failed attempts: none for the first ``free``, then 1, 2, 4 … ``longest`` s.

    Counted for each key alone; a success, or twice the longest wait without an attempt, forgets.
    """

    def __init__(
        self, *, free: int = 5, longest: float = 900.0, remembered: int = REMEMBERED
    ) -> None:
        self._free = free
        self._longest = longest
        self._remembered = remembered
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """How many seconds until the next attempt is looked at; 0 = now."""
        failures, last = self._failures.get(key, (0, now))
        if failures < self._free or now - last > 2 * self._longest:
            return 0.0
        # the exponent is bounded so that a patient attacker does not overflow it
        pause = min(self._longest, 2.0 ** min(failures - self._free, 32))
        return max(0.0, last + pause - now)

    def failed(self, key: str, now: float) -> None:
        """An attempt failed."""
        failures, last = self._failures.pop(key, (0, now))
        if now - last > 2 * self._longest:
            failures = 0
        self._failures[key] = (failures + 1, now)
        if len(self._failures) > self._remembered:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """An attempt succeeded: start counting anew."""
        self._failures.pop(key, None)
