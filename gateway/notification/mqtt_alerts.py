"""The receiver over MQTT: open alerts as retained messages, for any client to show."""

from __future__ import annotations

import ssl
from typing import Any, Final

import aiomqtt
import msgspec

from alerts.notification.mqtt_alert import decode_publication
from gateway.notification.delivery import Delivered, Outcome, Refused, Retry
from gateway.store.batch import OutboxEntry

QOS: Final = 1


class _Client(aiomqtt.Client):
    """Remembers what aiomqtt leaves unread: the broker may acknowledge with a refusal.

    MQTT 5, 3.4.2.1: a PUBACK of 0x80 and above ("not authorised", "quota exceeded") means that the
    message was not taken.
    """

    refusal: str | None = None

    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any
    ) -> None:
        self.refusal = str(reason_code) if reason_code.is_failure else None
        super()._on_publish(client, userdata, mid, reason_code, properties)


class MqttAlerts:
    """Publishes each entry (`alerts.notification.mqtt_alert.Publication`) with QoS 1, retained.

    Connects with the first delivery and again after a failure; delivered = the broker has said so.
    Implements `Retaining`.
    """

    def __init__(
        self,
        *,
        hostname: str,
        port: int,
        identifier: str,
        username: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
        time_limit: float = 10.0,
    ) -> None:
        """``identifier`` is the MQTT client id, its own among all clients of the broker."""
        self._hostname: Final = hostname
        self._port: Final = port
        self._identifier: Final = identifier
        self._username: Final = username
        self._password: Final = password
        self._tls: Final = tls
        self._time_limit: Final = time_limit
        self._client: _Client | None = None

    @property
    def time_limit(self) -> float:
        """Seconds a delivery may take in all."""
        return self._time_limit

    @property
    def retains(self) -> bool:
        """The broker keeps the last message of each alert, and nothing else."""
        return True

    async def deliver(self, entry: OutboxEntry) -> Outcome:
        """Publish it and wait for the broker's acknowledgement."""
        try:
            publication = decode_publication(entry.body)
        except msgspec.DecodeError as error:
            return Refused(f"not a publication: {error}")
        try:
            client = self._client or await self._connect()
            await client.publish(
                publication.topic, publication.payload.encode(), qos=QOS, retain=True
            )
        except aiomqtt.MqttError as error:
            await self.aclose()
            return Retry(f"the broker: {error}")
        except BaseException:  # cancelled or out of time: the state of the connection is unknown
            await self.aclose()
            raise
        if client.refusal is not None:
            return Refused(f"the broker: {client.refusal} ({publication.topic})")
        return Delivered()

    async def aclose(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.__aexit__(None, None, None)
            except aiomqtt.MqttError:
                # It is gone already, which is what was wanted.
                return

    async def _connect(self) -> _Client:
        # A new client each time: one whose connecting was cancelled stays locked for good.
        client = _Client(
            self._hostname,
            self._port,
            identifier=self._identifier,
            username=self._username,
            password=self._password,
            tls_context=self._tls,
            timeout=self._time_limit,
            protocol=aiomqtt.ProtocolVersion.V5,
        )
        await client.__aenter__()
        self._client = client
        return client
