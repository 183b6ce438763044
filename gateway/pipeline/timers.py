"""One queue for everything that must happen at a time, however many devices wait in it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Generic, TypeVar

Key = TypeVar("Key")


class TimerQueue(Generic[Key]):
    """Times (ms) by key; setting a key again replaces its time.

    A replaced entry stays in the heap until it comes up and is recognised as old, so setting is
    O(log n) without a search. The heap is rebuilt when most of it is old.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Key]] = []
        self._due: dict[Key, tuple[int, int, Key]] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._due)

    def set(self, key: Key, due: int | None) -> None:
        """Wake ``key`` at ``due``; ``None`` forgets it."""
        if due is None:
            self._due.pop(key, None)
            return
        self._count += 1
        self._due[key] = entry = (due, self._count, key)
        heapq.heappush(self._heap, entry)
        if len(self._heap) > 64 + 4 * len(self._due):
            self._heap = list(self._due.values())
            heapq.heapify(self._heap)

    def fill(self, entries: Iterable[tuple[Key, int]]) -> None:
        """Set many at once: one heapify for all of them, as at a start with 100,000 devices."""
        for key, due in entries:
            self._count += 1
            self._due[key] = entry = (due, self._count, key)
            self._heap.append(entry)
        heapq.heapify(self._heap)

    def next(self) -> int | None:
        """When the earliest is due (ms); an entry replaced meanwhile may make this early."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: int, most: int) -> list[Key]:
        """At most ``most`` keys whose time has come, earliest first; they are forgotten here."""
        heap, due = self._heap, self._due
        keys: list[Key] = []
        while heap and heap[0][0] <= now and len(keys) < most:
            entry = heapq.heappop(heap)
            key = entry[2]
            if due.get(key) is entry:
                del due[key]
                keys.append(key)
        return keys
