"""Mosquitto as a supervised child: started, adopted, watched, restarted, reloaded, stopped.

The child outlives a gateway that is killed, so that messages go on queueing for it; the next
gateway adopts the child. A gateway that stops gracefully stops it too, unless told otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
import signal
import time
from collections.abc import AsyncIterator
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
import structlog

from gateway.broker.access import GATEWAY
from gateway.broker.broker_log import BrokerLog
from gateway.broker.configuration import BrokerPlan, Listener, user_to_keep
from gateway.broker.credentials import write_private
from gateway.broker.files import Digests, Need, Written, write_files
from gateway.broker.knock import Answer, Knock, knock
from gateway.broker.process import (
    Birth,
    BrokerProcess,
    birth_of,
    find_executable,
    find_running,
    spawn,
)
from gateway.listeners import holder_of, is_free

_log: Final = structlog.get_logger(__name__)


class BrokerError(Exception):
    """The broker does not run; the message says why and what to do."""


class BrokerMissingError(BrokerError):
    """Mosquitto is not installed."""


class PortTakenError(BrokerError):
    """Another program listens where the broker should."""


class BrokerState(StrEnum):
    """How the broker is."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"  # it died; the next start is due in a moment


class BrokerStatus(msgspec.Struct, frozen=True):
    """What is known of the child. ``restarts`` counts since this gateway started."""

    state: BrokerState
    pid: int | None
    adopted: bool
    restarts: int
    error: str


class Patience(msgspec.Struct, frozen=True):
    """Time limits in seconds.

    A broker with a backlog reads and writes it at start and end: a million messages are about
    300 MB, some seconds on a slow disk. So is the pause in which it answers nobody while it saves.
    """

    start_s: float = 60.0
    stop_s: float = 60.0
    answer_s: float = 5.0
    check_every_s: float = 15.0
    hang_s: float = 120.0
    restart_min_s: float = 0.5
    restart_max_s: float = 30.0
    steady_after_s: float = 60.0


PATIENCE: Final = Patience()


class _Running(msgspec.Struct, frozen=True):
    """Which process was started, and with what; kept in ``running.json``."""

    birth: Birth
    digests: Digests


_running: Final = msgspec.json.Decoder(_Running).decode


