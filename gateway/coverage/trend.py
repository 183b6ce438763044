"""Rates over time: how it stood at the beginning, and every change since, counted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.coverage.figures import Figures, listed_mark
from gateway.store.read.coverage_pages import NOTHING, Change, Mark, Marks


def trend(
    items: Sequence[str],
    begun: Mapping[str, Marks],
    changes: Sequence[Change],
    instants: Sequence[int],
    regions: frozenset[str] | None,
) -> list[tuple[int, Figures]]:
    """The figures at each instant (ms, ascending).

    ``begun`` is how the schools stood at the first of them, ``changes`` what came after it in the
    order of time. ``regions`` ``None`` = all.
    """
    places = {item: place for place, item in enumerate(items)}
    marks = {school: list(each) for school, each in begun.items()}
    figures = Figures(len(items))

    def counts(each: Sequence[Mark]) -> bool:
        mark = listed_mark(each)
        return mark is not None and (regions is None or mark.region in regions)

    for each in marks.values():
        if counts(each):
            figures.add(each)
    points: list[tuple[int, Figures]] = []
    ahead = iter(changes)
    change = next(ahead, None)
    for at in instants:
        while change is not None and change.at <= at:
            stands = marks.setdefault(change.school, [NOTHING] * len(items))
            if counts(stands):
                figures.add(stands, -1)
            stands[places[change.item]] = change.mark
            if counts(stands):
                figures.add(stands)
            change = next(ahead, None)
        point = Figures(len(items))
        point.join(figures)
        points.append((at, point))
    return points
