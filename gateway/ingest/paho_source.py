"""One session to an MQTT 3.1.1 broker, by paho with manual acknowledgement.

For brokers that do not speak MQTT 5; slower (docs/decisions/0002-own-mqtt-connection.md). MQTT
3.1.1 knows no receive maximum: once a window of messages is unacknowledged we stop reading, and
the connection itself holds the broker back. When that lasts longer than twice the keep-alive the
connection is given up, and the broker delivers again what it holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from gateway.ingest.session import Endpoint, Session
from gateway.ingest.source import (
    ConnectionRefusedByBrokerError,
    Delivery,
    IngestError,
    Message,
)

READS_AT_ONCE: Final = 200
"""Packets read before others on the loop get their turn."""

MISC_EVERY_S: Final = 1.0


class PahoSource(Session["_Connection"]):
    """A persistent session, acknowledged only when told to. Implements `Source`.

    The session's expiry is the broker's to set.
    """

    def take(self, most: int) -> Delivery | None:
        """Up to ``most`` waiting messages; redelivered ones among them are set aside."""
        delivery = self._inbox.take(most)
        if delivery is not None and self._connection is not None:
            self._connection.read_on()
        return delivery

    def acknowledge(self, delivery: Delivery) -> None:
        """A PUBACK for each message that has a packet id."""
        ids = self._owed(delivery)
        if ids and self._connection is not None:
            self._connection.acknowledge(ids)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send at QoS 0; false when there is no connection."""
        return self._connection is not None and self._connection.publish(topic, payload)

    async def _connect_and_stay(self) -> None:
        endpoint = self._endpoint
        connection = _Connection(endpoint, self._arrived, self._has_room)
        try:
            async with asyncio.timeout(endpoint.connect_timeout_s):
                present = await connection.open()
                self._begin(connection, session_present=present)
                await connection.subscribe(self._filters)
            self.on_ready()
            await connection.closed
        finally:
            self._end()
            connection.close()

    def _arrived(self, message: Message) -> None:
        self._inbox.put((message,))
        self.on_ready()

    def _has_room(self) -> bool:
        # QoS 0 is never acknowledged; only its waiting bounds it.
        return len(self._inbox) < 2 * self._endpoint.receive_maximum


