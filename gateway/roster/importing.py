"""Bureaus' lists that people bring in: read beside the gateway, shown, then written in pieces.

One at a time a person. What was read is kept in memory until it is written, given up or pushed out
by later ones; a restart forgets it. What was written stays: bringing the list in again changes only
what is not there yet.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

import msgspec
import structlog
from sqlalchemy import Connection

from alerts.alert import Refusal
from audit.roster import RosterChange
from gateway.clock import Clock
from gateway.roster.entries import Listed
from gateway.roster.plan import Change, Plan, Standing, plan_list
from gateway.roster.reading import Stopped, read_list
from gateway.roster.service import Rosters
from gateway.store.batch import Batch
from gateway.store.read.register import all_regions, all_schools
from gateway.store.read.roster import all_entries
from gateway.store.roster import put_entries

_log: Final = structlog.get_logger(__name__)

PIECE: Final = 500
"""Entries in one commit: alarms get in between."""

AT_ONCE: Final = 2
"""Lists of all people together that are being read or written."""

KEPT: Final = 6
"""Lists that are kept: 50,000 rows take some 40 MB."""

MOST_BYTES: Final = 16 << 20
"""Of one file: 50,000 rows are 5 MB of CSV."""


class ImportState(StrEnum):
    """Where a list stands."""

    READING = "reading"
    READY = "ready"  # shown; waits for a yes
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_BUSY: Final = (ImportState.READING, ImportState.WRITING)


class Import(msgspec.Struct, kw_only=True):
    """A list that somebody brought. Times in ms; ``done`` of ``of`` rows are read or written.

    ``of`` is ``None`` while nobody knows how many there are. ``written`` counts the entries that
    are in the roster by it.
    """

    id: str
    actor: str
    file: str
    within: frozenset[str] | None
    started: int
    state: ImportState = ImportState.READING
    done: int = 0
    of: int | None = None
    listed: Listed | None = None
    plan: Plan | None = None
    written: int = 0
    ended: int | None = None
    error: str = ""
    stop: threading.Event = msgspec.field(default_factory=threading.Event)


def standing(connection: Connection, within: frozenset[str] | None = None) -> Standing:
    """What a list is held against, as it is in the store."""
    return Standing(
        entries=all_entries(connection),
        regions=tuple(all_regions(connection)),
        schools={school.id: school for school in all_schools(connection)},
        within=within,
    )


def pieces(changes: Sequence[Change], reason: str) -> Iterator[list[RosterChange]]:
    """What is written at once, one after the other."""
    for start in range(0, len(changes), PIECE):
        yield [
            RosterChange(before=change.before, after=change.after, reason=reason)
            for change in changes[start : start + PIECE]
        ]


class RosterImports:
    """The lists that people have brought, and what is done with them."""

    def __init__(self, rosters: Rosters, clock: Clock) -> None:
        self._rosters: Final = rosters
        self._clock: Final = clock
        self._runs: dict[str, Import] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(
        self, raw: bytes, *, file: str, actor: str, within: frozenset[str] | None
    ) -> Import | Refusal:
        """Begin to read a list; ``within`` are the regions whose schools the caller may enlist."""
        if any(run.actor == actor and run.state in _BUSY for run in self._runs.values()):
            return Refusal("import_running", f"a list of {actor} is not read or written yet")
        if sum(run.state in _BUSY for run in self._runs.values()) >= AT_ONCE:
            return Refusal("imports_many", "lists of others are being read")
        run = Import(
            id=uuid4().hex, actor=actor, file=file, within=within, started=self._clock.now()
        )
        self._runs[run.id] = run
        self._forget()
        self._start(self._read(run, raw), run)
        return run

    def of(self, actor: str) -> list[Import]:
        """A person's own, the newest first."""
        return [run for run in reversed(self._runs.values()) if run.actor == actor]

    def find(self, name: str, actor: str) -> Import | None:
        """One of a person's own."""
        run = self._runs.get(name)
        return None if run is None or run.actor != actor else run

    async def apply(
        self, run: Import, digest: str, *, skip_bad_rows: bool, reason: str
    ) -> Import | Refusal:
        """Write what was shown under ``digest``. Refused, with what is so now, when that would
        come to something else by now."""
        await self._rosters.changing.acquire()
        begun = False
        try:
            # Only now: while it was waited for, another yes may have written it.
            if run.state is not ImportState.READY or run.listed is None:
                return Refusal("import_over", "this list is not waiting to be written")
            await self._rosters.settled()
            plan = await self._planned(run, run.listed)
            run.plan = plan
            if plan.digest != digest:
                return Refusal("roster_changed", "the list now comes to other changes; look again")
            if plan.unreadable:
                return Refusal(
                    "roster_unreadable", "there is nothing in this file that can be read"
                )
            if plan.troubles and not skip_bad_rows:
                return Refusal("roster_bad_rows", f"{len(plan.troubles)} mistakes are in the list")
            run.state, run.done, run.of = ImportState.WRITING, 0, len(plan.changes)
            self._start(self._write(run, plan, reason), run)
            begun = True
        finally:
            if not begun:
                self._rosters.changing.release()
        return run

    def cancel(self, run: Import) -> None:
        """Give it up. What is written of it stays, whole entries with their facts."""
        run.stop.set()
        if run.state is ImportState.READY:
            self._over(run, ImportState.CANCELLED)

    async def aclose(self) -> None:
        """Stop all of them and wait until they are."""
        for run in self._runs.values():
            run.stop.set()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _read(self, run: Import, raw: bytes) -> None:
        if not raw.startswith(b"PK\x03\x04"):
            run.of = raw.count(b"\n")

        def told(rows: int) -> None:
            run.done = rows
            if run.stop.is_set():
                raise Stopped

        listed = await asyncio.to_thread(read_list, raw, told)
        plan = await self._planned(run, listed)
        if run.stop.is_set():
            raise Stopped
        run.listed, run.plan, run.of = listed, plan, run.done
        run.state = ImportState.READY

    async def _planned(self, run: Import, listed: Listed) -> Plan:
        return await self._rosters.read(
            lambda connection: plan_list(listed, standing(connection, run.within))
        )

    async def _write(self, run: Import, plan: Plan, reason: str) -> None:
        try:
            for piece in pieces(plan.changes, reason):
                if run.stop.is_set():
                    raise Stopped
                batch = Batch(now=self._clock.now())
                put_entries(batch, piece, by=run.actor)
                await self._rosters.commit(batch)
                run.written += len(piece)
                run.done = run.written
            self._over(run, ImportState.DONE)
        finally:
            self._rosters.changing.release()

    def _start(self, work: Coroutine[Any, Any, None], run: Import) -> None:
        task = asyncio.create_task(self._kept(work, run), name=f"roster {run.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _kept(self, work: Coroutine[Any, Any, None], run: Import) -> None:
        try:
            await work
        except Stopped:
            self._over(run, ImportState.CANCELLED)
        except Exception as error:  # noqa: BLE001 - told to who asked; it ends nothing but itself
            _log.exception("roster.import_failed", run=run.id)
            run.error = f"{type(error).__name__}: {error}"
            self._over(run, ImportState.FAILED)

    def _over(self, run: Import, state: ImportState) -> None:
        run.state, run.ended, run.listed = state, self._clock.now(), None
        if run.plan is not None:  # 50,000 changes that nobody comes back to
            run.plan = msgspec.structs.replace(run.plan, changes=())

    def _forget(self) -> None:
        idle = [run.id for run in self._runs.values() if run.state not in _BUSY]
        for name in idle[: max(0, len(self._runs) - KEPT)]:
            del self._runs[name]
