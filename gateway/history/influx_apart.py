"""Hands readings over from a process of its own: making lines of them holds the GIL.

The process only reads the store, so it may be killed at any instant (`gateway.history.child`). The
database's token goes there in the first request, not in its arguments, which anybody can list.
"""

from __future__ import annotations

import resource
import sqlite3
import sys
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from gateway.history.child import Child, our_end, serve
from gateway.history.influx_feed import Feed, Progress
from gateway.history.influx_target import Target
from gateway.store.store import StoreError

PATIENCE_S: Final = 30.0
"""Seconds for an answer beyond those that the database may take for each request."""

MEMORY: Final = 2 << 30
"""Bytes of address space: an answer without end ends this process, and nobody else."""


class FeedingError(StoreError):
    """The process that hands readings over failed; another is begun at the next time."""


class Begin(msgspec.Struct, frozen=True, tag=True):
    """Which database; the first request."""

    target: Target


class Deliver(msgspec.Struct, frozen=True, tag=True):
    """Hand over; answered by `Done`."""

    after: int
    rows: int


class Done(msgspec.Struct, frozen=True, tag=True):
    """What was done."""

    progress: Progress | None = None


class Failed(msgspec.Struct, frozen=True, tag=True):
    """What went wrong. The process is still there."""

    reason: str


Request: TypeAlias = Begin | Deliver
Answer: TypeAlias = Done | Failed

_REQUESTS: Final = msgspec.msgpack.Decoder(Request)
_ANSWERS: Final = msgspec.msgpack.Decoder(Answer)


class FeedApart:
    """Implements `gateway.history.influx_feed.Feeding` over a child process."""

    def __init__(self, path: Path, target: Target, patience: float | None = None) -> None:
        """``patience`` is how many seconds an answer may take."""
        self._target: Final = target
        # Some requests go before a call comes back; each of them may take its time.
        limit = PATIENCE_S + 10 * (target.connect_s + target.timeout_s)
        self._child: Final = Child(__name__, [str(path)], limit if patience is None else patience)

    def deliver(self, after: int, rows: int) -> Progress:
        """See `Feeding.deliver`. Raises `FeedingError`."""
        if not self._child.begun:
            self._ask(Begin(self._target))
        progress = self._ask(Deliver(after, rows)).progress
        if progress is None:
            raise FeedingError("history: the process that hands over gave no answer")
        return progress

    def close(self) -> None:
        """See `Feeding.close`."""
        self._child.close()

    def _ask(self, request: Request) -> Done:
        try:
            answer: Answer = _ANSWERS.decode(self._child.ask(msgspec.msgpack.encode(request)))
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            self._child.close()
            said = str(error) or "it ended"
            raise FeedingError(f"history: the process that hands over failed: {said}") from error
        if isinstance(answer, Failed):
            raise FeedingError(f"history: {answer.reason}")
        return answer


def main() -> None:
    """The process: the number of its end of the pipe, and the path of the store."""
    # Late: the library takes half a second, and the gateway itself needs none of it.
    from gateway.history.influx_writing import InfluxWriter  # noqa: PLC0415

    pipe = our_end()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    feed: Feed | None = None

    def answer(encoded: bytes) -> bytes:
        nonlocal feed
        request = _REQUESTS.decode(encoded)
        try:
            if isinstance(request, Begin):
                feed = Feed(Path(sys.argv[2]), InfluxWriter(request.target))
                return msgspec.msgpack.encode(Done())
            if feed is None:
                return msgspec.msgpack.encode(Failed("no database was named"))
            return msgspec.msgpack.encode(Done(feed.deliver(request.after, request.rows)))
        except (sqlite3.Error, OSError, ValueError, MemoryError) as error:
            return msgspec.msgpack.encode(Failed(f"{type(error).__name__}: {error}"))

    serve(pipe, answer)


if __name__ == "__main__":
    main()