class Mosquitto:
    """The broker of one gateway. One object a folder; `start`, run `watch` as a task, `stop`."""

    def __init__(
        self,
        plan: BrokerPlan,
        folder: Path,
        *,
        program: str = "mosquitto",
        keep_running: bool = False,
        patience: Patience = PATIENCE,
    ) -> None:
        """``program`` is a name or a path; ``keep_running`` leaves the broker to itself when the
        gateway stops.
        """
        self._plan = plan
        self._folder = folder
        self._program = program
        self._keep_running = keep_running
        self._patience = patience
        self._lock = asyncio.Lock()
        self._process: BrokerProcess | None = None
        self._written: Written | None = None
        self._state = BrokerState.STOPPED
        self._adopted = False
        self._restarts = 0
        self._error = ""
        self._started = 0.0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def written(self) -> Written:
        """Files and credentials. Raises ``LookupError`` before `start`."""
        if self._written is None:
            raise LookupError("the broker's files are written by start()")
        return self._written

    @property
    def listener(self) -> Listener:
        """Where the gateway itself connects."""
        return self._plan.way_in

    def status(self) -> BrokerStatus:
        """How the child is doing."""
        pid = self._process.pid if self._process is not None else None
        return BrokerStatus(self._state, pid, self._adopted, self._restarts, self._error)

    async def start(self) -> None:
        """Adopt the child that a killed gateway left, or start one; return once it lets us in.

        Raises `BrokerError`, `AccessError`, `CredentialsError`.
        """
        async with self._lock:
            await self._write(self._plan)
            if not await self._adopt():
                await self._launch()

    async def apply(self, plan: BrokerPlan) -> Need:
        """Take up a changed plan (schools, devices, certificates); returns what it took."""
        async with self._lock:
            before = self.written.digests
            await self._write(plan)
            need = before.need(self.written.digests)
            await self._satisfy(need)
            return need

    async def watch(self) -> None:
        """Keep it running and pass on its log, until cancelled or stopped."""
        async with asyncio.TaskGroup() as tasks:
            follow = tasks.create_task(BrokerLog(self.written.files.log).follow(self._reopen_log))
            check = tasks.create_task(self._check())
            await self._revive()
            follow.cancel()
            check.cancel()

    async def stop(self) -> None:
        """End it gracefully, so that it saves what waits; or let go of it (``keep_running``)."""
        async with self._lock:
            process, self._process = self._process, None
            self._state = BrokerState.STOPPED
            if process is None:
                return
            if self._keep_running:
                _log.info("broker.left_running", pid=process.pid)
            else:
                await self._end(process)
            process.close()

    async def _write(self, plan: BrokerPlan) -> None:
        try:
            self._written = await asyncio.to_thread(
                write_files, plan, self._folder, user=user_to_keep()
            )
        except OSError as error:
            raise BrokerError(
                f"cannot write the broker's files in {self._folder}: {error}. "
                "Make the folder writable, see that there is room and that certificates are there."
            ) from error
        self._plan = plan

    async def _adopt(self) -> bool:
        found = await asyncio.to_thread(find_running, self.written.files.configuration)
        if not found:
            return False
        first, *doubles = [BrokerProcess(pid) for pid in found]
        for double in doubles:
            _log.warning("broker.double", pid=double.pid)
            await self._end(double)
            double.close()
        self._process, self._adopted = first, True
        self._started = time.monotonic()
        told = self._told(first)
        need = told.need(self.written.digests) if told is not None else Need.RESTART
        _log.info("broker.adopted", pid=first.pid, need=need.name.lower())
        await self._satisfy(need)
        if need is not Need.RESTART:
            try:
                await self._answers(first)
            except BrokerError as error:
                _log.warning("broker.adopted_silent", pid=first.pid, error=str(error))
                await self._satisfy(Need.RESTART)
        return True

    def _told(self, process: BrokerProcess) -> Digests | None:
        """With which files this very process was started; ``None`` when nobody noted it."""
        try:
            kept = _running(self.written.files.running.read_bytes())
        except (OSError, msgspec.DecodeError):
            return None
        return kept.digests if kept.birth == birth_of(process.pid) else None

    async def _satisfy(self, need: Need) -> None:
        process = self._process
        if process is None or need is Need.NOTHING:
            return
        if need is Need.RELOAD:
            process.send(signal.SIGHUP)
            await asyncio.to_thread(self._note, process)
            _log.info("broker.reloaded", pid=process.pid)
            return
        self._state = BrokerState.STARTING
        await self._end(process)
        process.close()
        await self._launch()

    async def _launch(self) -> None:
        executable = await asyncio.to_thread(find_executable, self._program)
        if executable is None:
            raise BrokerMissingError(
                f"there is no program {self._program!r}. Install Mosquitto (Debian and Ubuntu: "
                "apt-get install mosquitto), or name another broker by broker.url."
            )
        for listener in self._plan.listeners:
            await asyncio.to_thread(_refuse_taken, listener)
        _raise_descriptor_limit()
        self._state = BrokerState.STARTING
        files = self.written.files
        try:
            # Not in a thread: cancelled in between, the child would run and nobody would know.
            process = spawn(executable, files.configuration, files.output)
        except OSError as error:
            raise BrokerError(f"cannot start {executable}: {error}") from error
        self._process, self._adopted = process, False
        self._started = time.monotonic()
        await asyncio.to_thread(self._note, process)
        await self._answers(process)
        _log.info("broker.started", pid=process.pid, port=self.listener.port)

    def _note(self, process: BrokerProcess) -> None:
        birth = birth_of(process.pid)
        if birth is None:
            return
        note = msgspec.json.encode(_Running(birth, self.written.digests)).decode()
        try:
            write_private(self.written.files.running, note)
        except OSError as error:
            # Without the note an adopted broker is restarted once; no reason not to run now.
            _log.warning("broker.not_noted", error=str(error))

    async def _answers(self, process: BrokerProcess) -> None:
        """Wait until it lets us in. Raises `BrokerError` when it ends or does not in time."""
        gone = asyncio.ensure_future(process.gone())
        answer = Knock(Answer.UNREACHABLE)
        try:
            async with asyncio.timeout(self._patience.start_s):
                while not gone.done():
                    answer = await self._knock()
                    if answer.answer is Answer.WELCOME and process.alive:
                        self._state, self._error = BrokerState.RUNNING, ""
                        return
                    # Nothing tells when a process begins to listen: ask again in a moment.
                    await asyncio.wait((gone,), timeout=0.02)
        except TimeoutError:
            raise self._failed(
                f"the broker (process {process.pid}) lets nobody in after "
                f"{self._patience.start_s:g} s: {answer.detail}"
            ) from None
        finally:
            gone.cancel()
            await asyncio.wait((gone,))  # awaiting it itself would swallow our own cancellation
        raise self._failed(f"the broker ended at once with code {gone.result()}")

    def _failed(self, what: str) -> BrokerError:
        self._error = f"{what}. {self._last_words()}"
        return BrokerError(self._error)

    def _last_words(self) -> str:
        for path in (self.written.files.output, self.written.files.log):
            with contextlib.suppress(OSError):
                lines = path.read_text("utf-8", "replace").strip().splitlines()
                if lines:
                    return f"It said: {' / '.join(lines[-3:])}"
        return f"Its log is {self.written.files.log}."

    async def _knock(self) -> Knock:
        host = self.listener.host
        return await knock(
            "127.0.0.1" if host in {"", "0.0.0.0"} else host,  # noqa: S104 - compared, not bound
            self.listener.port,
            user=GATEWAY,
            password=self.written.credentials.passwords[GATEWAY],
            timeout_s=self._patience.answer_s,
        )

    async def _revive(self) -> None:
        delay = self._patience.restart_min_s
        while (process := self._process) is not None:
            code = await process.gone()
            if self._process is not process:
                continue  # replaced or stopped on purpose
            if time.monotonic() - self._started > self._patience.steady_after_s:
                delay = self._patience.restart_min_s
            pause = delay * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
            delay = min(2 * delay, self._patience.restart_max_s)
            self._state = BrokerState.WAITING
            _log.error(
                "broker.died", code=code, again_in_s=round(pause, 1), words=self._last_words()
            )
            await asyncio.sleep(pause)
            async with self._lock:
                if self._process is not process:
                    continue
                self._restarts += 1
                try:
                    await self._launch()
                except BrokerError as error:
                    self._state, self._error = BrokerState.WAITING, str(error)
                    _log.error("broker.not_started", error=str(error))
                if self._process is not process:
                    process.close()

    async def _check(self) -> None:
        """End a broker that hangs; `_revive` starts the next one."""
        answered, suspect = time.monotonic(), self._process
        while True:
            await asyncio.sleep(self._patience.check_every_s)
            process = self._process
            if process is None or process is not suspect or self._lock.locked():
                answered, suspect = time.monotonic(), process
                continue
            result = await self._knock()
            if result.answer is Answer.WELCOME:
                answered = time.monotonic()
            elif time.monotonic() - answered > self._patience.hang_s and process.alive:
                _log.error("broker.hangs", pid=process.pid, detail=result.detail)
                await self._end(process)

    async def _end(self, process: BrokerProcess) -> None:
        """SIGTERM, so that it saves; SIGKILL only when it does not end."""
        process.send(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._patience.stop_s):
                code = await process.gone()
            _log.info("broker.stopped", pid=process.pid, code=code)
        except TimeoutError:
            _log.error("broker.killed", pid=process.pid, waited_s=self._patience.stop_s)
            process.send(signal.SIGKILL)
            await process.gone()

    def _reopen_log(self) -> None:
        if self._process is not None:
            self._process.send(signal.SIGHUP)


@contextlib.asynccontextmanager
async def running(broker: Mosquitto) -> AsyncIterator[Mosquitto]:
    """The broker started and watched for as long as the block lasts."""
    async with broker:
        watching = asyncio.create_task(broker.watch())
        try:
            yield broker
        finally:
            watching.cancel()
            await asyncio.wait((watching,))
            if not watching.cancelled():
                watching.result()


def _refuse_taken(listener: Listener) -> None:
    """Before the start: else we might knock at a stranger that listens there already."""
    if is_free(listener.host, listener.port):
        return
    holder = holder_of(listener.port)
    raise PortTakenError(
        f"the broker cannot listen on {listener.host}:{listener.port}: "
        f"{holder or 'another program'} listens there (another broker?). Stop it, or choose "
        "another port."
    )


def _raise_descriptor_limit() -> None:
    """The child inherits the limit; 1024, the usual soft one, is too few connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(65_536, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
