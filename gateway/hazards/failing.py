"""The items of policies that are failed now, read from what coverage has written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy import Connection

from audit.coverage.verdict import Reason
from audit.verification.model import Verdict
from gateway.clock import Clock
from gateway.hazards.entering import Failed
from gateway.store.coverage import reasons_of
from gateway.store.read.coverage import known_policies
from gateway.store.read.coverage_pages import chunks, listings, verdict_rows
from gateway.store.store import Store

LOOK_S: Final = 300.0
"""Verdicts change by the day; all schools of a city are not asked for more often than this."""


class Failing:
    """Gives the failed items, at most every few minutes; in between there is nothing new."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store: Final = store
        self._clock: Final = clock
        self._due = 0.0

    async def __call__(self) -> list[Failed]:
        """Failed items by school; empty when they have just been given."""
        if self._clock.steady() < self._due:
            return []
        found = await asyncio.to_thread(self._store.read, failed_items(self._clock.now()))
        self._due = self._clock.steady() + LOOK_S
        return found


def failed_items(now: int) -> Callable[[Connection], list[Failed]]:
    """The items that are failed at ``now`` (ms) of listed schools, by the policies known then.
    An item that several policies have is named with each."""

    def query(connection: Connection) -> list[Failed]:
        policies = known_policies(known=now)(connection).values()
        keys = [(one.policy.id, item.id) for one in policies for item in one.policy.items]
        schools = sorted(listings()(connection))
        found: list[Failed] = []
        for some in chunks(schools):
            for stored in verdict_rows(keys, now, some, unmet=True)(connection):
                row = stored.row
                if row.verdict is not Verdict.FAILED:
                    continue
                devices = _devices(reasons_of(stored.body))
                found.append(Failed(row.school, row.policy, row.item, devices))
        return found

    return query


def _devices(reasons: Iterable[Reason]) -> frozenset[str]:
    """The devices and links it fails by; empty when it fails by anything else, too."""
    named = [
        reason.device or reason.link
        for reason in reasons
        if reason.verdict is Verdict.FAILED and not reason.pending
    ]
    return frozenset(named) if all(named) else frozenset()
