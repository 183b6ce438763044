"""The receiver that people read: turns events into messages, and gives them to whoever sends them.

Who sends: `gateway.notification.robot_sender` to the group robots that answer "200" also when they
refuse, `gateway.notification.apprise_sender` to everybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from alerts.notification.event import Event
from gateway.notification.delivery import Outcome
from gateway.notification.for_people import ForPeople
from gateway.notification.message import Message, Wording
from gateway.store.batch import OutboxEntry


class Sender(Protocol):
    """Sends plain text somewhere."""

    async def send(self, key: str, message: Message) -> Outcome:
        """Send it; ``key`` is the same at each attempt with the same message."""
        ...

    async def aclose(self) -> None:
        """Let go of connections and threads."""
        ...


class Messenger(ForPeople):
    """Sends each event as a message, or several in one."""

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
        super().__init__(digest_over=digest_over, time_limit=time_limit)
        self._sender: Final = sender
        self._wording: Final = wording
        self._page: Final = page
        self._offer: Final = offer

    async def _tell(self, event: Event, entry: OutboxEntry) -> Outcome:
        link = None if self._offer is None else self._offer(event, entry.created)
        return await self._sender.send(entry.key, self._wording.single(event, link))

    async def _tell_together(
        self, events: Sequence[Event], entries: Sequence[OutboxEntry]
    ) -> Outcome:
        message = self._wording.several(events, self._page, len(entries) - len(events))
        return await self._sender.send(f"{len(entries)}/{entries[0].key}", message)

    async def aclose(self) -> None:
        """Let go of the sender."""
        await self._sender.aclose()