class _Connection:
    """paho's client on our event loop: no thread of its own."""

    def __init__(
        self, endpoint: Endpoint, arrived: Callable[[Message], None], has_room: Callable[[], bool]
    ) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._endpoint = endpoint
        self._arrived = arrived
        self._has_room = has_room
        self._unacknowledged = 0
        self._descriptor = -1
        self._reading = self._writing = False
        self._misc: asyncio.TimerHandle | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._connack: asyncio.Future[bool] = loop.create_future()
        self._suback: asyncio.Future[list[int]] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._count = 0
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            endpoint.client_id,
            clean_session=False,
            protocol=paho.MQTTv311,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        if endpoint.username is not None:
            client.username_pw_set(endpoint.username, endpoint.password)
        if endpoint.tls is not None:
            client.tls_set_context(endpoint.tls)
        client.connect_timeout = endpoint.connect_timeout_s
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        self._client = client

    async def open(self) -> bool:
        """Connect and sign in; whether the broker remembered the session."""
        endpoint = self._endpoint
        # paho resolves, connects and shakes hands in one blocking call.
        connecting = self._loop.run_in_executor(
            None, self._client.connect, endpoint.host, endpoint.port, endpoint.keep_alive_s
        )
        try:
            await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(self._abandon)
            raise
        sock = self._client.socket()
        if sock is None:
            raise IngestError("the broker closed the connection at once")
        self._descriptor = sock.fileno()
        self.read_on()
        self._write_on()
        self._look_after()
        return await self._connack

    def _abandon(self, connecting: asyncio.Future[MQTTErrorCode]) -> None:
        if not connecting.cancelled() and connecting.exception() is None:
            self._client.disconnect()

    async def subscribe(self, filters: Sequence[str]) -> None:
        """At QoS 1. Raises `ConnectionRefusedByBrokerError`."""
        self._client.subscribe([(pattern, 1) for pattern in filters])
        self._write_on()
        for pattern, code in zip(filters, await self._suback, strict=True):
            if code >= 128:
                raise ConnectionRefusedByBrokerError(
                    f"the broker refused the subscription {pattern!r}"
                )

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """PUBACK these, then read on."""
        for packet_id in packet_ids:
            self._client.ack(packet_id, 1)
        self._unacknowledged -= len(packet_ids)
        self._write_on()
        self.read_on()

    def publish(self, topic: str, payload: bytes) -> bool:
        """At QoS 0."""
        sent = self._client.publish(topic, payload).rc == MQTTErrorCode.MQTT_ERR_SUCCESS
        self._write_on()
        return sent

    def close(self) -> None:
        """Say good-bye and let go of everything."""
        for timer in (self._misc, self._resting):
            if timer is not None:
                timer.cancel()
        self._stop_reading()
        if self._writing:
            self._loop.remove_writer(self._descriptor)
        self._client.on_disconnect = None
        with contextlib.suppress(OSError):
            self._client.disconnect()
        for future in (self._connack, self._suback, self.closed):
            if not future.done():
                future.cancel()
            elif not future.cancelled():
                future.exception()  # seen; otherwise asyncio complains about it

    def read_on(self) -> None:
        """Read while the window is open."""
        if not self._reading and self._open and self._may_read():
            self._loop.add_reader(self._descriptor, self._readable)
            self._reading = True
            # TLS may hold decrypted bytes that no selector knows of.
            self._loop.call_soon(self._readable)

    @property
    def _open(self) -> bool:
        return self._descriptor >= 0 and not self.closed.done()

    def _may_read(self) -> bool:
        return (
            self._resting is None
            and self._unacknowledged < self._endpoint.receive_maximum
            and self._has_room()
        )

    def _take_rest(self) -> None:
        self._stop_reading()
        self._resting = self._loop.call_later(self._endpoint.rest_s, self._rested)

    def _rested(self) -> None:
        self._resting = None
        self.read_on()

    def _stop_reading(self) -> None:
        if self._reading:
            self._loop.remove_reader(self._descriptor)
            self._reading = False

    def _readable(self) -> None:
        if not self._reading:
            return
        begun = self._count
        for _ in range(READS_AT_ONCE):
            before = self._count
            if not self._may_read():
                self._stop_reading()
                break
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._end(IngestError("the broker closed the connection"))
                return
            if self._count == before:
                sock = self._client.socket()
                if not (isinstance(sock, ssl.SSLSocket) and sock.pending()):
                    if self._endpoint.rest_s and self._count > begun:
                        self._take_rest()
                    break
        self._write_on()

    def _write_on(self) -> None:
        """Send what waits; ask to be called again while the socket takes no more."""
        if not self._open:
            return
        client = self._client
        if client.want_write() and client.loop_write() != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._end(IngestError("the broker closed the connection"))
            return
        if self._client.want_write() and not self._writing:
            self._loop.add_writer(self._descriptor, self._write_on)
            self._writing = True
        elif self._writing and not self._client.want_write():
            self._loop.remove_writer(self._descriptor)
            self._writing = False

    def _look_after(self) -> None:
        """Keep-alive."""
        if self._client.loop_misc() != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._end(IngestError("nothing from the broker for longer than the keep-alive"))
            return
        self._write_on()
        self._misc = self._loop.call_later(MISC_EVERY_S, self._look_after)

    def _end(self, reason: IngestError) -> None:
        self._stop_reading()
        if self._writing:
            self._loop.remove_writer(self._descriptor)
            self._writing = False
        for future in (self._connack, self._suback, self.closed):
            if not future.done():
                future.set_exception(reason)

    # paho's callbacks; called from loop_read and loop_misc, so on our loop.

    def _on_connect(
        self, _client: Any, _data: Any, flags: Any, reason: Any, _properties: Any
    ) -> None:
        if self._connack.done():
            return
        if reason.is_failure:
            self._connack.set_exception(
                ConnectionRefusedByBrokerError(
                    f"broker at {self._endpoint.host}:{self._endpoint.port} refused "
                    f"{self._endpoint.client_id!r}: {str(reason).lower()}"
                )
            )
        else:
            self._connack.set_result(flags.session_present)

    def _on_subscribe(
        self, _client: Any, _data: Any, _mid: int, reasons: Any, _properties: Any
    ) -> None:
        if not self._suback.done():
            self._suback.set_result([reason.value for reason in reasons])

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self._count += 1
        self._unacknowledged += message.qos > 0
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "\ufffd"  # no topic of anybody's: becomes a counted reject
        packet_id = message.mid if message.qos else 0
        self._arrived(
            Message(topic, bytes(message.payload), packet_id, message.retain, message.dup)
        )

    def _on_disconnect(
        self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        self._end(IngestError(f"the broker closed the connection: {str(reason).lower()}"))
