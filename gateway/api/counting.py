"""Counts the figures of the alarm system: one question at a time, each answer kept a minute."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from gateway.api.problems import Problem
from gateway.api.reading import Reading
from gateway.store.read.performance import figures_of

if TYPE_CHECKING:
    from gateway.api.models.performance import FiguresOut
    from gateway.api.present_performance import PerformancePresenter
    from gateway.clock import Clock

KEPT_S: Final = 60.0
MOST_KEPT: Final = 16
"""Answers that are kept: a page and its three files ask for the same, and so do its colleagues."""

MOST_WAITING: Final = 20
"""Questions that may wait for the one that is counted."""


class Counting:
    """Answers from memory what has just been counted.

    A large count takes a second of work, for which alarms must not wait: never two at once.
    """

    def __init__(self, *, read: Reading, presenter: PerformancePresenter, clock: Clock) -> None:
        self._read = read
        self._presenter = presenter
        self._clock = clock
        self._one = asyncio.Lock()
        self._waiting = 0
        # as they are shown: what they were counted from may be a hundred thousand sources
        self._kept: dict[tuple[frozenset[str] | None, int, int], tuple[float, FiguresOut]] = {}

    async def figures(self, schools: frozenset[str] | None, since: int, until: int) -> FiguresOut:
        """The figures of ``[since, until)`` (ms) over ``schools``, ``None`` = all of them.

        Raises what `gateway.store.read.performance.figures_of` raises, and a 503 `Problem` when
        too many wait already.
        """
        if self._waiting >= MOST_WAITING:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "busy",
                "Too many others ask for figures at this moment.",
                headers={"Retry-After": "5"},
            )
        self._waiting += 1
        try:
            async with self._one:
                return await self._figures(schools, since, until)
        finally:
            self._waiting -= 1

    async def _figures(self, schools: frozenset[str] | None, since: int, until: int) -> FiguresOut:
        wanted = (schools, since, until)
        known = self._kept.pop(wanted, None)
        if known is None or self._clock.steady() - known[0] >= KEPT_S:
            counted = await self._read(figures_of(schools, since=since, until=until))
            known = (self._clock.steady(), self._presenter.figures(counted))
        if len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]  # the one that was asked for longest ago
        self._kept[wanted] = known
        return known[1]
