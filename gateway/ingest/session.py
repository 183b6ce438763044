"""What every persistent session to a broker does, whatever it speaks: stay connected, keep what
came until it is taken, say how it is doing.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Collection, Sequence
from typing import Final, Generic, TypeVar

import msgspec
import structlog

from gateway.clock import Clock
from gateway.ingest.inbox import Inbox
from gateway.ingest.redelivery import packet_ids
from gateway.ingest.source import Delivery, IngestError, SourceStatus

Connection = TypeVar("Connection")

_log: Final = structlog.get_logger(__name__)


LITTLE: Final = 16 * 1024
"""Bytes. More at once is a crowd that waits already; it is taken without rest."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where the broker is and who we are. ``tls`` is a ready context or ``None``."""

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    keep_alive_s: int = 20
    session_expiry_s: int = 7 * 24 * 3600
    receive_maximum: int = 8192
    connect_timeout_s: float = 10.0
    reconnect_min_s: float = 0.2
    reconnect_max_s: float = 15.0
    max_packet_size: int = 2 << 20  # a Zigbee2MQTT list of devices is some kilobytes a device
    insist: bool = True
    """Go on trying at a broker that does not speak MQTT 5; without it, `Mqtt5Source.run` then
    raises `UnsupportedVersionError`."""
    rest_s: float = 0.0
    """After a little has come, the connection is left alone for so long: a broker writes messages
    one by one, and to be woken for each cost three times what it takes to judge it."""


class Recovery:
    """Shared by the sessions to one broker: once one is back, none waits out its pause.

    Without it alarms could come back fifteen seconds after telemetry.
    """

    def __init__(self) -> None:
        self._pausing: set[asyncio.Event] = set()

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until another session is back."""
        back = asyncio.Event()
        self._pausing.add(back)
        try:
            async with asyncio.timeout(seconds):
                await back.wait()
        except TimeoutError:
            pass
        finally:
            self._pausing.discard(back)

    def back(self) -> None:
        """A session is connected."""
        for pausing in self._pausing:
            pausing.set()


class Session(ABC, Generic[Connection]):
    """Those parts of a `Source` that do not depend on the protocol.

    ``_connection`` is there from `_begin` to `_end`. A subclass says how to connect, take,
    acknowledge and publish.
    """

    def __init__(
        self,
        *,
        session: str,
        endpoint: Endpoint,
        filters: Sequence[str],
        clock: Clock,
        on_ready: Callable[[], None] = lambda: None,
        recovery: Recovery | None = None,
        again: Collection[str] = (),
    ) -> None:
        """``filters`` are subscribed at QoS 1; retained messages come marked as such: with a new
        subscription, and of those filters that are in ``again`` at each connection.

        ``recovery`` is shared with other sessions to the same broker.
        """
        if not filters:
            raise ValueError(f"session {session}: at least one topic filter is needed")
        self.session = session
        self.on_ready = on_ready
        self._endpoint = endpoint
        self._filters = list(filters)
        self._again = frozenset(again)
        self._clock = clock
        self._inbox = Inbox(session, endpoint.receive_maximum)
        self._connection: Connection | None = None
        self._since = 0
        self._error = "not connected yet"
        self._recovery = recovery or Recovery()

    @property
    def waiting(self) -> int:
        """How many messages wait to be taken."""
        return len(self._inbox)

    def recall(self, entries: Sequence[bytes]) -> None:
        """At start: what was committed and perhaps never acknowledged, oldest first."""
        self._inbox.recall(entries)

    def status(self) -> SourceStatus:
        """How it is doing."""
        return SourceStatus(
            connected=self._connection is not None,
            since=self._since,
            error="" if self._connection is not None else self._error,
            received=self._inbox.received,
            redelivered=self._inbox.redelivered,
            waiting=len(self._inbox),
        )

    async def run(self) -> None:
        """Connect, subscribe and stay connected until cancelled; back-off with jitter between."""
        endpoint = self._endpoint
        delay = endpoint.reconnect_min_s
        while True:
            started = self._clock.steady()
            try:
                await self._connect_and_stay()
            except (OSError, IngestError, TimeoutError) as error:
                if self._gives_up(error):
                    raise
                self._error = f"{type(error).__name__}: {error}" if str(error) else "timed out"
                _log.warning("broker.lost", session=self.session, error=self._error)
            self.on_ready()
            if self._clock.steady() - started > 10 * endpoint.reconnect_min_s:
                delay = endpoint.reconnect_min_s
            # Jitter, so that a hundred gateways do not knock on a broker that has just come back.
            await self._recovery.pause(delay * random.uniform(0.5, 1.0))  # noqa: S311
            delay = min(delay * 2, endpoint.reconnect_max_s)

    @abstractmethod
    async def _connect_and_stay(self) -> None:
        """One connection, from `_begin` to `_end`; raises why it could not be, or was lost."""

    def _gives_up(self, error: Exception) -> bool:  # noqa: ARG002
        """Whether trying again is of no use."""
        return False

    def _owed(self, delivery: Delivery) -> array[int]:
        """Packet ids to acknowledge; none when the connection is no longer that of the delivery."""
        if self._connection is None or delivery.epoch != self._inbox.epoch:
            return array("H")
        ids = packet_ids(delivery.entries)
        ids.extend(delivery.known)
        return ids

    def _begin(self, connection: Connection, *, session_present: bool) -> None:
        """The broker knows us now: from here on packet ids are this connection's."""
        self._inbox.connected(session_present=session_present)
        self._connection = connection
        self._since = self._clock.now()
        self._error = ""
        self._recovery.back()
        _log.info("broker.connected", session=self.session, session_present=session_present)

    def _end(self) -> None:
        """The connection is no more."""
        self._connection = None
        self._since = self._clock.now()
        self._inbox.disconnected()
