"""Which nodes to ask to be born anew, and when: each seldom, and again while it does not answer.

How many are asked in a second over all schools is not decided here: `gateway.pipeline.asking`.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

import msgspec

MOST: Final = 4000
"""Nodes remembered; beyond it those go that were asked longest ago."""

FIRST_PAUSE: Final = 10_000
LONGEST_PAUSE: Final = 300_000
"""ms between two requests to one node that answers: a birth is large, and a node may be asked by
others too; and to one that has not answered for long."""

TRIES: Final = 8
"""Requests without an answer; then it is asked only when it speaks."""


class _Asked(msgspec.Struct, gc=False):
    """``at`` is when it was asked last (ms, 0 = never), ``due`` when it is to be asked next,
    ``None`` while nothing is wanted of it; ``unanswered`` how often it was asked in vain.
    """

    at: int = 0
    due: int | None = None
    unanswered: int = 0


class Rebirths:
    """Times in ms. A node is wanted until it is born or dies."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Asked] = {}
        self._next: int | None = None

    def __len__(self) -> int:
        return len(self._nodes)

    def want(self, node: str, now: int, *, after: int = 0) -> None:
        """It is to be asked: ``after`` so many ms, and not sooner than it may be asked again."""
        asked = self._nodes.get(node)
        if asked is None:
            if len(self._nodes) >= MOST:
                # The longest unasked for: dictionaries keep their order, and `take` renews it.
                self._nodes.pop(next(iter(self._nodes)))
            asked = self._nodes[node] = _Asked()
        if asked.due is not None and asked.due <= now + LONGEST_PAUSE * 2:
            return  # and if our clock was set back, it is due anew
        if asked.at > now:
            asked.at = 0
        earliest = asked.at + _pause(node, asked.unanswered) if asked.at else 0
        self._schedule(asked, max(now + after, earliest))

    def answered(self, node: str) -> None:
        """It was born or has died: nothing is wanted of it any more."""
        asked = self._nodes.get(node)
        if asked is not None:
            asked.due = None
            asked.unanswered = 0

    def next(self) -> int | None:
        """When somebody may be due; never later than that."""
        return self._next

    def take(self, now: int, most: int) -> list[str]:
        """Up to ``most`` nodes to be asked now; they count as asked."""
        if self._next is None or now < self._next:
            return []
        due = [node for node, asked in self._nodes.items() if _is_due(asked, now)]
        for node in due[:most]:
            asked = self._nodes.pop(node)
            self._nodes[node] = asked
            asked.at = now
            asked.unanswered += 1
            # Until it answers; a command may be lost, and a node may be slow.
            again = asked.unanswered < TRIES
            asked.due = now + _pause(node, asked.unanswered) if again else None
        waiting = [asked.due for asked in self._nodes.values() if asked.due is not None]
        self._next = min(waiting, default=None)
        return due[:most]

    def _schedule(self, asked: _Asked, due: int) -> None:
        asked.due = due
        if self._next is None or due < self._next:
            self._next = due


def _is_due(asked: _Asked, now: int) -> bool:
    return asked.due is not None and asked.due <= now


def _pause(node: str, unanswered: int) -> int:
    """Longer each time; a little more for some than for others, so that no crowd stays one."""
    pause = min(FIRST_PAUSE << min(max(unanswered - 1, 0), 8), LONGEST_PAUSE)
    return pause * (100 + crc32(node.encode("utf-8", "replace")) % 25) // 100
