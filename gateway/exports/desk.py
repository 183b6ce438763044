"""The exports that people asked for: begun, watched, broken off, fetched, kept for a while.

A few at once, each written by a process apart. The files lie in a folder of their own, which only
the gateway may read; a restart removes them, for each can be asked for again.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias
from uuid import uuid4

import msgspec
import structlog

from alerts.alert import Refusal
from audit.reports.table import Report
from gateway.clock import Clock
from gateway.exports.cells import Setting
from gateway.exports.font import FontMissingError, find_font
from gateway.exports.order import Format
from gateway.exports.writing import Cancelled, ExportError, Writing
from gateway.security.access import Caller

_log: Final = structlog.get_logger(__name__)

AT_ONCE: Final = 2
"""Exports that are made at the same time; the others wait their turn."""

WAITING: Final = 20
"""Exports of all people that are not over."""

OF_ONE: Final = 3
"""Exports of one person that are not over."""

KEPT: Final = 100
"""Files that are kept; the oldest goes first."""

KEPT_OF_ONE: Final = 20

KEPT_BYTES: Final = 2 << 30

KEPT_MS: Final = 24 * 3_600_000

SWEEP_SECONDS: Final = 600.0

Supply: TypeAlias = "Callable[[], Awaitable[Report]]"
"""Makes what is to be written; raises `ExportError` when there is no such thing."""


class ExportState(StrEnum):
    """Where an export stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_OVER: Final = frozenset({ExportState.DONE, ExportState.FAILED, ExportState.CANCELLED})


