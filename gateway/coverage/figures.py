"""Counts marks: how many schools meet each item, by region and with the regions inside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from audit.verification.model import Verdict
from gateway.store.read.coverage_pages import Mark, Marks

_DEEPEST: Final = 16
"""Levels of regions: a circle in imported data must not hang anybody."""


def listed_mark(marks: Sequence[Mark]) -> Mark | None:
    """One of the school that tells where it is listed; ``None``: it does not count.

    All of them say the same, but an item that was just added to a policy may have none yet.
    """
    return next((mark for mark in marks if mark.listed), None)


class Figures:
    """Counts of listed schools, for each item of a policy in its order."""

    __slots__ = ("complete", "failed", "failing", "met", "schools", "unknown")

    def __init__(self, items: int) -> None:
        self.schools = 0
        self.complete = 0
        """Of which every item is met."""
        self.failing = 0
        """Of which one is failed."""
        self.met = [0] * items
        self.failed = [0] * items
        self.unknown = [0] * items

    def add(self, marks: Sequence[Mark], times: int = 1) -> None:
        """Count ``times`` listed schools in that stand so; negative: take them out again."""
        self.schools += times
        complete, failing = True, False
        for place, mark in enumerate(marks):
            if mark.verdict is Verdict.MET and mark.listed:
                self.met[place] += times
                continue
            complete = False
            if mark.verdict is Verdict.FAILED and mark.listed:
                self.failed[place] += times
                failing = True
            else:
                self.unknown[place] += times
        if complete:
            self.complete += times
        if failing:
            self.failing += times

    def join(self, other: Figures) -> None:
        """Add the counts of others."""
        self.schools += other.schools
        self.complete += other.complete
        self.failing += other.failing
        for mine, theirs in (
            (self.met, other.met),
            (self.failed, other.failed),
            (self.unknown, other.unknown),
        ):
            for place, count in enumerate(theirs):
                mine[place] += count


def by_region(groups: Iterable[tuple[Marks, int]], items: int) -> dict[str, Figures]:
    """Figures of the schools listed in each region itself; empty: in none."""
    found: dict[str, Figures] = {}
    for marks, times in groups:
        mark = listed_mark(marks)
        if mark is not None:
            figures = found.get(mark.region)
            if figures is None:
                figures = found[mark.region] = Figures(items)
            figures.add(marks, times)
    return found


def total(figures: Iterable[Figures], items: int) -> Figures:
    """Of all of them."""
    found = Figures(items)
    for one in figures:
        found.join(one)
    return found


def rolled_up(
    figures: Mapping[str, Figures], parents: Mapping[str, str | None], items: int
) -> dict[str, Figures]:
    """Figures with the regions inside, for all regions that hold schools or are around them.

    ``parents`` gives the region around each; one that it does not know is around nothing.
    """
    found: dict[str, Figures] = {}
    for region, one in figures.items():
        step: str | None = region
        around: list[str] = []
        while step is not None and step not in around and len(around) < _DEEPEST:
            around.append(step)
            step = parents.get(step)
        for each in around:
            found.setdefault(each, Figures(items)).join(one)
    return found


def inside(region: str, parents: Mapping[str, str | None]) -> frozenset[str]:
    """A region and all inside it."""
    found = {region}
    for _ in range(_DEEPEST):
        more = {each for each, around in parents.items() if around in found} - found
        if not more:
            break
        found |= more
    return frozenset(found)
