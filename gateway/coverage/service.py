"""Keeps the verdicts of the running gateway up to date, and draws them daily and on demand.

Woken by what is committed, else it looks four times a second. All the work is done in a thread, in
pieces of some 20 ms with rests between them while there is more: alarms never wait for it. It ends
nobody else when it breaks, and begins anew from what is in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, TypeVar

import msgspec
import structlog

from audit.coverage import ItemVerdict
from audit.drawing import DRAWN, Drawing, drawn_subject
from audit.policy import POLICY, POLICY_ENDED, Policy, policy_body, policy_subject
from devices.recording.local_time import day_of
from gateway.clock import Clock
from gateway.coverage.drawing import Drawn, drawing_of, drawn_batch
from gateway.coverage.following import Follower
from gateway.coverage.school import Key
from gateway.pipeline.work import Work
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical
from gateway.store.read.coverage import known_policies
from gateway.store.read.facts import newest_fact
from gateway.store.store import Store, StoreError

_log: Final = structlog.get_logger(__name__)

LOOK_S: Final = 0.25
"""How often facts are looked for that were not announced: people's acts are committed past the
pipeline."""

SAVE_S: Final = 60.0
"""How often folded schools are kept that have changed."""

COMMIT_S: Final = 15.0
DRAW_S: Final = 10.0
"""How long a person waits for a drawing while facts are still being followed."""

SAME_MS: Final = 60_000
"""A drawing so young is given again."""

_body: Final = msgspec.json.Decoder(Drawing).decode

Result = TypeVar("Result")


class Coverage:
    """Follows the facts. Without `run`, what is in the store is what there is."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        load: Callable[[], Sequence[Policy]] = tuple,
        zone: str = "Asia/Shanghai",
    ) -> None:
        """``load`` reads the policies, in a thread; a day ends at midnight in ``zone``."""
        self._store: Final = store
        self._clock: Final = clock
        self._load: Final = load
        self._zone: Final = zone
        self._wake: Final = asyncio.Event()
        self._lock: Final = asyncio.Lock()
        self._beginning: Final = asyncio.Lock()
        self._follower: Follower | None = None
        self._writing: asyncio.Future[None] | None = None
        self._saved_at = 0.0
        self._settled = False
        self._drawn: Drawn | None = None

    def committed(self, work: Work) -> None:
        """Something is kept; when facts are among it, look at once."""
        if work.batch.facts:
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled. A store that refuses is asked again."""
        self._follower = None
        while True:
            try:
                await self.follow()
                await self._draw_daily()
            except StoreError as error:
                _log.warning("coverage.put_off", error=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            self._wake.clear()

    async def follow(self) -> None:
        """Judge all facts there are, and all that is due by now."""
        async with self._beginning:
            if self._follower is None:
                self._follower = await self._begin()
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            async with self._lock:
                worked = await self._piece()
            if not worked:
                self._settled = True
                return
            # As long again: others have the processor, and the interpreter, meanwhile.
            await asyncio.sleep(min(0.05, loop.time() - begun))

    async def _piece(self) -> bool:
        follower = self._follower
        if follower is None:
            return False
        steady = self._clock.steady()
        save = steady - self._saved_at >= SAVE_S
        try:
            batch = await asyncio.to_thread(follower.piece, self._clock.now(), save=save)
            if batch is not None and batch.statements:
                await self._commit(batch)
        except BaseException:
            # Its memory is ahead of the store: the next one reads what is there.
            self._follower = None
            self._settled = False
            raise
        if batch is None:
            self._saved_at = steady if save else self._saved_at
            return False
        follower.committed()
        return True

    async def _begin(self) -> Follower:
        if self._writing is not None:
            await self._ended(self._writing)  # of the one before: to be read when it is there
        self._saved_at = self._clock.steady()
        await self._write_policies()
        return await asyncio.to_thread(Follower, self._store)

    async def _write_policies(self) -> None:
        """What is loaded becomes a fact when it differs from what holds; what holds and is loaded
        no more ends. An empty folder ends nothing: rather is a disk not mounted than that a bureau
        asks for nothing at all."""
        policies = await asyncio.to_thread(self._load)
        holding = await self._read(known_policies())
        now = self._clock.now()
        batch = Batch(now=now)
        for policy in policies:
            held = holding.pop(policy.id, None)
            if held is None or held.policy != policy:
                subject, body = policy_subject(policy.id), policy_body(policy)
                batch.facts.append(Fact(POLICY, now, now, "gateway", subject, body))
        for name, held in holding.items() if policies else ():
            _log.warning("coverage.policy_ended", policy=name, version=held.policy.version)
            subject, body = policy_subject(name), canonical({"version": held.policy.version})
            batch.facts.append(Fact(POLICY_ENDED, now, now, "gateway", subject, body))
        if batch.facts:
            await self._commit(batch)

    # What is asked of it

    def policies(self) -> tuple[Policy, ...]:
        """Those in effect; none before the facts are followed."""
        return () if self._follower is None else tuple(self._follower.policies.values())

    async def judged(self, school: str) -> dict[Key, ItemVerdict]:
        """The verdicts on a school now, with the newest evidence and until when they hold; empty
        where nobody follows the facts, or not yet so far."""
        follower = self._follower
        if follower is None or not self._settled:
            return {}
        async with self._lock:
            return await asyncio.to_thread(follower.judged, school, self._clock.now())

    async def draw(self, by: str = "") -> Drawn | None:
        """Draw the verdicts as they are now, in the name of ``by``; ``None`` while facts are still
        being followed."""
        try:
            async with asyncio.timeout(DRAW_S):
                await self.follow()
        except TimeoutError:
            return None
        async with self._lock:
            while await self._piece():  # what came in between: very little
                pass
            follower = self._follower
            if follower is None:
                return None
            at = max(self._clock.now(), follower.cursor.known)
            last = self._drawn
            if last is not None and 0 <= at - last.at < SAME_MS:
                return last
            row = follower.cursor.row
            policies = list(follower.policies.values())
            drawings = await self._read(drawing_of(policies, at=at, row=row))
            self._drawn = Drawn(at, row, drawings)
            await self._commit(drawn_batch(drawings, by=by, now=self._clock.now()))
            return self._drawn

    async def _draw_daily(self) -> None:
        """Once in a day that begins at midnight, local time."""
        follower = self._follower
        if follower is None or not follower.policies:
            return
        if self._drawn is None:
            self._drawn = await self._last_drawn(follower)
        if self._drawn is None or self._day(self._drawn.at) < self._day(self._clock.now()):
            await self.draw()

    def _day(self, at: int) -> date:
        return day_of(self._zone, at)

    async def _last_drawn(self, follower: Follower) -> Drawn | None:
        found = []
        for name in follower.policies:
            body = await self._read(newest_fact(drawn_subject(name), DRAWN))
            if body is not None:
                found.append(_body(body))
        if len(found) < len(follower.policies):
            return None
        first = min(found, key=lambda one: one.at)
        return Drawn(first.at, first.row, tuple(found))

    async def _read(self, query: Callable[..., Result]) -> Result:
        return await asyncio.to_thread(self._store.read, query)

    async def _ended(self, writing: asyncio.Future[None]) -> None:
        done, _ = await asyncio.wait([writing], timeout=COMMIT_S)
        if not done:
            raise StoreError(f"the store did not confirm within {COMMIT_S:.0f} s")
        writing.exception()

    async def _commit(self, batch: Batch) -> None:
        self._writing = asyncio.wrap_future(self._store.commit(batch))
        await self._ended(self._writing)
        self._writing.result()
