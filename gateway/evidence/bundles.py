"""Bundles that people asked for: begun, watched, broken off, kept for a while to be fetched.

One at a time for each person and two in all. They lie in a folder beside the log; a restart forgets
them, and removes what is left of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import threading
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec
import structlog

from alerts.alert import Refusal
from gateway.clock import Clock
from gateway.evidence.exporting import CancelledError, Exporter, ExportError, Wanted, Written
from gateway.evidence.service import FOLDER, Evidence
from gateway.files.shelf import Shelf, ShelfError
from gateway.runs import Runs
from gateway.security.record import fact
from gateway.store.batch import Batch
from gateway.store.store import Store

_log: Final = structlog.get_logger(__name__)

AT_ONCE: Final = 2
KEPT: Final = 10
"""Bundles that are kept; the oldest that is over goes first."""

KEPT_BYTES: Final = 4 << 30
"""Bytes of those together. They lie beside the database; the newest stays whatever its size."""


class BundleState(StrEnum):
    """Where a bundle stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Run(msgspec.Struct, kw_only=True):
    """One bundle that somebody asked for. Times in ms; ``done`` is a share.

    ``code`` and ``inputs`` say why it failed (``audit.export.{code}``).
    """

    id: str
    actor: str
    wanted: Wanted
    started: int
    path: Path
    state: BundleState = BundleState.RUNNING
    done: float = 0.0
    ended: int | None = None
    written: Written | None = None
    code: str = ""
    inputs: dict[str, str | int] = msgspec.field(default_factory=dict)
    cancelled: threading.Event = msgspec.field(default_factory=threading.Event)

    @property
    def size(self) -> int:
        """Bytes of the file, once it is done."""
        return 0 if self.written is None else self.written.bytes

    def told(self, share: float) -> None:
        """How far it is. Raises when nobody wants it any more."""
        self.done = share
        if self.cancelled.is_set():
            raise CancelledError


class Bundles(Runs[Run]):
    """Makes them beside the gateway, each in a thread."""

    def __init__(
        self, *, store: Store, clock: Clock, evidence: Evidence, folder: Path, program: str
    ) -> None:
        """``folder`` is that of the database."""
        super().__init__()
        self._store: Final = store
        self._clock: Final = clock
        self._evidence: Final = evidence
        self._folder: Final = folder / FOLDER / "bundles"
        self._shelf: Final = Shelf(folder)
        self._program: Final = program
        self._sweeping: Final = asyncio.Lock()
        self._swept = False

    async def begin(self, wanted: Wanted, actor: str) -> Run | Refusal:
        """Begin one, or say why it cannot be now."""
        running = self._standing()
        if any(run.actor == actor for run in running):
            return Refusal("bundle_running", f"{actor} has a bundle that is not over")
        if len(running) >= AT_ONCE:
            return Refusal("bundles_many", f"{len(running)} bundles of others are not over")
        name = uuid4().hex
        run = Run(
            id=name,
            actor=actor,
            wanted=wanted,
            started=self._clock.now(),
            path=self._folder / f"{name}.zip",
        )
        self._start(run, self._run(run))
        await self._forget()
        return run

    def cancel(self, run: Run) -> None:
        """Break it off; what is over stays as it is."""
        run.cancelled.set()

    async def _run(self, run: Run) -> None:
        try:
            run.written = await self._made(run)
            run.state = BundleState.DONE
        except CancelledError:
            run.state = BundleState.CANCELLED
        except ExportError as error:
            run.state, run.code, run.inputs = BundleState.FAILED, error.code, error.inputs
        except Exception as error:  # noqa: BLE001 - told to who asked; it ends nothing but itself
            _log.exception("bundle.failed", bundle=run.id)
            run.state, run.code = BundleState.FAILED, "broken"
            run.inputs = {"why": f"{type(error).__name__}: {error}"[:300]}
        finally:
            run.ended = self._clock.now()
        await self._forget(*([] if run.state is BundleState.DONE else [run.path]))

    async def _made(self, run: Run) -> Written:
        head = await self._evidence.sealed_beyond(run.wanted.at)
        if head is None:
            raise ExportError("instant", at=run.wanted.at, until=self._clock.now())
        exporter = Exporter(
            log=await self._evidence.caught_up(),
            head=head,
            signer=(await self._evidence.keys()).signer,
            read=self._store.read,
            file_of=self._file,
            program=self._program,
            told=run.told,
        )
        async with self._sweeping:
            await asyncio.to_thread(self._make_room)
        written = await asyncio.to_thread(exporter.write, run.wanted, run.path, self._clock.now())
        now, scope = self._clock.now(), run.wanted.scope
        kept = fact(
            "bundle_exported",
            now,
            run.actor,
            f"school:{scope.id}" if scope.kind == "school" else "log",
            scope=scope.kind.value,
            id=scope.id,
            at=run.wanted.at,
            actors=run.wanted.actors,
        )
        batch = Batch(facts=[kept], now=now)
        await asyncio.shield(asyncio.wrap_future(self._store.commit(batch)))
        return written

    def _make_room(self) -> None:
        if not self._swept:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._swept = True
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _file(self, name: str) -> bytes | None:
        try:
            return self._shelf.read(name)
        except (LookupError, ShelfError):
            return None

    async def _forget(self, *gone: Path) -> None:
        """Remove these files, and those of bundles that are too many or too large."""
        paths = list(gone)
        over = self._over()
        count, size = len(self._runs), sum(run.size for run in over)
        for run in over[:-1]:
            if count <= KEPT and size <= KEPT_BYTES:
                break
            count, size = count - 1, size - run.size
            paths.append(run.path)
            del self._runs[run.id]
        await asyncio.to_thread(_remove, paths)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
