"""What the platform tells on its own loop, until the gateway's loop fetches it. Bounded."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Final

import msgspec

from devices.recording.gb28181 import Event, Refusal

MOST_REFUSALS: Final = 1_000
"""Messages not understood that wait to be counted; of more, the oldest are counted without a
sample."""


class Mail(msgspec.Struct, frozen=True):
    """``events``: the newest of each device; ``refusals``, and of how many ``more`` only the number
    is known.
    """

    events: dict[str, Event]
    refusals: list[Refusal]
    more: int


class Mailbox:
    """Filled from the platform's thread, emptied on the loop that it was made on."""

    def __init__(self) -> None:
        self._loop: Final = asyncio.get_running_loop()
        self._news: Final = asyncio.Event()
        self._lock: Final = threading.Lock()
        self._events: dict[str, Event] = {}  # of devices with a password of ours: that bounds them
        self._refusals: deque[Refusal] = deque(maxlen=MOST_REFUSALS)
        self._more = 0
        self._called = False

    def event(self, event: Event) -> None:
        """A device came or went, or its channels did."""
        with self._lock:
            self._events[event.device] = event
            self._call()

    def refusal(self, refusal: Refusal) -> None:
        """Something was not taken."""
        with self._lock:
            self._more += len(self._refusals) == MOST_REFUSALS
            self._refusals.append(refusal)
            self._call()

    async def fetch(self) -> Mail:
        """What there is, as soon as there is something."""
        await self._news.wait()
        with self._lock:
            self._news.clear()
            self._called = False
            mail = Mail(self._events, list(self._refusals), self._more)
            self._events, self._more = {}, 0
            self._refusals.clear()
        return mail

    def _call(self) -> None:
        if not self._called and not self._loop.is_closed():
            self._called = True
            self._loop.call_soon_threadsafe(self._news.set)
