"""The gateway's signs of life: facts from which it follows that it was there to see.

The first comes after some minutes, so that one that starts again and again and hears nobody gives
none; then one an hour. A process that was stopped for a while has not run meanwhile: what counts is
the steady clock.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from audit.coverage.life import EVERY_MS, LIFE, LIFE_SUBJECT
from gateway.clock import Clock
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical
from gateway.store.store import Store, StoreError

_log: Final = structlog.get_logger(__name__)

FIRST_S: Final = 600.0
"""After so long devices have been heard, or are called silent."""

LOOK_S: Final = 20.0
COMMIT_S: Final = 15.0


class Living:
    """`run` is the body of a task."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store: Final = store
        self._clock: Final = clock
        self._begun: Final = clock.now()
        self._due = clock.steady() + FIRST_S

    async def run(self) -> None:
        """Give signs until cancelled. A store that refuses is asked again."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except (StoreError, TimeoutError) as error:
                _log.warning("life.put_off", error=str(error))

    async def look(self) -> bool:
        """Give a sign if it is time for one; whether it was."""
        if self._clock.steady() < self._due:
            return False
        now = self._clock.now()
        body = canonical({"since": self._begun})
        batch = Batch(facts=[Fact(LIFE, now, now, "gateway", LIFE_SUBJECT, body)], now=now)
        async with asyncio.timeout(COMMIT_S):
            # Not taken back when it takes longer: one more sign does no harm.
            await asyncio.shield(asyncio.wrap_future(self._store.commit(batch)))
        self._due = self._clock.steady() + EVERY_MS / 1000
        return True
