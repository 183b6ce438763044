"""The broker's log: its new lines are passed on as structured events, and it is kept small."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

_log: Final = structlog.get_logger("gateway.broker.mosquitto")

LOOK_EVERY_S: Final = 1.0
MAX_BYTES: Final = 8 << 20
MAX_LINES: Final = 200
"""Lines passed on at a time: a storm of connections must not drown what else is logged."""

_CHATTER: Final = ("New connection from", "New client connected", "Client ", "Saving in-memory")


class BrokerLog:
    """Follows one log file. A broker adopted in mid-life is followed from its end on."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._position = path.stat().st_size if path.exists() else 0
        self._rest = b""

    async def follow(self, reopen: Callable[[], None]) -> None:
        """Until cancelled. ``reopen`` tells the broker to open its log anew after a rotation."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.to_thread(self.pass_on)
            if self._position > self._max_bytes and await asyncio.to_thread(self._rotate):
                reopen()

    def pass_on(self) -> int:
        """Log the lines that came since; returns how many there were."""
        try:
            with self._path.open("rb") as stream:
                if os.fstat(stream.fileno()).st_size < self._position:
                    self._position, self._rest = 0, b""  # another file by the same name
                stream.seek(self._position)
                fresh = stream.read(1 << 20)
        except FileNotFoundError:
            return 0
        except OSError as error:
            _log.warning("broker.log_unreadable", error=str(error))
            return 0
        self._position += len(fresh)
        *lines, self._rest = (self._rest + fresh).split(b"\n")
        for line in lines[:MAX_LINES]:
            _say(line.decode("utf-8", "replace"))
        if len(lines) > MAX_LINES:
            _log.warning("broker.log_lines", more=len(lines) - MAX_LINES, file=str(self._path))
        return len(lines)

    def _rotate(self) -> bool:
        """Keep one old log. The broker goes on writing into the old file until it reopens."""
        try:
            self._path.replace(self._path.with_suffix(".log.1"))
        except OSError as error:
            _log.warning("broker.log_not_rotated", error=str(error))
            return False
        self._position, self._rest = 0, b""
        return True


def _say(line: str) -> None:
    """The level is only in the words. ``Timestamp: words``; the time zone may hold a colon."""
    stamp, separator, words = line.partition(": ")
    if not separator:
        stamp, words = "", line
    if words.startswith("Error"):
        _log.error("broker.says", words=words, at=stamp)
    elif words.startswith("Warning"):
        _log.warning("broker.says", words=words, at=stamp)
    elif words.startswith(_CHATTER):
        _log.debug("broker.says", words=words, at=stamp)
    elif words:
        _log.info("broker.says", words=words, at=stamp)
