"""What the probe says to the broker: the newest message of each topic, acknowledged, as itself.

While the broker is away nothing piles up: of each camera only the last word waits.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

import aiomqtt
import structlog

_log: Final = structlog.get_logger(__name__)

RECONNECT_MIN_S: Final = 0.5
RECONNECT_MAX_S: Final = 30.0
PUBLISH_S: Final = 10.0
KEEP_ALIVE_S: Final = 30


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
    ) -> None:
        self._host = host
        self._port = port
        self._identifier = identifier
        self._username = username
        self._password = password
        self._tls = tls
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

    async def run(self) -> None:
        """Connect, publish and stay connected until cancelled."""
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
                    keepalive=KEEP_ALIVE_S,
                    timeout=PUBLISH_S,
                ) as client:
                    delay = RECONNECT_MIN_S
                    await self._speak(client)
            except (aiomqtt.MqttError, OSError) as error:
                _log.warning("probe.broker_lost", error=str(error))
            await asyncio.sleep(delay)
            delay = min(2 * delay, RECONNECT_MAX_S)

    async def _speak(self, client: aiomqtt.Client) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            for topic in list(self._waiting):
                payload, retain = message = self._waiting[topic]
                await client.publish(topic, payload, qos=1, retain=retain)
                self.told += 1
                if self._waiting[topic] is message:
                    del self._waiting[topic]
                else:
                    self._news.set()
