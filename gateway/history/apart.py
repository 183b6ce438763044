"""Gathers in a process of its own: folding holds the GIL, and commits would wait for it.

The process only reads, so it may be killed at any instant. It is begun when it is first needed,
and ends with the gateway: when the pipe between them is closed, whoever closed it.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from gateway.history.gathering import GatheringHere
from gateway.history.rollup import Gathered, Mark, Position
from gateway.store.store import StoreError

NICE: Final = 10
"""Its niceness: it leaves the processor to whoever wants it more."""

PATIENCE: Final = 300.0
"""Seconds for one answer. A slice is begun in some 2 s, on a busy machine in 20."""


class GatheringError(StoreError):
    """The process that gathers failed; another is begun at the next time."""


class Begin(msgspec.Struct, frozen=True, tag=True):
    """Begin a slice; answered by its position."""

    budget: int
    before: int | None


class Gather(msgspec.Struct, frozen=True, tag=True):
    """Gather from it; answered by what was gathered."""

    after: Mark
    rows: int


class End(msgspec.Struct, frozen=True, tag=True):
    """End it; answered by a position that is resting."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """What went wrong. The process is still there."""

    reason: str


class Begun(msgspec.Struct, frozen=True, tag=True):
    """A slice was begun, or ended."""

    position: Position


class Answered(msgspec.Struct, frozen=True, tag=True):
    """What was gathered."""

    gathered: Gathered


Request: TypeAlias = Begin | Gather | End
Answer: TypeAlias = Begun | Answered | Failed

_REQUESTS: Final = msgspec.msgpack.Decoder(Request)
_ANSWERS: Final = msgspec.msgpack.Decoder(Answer)


class GatheringApart:
    """Implements `gateway.history.gathering.Gathering` over a child process."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self._path = path
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def begin(self, budget: int, before: int | None) -> Position:
        """See `Gathering.begin`."""
        answer = self._ask(Begin(budget, before))
        if not isinstance(answer, Begun):
            raise GatheringError(f"history: an unexpected answer: {answer!r:.100}")
        return answer.position

    def gather(self, after: Mark, rows: int) -> Gathered:
        """See `Gathering.gather`."""
        answer = self._ask(Gather(after, rows))
        if not isinstance(answer, Answered):
            raise GatheringError(f"history: an unexpected answer: {answer!r:.100}")
        return answer.gathered

    def end(self) -> None:
        """See `Gathering.end`."""
        if self._pipe is not None:
            with suppress(GatheringError):  # a process that failed has given it back, too
                self._ask(End())

    def break_off(self) -> None:
        """See `Gathering.break_off`."""
        process = self._process
        if process is not None:
            process.kill()  # it only reads
            process.wait()

    def _ask(self, request: Request) -> Answer:
        try:
            pipe = self._pipe or self._start()
            pipe.send_bytes(msgspec.msgpack.encode(request))
            answer: Answer = _ANSWERS.decode(_received(pipe, self._patience))
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            self.close()
            said = str(error) or "it ended"
            raise GatheringError(f"history: the process that rolls up failed: {said}") from error
        if isinstance(answer, Failed):
            raise GatheringError(f"history: {answer.reason}")
        return answer

    def _start(self) -> Connection:
        ours, its = socket.socketpair()
        with ours, its:
            self._process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-m", __name__, str(its.fileno()), str(self._path)],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
            )
            self._pipe = Connection(ours.detach())
        return self._pipe

    def close(self) -> None:
        """See `Gathering.close`."""
        self.break_off()
        pipe, self._pipe, self._process = self._pipe, None, None
        if pipe is not None:
            pipe.close()


def _received(pipe: Connection, patience: float) -> bytes:
    if not pipe.poll(patience):
        raise TimeoutError(f"no answer within {patience:.0f} s")
    return pipe.recv_bytes()


def serve(pipe: Connection, path: Path) -> None:
    """Answer requests until the pipe is closed."""
    gathering = GatheringHere(path)
    while True:
        try:
            request = _REQUESTS.decode(pipe.recv_bytes())
        except EOFError:
            return
        try:
            answer = _answer(gathering, request)
        except sqlite3.Error as error:
            gathering.end()
            answer = Failed(str(error))
        try:
            pipe.send_bytes(msgspec.msgpack.encode(answer))
        except BrokenPipeError:
            return


def _answer(gathering: GatheringHere, request: Request) -> Answer:
    match request:
        case Begin(budget, before):
            return Begun(gathering.begin(budget, before))
        case Gather(after, rows):
            return Answered(gathering.gather(after, rows))
        case End():
            gathering.end()
            return Begun(Position())


def main() -> None:
    """The process: the number of its end of the pipe, and the path of the store."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the gateway's; it closes the pipe
    os.nice(NICE)
    serve(Connection(int(sys.argv[1])), Path(sys.argv[2]))


if __name__ == "__main__":
    main()
