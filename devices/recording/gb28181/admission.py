"""How much a stranger is answered: so much per address and altogether, and nothing beyond."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MOST_HOSTS: Final = 4_096
"""Addresses remembered; of a flood from more, the oldest are forgotten, the total still holds."""


class Bucket:
    """So many at once, refilled at so many a second."""

    __slots__ = ("_at", "_left", "_most", "_rate")

    def __init__(self, most: float, per_second: float, now: int) -> None:
        self._most, self._rate = most, per_second
        self._left, self._at = most, now

    def take(self, now: int) -> bool:
        """Take one; False when there is none left. ``now`` in ms."""
        if self.empty(now):
            return False
        self._left -= 1
        return True

    def empty(self, now: int) -> bool:
        """Whether there is none left to take."""
        passed = max(0, now - self._at)
        self._left = min(self._most, self._left + passed * self._rate / 1000)
        self._at = now
        return self._left < 1


class Admission:
    """Whether one more message from an address is looked at."""

    def __init__(
        self, *, burst: int, per_second: float, total_burst: int, total_per_second: float
    ) -> None:
        self._burst, self._rate = burst, per_second
        self._total: Final = Bucket(total_burst, total_per_second, 0)
        self._hosts: Final[OrderedDict[str, Bucket]] = OrderedDict()

    def admit(self, host: str, now: int) -> bool:
        """One more from ``host``; False when it, or all together, had their share."""
        bucket = self._hosts.get(host)
        if bucket is None:
            bucket = self._hosts[host] = Bucket(self._burst, self._rate, now)
            if len(self._hosts) > MOST_HOSTS:
                self._hosts.popitem(last=False)
        else:
            self._hosts.move_to_end(host)
        return bucket.take(now) and self._total.take(now)

    def spent(self, host: str, now: int) -> bool:
        """Whether ``host`` had its share, without taking from it."""
        bucket = self._hosts.get(host)
        return bucket is not None and bucket.empty(now)
