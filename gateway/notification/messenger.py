"""The receiver that people read: turns events into messages, and gives them to whoever sends them.

Who sends: `gateway.notification.robot_sender` to the group robots that answer "200" also when they
refuse, `gateway.notification.apprise_sender` to everybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from alerts.notification.event import Event, decode_event
from gateway.notification.delivery import Outcome, Refused
from gateway.notification.message import SPELT_OUT, Message, Wording
from gateway.store.batch import OutboxEntry


class Sender(Protocol):
    """Sends plain text somewhere."""

    async def send(self, key: str, message: Message) -> Outcome:
        """Send it; ``key`` is the same at each attempt with the same message."""
        ...

    async def aclose(self) -> None:
        """Let go of connections and threads."""
        ...


class Messenger:
    """Sends each event as a message, or several in one. Implements `Digesting`."""

    def __init__(
        self,
        *,
        sender: Sender,
        wording: Wording,
        page: str | None = None,
        offer: Callable[[Event, int], str | None] | None = None,
        digest_over: int = 0,
        time_limit: float = 20.0,
    ) -> None:
        """``page`` is the address of the page. ``offer`` gives the link to acknowledge with, for an
        event and when it was written (ms).
        """
        self._sender: Final = sender
        self._wording: Final = wording
        self._page: Final = page
        self._offer: Final = offer
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
        """Send it."""
        try:
            event = decode_event(entry.body)
        except msgspec.MsgspecError as error:
            return Refused(f"not an event: {error}")
        link = None if self._offer is None else self._offer(event, entry.created)
        return await self._sender.send(entry.key, self._wording.single(event, link))

    async def deliver_together(self, entries: Sequence[OutboxEntry]) -> Outcome:
        """Send these as one message."""
        if len(entries) == 1:
            return await self.deliver(entries[0])
        try:
            events = [decode_event(entry.body) for entry in entries[:SPELT_OUT]]
        except msgspec.MsgspecError as error:
            return Refused(f"not an event: {error}")
        message = self._wording.several(events, self._page, len(entries) - len(events))
        return await self._sender.send(f"{len(entries)}/{entries[0].key}", message)

    async def aclose(self) -> None:
        """Let go of the sender."""
        await self._sender.aclose()
