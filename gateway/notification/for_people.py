"""A receiver that people read: each event by itself, or several in one message."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

import msgspec

from alerts.notification.event import Event, decode_event
from gateway.notification.delivery import Outcome, Refused
from gateway.notification.message import SPELT_OUT
from gateway.store.batch import OutboxEntry


class ForPeople(ABC):
    """Reads what waits as events. Implements `Digesting`; how they are told is its children's."""

    def __init__(self, *, digest_over: int, time_limit: float) -> None:
        """``time_limit`` in seconds."""
        self._digest_over: Final = digest_over
        self._time_limit: Final = time_limit

    @property
    def time_limit(self) -> float:
        """Seconds a delivery may take in all."""
        return self._time_limit

    @property
    def digest_over(self) -> int:
        """More messages than this within a few minutes go together; 0 = never."""
        return self._digest_over

    async def deliver(self, entry: OutboxEntry) -> Outcome:
        """Tell of it."""
        try:
            event = decode_event(entry.body)
        except msgspec.MsgspecError as error:
            return Refused(f"not an event: {error}")
        return await self._tell(event, entry)

    async def deliver_together(self, entries: Sequence[OutboxEntry]) -> Outcome:
        """Tell of these in one message."""
        if len(entries) == 1:
            return await self.deliver(entries[0])
        try:
            events = [decode_event(entry.body) for entry in entries[:SPELT_OUT]]
        except msgspec.MsgspecError as error:
            return Refused(f"not an event: {error}")
        return await self._tell_together(events, entries)

    @abstractmethod
    async def _tell(self, event: Event, entry: OutboxEntry) -> Outcome:
        """Of one event, which ``entry`` holds."""

    @abstractmethod
    async def _tell_together(
        self, events: Sequence[Event], entries: Sequence[OutboxEntry]
    ) -> Outcome:
        """Of all ``entries`` in one message; ``events`` are the first of them."""

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of what it holds."""
