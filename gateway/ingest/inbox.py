"""What one session has received and nobody has taken yet, with redelivered messages told apart."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from gateway.ingest.redelivery import Redelivery, pack
from gateway.ingest.source import Delivery, Message


class Inbox:
    """The part of a `Source` that does not depend on the protocol's version.

    ``window`` is the most messages that may be unacknowledged at a time. ``epoch`` counts
    connections.
    """

    def __init__(self, session: str, window: int) -> None:
        self._session = session
        self._waiting: deque[Message] = deque()
        self._redelivery = Redelivery(window)
        self.epoch = 0
        self.received = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def redelivered(self) -> int:
        """Messages recognised as delivered before."""
        return self._redelivery.count

    def recall(self, entries: Sequence[bytes]) -> None:
        """At start: what was committed and perhaps never acknowledged, oldest first."""
        for packed in entries:
            self._redelivery.taken(packed)

    def connected(self, *, session_present: bool) -> None:
        """A new connection; ``session_present`` says whether the broker remembered us."""
        self.epoch += 1
        self._redelivery.reconnected(session_present=session_present)

    def disconnected(self) -> None:
        """What was not taken comes again over the next connection, but for QoS 0."""
        self._waiting = deque(message for message in self._waiting if not message.packet_id)

    def put(self, messages: Sequence[Message]) -> None:
        """Messages as they arrive."""
        self.received += len(messages)
        self._waiting.extend(messages)

    def take(self, most: int) -> Delivery | None:
        """Up to ``most`` waiting messages; redelivered ones among them are set aside."""
        waiting = self._waiting
        if not waiting:
            return None
        if len(waiting) <= most:
            messages = list(waiting)
            waiting.clear()
        else:
            messages = [waiting.popleft() for _ in range(most)]
        known: list[int] = []
        if self._redelivery.watching:
            messages, known = self._set_known_aside(messages)
        entries = pack(messages)
        self._redelivery.taken(entries)
        return Delivery(self._session, self.epoch, messages, entries, known)

    def _set_known_aside(self, messages: list[Message]) -> tuple[list[Message], list[int]]:
        fresh: list[Message] = []
        known: list[int] = []
        redelivery = self._redelivery
        for message in messages:
            if message.packet_id and redelivery.watching and redelivery.is_known(message):
                known.append(message.packet_id)
            else:
                fresh.append(message)
        return fresh, known
