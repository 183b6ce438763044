"""The one who writes into the ledger: one change at a time, each with its facts and messages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final, TypeVar

from sqlalchemy import Connection, select

from alerts.notification.webhook import Bilingual
from audit.ledger.hazard_times import LedgerFigures
from gateway.clock import Clock
from gateway.hazards.entering import Change
from gateway.hazards.telling import Telling, event_of
from gateway.store.batch import Batch
from gateway.store.hazards import put_hazard
from gateway.store.schema import roster, schools
from gateway.store.store import Store, StoreError

PIECE: Final = 250
"""Entries in one commit: alarms get in between."""

COMMIT_S: Final = 15.0

Result = TypeVar("Result")


class Pen:
    """Reads what stands and writes what follows, with nobody in between."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        figures: LedgerFigures,
        telling: Telling,
        notify: Callable[[Iterable[str]], None],
    ) -> None:
        """``notify`` is told for which receivers there are new rows of the outbox."""
        self.figures: Final = figures
        self.telling: Final = telling
        self._store: Final = store
        self._clock: Final = clock
        self._notify: Final = notify
        self._lock: Final = asyncio.Lock()
        self._writing: asyncio.Future[None] | None = None

    def now(self) -> int:
        """The gateway's time, ms."""
        return self._clock.now()

    async def read(self, query: Callable[[Connection], Result]) -> Result:
        """Run a reading query in a thread."""
        return await asyncio.to_thread(self._store.read, query)

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """One change at a time, and none while an earlier one is not yet in the store: what is read
        without that one would be written over it, with the step somebody signed."""
        async with self._lock:
            if self._writing is not None:
                await self._ended(self._writing)
            yield

    async def put(
        self, changes: Iterable[Change], now: int, *, made: str = "", urgent: bool = False
    ) -> None:
        """Write entries, in pieces, so that no alarm waits behind hundreds of them. What belongs
        together (an entry and the one that goes on from it) is in one piece."""
        pending = list(changes)
        names = await self._names(pending)
        for start in range(0, len(pending), PIECE):
            batch = Batch(now=now, urgent=urgent)
            for change in pending[start : start + PIECE]:
                self.add(batch, change, names, made=made)
            await self.commit(batch)

    def add(
        self, batch: Batch, change: Change, names: dict[str, Bilingual], *, made: str = ""
    ) -> None:
        """Put an entry, and what is told of it, into a batch."""
        before, after = change.before, change.after
        put_hazard(batch, after, self.figures, before=before, made=made)
        event = event_of(before, after)
        if event is not None:
            name = names.get(after.school, Bilingual(after.school))
            batch.outbox += self.telling.of_hazard(event, after, name, batch.now)

    async def _names(self, changes: list[Change]) -> dict[str, Bilingual]:
        wanted = set()
        for change in changes:
            event = event_of(change.before, change.after)
            if event is not None and self.telling.wanted(event, change.after.school):
                wanted.add(change.after.school)
        return await self.names(wanted) if wanted else {}

    async def names(self, wanted: Iterable[str]) -> dict[str, Bilingual]:
        """What schools are called: in the register, or else on the roster."""
        ids = sorted(wanted)

        def query(connection: Connection) -> dict[str, Bilingual]:
            found: dict[str, Bilingual] = {}
            for start in range(0, len(ids), 500):
                some = ids[start : start + 500]
                listed = select(roster.c.school, roster.c.name).where(roster.c.school.in_(some))
                found |= {school: Bilingual(name) for school, name in connection.execute(listed)}
                known = select(schools.c.id, schools.c.name_zh, schools.c.name_en).where(
                    schools.c.id.in_(some)
                )
                found |= {
                    school: Bilingual(zh or en or school, en)
                    for school, zh, en in connection.execute(known)
                }
            return found

        return await self.read(query)

    async def commit(self, batch: Batch) -> None:
        """Write a batch; returns when it is durable."""
        self._writing = asyncio.wrap_future(self._store.commit(batch))
        await self._ended(self._writing)
        self._writing.result()
        if batch.outbox:
            self._notify({entry.receiver for entry in batch.outbox})

    async def _ended(self, writing: asyncio.Future[None]) -> None:
        """Wait until a commit is done or has failed."""
        done, _ = await asyncio.wait([writing], timeout=COMMIT_S)
        if not done:
            raise StoreError(
                f"the store did not confirm within {COMMIT_S:.0f} s; look before trying again"
            )
        writing.exception()  # whoever wrote it may have gone away
