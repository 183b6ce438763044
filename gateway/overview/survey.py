"""How all schools stand now: made when somebody asks, kept for a moment for all who ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.clock import Clock
from gateway.overview.census import Census, SchoolCensus
from gateway.overview.standing import Standing, standings
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.causes import Causes
from gateway.pipeline.roster import Roster

KEPT_S: Final = 1.0
"""How long it is kept while nothing happens to an alert."""

LEAST_S: Final = 0.25
"""How long it is kept at least: in a storm of alerts a room full of screens costs no more."""


class Seen(msgspec.Struct, frozen=True):
    """Devices and open alerts by school, as of one moment."""

    census: Mapping[str, SchoolCensus]
    standings: Mapping[str, Standing]


def make_survey(roster: Roster, book: AlertBook, causes: Causes | None, clock: Clock) -> Survey:
    """Of a gateway; one without ``causes`` (a test's) doubts nobody for a common one."""
    doubts = tuple if causes is None else causes.doubted
    census = Census(roster=roster, alerts=book, doubts=doubts)
    return Survey(census=census, book=book, clock=clock)


class Survey:
    """Counts one time for all who ask at the same time."""

    def __init__(self, *, census: Census, book: AlertBook, clock: Clock) -> None:
        self._census: Final = census
        self._book: Final = book
        self._clock: Final = clock
        self._one: Final = asyncio.Lock()
        self._seen: Seen | None = None
        self._when = 0.0
        self._row = 0

    async def seen(self) -> Seen:
        """The newest; the same object as before while it is kept."""
        async with self._one:
            if self._seen is None or not self._keeps():
                self._when, self._row = self._clock.steady(), self._book.last_row
                census = await self._census.take(self._clock.now())
                self._seen = Seen(census, standings(self._book))
            return self._seen

    def _keeps(self) -> bool:
        age = self._clock.steady() - self._when
        return age < LEAST_S or (age < KEPT_S and self._row == self._book.last_row)
