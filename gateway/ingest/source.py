"""The seam every source of messages implements.

A source hands over raw messages unacknowledged; what it has handed over and nobody has
acknowledged is bounded by the broker's window, which is the only queue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec


class IngestError(Exception):
    """Taking in messages failed; the message says what was being done and what to do."""


class ConnectionRefusedByBrokerError(IngestError):
    """The broker answered and said no: wrong user, not authorised, unsupported version."""


class UnsupportedVersionError(ConnectionRefusedByBrokerError):
    """The broker does not speak this version of MQTT."""


class Message(NamedTuple):
    """A message as the broker delivered it. ``packet_id`` 0 = QoS 0, never acknowledged.

    ``again``: the broker says that it has sent it before (DUP; MQTT 5, 3.3.1.1).
    """

    topic: str
    payload: bytes
    packet_id: int
    retained: bool
    again: bool = False


class Delivery(msgspec.Struct, frozen=True):
    """Messages handed over together; give it back to `Source.acknowledge` after the commit.

    ``epoch`` numbers the connection they came over: packet ids mean nothing on another one.
    ``entries`` is what the store keeps until the broker has surely seen the acknowledgement.
    ``known`` are packet ids of messages handed over before, delivered once more: not to be judged
    again, but acknowledged with this delivery, because the first one's commit may still be on its
    way (commits of one session keep their order).
    """

    session: str
    epoch: int
    messages: Sequence[Message]
    entries: bytes
    known: Sequence[int] = ()


class SourceStatus(msgspec.Struct, frozen=True):
    """How a source is doing. Times in ms of the clock; ``error`` in words, empty when well."""

    connected: bool
    since: int
    error: str
    received: int
    redelivered: int
    waiting: int


class Source(Protocol):
    """One session to a broker."""

    session: str
    """The name the store keeps packet ids under."""

    on_ready: Callable[[], None]
    """Called when messages wait or the connection's state changed. Set by who takes them."""

    async def run(self) -> None:
        """Connect, subscribe and stay connected until cancelled."""
        ...

    def take(self, most: int) -> Delivery | None:
        """Up to ``most`` waiting messages, oldest first; ``None`` when none wait."""
        ...

    def acknowledge(self, delivery: Delivery) -> None:
        """Tell the broker that these are kept. Without effect once the connection is another."""
        ...

    def recall(self, entries: Sequence[bytes]) -> None:
        """At start, before `run`: what was committed and perhaps never acknowledged."""
        ...

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send at QoS 0 over this connection; false when there is none."""
        ...

    @property
    def waiting(self) -> int:
        """How many messages wait to be taken."""
        ...

    def status(self) -> SourceStatus:
        """How it is doing."""
        ...
