"""The broker's process: started so that it outlives us, found again, watched and signalled.

Linux only: ``/proc`` says what a process is, a pidfd says when it ends, also of one that is not
our child because it was started by a gateway that was killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec


class BrokerProcess:
    """A running Mosquitto, ours by birth or by adoption."""

    def __init__(self, pid: int) -> None:
        """Raises ``ProcessLookupError`` when there is no such process."""
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self._code: int | None = None

    @property
    def alive(self) -> bool:
        """Whether it still runs (a zombie does not)."""
        try:
            signal.pidfd_send_signal(self._handle, 0)
        except ProcessLookupError:
            return False
        return state_of(self.pid) != "Z"

    def send(self, number: signal.Signals) -> None:
        """Signal exactly this process; a pid that was given to another one is not hit."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    async def gone(self) -> int | None:
        """Wait for its end. The exit code (negative = signal), ``None`` of an adopted one."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        # A handle of its own for each who waits: the loop knows one reader a descriptor.
        handle = os.dup(self._handle)
        loop.add_reader(handle, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)
        self._reap()
        return self._code

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """Let go of it without ending it."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class Birth(msgspec.Struct, frozen=True):
    """What tells a process from a later one with the same pid."""

    pid: int
    start: int
    boot: str


def birth_of(pid: int) -> Birth | None:
    """When the process was born, in clock ticks since boot; ``None`` when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name stands in brackets and may hold anything; the fields begin behind the last one.
    return Birth(pid, int(stat.rpartition(")")[2].split()[19]), boot)


def state_of(pid: int) -> str:
    """The letter of ``/proc``: R runs, S sleeps, Z is a zombie; empty when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return stat.rpartition(")")[2].split()[0]


def find_running(configuration: Path) -> list[int]:
    """Processes of ours that run Mosquitto with this configuration.

    Looked up in ``/proc`` instead of a pid file: there is no moment between the start and the
    writing of one, and no stale one.
    """
    wanted = [b"-c", os.fsencode(configuration)]
    return [
        pid
        for pid, arguments in _own_processes()
        if arguments[1:3] == wanted
        and Path(os.fsdecode(arguments[0])).name.startswith("mosquitto")
        and state_of(pid) != "Z"
    ]


def _own_processes() -> Iterator[tuple[int, list[bytes]]]:
    user = os.geteuid()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            if entry.stat().st_uid == user:
                yield int(entry.name), (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended while we looked


def find_executable(name: str = "mosquitto") -> Path | None:
    """Where the program is: on PATH or in /usr/sbin, which users' PATH leaves out on Debian."""
    for folder in (None, "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"):
        found = shutil.which(name, path=folder)
        if found is not None:
            return Path(found)
    return None


def spawn(executable: Path, configuration: Path, output: Path) -> BrokerProcess:
    """Start it in a session of its own and without pipes, so that it outlives a killed gateway.

    Raises ``OSError``.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    pid = os.posix_spawn(
        executable,
        [os.fspath(executable), "-c", os.fspath(configuration)],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.fspath(output), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    return BrokerProcess(pid)
