"""One simulated connection to the broker: kept up, cut on demand, with a last will."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Final

import aiomqtt
import structlog

from devices.simulator.access import Access, Credentials
from devices.simulator.transmitter import Outgoing

QUEUED: Final = 1_000
"""Messages that wait for the broker; whoever sends more waits, too."""

KEEP_ALIVE_S: Final = 20
RECONNECT_MIN_S: Final = 0.2
RECONNECT_MAX_S: Final = 5.0
PUBLISH_TIMEOUT_S: Final = 10.0
QUEUE_TIMEOUT_S: Final = 5.0

_log: Final = structlog.get_logger(__name__)


class _Client(aiomqtt.Client):
    """A client that can be cut off as a network does it: without a word to the broker."""

    def cut(self) -> None:
        connection = self._client.socket()
        if isinstance(connection, socket.socket):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError as error:
                _log.debug("simulator.cut", error=str(error))  # it was gone already


class Line:
    """One connection. The broker publishes ``will`` when it breaks or the simulator stops."""

    def __init__(
        self,
        name: str,
        *,
        access: Access,
        credentials: Credentials | None,
        will: Outgoing | None,
        greeting: Callable[[], Sequence[Outgoing]],
        subscriptions: Sequence[str] = (),
        heard: Callable[[str, bytes], None] = lambda _topic, _payload: None,
    ) -> None:
        """``greeting`` is what is published first on each connection; ``heard`` gets what arrives
        under ``subscriptions``.
        """
        self.name = name
        self._access = access
        self._credentials = credentials
        self._will = will
        self._greeting = greeting
        self._subscriptions = list(subscriptions)
        self._heard = heard
        self._queue: asyncio.Queue[Outgoing] = asyncio.Queue(QUEUED)
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._client: _Client | None = None
        self._is_up = asyncio.Event()
        self.given_up = 0
        self.connections = 0
        """How often it has connected."""

    @property
    def connected(self) -> bool:
        """Whether the broker would hear us now."""
        return self._client is not None

    def cut(self) -> None:
        """Break the connection and stay away until `restore`. Twice is once."""
        self._wanted.clear()
        if self._client is not None:
            self._client.cut()

    def restore(self) -> None:
        """Come back. Twice is once."""
        self._wanted.set()

    async def up(self) -> None:
        """Wait until it is connected."""
        await self._is_up.wait()

    async def send(self, message: Outgoing) -> None:
        """Publish in turn. Waits while too much is waiting already, at last gives the message up,
        as a device does that cannot send.
        """
        try:
            async with asyncio.timeout(QUEUE_TIMEOUT_S):
                await self._queue.put(message)
        except TimeoutError:
            self.given_up += 1
            _log.warning("simulator.given_up", line=self.name, topic=message.topic)

    async def run(self) -> None:
        """Connect, publish and stay connected until cancelled."""
        delay = RECONNECT_MIN_S
        unsent: Outgoing | None = None
        while True:
            await self._wanted.wait()
            try:
                async with self._make() as client:
                    delay = RECONNECT_MIN_S
                    _obey()
                    try:
                        unsent = await self._speak(client, unsent)
                    finally:
                        self._client = None
                        self._is_up.clear()
                        # No DISCONNECT: the broker is to say that we are gone.
                        client.cut()
            except (aiomqtt.MqttError, OSError) as error:
                _obey()
                _log.info("simulator.line", line=self.name, lost=str(error))
            await asyncio.sleep(delay)
            delay = min(2 * delay, RECONNECT_MAX_S)

    def _make(self) -> _Client:
        user, last = self._credentials, self._will
        return _Client(
            self._access.host,
            self._access.port,
            identifier=f"simulator-{self.name}",
            username=user.username if user else None,
            password=user.password if user else None,
            will=aiomqtt.Will(last.topic, last.payload, last.qos, retain=True) if last else None,
            keepalive=KEEP_ALIVE_S,
            timeout=PUBLISH_TIMEOUT_S,
            max_queued_incoming_messages=QUEUED,
        )

    async def _speak(self, client: _Client, unsent: Outgoing | None) -> Outgoing | None:
        """Until the connection breaks; returns what the broker has not acknowledged."""
        if self._subscriptions:
            await client.subscribe([(pattern, 1) for pattern in self._subscriptions])
            _obey()
        for message in self._greeting():
            await self._publish(client, message)
        self.connections += 1
        self._client = client
        self._is_up.set()
        listening = asyncio.create_task(self._listen(client), name=f"{self.name} listens")
        try:
            while not listening.done():
                if unsent is None:
                    unsent = await self._next(listening)
                if unsent is not None:
                    await self._publish(client, unsent)
                    unsent = None
        except aiomqtt.MqttError as error:
            _log.info("simulator.line", line=self.name, lost=str(error))
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        return unsent

    async def _next(self, listening: asyncio.Task[None]) -> Outgoing | None:
        """The next message to publish; ``None`` when the connection broke first."""
        waiting = asyncio.ensure_future(self._queue.get())
        try:
            await asyncio.wait((waiting, listening), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            waiting.cancel()
            raise
        if waiting.done():
            return waiting.result()
        waiting.cancel()
        return None

    async def _listen(self, client: _Client) -> None:
        async for message in client.messages:
            payload = message.payload
            if isinstance(payload, bytes):
                self._heard(str(message.topic), payload)

    async def _publish(self, client: _Client, message: Outgoing) -> None:
        await client.publish(message.topic, message.payload, message.qos, message.retain)
        _obey()


def _obey() -> None:
    """End if this task was told to, though it did not notice.

    ``wait_for`` of Python 3.11, with which the MQTT client waits, loses a cancellation that comes
    in the same moment as what it waits for; leaving a cut connection puts an error in its place.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
