"""What a school must have, place by place, and who signed for it.

A verdict of what is installed compares what is registered with this list, never with itself: a
device that is removed, retired or taken out of service leaves its place with too few. A list that
asks for more than the one in effect takes effect by one signature; one that asks for less, in
whatever way, by that of a second person, with a reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from typing import Final

import msgspec

BASELINE: Final = "baseline"
BASELINE_PROPOSED: Final = "baseline_proposed"
BASELINE_DECLINED: Final = "baseline_declined"
"""Kinds of facts about a school: the one in effect; one that waits; one that was declined.
Nothing is judged by the last two."""

MOST_NEEDS: Final = 2_000
MOST_OF_A_KIND: Final = 1_000


class Needed(msgspec.Struct, frozen=True, kw_only=True):
    """So many devices of a kind in a place of the school.

    ``place`` is the id of a place of the school; empty: anywhere in it. ``gate``: at a gate of the
    school, whose pictures the education department sees. ``commissioned`` (ms) is since when they
    are to be there: of what is younger no recordings can be asked that are older. ``None``: they
    have been there all along.
    """

    place: str
    kind: str
    count: int = 1
    gate: bool = False
    commissioned: int | None = None


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What a school must have, as it is in effect; versions count from 1.

    ``signed_by`` and ``confirmed_by`` are names of users; ``confirmed_by`` is empty where one
    signature was enough. ``signed`` is when the first of them signed (ms). ``reason`` is what
    they said why; it is never empty where the one before asked for more.
    """

    school: str
    version: int
    needs: tuple[Needed, ...]
    signed_by: str
    signed: int
    confirmed_by: str = ""
    reason: str = ""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A list that asks for less and waits for a second person.

    ``base`` is the version of the one in effect that it was made from. Times in ms.
    """

    school: str
    base: int
    needs: tuple[Needed, ...]
    reason: str
    proposed_by: str
    proposed: int

    @property
    def id(self) -> str:
        """What names it: who confirms says by it what they have read."""
        return sha256(msgspec.json.encode(self)).hexdigest()[:16]


class Lessening(StrEnum):
    """In which way a list asks for less."""

    DROPPED = "dropped"  # nothing of the kind in the place any more
    FEWER = "fewer"
    GATE = "gate"  # fewer of them at a gate
    LATER = "later"  # commissioned later


class Less(msgspec.Struct, frozen=True, kw_only=True):
    """Where a list asks for less than the one before, and in which way."""

    place: str
    kind: str
    how: Lessening
    before: int
    after: int


def baseline_subject(school: str) -> str:
    """The subject of the facts about a school's baselines."""
    return f"school:{school}"


def merged(needs: Iterable[Needed]) -> tuple[Needed, ...]:
    """The same needs, those alike in everything but their count as one, in a fixed order."""
    counts: dict[tuple[str, str, bool, int | None], int] = defaultdict(int)
    for need in needs:
        counts[(need.place, need.kind, need.gate, need.commissioned)] += need.count
    return tuple(
        Needed(place=place, kind=kind, count=count, gate=gate, commissioned=commissioned)
        for (place, kind, gate, commissioned), count in sorted(
            counts.items(), key=lambda one: (*one[0][:3], _since(one[0][3]))
        )
    )


def reduces(before: Iterable[Needed], after: Iterable[Needed]) -> bool:
    """Whether ``after`` asks for less than ``before`` in any way."""
    return bool(lessened(before, after))


def lessened(before: Iterable[Needed], after: Iterable[Needed]) -> tuple[Less, ...]:
    """Where ``after`` asks for less, in the order of place and kind.

    It does not when each device asked for before can be answered by one of its own asked for now,
    of the same kind in the same place, that is at a gate if it was and commissioned no later.
    """
    old, new = _by_place(before), _by_place(after)
    found: list[Less] = []
    for (place, kind), asked in sorted(old.items()):
        left = new.get((place, kind), _Asked())
        how = _how(asked, left)
        if how is not None:
            gates = how is Lessening.GATE
            found.append(
                Less(
                    place=place,
                    kind=kind,
                    how=how,
                    before=asked.gates.total() if gates else asked.total,
                    after=left.gates.total() if gates else left.total,
                )
            )
    return tuple(found)


class _Asked(msgspec.Struct):
    """Devices of a kind asked for in a place: how many since when (`_since`), those at gates apart.

    Counted and not listed one by one: a list may ask for millions.
    """

    gates: Counter[int] = msgspec.field(default_factory=Counter)
    others: Counter[int] = msgspec.field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.gates.total() + self.others.total()


def _since(commissioned: int | None) -> int:
    """Since when, in ms; -1: all along."""
    return -1 if commissioned is None else commissioned


def _by_place(needs: Iterable[Needed]) -> dict[tuple[str, str], _Asked]:
    found: dict[tuple[str, str], _Asked] = defaultdict(_Asked)
    for need in needs:
        asked = found[need.place, need.kind]
        (asked.gates if need.gate else asked.others)[_since(need.commissioned)] += need.count
    return found


def _how(before: _Asked, after: _Asked) -> Lessening | None:
    if not after.total:
        return Lessening.DROPPED if before.total else None
    if after.total < before.total:
        return Lessening.FEWER
    if after.gates.total() < before.gates.total():
        return Lessening.GATE
    # Those at gates first, as only those at gates can stand for them; each takes the latest that
    # will do, so that the earliest are left for the others.
    left = _left(before.gates, after.gates)
    if left is None or _left(before.others, left + after.others) is None:
        return Lessening.LATER
    return None


def _left(wanted: Counter[int], there: Counter[int]) -> Counter[int] | None:
    """What is left when each wanted since a time has taken one of its own since no later.

    ``None``: they cannot all. The strictest choose first, and each the latest that will do.
    """
    left = Counter(there)
    fit: list[int] = []  # since when those are that will do and are not all taken, ascending
    further = deque(sorted(there))
    for since, count in sorted(wanted.items()):
        lacking = count
        while further and further[0] <= since:
            fit.append(further.popleft())
        while lacking:
            if not fit:
                return None
            taken = min(lacking, left[fit[-1]])
            lacking -= taken
            left[fit[-1]] -= taken
            if not left[fit[-1]]:
                fit.pop()
    return left
