"""One verification under way: its procedure, what it has been told, and who waits for it."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from audit.verification.model import Verification
from audit.verification.procedure import Input, Procedure
from audit.verification.steps import present
from devices.model import Device

_log: Final = structlog.get_logger(__name__)

INBOX: Final = 512
"""Messages of one device that may wait: some seconds of the busiest meter."""

LOOK_S: Final = 1.0
"""A clock that is turned is noticed within this."""


class Running:
    """The state of one run; `gateway.verification.service` alone changes it."""

    def __init__(self, run: Verification, procedure: Procedure, device: Device | None) -> None:
        """``device`` is ``None`` for a link that has no row."""
        self.run = run
        self.procedure: Final = procedure
        self.device: Final = device
        self.lock: Final = asyncio.Lock()
        self.task: asyncio.Task[None] | None = None
        self.missed = 0
        self._inbox: Final[asyncio.Queue[Input]] = asyncio.Queue(INBOX)
        self._changed = asyncio.Event()

    @property
    def subject(self) -> str:
        """What the run is about, in the facts."""
        if self.device is None:
            return f"link:{self.run.link}"
        return f"device:{self.device.school}/{self.device.id}"

    @property
    def over(self) -> bool:
        """Whether it has a verdict."""
        return self.run.ended is not None

    def tell(self, heard: Input) -> None:
        """Something came. Never blocks."""
        try:
            self._inbox.put_nowait(heard)
        except asyncio.QueueFull:
            # One message of a device that floods; that it speaks is known by the others.
            self.missed += 1
            if self.missed == 1:
                _log.warning("verification.flooded", verification=self.run.id)

    async def heard(self, now: int) -> Input | None:
        """The next thing that came; ``None`` when a step may be over or it is time to look."""
        step = present(self.run)
        wait = LOOK_S
        if step is not None and step.due is not None and step.due > now:
            wait = min(LOOK_S, (step.due - now) / 1000)
        try:
            async with asyncio.timeout(wait):
                return await self._inbox.get()
        except TimeoutError:
            return None

    def set(self, run: Verification) -> None:
        """It has gone on; whoever waits is told."""
        self.run = run
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, version: int, seconds: float) -> Verification:
        """The run, once its version is above ``version``, or as it is after ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                while self.run.version <= version and not self.over:
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self.run