class Export(msgspec.Struct, kw_only=True):
    """One export that somebody asked for. Times in ms.

    ``schools`` is the asker's scope when it began (``None`` = all): whoever has less by now does
    not get the file. ``rows`` were handed over so far, of ``count`` when that is known. ``code`` is
    why it failed, for the catalogue; ``error`` the same in English, with its figures.
    """

    id: str
    actor: str
    schools: frozenset[str] | None
    what: str
    format: Format
    params: Mapping[str, object]
    begun: int
    path: Path
    writing: Writing
    state: ExportState = ExportState.WAITING
    title: str = ""
    count: int | None = None
    size: int = 0
    ended: int | None = None
    code: str = ""
    error: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing happens to it any more."""
        return self.state in _OVER

    @property
    def done(self) -> float | None:
        """How far it is, 0 to 1; ``None`` when nobody knows."""
        if self.state is ExportState.DONE:
            return 1.0
        if not self.count:
            return None
        return min(1.0, self.writing.rows / self.count)


class Exports:
    """All exports of the running gateway."""

    def __init__(self, folder: Path, clock: Clock, font: Path | None = None) -> None:
        """``folder`` is the exports' own; ``font`` is a font's file instead of the machine's, for
        every paper of the gateway."""
        self._folder: Final = folder
        self._clock: Final = clock
        self.font: Final = font
        self._threads: Final = ThreadPoolExecutor(AT_ONCE, "export")
        self._turn: Final = asyncio.Semaphore(AT_ONCE)
        self._kept: dict[str, Export] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun = False

    def begin(
        self,
        caller: Caller,
        what: str,
        file_format: Format,
        params: Mapping[str, object],
        *,
        setting: Callable[[], Setting],
        supply: Supply,
    ) -> Export | Refusal:
        """Begin one for the caller; or why it cannot be now."""
        self._sweep()
        if refusal := self._refused(caller, file_format):
            return refusal
        try:
            self._prepare()
        except OSError as error:
            return Refusal("export_disk", f"{self._folder}: {error}")
        name = uuid4().hex
        path = self._folder / f"{name}.{file_format.value}"
        export = Export(
            id=name,
            actor=caller.name,
            schools=caller.schools,
            what=what,
            format=file_format,
            params=params,
            begun=self._clock.now(),
            path=path,
            writing=Writing(path, self.font),
        )
        self._kept[name] = export
        task = asyncio.create_task(self._run(export, setting, supply), name=f"export {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return export

    def of(self, caller: Caller) -> list[Export]:
        """A person's own, the newest first."""
        self._sweep()
        return [one for one in reversed(self._kept.values()) if _theirs(one, caller)]

    def find(self, name: str, caller: Caller) -> Export | None:
        """One of a person's own."""
        self._sweep()
        one = self._kept.get(name)
        return one if one is not None and _theirs(one, caller) else None

    async def remove(self, export: Export) -> None:
        """Break it off, or remove its file when it is over; it is forgotten."""
        export.writing.cancel()
        if export.state is ExportState.WAITING:
            export.state, export.ended = ExportState.CANCELLED, self._clock.now()
        elif export.over:
            self._kept.pop(export.id, None)
            await asyncio.to_thread(export.path.unlink, missing_ok=True)

    async def keep(self) -> None:
        """Remove what has been kept long enough, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._sweep()

    async def aclose(self) -> None:
        """Break all of them off and wait until they are; the files go."""
        for export in self._kept.values():
            export.writing.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._threads.shutdown(wait=False)
        if self._begun:
            await asyncio.to_thread(_empty, self._folder)

    def _refused(self, caller: Caller, file_format: Format) -> Refusal | None:
        if file_format is Format.PDF:
            try:
                find_font(self.font)
            except FontMissingError as error:
                return Refusal("export_font", str(error))
        standing = [one for one in self._kept.values() if not one.over]
        if sum(one.actor == caller.name for one in standing) >= OF_ONE:
            return Refusal("exports_own", f"{caller.name} has {OF_ONE} exports that are not over")
        if len(standing) >= WAITING:
            return Refusal("exports_many", f"{len(standing)} exports of others are not over")
        return None

    def _prepare(self) -> None:
        """The folder, empty: what an earlier run of the gateway left is nobody's any more."""
        if self._begun:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _empty(self._folder)
        self._begun = True

    async def _run(self, export: Export, setting: Callable[[], Setting], supply: Supply) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with self._turn:
                if export.over:
                    return  # broken off while it waited
                export.state = ExportState.RUNNING
                report = await supply()
                export.title = report.title
                export.count = _count(report)
                export.size = await loop.run_in_executor(
                    self._threads, export.writing.run, report, export.format, setting()
                )
            export.state = ExportState.DONE
        except Cancelled:
            export.state = ExportState.CANCELLED
        except ExportError as error:
            export.state = ExportState.FAILED
            export.code, export.error = error.code, str(error)
        except Exception as error:  # noqa: BLE001 - told to who asked; it ends nothing but itself
            _log.exception("export.failed", export=export.id, what=export.what)
            export.state, export.code = ExportState.FAILED, "refusal.export_broken"
            export.error = f"{type(error).__name__}: {error}"
        finally:
            export.ended = export.ended or self._clock.now()

    def _sweep(self) -> None:
        """Forget what is over and too old, too many or too large, the oldest first."""
        now = self._clock.now()
        over = [one for one in self._kept.values() if one.over]
        size = sum(one.size for one in over)
        of_one: dict[str, int] = {}
        for one in over:
            of_one[one.actor] = of_one.get(one.actor, 0) + 1
        left = len(over)
        for one in over:
            if (
                now - (one.ended or now) < KEPT_MS
                and left <= KEPT
                and size <= KEPT_BYTES
                and of_one[one.actor] <= KEPT_OF_ONE
            ):
                continue
            left -= 1
            size -= one.size
            of_one[one.actor] -= 1
            del self._kept[one.id]
            with suppress(OSError):
                one.path.unlink(missing_ok=True)


def _theirs(export: Export, caller: Caller) -> bool:
    """Whether the caller asked for it, and still sees all that may be in it."""
    if export.actor != caller.name:
        return False
    if caller.schools is None:
        return True
    return export.schools is not None and export.schools <= caller.schools


def _count(report: Report) -> int | None:
    counts = [table.count for table in report.tables]
    known = [one for one in counts if one is not None]
    return sum(known) if len(known) == len(counts) else None


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
            continue
        with suppress(OSError):
            path.unlink()
