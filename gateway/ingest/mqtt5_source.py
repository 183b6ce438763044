"""One session to an MQTT 5 broker: a thin connection of our own over the ``mqtt5`` codec.

Why not a client library: they acknowledge when a message reaches their queue, or cost a task a
message (docs/decisions/0002-own-mqtt-connection.md). What this does not do: QoS 2 towards us (we
subscribe at QoS 1 and the broker steps down), topic aliases, flow control of what we publish.
"""

from __future__ import annotations

import asyncio
import sys
from array import array
from collections.abc import Callable, Sequence
from typing import Final

import mqtt5

from gateway.ingest.session import LITTLE, Endpoint, Session
from gateway.ingest.source import (
    ConnectionRefusedByBrokerError,
    Delivery,
    IngestError,
    Message,
    UnsupportedVersionError,
)

_GRANTED: Final = (
    mqtt5.SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE,
    mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE,
)


_PLAIN_PUBLISH: Final = 0x32
"""PUBLISH at QoS 1, neither sent before nor retained (MQTT 5, 3.3.1)."""

_CONNACK_3: Final = b"\x20\x02"
"""A CONNACK of two bytes: MQTT 3.1.1, 3.2. In MQTT 5 it has at least three."""


class Mqtt5Source(Session["_Connection"]):
    """A persistent session, acknowledged only when told to. Implements `Source`."""

    def take(self, most: int) -> Delivery | None:
        """Up to ``most`` waiting messages; redelivered ones among them are set aside."""
        delivery = self._inbox.take(most)
        if self._connection is not None and len(self._inbox) < self._endpoint.receive_maximum:
            self._connection.resume()
        return delivery

    def acknowledge(self, delivery: Delivery) -> None:
        """One PUBACK for each message that has a packet id, all in one write."""
        ids = self._owed(delivery)
        if ids and self._connection is not None:
            self._connection.write(puback(ids))

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send at QoS 0; false when there is no connection."""
        if self._connection is None:
            return False
        self._connection.write(mqtt5.PublishPacket(topic, payload).write())
        return True

    def _gives_up(self, error: Exception) -> bool:
        return isinstance(error, UnsupportedVersionError) and not self._endpoint.insist

    async def _connect_and_stay(self) -> None:
        endpoint = self._endpoint
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(endpoint.connect_timeout_s):
            transport, connection = await loop.create_connection(
                lambda: _Connection(self._arrived, endpoint),
                endpoint.host,
                endpoint.port,
                ssl=endpoint.tls,
            )
        try:
            async with asyncio.timeout(endpoint.connect_timeout_s):
                present = await self._introduce(connection)
                self._begin(connection, session_present=present)
                await connection.subscribe(self._filters, self._again)
            await connection.closed
        except asyncio.CancelledError:
            # A graceful end: what is written goes out first. The session stays with the broker.
            connection.write(mqtt5.DisconnectPacket().write())
            transport.close()
            raise
        finally:
            self._end()
            connection.goodbye()
            if not transport.is_closing():
                transport.abort()

    async def _introduce(self, connection: _Connection) -> bool:
        endpoint = self._endpoint
        connection.write(
            mqtt5.ConnectPacket(
                endpoint.client_id,
                username=endpoint.username,
                password=None if endpoint.password is None else endpoint.password.encode(),
                clean_start=False,
                keep_alive=endpoint.keep_alive_s,
                session_expiry_interval=endpoint.session_expiry_s,
                receive_max=endpoint.receive_maximum,
                max_packet_size=endpoint.max_packet_size,
            ).write()
        )
        answer = await connection.connack
        if answer.reason_code == mqtt5.ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION:
            raise UnsupportedVersionError(
                f"broker at {endpoint.host}:{endpoint.port} does not speak MQTT 5: set "
                'broker.protocol to "3.1.1" or "auto"'
            )
        if answer.reason_code != mqtt5.ConnAckReasonCode.SUCCESS:
            raise ConnectionRefusedByBrokerError(
                f"broker at {endpoint.host}:{endpoint.port} refused {endpoint.client_id!r}: "
                f"{answer.reason_code.name.lower().replace('_', ' ')}"
            )
        return answer.session_present

    def _begin(self, connection: _Connection, *, session_present: bool) -> None:
        super()._begin(connection, session_present=session_present)
        connection.begin()
        self.on_ready()

    def _arrived(self, messages: list[Message]) -> None:
        self._inbox.put(messages)
        # Only QoS 0 can exceed the window; reading on would let it fill the memory.
        if self._connection is not None and len(self._inbox) > 2 * self._endpoint.receive_maximum:
            self._connection.pause()
        self.on_ready()


def puback(packet_ids: Sequence[int]) -> bytes:
    """The PUBACK packets (MQTT 5, 3.4: reason code and properties left out = success) in a row."""
    packets = bytearray(b"\x40\x02\x00\x00" * len(packet_ids))
    ids = array("H", packet_ids)
    if sys.byteorder == "little":
        ids.byteswap()
    octets = ids.tobytes()
    packets[2::4] = octets[0::2]
    packets[3::4] = octets[1::2]
    return bytes(packets)


class _Connection(asyncio.Protocol):
    """One TCP connection: bytes in, packets out, keep-alive."""

    def __init__(self, arrived: Callable[[list[Message]], None], endpoint: Endpoint) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._arrived = arrived
        self._keep_alive_s = endpoint.keep_alive_s
        self._rest_s = endpoint.rest_s
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._early: list[Message] | None = []
        self._heard = loop.time()
        self._pinger: asyncio.TimerHandle | None = None
        self._paused = False
        self._resting: asyncio.TimerHandle | None = None
        self.connack: asyncio.Future[mqtt5.ConnAckPacket] = loop.create_future()
        self._suback: asyncio.Future[mqtt5.SubAckPacket] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(IngestError(f"the broker closed the connection: {exc or 'end of stream'}"))

    def write(self, packet: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(packet)

    def begin(self) -> None:
        """The session is known now: hand over what came right behind the CONNACK."""
        early, self._early = self._early, None
        if early:
            self._arrived(early)
        self._ping()

    async def subscribe(self, filters: Sequence[str], again: frozenset[str]) -> None:
        self.write(
            mqtt5.SubscribePacket(
                1,
                [
                    # Not "as published": then a set retain flag means "stored before", and a
                    # live message that its sender asked to retain comes without.
                    # And only with a new subscription, or each reconnect would bring them all:
                    # but for those that teach, since nobody learned what an old session had.
                    mqtt5.TopicFilter(
                        pattern,
                        max_qos=mqtt5.QoS.AT_LEAST_ONCE,
                        retain_as_published=False,
                        retain_handling=(
                            mqtt5.RetainHandling.SEND_ALWAYS
                            if pattern in again
                            else mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS
                        ),
                    )
                    for pattern in filters
                ],
            ).write()
        )
        answer = await self._suback
        for pattern, code in zip(filters, answer.reason_codes, strict=True):
            if code not in _GRANTED:
                raise ConnectionRefusedByBrokerError(
                    f"the broker refused the subscription {pattern!r}: "
                    f"{code.name.lower().replace('_', ' ')}"
                )

    def pause(self) -> None:
        """Read nothing until `resume`."""
        self._paused = True
        self._read_or_not()

    def resume(self) -> None:
        """Read on."""
        if self._paused:
            self._paused = False
            self._read_or_not()

    def _take_rest(self) -> None:
        self._resting = self._loop.call_later(self._rest_s, self._rested)
        self._read_or_not()

    def _rested(self) -> None:
        self._resting = None
        self._read_or_not()

    def _read_or_not(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._paused or self._resting is not None:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def goodbye(self) -> None:
        """Stop what runs by itself."""
        if self._resting is not None:
            self._resting.cancel()
        if self._pinger is not None:
            self._pinger.cancel()
        for future in (self.connack, self._suback, self.closed):
            if not future.done():
                future.cancel()
            elif not future.cancelled():
                future.exception()  # seen; otherwise asyncio complains about it

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        if self._rest:
            data = self._rest + data
        if not self.connack.done() and data.startswith(_CONNACK_3):
            self._end(UnsupportedVersionError("the broker answers in MQTT 3"))
            return
        buffer = memoryview(data)
        end, offset = len(data), 0
        read = mqtt5.read
        publish = mqtt5.PublishPacket
        new = tuple.__new__
        messages: list[Message] = []
        append = messages.append
        try:
            while offset < end:
                start = offset
                packet, used = read(buffer[start:])
                offset = start + used
                if type(packet) is publish:
                    # By `tuple`, past NamedTuple's own constructor, which costs as much as the
                    # decoding. Flags are asked for when there are any.
                    plain = data[start] == _PLAIN_PUBLISH
                    append(
                        new(
                            Message,
                            (
                                packet.topic,
                                packet.payload,
                                packet.packet_id or 0,
                                False if plain else packet.retain,
                                False if plain else packet.duplicate,
                            ),
                        )
                    )
                else:
                    self._answered(packet)
        except IndexError:
            pass  # the rest of the packet comes with the next piece
        except ValueError as error:
            self._end(IngestError(f"the broker sent what is no MQTT 5: {error}"))
            return
        self._rest = data[offset:] if offset < end else b""
        if messages:
            if self._early is not None:
                self._early.extend(messages)
            else:
                if self._rest_s and end < LITTLE:
                    self._take_rest()
                self._arrived(messages)

    def _answered(self, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.ConnAckPacket):
            if not self.connack.done():
                self.connack.set_result(packet)
        elif isinstance(packet, mqtt5.SubAckPacket):
            if not self._suback.done():
                self._suback.set_result(packet)
        elif isinstance(packet, mqtt5.DisconnectPacket):
            reason = packet.reason_code.name.lower().replace("_", " ")
            self._end(IngestError(f"the broker disconnected us: {reason}"))

    def _ping(self) -> None:
        silence = self._loop.time() - self._heard
        if silence > 1.5 * self._keep_alive_s:
            self._end(IngestError(f"nothing from the broker for {silence:.0f} s"))
            return
        self.write(mqtt5.PingReqPacket().write())
        self._pinger = self._loop.call_later(self._keep_alive_s / 2, self._ping)

    def _end(self, reason: IngestError) -> None:
        for future in (self.connack, self._suback, self.closed):
            if not future.done():
                future.set_exception(reason)
        if self._transport is not None:
            self._transport.abort()
