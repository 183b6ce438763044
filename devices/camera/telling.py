"""What the probe says to the broker: the newest message of each topic, acknowledged, as itself;
and what it is told there.

While the broker is away nothing piles up: of each camera only the last word waits.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import aiomqtt
import structlog

_log: Final = structlog.get_logger(__name__)

RECONNECT_MIN_S: Final = 0.5
RECONNECT_MAX_S: Final = 30.0
PUBLISH_S: Final = 10.0
KEEP_ALIVE_S: Final = 30

MOST_HEARD: Final = 10_000
"""Messages that wait to be heard: as many as there are cameras, and some."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What is retained on ``topic`` while there is a connection, and what the broker says there in
    its place when it has broken.
    """

    topic: str
    here: bytes
    gone: bytes


def _unheard(_topic: str, _payload: bytes) -> None:
    """For who expects nothing."""


class Teller:
    """One connection to the broker, kept up. At most one message a topic waits."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        identifier: str,
        username: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
        presence: Presence | None = None,
        filters: Sequence[str] = (),
    ) -> None:
        """``filters`` are of the topics that are heard."""
        self._host = host
        self._port = port
        self._identifier = identifier
        self._username = username
        self._password = password
        self._tls = tls
        self._presence = presence
        self._filters = tuple(filters)
        self._waiting: dict[str, tuple[bytes, bool]] = {}
        self._news = asyncio.Event()
        self.told = 0
        """Messages that the broker has acknowledged."""
        self.overtaken = 0
        """Messages that a newer one of their topic replaced before they could be sent."""

    def tell(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish as soon as the broker is there."""
        self.overtaken += topic in self._waiting
        self._waiting[topic] = (payload, retain)
        self._news.set()

    async def run(self, hear: Callable[[str, bytes], None] = _unheard) -> None:
        """Connect, publish and stay connected until cancelled. ``hear`` is called with topic and
        payload of all that comes: after each connecting first with what is retained.
        """
        delay = RECONNECT_MIN_S
        while True:
            try:
                async with aiomqtt.Client(
                    self._host,
                    self._port,
                    identifier=self._identifier,
                    username=self._username,
                    password=self._password,
                    tls_context=self._tls,
                    will=_will(self._presence),
                    keepalive=KEEP_ALIVE_S,
                    timeout=PUBLISH_S,
                    max_queued_incoming_messages=MOST_HEARD,
                ) as client:
                    delay = RECONNECT_MIN_S
                    async with asyncio.TaskGroup() as both:
                        both.create_task(self._speak(client))
                        both.create_task(self._listen(client, hear))
            except* (aiomqtt.MqttError, OSError) as errors:
                _log.warning("probe.broker_lost", error=str(errors.exceptions[0]))
            await asyncio.sleep(delay)
            delay = min(2 * delay, RECONNECT_MAX_S)

    async def _speak(self, client: aiomqtt.Client) -> None:
        here = self._presence
        if here is not None:  # said anew each time: the broker has said otherwise meanwhile
            await client.publish(here.topic, here.here, qos=1, retain=True)
            _heed_cancelling()
        while True:
            await self._news.wait()
            self._news.clear()
            for topic in list(self._waiting):
                payload, retain = message = self._waiting[topic]
                await client.publish(topic, payload, qos=1, retain=retain)
                _heed_cancelling()
                self.told += 1
                if self._waiting[topic] is message:
                    del self._waiting[topic]
                else:
                    self._news.set()

    async def _listen(self, client: aiomqtt.Client, hear: Callable[[str, bytes], None]) -> None:
        for wanted in self._filters:
            await client.subscribe(wanted, qos=1)
            _heed_cancelling()
        async for message in client.messages:
            if isinstance(message.payload, bytes):
                hear(message.topic.value, message.payload)


def _heed_cancelling() -> None:
    """End a task that was told to while the broker's answer came: `asyncio.wait_for`, by which
    aiomqtt waits, forgets that before Python 3.12, and the probe would never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class Tellers:
    """A connection for each school: a broker keeps one last will a connection, and each school has
    to hear at once when the probe is gone.
    """

    def __init__(self, of_school: Mapping[str, Teller]) -> None:
        self._of_school = dict(of_school)

    @property
    def told(self) -> int:
        """Messages that the broker has acknowledged."""
        return sum(teller.told for teller in self._of_school.values())

    def tell(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish as soon as the broker is there, on the connection of the topic's school."""
        school = topic.split("/", 2)[1]
        self._of_school[school].tell(topic, payload, retain=retain)

    async def run(self, hear: Callable[[str, bytes], None] = _unheard) -> None:
        """Keep all connections up until cancelled; ``hear`` as in `Teller.run`."""
        async with asyncio.TaskGroup() as tasks:
            for school, teller in self._of_school.items():
                tasks.create_task(teller.run(hear), name=f"telling {school}")


def _will(presence: Presence | None) -> aiomqtt.Will | None:
    if presence is None:
        return None
    return aiomqtt.Will(presence.topic, presence.gone, qos=1, retain=True)
