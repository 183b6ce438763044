"""How the gateway itself reaches its broker: the embedded child, or one of the deployer's own."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from devices.dialects.dialect import BoundDialect
from gateway.broker.access import GATEWAY, school_principal
from gateway.broker.mosquitto import Mosquitto
from gateway.broker.plan import plan_of
from gateway.settings_broker import BrokerSettings, EmbeddedBroker

LOOPBACK: Final = "127.0.0.1"


class Way(msgspec.Struct, frozen=True):
    """Where the broker is and as whom we speak to it.

    ``client_id`` replaces the configured one. It is a secret at our own broker: MQTT lets whoever
    names it take over the session, and empty its queue (docs/decisions/0007-broker.md).
    """

    host: str
    port: int
    username: str | None
    password: str | None
    tls: ssl.SSLContext | None = None
    client_id: str | None = None


def way_by_url(broker: BrokerSettings) -> Way:
    """The way to a broker of the deployer's own. Raises ``ValueError`` without a URL."""
    if broker.url is None:
        raise ValueError("broker.url is not set")
    parts = urlsplit(broker.url)
    context: ssl.SSLContext | None = None
    if parts.scheme == "mqtts":
        context = ssl.create_default_context(
            cafile=None if broker.ca_file is None else str(broker.ca_file)
        )
        if broker.cert_file is not None and broker.key_file is not None:
            context.load_cert_chain(broker.cert_file, broker.key_file)
    return Way(
        host=parts.hostname or LOOPBACK,
        port=parts.port or (8883 if context else 1883),
        username=broker.username,
        password=None if broker.password is None else broker.password.get_secret_value(),
        tls=context,
    )


class OwnBroker:
    """The embedded Mosquitto with the access list that follows from the register."""

    def __init__(
        self, embedded: EmbeddedBroker, folder: Path, dialects: Sequence[BoundDialect]
    ) -> None:
        self._embedded: Final = embedded
        self._dialects: Final = tuple(dialects)
        self._folder: Final = folder
        self._mosquitto: Mosquitto | None = None

    async def start(self, schools: Iterable[str], *, keep_running: bool = False) -> Way:
        """Start it, or adopt the one a killed gateway left; returns our way in."""
        self._mosquitto = Mosquitto(
            plan_of(self._embedded, self._dialects, schools),
            self._folder,
            program=self._embedded.program,
            keep_running=keep_running,
        )
        await self._mosquitto.start()
        listener = self._mosquitto.listener
        return Way(
            host=LOOPBACK if listener.host in ("", "0.0.0.0") else listener.host,  # noqa: S104
            port=listener.port,
            username=GATEWAY,
            password=self._mosquitto.written.credentials.passwords[GATEWAY],
            client_id=self._mosquitto.written.credentials.client_id,
        )

    async def watch(self) -> None:
        """Keep it running, until cancelled."""
        if self._mosquitto is not None:
            await self._mosquitto.watch()

    async def stop(self) -> None:
        """End it gracefully."""
        if self._mosquitto is not None:
            await self._mosquitto.stop()

    async def schools_changed(self, schools: Iterable[str]) -> None:
        """Give new schools credentials and rights, without a restart."""
        if self._mosquitto is not None:
            await self._mosquitto.apply(plan_of(self._embedded, self._dialects, schools))

    def credentials(self, school: str) -> tuple[str, str]:
        """User and password of a school."""
        if self._mosquitto is None:
            raise LookupError("the broker has not been started")
        principal = school_principal(school)
        return principal, self._mosquitto.written.credentials.passwords[principal]
