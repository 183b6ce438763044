"""What people see of the log and may ask: how it stands, its heads, the proof of a fact."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection

from audit.evidence.bundle import FactLine
from audit.evidence.leaf import OTHERS, hash_of_leaf
from gateway.evidence.bundles import Bundles
from gateway.evidence.exporting import fact_line
from gateway.evidence.service import Evidence, EvidenceError
from gateway.evidence.witness import Answer, Witness
from gateway.outbox import DeliveryStatus, Outbox
from gateway.pipeline.telling import MQTT
from gateway.settings_evidence import RECEIVER, EvidenceSettings
from gateway.store.read import evidence as stored
from gateway.store.read.evidence import Cosignature, HeadRow, Witnessed
from gateway.store.store import Store

Result = TypeVar("Result")


class Target(msgspec.Struct, frozen=True):
    """A place outside to which heads go: what sort, what it is called, how it fares."""

    kind: str
    name: str
    status: DeliveryStatus | None = None
    cosigned: int = 0
    """The size of the newest head that a witness has countersigned."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How the log stands. ``last`` is the row of the last fact that is in it, ``behind`` how many
    are not yet.
    """

    name: str
    key: str
    size: int
    last: int
    behind: int
    interval_ms: int
    head: HeadRow | None
    targets: tuple[Target, ...]
    witnessed: tuple[Witnessed, ...]


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A fact, and the path to the root of a signed head. ``school`` may be empty.

    ``changed``: the fact in the database is no longer the one in the log. ``head`` is ``None``
    while no head holds it yet.
    """

    line: FactLine
    school: str
    hash: bytes
    changed: bool
    head: HeadRow | None
    cosignatures: tuple[Cosignature, ...]
    path: tuple[bytes, ...]


class EvidenceDesk:
    """In front of the log."""

    def __init__(
        self,
        *,
        evidence: Evidence,
        bundles: Bundles,
        witness: Witness,
        store: Store,
        settings: EvidenceSettings,
    ) -> None:
        self.evidence: Final = evidence
        self.bundles: Final = bundles
        self._witness: Final = witness
        self._store: Final = store
        self._settings: Final = settings
        self.outbox: Outbox | None = None
        """Over which heads go out; ``None`` before that begins."""

    async def state(self) -> State:
        """How it stands."""
        log = await self.evidence.opened()
        keys = await self.evidence.keys()
        last = await self._read(stored.last_fact)
        return State(
            name=keys.signer.verifier.name,
            key=str(keys.signer.verifier),
            size=log.size,
            last=log.row,
            behind=max(0, last - log.row),
            interval_ms=self.evidence.interval_ms,
            head=await self._read(stored.last_head),
            targets=await self._targets(),
            witnessed=tuple(await self._read(stored.witnessed)),
        )

    async def _targets(self) -> tuple[Target, ...]:
        publish = self._settings.publish
        statuses = (
            {} if self.outbox is None else {one.receiver: one for one in await self.outbox.status()}
        )
        found = [
            Target("folder", folder.name, statuses.get(f"{RECEIVER}folder{number}"))
            for number, folder in enumerate(publish.folders, 1)
        ]
        if publish.mqtt:
            found.append(Target("mqtt", MQTT, statuses.get(MQTT)))
        found += [Target("message", name, statuses.get(name)) for name in publish.messages]
        for one in publish.witnesses:
            cosigned = await self._read(stored.last_cosigned(one.name))
            found.append(Target("witness", one.name, statuses.get(RECEIVER + one.name), cosigned))
        return tuple(found)

    async def heads(
        self, before: int | None, limit: int
    ) -> list[tuple[HeadRow, list[Cosignature]]]:
        """The heads smaller than ``before`` (all), the newest first, and who countersigned."""
        heads = await self._read(stored.heads_before(before, limit))
        lines = await self._read(stored.cosignatures([head.size for head in heads]))
        return [(head, [one for one in lines if one.size == head.size]) for head in heads]

    async def sign(self) -> HeadRow:
        """A head over all facts there are; the last one when there are no others since."""
        log = await self.evidence.caught_up()
        name = (await self.evidence.keys()).signer.verifier.name
        last = await self._read(stored.head_including(log.size, name))
        return await self.evidence.seal() if last is None else last

    async def consistency(self, old: int, new: int) -> list[bytes] | None:
        """The proof between two sizes; ``None`` when the log is not so large."""
        log = await self.evidence.opened()
        if not 0 <= old <= new <= log.size:
            return None
        return await asyncio.to_thread(log.consistency, old, new)

    async def proof(self, row: int, sees: Callable[[str], bool]) -> Proof | None:
        """The proof of the fact of a row; ``None`` when there is none of a school that whoever asks
        ``sees`` (empty: the gateway itself).

        Raises `EvidenceError` when the log has one that the database has no more.
        """
        log = await self.evidence.opened()
        index = await asyncio.to_thread(log.index_of, row)
        newest = await self._read(stored.last_head)
        if index is None or (newest is not None and newest.size > log.size):
            log = await self.evidence.caught_up()
            index = await asyncio.to_thread(log.index_of, row)
        if index is None:
            return None
        chain = log.chain_name(log.entry(index).chain)
        school = "" if chain.startswith(OTHERS[0]) else chain
        if not sees(school):
            return None
        fact = (await self._read(stored.facts_of([row]))).get(row)
        if fact is None:
            raise EvidenceError(f"fact {row} is in the log, and no longer in the database")
        leaf, salts = await asyncio.to_thread(log.leaf, index, fact)
        hashed = await asyncio.to_thread(log.hash, index)
        name = (await self.evidence.keys()).signer.verifier.name
        head = await self._read(stored.head_including(index + 1, name))
        path: list[bytes] = []
        lines: list[Cosignature] = []
        if head is not None:
            path = await asyncio.to_thread(log.inclusion, index, head.size)
            lines = await self._read(stored.cosignatures([head.size]))
        return Proof(
            line=fact_line(index, leaf, fact, salts, shown=True, actor=True),
            school=school,
            hash=hashed,
            changed=hash_of_leaf(leaf) != hashed,
            head=head,
            cosignatures=tuple(lines),
            path=tuple(path),
        )

    async def countersign(
        self, actor: str, *, note: str, key: str, old: int, proof: list[bytes]
    ) -> Answer:
        """Countersign another gateway's head, or say why not."""
        keys = await self.evidence.keys()
        return await self._witness.countersign(
            keys, actor, note=note, key=key, old=old, proof=proof
        )

    async def aclose(self) -> None:
        """Break bundles off, and let go of the log's files."""
        await self.bundles.aclose()
        self.evidence.close()

    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        return await asyncio.to_thread(self._store.read, query)
