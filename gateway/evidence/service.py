"""Follows the facts, signs a head of the log at intervals, and has it published.

It comes last: facts are taken a few hundred at a time, in a thread, and it rests three times as
long as that took, so that no alarm ever waits for it. What a person asks for (`seal`) is done at
once.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection

from audit.evidence.chains import Ends, root_of_ends
from audit.evidence.heads import Head, signed
from audit.evidence.leaf import CHAIN_HEADS
from gateway.clock import Clock
from gateway.evidence.keys import Keys
from gateway.evidence.log import Log
from gateway.store.batch import Batch, Fact, OutboxEntry
from gateway.store.encoding import canonical
from gateway.store.evidence import put_head
from gateway.store.read import evidence as stored
from gateway.store.read.evidence import HeadRow
from gateway.store.store import Store

_log: Final = structlog.get_logger(__name__)

Result = TypeVar("Result")
Publish = Callable[[HeadRow, "HeadRow | None"], "list[OutboxEntry]"]

FOLDER: Final = "evidence"
"""Beside the database."""

SUBJECT: Final = "log"
AT_ONCE: Final = 250
"""Facts taken at once: some 8 ms of hashing."""

REST: Final = 3.0
"""So many times as long as that took nothing is done, when nobody waits for it."""

LOOK_S: Final = 2.0
"""Seconds between two looks for new facts."""

CHECKED_EVERY: Final = 50_000
"""Facts after which a log that is made anew is held against the heads that were signed."""

WRITTEN_DOWN_EVERY: Final = 200_000
"""Facts after which the log is written down for good while it is being made."""

IDLE_MS: Final = 3_600_000
"""A head is signed after this long even when nothing happened: it shows that nothing did."""


class EvidenceError(Exception):
    """The log and the facts do not fit together, or the log cannot be used; says what and why."""


class Evidence:
    """The log of this gateway. `run` is the body of a task."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        keys: Callable[[], Keys],
        folder: Path,
        interval_ms: int,
        publish: Publish = lambda _head, _before: [],
        notify: Callable[[Iterable[str]], None] = lambda _: None,
    ) -> None:
        """``folder`` is that of the database; ``keys`` gives the key, made if there is none.
        ``publish`` gives the rows of the outbox for a head and the one before, ``notify`` is told
        of their receivers once they are there.
        """
        self._store: Final = store
        self._clock: Final = clock
        self._make_keys: Final = keys
        self._folder: Final = folder / FOLDER
        self._interval: Final = interval_ms
        self._publish: Final = publish
        self._notify: Final = notify
        self._turn: Final = asyncio.Lock()
        self._keys: Keys | None = None
        self._opened: Log | None = None
        self._lock = -1
        self.busy = False
        """Another process has the log."""
        self._head: HeadRow | None = None
        self._signed = clock.now()
        self._checked = 0
        self._written = 0

    async def run(self) -> None:
        """Follow and sign until cancelled. Raises `EvidenceError` when that cannot go on."""
        try:
            while True:
                async with self._turn:
                    log = await self._ready()
                    more = await self._follow(log, patient=True)
                    if not more and self._due(log):
                        await self._sign(log)
                if not more:
                    await asyncio.sleep(LOOK_S)
        finally:
            self.close()

    async def seal(self) -> HeadRow:
        """Sign a head over all that is known now, and return it."""
        async with self._turn:
            log = await self._ready()
            await self._catch_up(log)
            return await self._sign(log)

    async def sealed_beyond(self, at: int) -> HeadRow | None:
        """The first head that holds everything known at an instant; ``None`` for one to come.

        Signs one, and a second, when there is none yet: the second holds the fact of the first,
        which is later than the instant.
        """
        name = (await self.keys()).signer.verifier.name
        found = await self._read(stored.head_covering(at, name))
        for _ in range(2):
            if found is not None or at >= self._clock.now():
                break
            await self.seal()
            found = await self._read(stored.head_covering(at, name))
        return found

    async def opened(self) -> Log:
        """The log, as far as it has got."""
        async with self._turn:
            return await self._ready()

    async def caught_up(self) -> Log:
        """The log, with all facts in it that are there now."""
        async with self._turn:
            log = await self._ready()
            await self._catch_up(log)
            return log

    async def keys(self) -> Keys:
        """The log's key. Raises `EvidenceKeyError`."""
        if self._keys is None:
            self._keys = await asyncio.to_thread(self._make_keys)
        return self._keys

    @property
    def size(self) -> int:
        """Facts in the log so far; 0 while it is not open."""
        return 0 if self._opened is None else self._opened.size

    @property
    def interval_ms(self) -> int:
        """How often a head is signed."""
        return self._interval

    def close(self) -> None:
        """Let go of the files."""
        log, self._opened = self._opened, None
        if log is not None:
            log.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # Inside the turn.

    async def _ready(self) -> Log:
        log = self._opened
        if log is None:
            keys = await self.keys()
            log = await _ended_thread(lambda: self._open(keys))
        return log

    def _open(self, keys: Keys) -> Log:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            log = self._opened = Log(self._folder, keys.secret)
            self._fitting(log)
            self._head, self._checked = self._store.read(stored.last_head), 0
        except BlockingIOError as error:
            self.close()
            self.busy = True
            raise EvidenceError(
                f"{self._folder} is in use by a gateway that runs; ask that one"
            ) from error
        except BaseException:
            self.close()
            raise
        self._written = log.size
        if self._head is not None:
            self._signed = self._head.at
        return log

    def _fitting(self, log: Log) -> None:
        """Make the log anew when its last fact is not in the database.

        After a back-up was brought back facts are gone, and their rows are given to others.
        """
        if not log.size:
            return
        fact = self._store.read(stored.facts_of([log.row])).get(log.row)
        if fact is None or not log.holds(log.size - 1, fact):
            _log.warning("evidence.made_anew", folder=str(self._folder), row=log.row)
            log.begin_anew()

    async def _catch_up(self, log: Log) -> None:
        while await self._follow(log, patient=False):
            pass

    async def _follow(self, log: Log, *, patient: bool) -> bool:
        """Take the next facts in; whether there may be more."""
        begun = time.monotonic()
        count = await _ended_thread(lambda: self._take(log))
        if count < AT_ONCE or log.size - self._checked > CHECKED_EVERY:
            await self._check(log)
        if count == AT_ONCE and patient:
            await asyncio.sleep(REST * (time.monotonic() - begun))
        return count == AT_ONCE

    def _take(self, log: Log) -> int:
        facts = self._store.read(stored.facts_after(log.row, AT_ONCE))
        try:
            log.append(facts)
            if log.size - self._written >= WRITTEN_DOWN_EVERY:
                log.checkpoint()
                self._written = log.size
        except BaseException:
            # Half of it may be there: it is opened anew, as it was written down.
            self.close()
            raise
        return len(facts)

    async def _check(self, log: Log) -> None:
        """The log as it was made (again) must come to the heads that were signed before: to the
        newest of them, for its root is of all that the others are of.
        """
        if self._head is None or self._checked >= self._head.size:
            return
        for head in await self._read(stored.heads_before(log.size + 1, 1)):
            if (
                head.size > self._checked
                and await asyncio.to_thread(log.root, head.size) != head.root
            ):
                raise EvidenceError(
                    f"the facts up to row {head.row} are not those of the head that was signed over"
                    f" {head.size} of them: the database was changed from outside; compare it with"
                    " a back-up and with the heads that were published"
                )
            self._checked = head.size

    def _due(self, log: Log) -> bool:
        head = self._head
        # A clock that was set back must not stop the signing. Nor make it storm: not since the time
        # in the head, which is never before what is known, and so may long lie ahead.
        since = abs(self._clock.now() - self._signed)
        if since < self._interval:
            return False
        return head is None or log.row > head.row or since >= IDLE_MS

    async def _sign(self, log: Log) -> HeadRow:
        """Say where all chains end, and sign a head that holds this."""
        keys = await self.keys()
        covered, known = log.size, log.at
        chains, root = await asyncio.to_thread(_ended, log)
        now = max(self._clock.now(), known)
        body = Ends(at=known, chains=chains, root=root.hex(), size=covered)
        fact = Fact(
            kind=CHAIN_HEADS,
            happened=now,
            known=now,
            actor="gateway",
            subject=SUBJECT,
            body=canonical(body),
        )
        await self._commit(Batch(facts=[fact], now=now))
        row = await self._row_of(log, fact)
        size = log.size
        top = await asyncio.to_thread(log.root, size)
        note = str(signed(Head(keys.signer.verifier.name, size, top, now), keys.signer).note)
        head = HeadRow(size, now, top, note, row, covered, known)
        await asyncio.to_thread(log.checkpoint)
        self._written = size
        batch = Batch(now=now, outbox=self._publish(head, self._head))
        put_head(batch, head)
        await self._commit(batch)
        self._head, self._checked, self._signed = head, size, self._clock.now()
        self._notify({entry.receiver for entry in batch.outbox})
        _log.info("evidence.signed", size=size)
        return head

    async def _row_of(self, log: Log, fact: Fact) -> int:
        """Follow up to the fact that was just committed; its row."""
        before = log.row
        await self._catch_up(log)
        rows = await self._read(stored.rows_of(CHAIN_HEADS, before))
        for row, body in rows:
            if body == fact.body:
                return row
        raise EvidenceError("a fact that was committed is not among the facts")

    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        return await asyncio.to_thread(self._store.read, query)

    async def _commit(self, batch: Batch) -> None:
        await asyncio.shield(asyncio.wrap_future(self._store.commit(batch)))


async def _ended_thread(work: Callable[[], Result]) -> Result:
    """Do it in a thread; who is broken off meanwhile waits until the thread is over.

    Else the turn would pass to the next while the log is still being written to.
    """
    running = asyncio.create_task(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _ended(log: Log) -> tuple[int, bytes]:
    """How many chains there are, and the root over their ends: a tenth of a second for 50,000."""
    ends = [end for _, end in log.ends()]
    return len(ends), root_of_ends(ends)
