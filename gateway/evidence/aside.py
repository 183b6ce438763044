"""A bundle without the gateway: by a command, beside one that runs or while none does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from audit.evidence.merkle import TreeError
from gateway.clock import Clock
from gateway.evidence.exporting import Exporter, ExportError, Wanted, Written
from gateway.evidence.keys import evidence_keys
from gateway.evidence.log import Log
from gateway.evidence.making import program
from gateway.evidence.service import FOLDER, Evidence, EvidenceError
from gateway.files.shelf import Shelf, ShelfError
from gateway.security.record import fact
from gateway.settings import Settings
from gateway.store.batch import Batch
from gateway.store.read import evidence as stored
from gateway.store.read.evidence import HeadRow
from gateway.store.store import Store

_NOW = -1


async def exported(
    settings: Settings, store: Store, clock: Clock, wanted: Wanted, output: Path, *, by: str
) -> tuple[Written, int]:
    """Write the bundle; what is in it, and its instant. ``wanted.at`` -1 is now, or, beside a
    gateway that runs, the last instant of which all is under a signed head.

    Raises `ExportError`, `EvidenceError`, `EvidenceKeyError`, ``OSError``.
    """
    folder = settings.database.parent
    keys = evidence_keys(folder, settings.evidence.name)
    evidence = Evidence(
        store=store,
        clock=clock,
        keys=lambda: keys,
        folder=folder,
        interval_ms=settings.evidence.interval_minutes * 60_000,
    )
    try:
        try:
            log = await evidence.caught_up()
        except EvidenceError as error:
            if not evidence.busy:
                raise
            log, wanted, head = await asyncio.to_thread(
                _beside_another, folder / FOLDER, settings, store, wanted, error
            )
        else:
            wanted = _as_of(wanted, clock.now() - 1)
            found = await evidence.sealed_beyond(wanted.at)
            if found is None:
                raise ExportError("instant", at=wanted.at, until=clock.now())
            head, log = found, await evidence.caught_up()
        exporter = Exporter(
            log=log,
            head=head,
            signer=keys.signer,
            read=store.read,
            file_of=lambda name: _file(Shelf(folder), name),
            program=program(),
        )
        now = clock.now()
        written = await asyncio.to_thread(exporter.write, wanted, output, now)
        kept = fact(
            "bundle_exported",
            now,
            by,
            f"school:{wanted.scope.id}" if wanted.scope.kind == "school" else "log",
            scope=wanted.scope.kind.value,
            id=wanted.scope.id,
            at=wanted.at,
            actors=wanted.actors,
        )
        batch = Batch(facts=[kept], now=now)
        await asyncio.wrap_future(store.commit(batch))
        return written, wanted.at
    finally:
        evidence.close()


def _beside_another(
    folder: Path, settings: Settings, store: Store, wanted: Wanted, busy: EvidenceError
) -> tuple[Log, Wanted, HeadRow]:
    """The log as the running gateway has written it down last: it does that with each head."""
    last = store.read(stored.last_head)
    if last is None:
        raise busy
    wanted = _as_of(wanted, last.known - 1)
    keys = evidence_keys(settings.database.parent, settings.evidence.name)
    head = store.read(stored.head_covering(wanted.at, keys.signer.verifier.name))
    if head is None:
        raise ExportError("not_yet", at=wanted.at, until=last.known)
    try:
        log = Log(folder, keys.secret, writes=False)
    except TreeError as error:
        raise EvidenceError(str(error)) from error
    if log.size < head.size:
        raise busy
    return log, wanted, head


def _as_of(wanted: Wanted, now: int) -> Wanted:
    return msgspec.structs.replace(wanted, at=now) if wanted.at == _NOW else wanted


def _file(shelf: Shelf, name: str) -> bytes | None:
    try:
        return shelf.read(name)
    except (LookupError, ShelfError):
        return None
