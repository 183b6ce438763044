"""The roster of schools: a bureau's own list, the denominator of every rate.

A school counts because it is on this list, not because it is connected. One that is no longer on a
newer list stays until somebody strikes it off with a reason: a rate must not rise by a school that
was forgotten.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

ROSTER: Final = "roster"
"""The kind of facts about an entry; their subject is `roster_subject`."""


class SchoolKind(StrEnum):
    """What sort of school it is: what is asked of it depends on it."""

    KINDERGARTEN = "kindergarten"  # 幼儿园
    PRIMARY = "primary"  # 小学
    JUNIOR_MIDDLE = "junior_middle"  # 初级中学
    SENIOR_MIDDLE = "senior_middle"  # 高级中学
    COMPLETE_MIDDLE = "complete_middle"  # 完全中学
    NINE_YEAR = "nine_year"  # 九年一贯制学校
    TWELVE_YEAR = "twelve_year"  # 十二年一贯制学校
    VOCATIONAL = "vocational"  # 中等职业学校
    SPECIAL = "special"  # 特殊教育学校
    HIGHER = "higher"  # 高等学校
    OTHER = "other"


class RosterEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A school as the bureau lists it.

    ``school`` is its id in the register (the bureau's code); it need not be registered yet.
    ``pupils`` and ``boarders`` are heads, boarders among the pupils. ``key_target``: a key target
    of counter-terrorism, whose recordings reach back 90 days. ``listed`` is false once it is
    struck off. ``formerly`` are the names it had, the newest first.
    """

    school: str
    name: str
    kind: SchoolKind
    region: str | None
    pupils: int
    boarders: int
    key_target: bool
    listed: bool = True
    formerly: tuple[str, ...] = ()

    @property
    def boarding(self) -> bool:
        """Whether pupils sleep there."""
        return self.boarders > 0

    @property
    def day_pupils(self) -> int:
        """Pupils who go home at night."""
        return max(0, self.pupils - self.boarders)


class RosterChange(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a fact `ROSTER`: the entry before (``None``: it is new) and after, and why."""

    before: RosterEntry | None
    after: RosterEntry
    reason: str


def roster_subject(school: str) -> str:
    """The subject of the facts about an entry."""
    return f"roster:{school}"
