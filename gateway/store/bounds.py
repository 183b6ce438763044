"""Keeps the tables bounded that anyone who can publish could otherwise fill.

Each bound lets a few rows more stand than it says, so that pruning costs once in many rows.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from dataclasses import dataclass, field
from typing import Final

ENTRIES_A_SESSION: Final = 70_000
"""Packet ids kept per session: more than the 65,535 that can be in flight (MQTT 5, 3.1.2.11.3)."""

REJECTS: Final = 10_000
REJECTS_A_SCHOOL: Final = 1_000
REJECTS_SLACK: Final = 100
DISCOVERIES_A_SCHOOL: Final = 5_000
DISCOVERIES_SLACK: Final = 100

MARK_EVERY: Final = 64
"""Rows of ``acknowledging`` between two marks at which they may be cut off."""


_OLD_REJECTS: Final = "DELETE FROM rejects WHERE row <= (SELECT max(row) FROM rejects) - ?"
_OLD_REJECTS_OF_SCHOOL: Final = """
DELETE FROM rejects WHERE school = ? AND row <= (
    SELECT row FROM rejects WHERE school = ? ORDER BY row DESC LIMIT 1 OFFSET ?
)"""
_OLD_DISCOVERIES: Final = """
DELETE FROM discoveries WHERE school = ? AND id IN (
    SELECT id FROM discoveries WHERE school = ? ORDER BY last_seen DESC, id LIMIT -1 OFFSET ?
)"""


@dataclass
class _Held:
    """How many entries of one session were written, and how many up to some of its rows."""

    written: int = 0
    rows: int = 0
    marks: deque[tuple[int, int]] = field(default_factory=deque)  # (row, written up to it)

    def add(self, row: int, count: int) -> int | None:
        """Count a row in; returns the row up to which all may go, if any may."""
        self.written += count
        self.rows += 1
        if self.rows % MARK_EVERY == 0:
            self.marks.append((row, self.written))
        gone = None
        while self.marks and self.written - self.marks[0][1] >= ENTRIES_A_SESSION:
            gone, _ = self.marks.popleft()
        return gone


class Bounds:
    """What was written since the last pruning. Belongs to the one writer."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self._rejects: dict[str, int] = {}
        self._discoveries: dict[str, int] = {}

    def forget(self) -> None:
        """A transaction was rolled back: what was counted in it is not so."""
        self._held.clear()

    def knows(self, session: str) -> bool:
        """Whether the session's stored entries were counted."""
        return session in self._held

    def acknowledged(self, session: str, row: int, count: int) -> int | None:
        """Count a row of packet ids in; returns the row up to which the session's may go."""
        return self._held.setdefault(session, _Held()).add(row, count)

    def rejected(self, connection: sqlite3.Connection, school_counts: dict[str, int]) -> None:
        """Samples were inserted: keep the newest, of all and of each school."""
        connection.execute(_OLD_REJECTS, (REJECTS,))
        for school, count in school_counts.items():
            pending = self._rejects.get(school, 0) + count
            if pending >= REJECTS_SLACK:
                pending = 0
                connection.execute(_OLD_REJECTS_OF_SCHOOL, (school, school, REJECTS_A_SCHOOL))
            self._rejects[school] = pending

    def discovered(self, connection: sqlite3.Connection, school_counts: dict[str, int]) -> None:
        """Discoveries were written: those heard last stay, school by school."""
        for school, count in school_counts.items():
            pending = self._discoveries.get(school, 0) + count
            if pending >= DISCOVERIES_SLACK:
                pending = 0
                connection.execute(_OLD_DISCOVERIES, (school, school, DISCOVERIES_A_SCHOOL))
            self._discoveries[school] = pending
