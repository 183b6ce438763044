"""The replays that people asked for on the page: begun, watched, broken off, kept for a while.

One at a time a person, and few at once: each takes processors for minutes, however nicely. What
came of them is kept in memory, the newest ones; a restart forgets them, for nothing follows from
one that could not be asked again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec
import structlog

from alerts.alert import Refusal
from devices.kinds import KindSpec
from gateway.clock import Clock
from gateway.replay import stored
from gateway.replay.changes import Changes, Figured, Mistake
from gateway.replay.order import Answer, Progress, Question, ReplayError
from gateway.replay.running import Cancelled, Replay
from gateway.runs import Runs

_log: Final = structlog.get_logger(__name__)

AT_ONCE: Final = 2
"""Replays of all people together."""

KEPT: Final = 20
"""Replays that are kept; the oldest that is over goes first."""

MOST: Final = 5_000
"""Alerts of one replay: some 5 MB in memory, and more than anybody looks through on a page."""


class RunState(StrEnum):
    """Where a replay stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Run(msgspec.Struct, kw_only=True):
    """One replay that somebody asked for. Times in ms.

    ``answer`` is there once it is done, ``error`` says why it failed.
    """

    id: str
    actor: str
    question: Question
    changes: Changes
    started: int
    replay: Replay
    state: RunState = RunState.RUNNING
    ended: int | None = None
    answer: Answer | None = None
    error: str = ""

    @property
    def progress(self) -> Progress:
        """How far it has got."""
        if self.answer is not None:
            return Progress(1.0, self.answer.readings)
        return self.replay.progress


class Replays(Runs[Run]):
    """Runs them beside the gateway, each in a thread that only waits for its processes."""

    def __init__(self, store: Path, kinds: Mapping[str, KindSpec], clock: Clock) -> None:
        super().__init__()
        self._store: Final = store
        self._kinds: Final = kinds
        self._clock: Final = clock
        # The gateway and its writer keep a processor, where there are several.
        self._processes: Final = max(1, (os.cpu_count() or 1) - 1)
        self._threads: Final = ThreadPoolExecutor(AT_ONCE, "replay")

    async def begin(
        self, question: Question, changes: Changes, actor: str
    ) -> Run | Refusal | list[Mistake]:
        """Begin one; or what is wrong with the changes, or why it cannot be now."""
        if refusal := self._busy(actor):
            return refusal
        mistakes, today, tried = await asyncio.to_thread(self._looked_at, changes, question)
        if mistakes:
            return mistakes
        if refusal := self._busy(actor):  # somebody was quicker
            return refusal
        run = Run(
            id=uuid4().hex,
            actor=actor,
            question=question,
            changes=changes,
            started=self._clock.now(),
            replay=Replay(
                self._store,
                question,
                today=today,
                tried=tried,
                processes=self._processes,
                most=MOST,
            ),
        )
        self._start(run, self._run(run))
        self._forget()
        return run

    def cancel(self, run: Run) -> None:
        """Break it off; what is over stays as it is."""
        run.replay.cancel()

    async def aclose(self) -> None:
        """Break all of them off and wait until they are."""
        await super().aclose()
        self._threads.shutdown(wait=False)

    def _busy(self, actor: str) -> Refusal | None:
        running = self._standing()
        if any(run.actor == actor for run in running):
            return Refusal("replay_running", f"{actor} has a replay that is not over")
        if len(running) >= AT_ONCE:
            return Refusal("replays_many", f"{len(running)} replays of others are not over")
        return None

    def _looked_at(
        self, changes: Changes, question: Question
    ) -> tuple[list[Mistake], Figured, Figured]:
        with closing(stored.opened(self._store)) as connection:
            # Of other schools nothing is said, not even that there is no such device.
            devices = [
                device
                for device in stored.registered_devices(connection)
                if not question.schools or device.school in question.schools
            ]
            schools = stored.figures_of_schools(connection)
        tried = Figured(self._kinds, schools, changes)
        return tried.mistakes(devices), Figured(self._kinds, schools), tried

    async def _run(self, run: Run) -> None:
        loop = asyncio.get_running_loop()
        try:
            run.answer = await loop.run_in_executor(self._threads, run.replay.run)
            run.state = RunState.DONE
        except Cancelled:
            run.state = RunState.CANCELLED
        except ReplayError as error:
            run.state, run.error = RunState.FAILED, str(error)
        except Exception as error:  # noqa: BLE001 - told to who asked; it ends nothing but itself
            _log.exception("replay.failed", replay=run.id)
            run.state, run.error = RunState.FAILED, f"{type(error).__name__}: {error}"
        finally:
            run.ended = self._clock.now()

    def _forget(self) -> None:
        for run in self._over()[: max(0, len(self._runs) - KEPT)]:
            del self._runs[run.id]
