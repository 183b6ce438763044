"""The roster of the running gateway: entries changed one at a time, baselines proposed and signed.

Every change goes through here, so that of two people at the same moment the second is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection

from alerts.alert import Refusal
from audit.baseline import Baseline, Needed, Proposal, lessened, merged
from audit.roster import RosterChange, RosterEntry
from gateway.clock import Clock
from gateway.roster.plan import MOST_NAMES
from gateway.store.batch import Batch
from gateway.store.read.roster import baseline_of, entry_of
from gateway.store.roster import drop_proposal, put_baseline, put_entries, put_proposal
from gateway.store.store import Store, StoreError

COMMIT_S: Final = 15.0

Result = TypeVar("Result")


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What a signature came to: a baseline in effect, or a proposal that waits."""

    baseline: Baseline | None
    waiting: Proposal | None = None


class Rosters:
    """The roster and the baselines, kept in ``store``."""

    def __init__(self, *, store: Store, clock: Clock, gates: Collection[str] = ()) -> None:
        """``gates`` are the places of gate cameras by the settings, as ``SCHOOL/PLACE``."""
        self._store: Final = store
        self._gates: Final = frozenset(gates)
        self._clock: Final = clock
        self.changing: Final = asyncio.Lock()
        """Held by whoever reads what stands (`settled`) and writes what follows from it."""
        self._writing: asyncio.Future[None] | None = None

    # The roster

    async def entry(self, school: str) -> RosterEntry | None:
        """The entry of a school; ``None`` when it was never on the roster."""
        return await self.read(entry_of(school))

    async def change(
        self, before: RosterEntry, after: RosterEntry, *, reason: str, actor: str
    ) -> RosterEntry | Refusal:
        """Change an entry as it was seen; refused when it is another one by now."""
        async with self.changing:
            await self.settled()
            if await self.entry(before.school) != before:
                return Refusal("roster_changed", f"somebody else has changed {before.school}")
            if after.name != before.name:
                names = (before.name, *(one for one in before.formerly if one != after.name))
                after = msgspec.structs.replace(after, formerly=names[:MOST_NAMES])
            if after == before:
                return before
            batch = Batch(now=self._clock.now())
            put_entries(batch, [RosterChange(before=before, after=after, reason=reason)], by=actor)
            await self.commit(batch)
        return after

    def gates_of(self, school: str) -> list[str]:
        """The places of a school that the settings call gates."""
        found = (gate.split("/", 1) for gate in self._gates)
        return [place for of, place in found if of == school]

    # Baselines

    async def baseline(self, school: str) -> tuple[Baseline | None, Proposal | None]:
        """The one in effect, and what waits for a second person."""
        return await self.read(baseline_of(school))

    async def sign(
        self, school: str, needs: Collection[Needed], *, version: int, reason: str, actor: str
    ) -> Signed | Refusal:
        """Sign for what a school must have. It is in effect at once, unless it asks for less than
        ``version``, the one in effect: then it waits, and must say why.

        The first of a school reduces nothing.
        """
        async with self.changing:
            await self.settled()
            standing, waiting = await self.baseline(school)
            if (0 if standing is None else standing.version) != version:
                return Refusal("baseline_changed", f"somebody else has signed for {school}")
            if waiting is not None:
                return Refusal("baseline_waits", f"{waiting.proposed_by}'s list for {school} waits")
            now = self._clock.now()
            wanted = merged(needs)
            batch = Batch(now=now)
            if standing is not None and lessened(standing.needs, wanted):
                if not reason:
                    return Refusal("baseline_reason", "it asks for less than before: say why")
                proposal = Proposal(
                    school=school,
                    base=version,
                    needs=wanted,
                    reason=reason,
                    proposed_by=actor,
                    proposed=now,
                )
                put_proposal(batch, proposal)
                await self.commit(batch)
                return Signed(baseline=standing, waiting=proposal)
            if standing is not None and standing.needs == wanted:
                return Signed(baseline=standing)
            baseline = Baseline(
                school=school,
                version=version + 1,
                needs=wanted,
                signed_by=actor,
                signed=now,
                reason=reason,
            )
            put_baseline(batch, baseline, by=actor)
            await self.commit(batch)
            return Signed(baseline=baseline)

    async def confirm(self, school: str, proposal: str, *, actor: str) -> Signed | Refusal:
        """Be the second person for the proposal of that id: it is in effect."""
        async with self.changing:
            await self.settled()
            standing, waiting = await self.baseline(school)
            if waiting is None or waiting.id != proposal:
                return Refusal("baseline_decided", f"that list of {school} waits no more")
            if waiting.proposed_by == actor:
                return Refusal("second_person", "who signed first cannot be the second person")
            baseline = Baseline(
                school=school,
                version=(0 if standing is None else standing.version) + 1,
                needs=waiting.needs,
                signed_by=waiting.proposed_by,
                signed=waiting.proposed,
                confirmed_by=actor,
                reason=waiting.reason,
            )
            batch = Batch(now=self._clock.now())
            put_baseline(batch, baseline, by=actor)
            await self.commit(batch)
            return Signed(baseline=baseline)

    async def decline(
        self, school: str, proposal: str, *, reason: str, actor: str
    ) -> Signed | Refusal:
        """Decline the proposal of that id; who proposed it withdraws it so."""
        async with self.changing:
            await self.settled()
            standing, waiting = await self.baseline(school)
            if waiting is None or waiting.id != proposal:
                return Refusal("baseline_decided", f"that list of {school} waits no more")
            batch = Batch(now=self._clock.now())
            drop_proposal(batch, waiting, by=actor, reason=reason)
            await self.commit(batch)
            return Signed(baseline=standing)

    async def read(self, query: Callable[[Connection], Result]) -> Result:
        """Read the store in a thread."""
        return await asyncio.to_thread(self._store.read, query)

    async def commit(self, batch: Batch) -> None:
        """Write a batch, and wait until it is durable: whoever comes next reads it. Raises
        `StoreError`."""
        self._writing = asyncio.wrap_future(self._store.commit(batch))
        await self.settled()
        self._writing.result()

    async def settled(self) -> None:
        """None of ours is still on its way: what is read without it would be judged wrongly.

        Raises `StoreError` when one still is.
        """
        if self._writing is None:
            return
        done, _ = await asyncio.wait([self._writing], timeout=COMMIT_S)
        if not done:
            raise StoreError(
                f"the store did not confirm within {COMMIT_S:.0f} s; look before trying again"
            )
        self._writing.exception()  # told to whoever wrote it, who may have gone away
