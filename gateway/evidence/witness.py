"""This gateway as a witness of others: it countersigns a head that fits the last one it has seen.

A log that was rewritten cannot show that its new head is the old one grown. What it showed before
is remembered here, and each countersignature is a fact of this gateway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Final

import msgspec

from audit.evidence.heads import SignedHead, read_head
from audit.evidence.merkle import extends
from audit.evidence.notes import NoteError, Verifier, read_verifier
from gateway.clock import Clock
from gateway.evidence.keys import Keys
from gateway.security.record import fact
from gateway.store.batch import Batch
from gateway.store.evidence import put_witnessed
from gateway.store.read import evidence as stored
from gateway.store.read.evidence import Witnessed
from gateway.store.store import Store

MOST_LOGS: Final = 1_000
"""Others whose heads are remembered: whoever may ask must not fill the database."""

MOST_REFUSED: Final = 100
"""Heads of one log that are kept as facts when they are refused for the same reason, until the next
of it is countersigned. Who asks does so again and again, for a day: the same head is kept once.
"""


class Refused(StrEnum):
    """Why a head is not countersigned."""

    UNREADABLE = "unreadable"  # no head, or no key
    UNSIGNED = "unsigned"  # not by that key
    OTHER_KEY = "other_key"  # the log had another one
    OTHER_SIZE = "other_size"  # the proof is not from the head that was seen last
    CONTRADICTS = "contradicts"  # the log is not the one it was: kept as a fact
    OWN = "own"  # nobody witnesses for themselves
    MANY = "many"


class Answer(msgspec.Struct, frozen=True):
    """``line`` is the countersignature for the note, ``size`` of the last head that was seen."""

    refused: Refused | None = None
    line: str = ""
    size: int = 0
    detail: str = ""


class Witness:
    """Countersigns."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store: Final = store
        self._clock: Final = clock
        self._turn: Final = asyncio.Lock()
        self._kept: Final[dict[tuple[str, Refused], set[bytes]]] = {}

    async def countersign(
        self, keys: Keys, actor: str, *, note: str, key: str, old: int, proof: Sequence[bytes]
    ) -> Answer:
        """Countersign the head in ``note``, signed by ``key``, if ``proof`` shows that the first
        ``old`` entries are those that were seen last. ``actor`` is the user who asks.
        """
        try:
            head, by = read_head(note), read_verifier(key)
        except NoteError as error:
            return Answer(Refused.UNREADABLE, detail=str(error))
        if by.name != head.head.origin or not by.signed(head.note):
            return Answer(Refused.UNSIGNED)
        if by.public == keys.signer.verifier.public:
            return Answer(Refused.OWN)
        async with self._turn:
            origin = head.head.origin
            seen = await self._read_seen(origin)
            size = 0 if seen is None else seen.size
            if seen is not None and seen.key != str(by):
                return await self._refused(Refused.OTHER_KEY, seen, head, actor)
            if seen is None and await self._many():
                return Answer(Refused.MANY)
            if old != size or head.head.size < size:
                return Answer(Refused.OTHER_SIZE, size=size)
            if seen is not None and not extends(
                seen.size, seen.root, head.head.size, head.head.root, proof
            ):
                return await self._refused(Refused.CONTRADICTS, seen, head, actor)
            return await self._sign(keys, head, by, seen, actor)

    async def _sign(
        self, keys: Keys, head: SignedHead, by: Verifier, seen: Witnessed | None, actor: str
    ) -> Answer:
        now = self._clock.now()
        line = str(keys.signer.cosign(head.note, now // 1000))
        of = head.head
        kept = fact(
            "head_witnessed", now, actor, _subject(of.origin), size=of.size, root=of.root.hex()
        )
        batch = Batch(facts=[kept], now=now)
        heads = 1 if seen is None else seen.heads + 1
        put_witnessed(
            batch, Witnessed(of.origin, str(by), of.size, of.root, now, str(head.note), heads)
        )
        await asyncio.shield(asyncio.wrap_future(self._store.commit(batch)))
        for why in Refused:
            self._kept.pop((of.origin, why), None)
        return Answer(line=line, size=of.size)

    async def _refused(self, why: Refused, seen: Witnessed, head: SignedHead, actor: str) -> Answer:
        """What must not be: kept as a fact, with the head that says so itself."""
        known = self._kept.setdefault((seen.origin, why), set())
        mark = sha256(head.note.text.encode()).digest()
        if mark in known or len(known) >= MOST_REFUSED:
            return Answer(why, size=seen.size)
        now = self._clock.now()
        kept = fact(
            "head_refused",
            now,
            actor,
            _subject(head.head.origin),
            why=why.value,
            size=head.head.size,
            note=str(head.note),
            seen=seen.note,
        )
        batch = Batch(facts=[kept], now=now)
        await asyncio.shield(asyncio.wrap_future(self._store.commit(batch)))
        known.add(mark)
        return Answer(why, size=seen.size)

    async def _read_seen(self, origin: str) -> Witnessed | None:
        return await asyncio.to_thread(self._store.read, stored.witnessed_of(origin))

    async def _many(self) -> bool:
        found: list[Witnessed] = await asyncio.to_thread(self._store.read, stored.witnessed)
        return len(found) >= MOST_LOGS


def _subject(origin: str) -> str:
    """Subjects are at most 160 long."""
    return f"log:{origin}"[:160]
