"""Gathers in a process of its own: folding holds the GIL, and commits would wait for it.

The process only reads, so it may be killed at any instant (`gateway.history.child`).
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from gateway.history.child import Child, our_end, serve
from gateway.history.gathering import GatheringHere
from gateway.history.rollup import Gathered, Mark, Position
from gateway.store.store import StoreError

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
        self._child = Child(__name__, [str(path)], patience)

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
        if self._child.begun:
            with suppress(GatheringError):  # a process that failed has given it back, too
                self._ask(End())

    def break_off(self) -> None:
        """See `Gathering.break_off`."""
        self._child.break_off()

    def close(self) -> None:
        """See `Gathering.close`."""
        self._child.close()

    def _ask(self, request: Request) -> Answer:
        try:
            answered = self._child.ask(msgspec.msgpack.encode(request))
            answer: Answer = _ANSWERS.decode(answered)
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            self.close()
            said = str(error) or "it ended"
            raise GatheringError(f"history: the process that rolls up failed: {said}") from error
        if isinstance(answer, Failed):
            raise GatheringError(f"history: {answer.reason}")
        return answer


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
    pipe = our_end()
    gathering = GatheringHere(Path(sys.argv[2]))

    def answer(request: bytes) -> bytes:
        try:
            return msgspec.msgpack.encode(_answer(gathering, _REQUESTS.decode(request)))
        except sqlite3.Error as error:
            gathering.end()
            return msgspec.msgpack.encode(Failed(str(error)))

    serve(pipe, answer)


if __name__ == "__main__":
    main()
