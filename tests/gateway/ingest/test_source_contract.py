"""What every `Source` keeps, shown against a real broker."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiomqtt
import mqtt5
import pytest
from plain_broker import PlainBroker

from gateway.clock import SystemClock
from gateway.ingest.either_source import EitherSource
from gateway.ingest.mqtt5_source import Mqtt5Source, puback
from gateway.ingest.paho_source import PahoSource
from gateway.ingest.session import Endpoint
from gateway.ingest.source import Delivery, Source

SESSION = "campus-test-events"
TOPIC = "campus/a/alarm-button/gate/event"


def endpoint_at(port: int, receive_maximum: int) -> Endpoint:
    return Endpoint(
        host="127.0.0.1",
        port=port,
        client_id=SESSION,
        receive_maximum=receive_maximum,
        reconnect_min_s=0.05,
        reconnect_max_s=0.2,
    )


def make_mqtt5(port: int, receive_maximum: int = 100, again: Sequence[str] = ()) -> Source:
    endpoint = endpoint_at(port, receive_maximum)
    return Mqtt5Source(
        session="events", endpoint=endpoint, filters=[*again, "campus/#"], clock=SystemClock(),
        again=again,
    )  # fmt: skip


def make_paho(port: int, receive_maximum: int = 100, again: Sequence[str] = ()) -> Source:
    endpoint = endpoint_at(port, receive_maximum)
    return PahoSource(
        session="events", endpoint=endpoint, filters=[*again, "campus/#"], clock=SystemClock(),
        again=again,
    )  # fmt: skip


def make_either(port: int, receive_maximum: int = 100, again: Sequence[str] = ()) -> Source:
    endpoint = endpoint_at(port, receive_maximum)
    return EitherSource(
        session="events", endpoint=endpoint, filters=[*again, "campus/#"], clock=SystemClock(),
        again=again,
    )  # fmt: skip


@pytest.fixture(params=[make_mqtt5, make_paho, make_either], ids=["mqtt5", "paho", "either"])
def make(request: pytest.FixtureRequest) -> Callable[..., Source]:
    factory: Callable[..., Source] = request.param
    return factory


@asynccontextmanager
async def running(source: Source) -> AsyncIterator[asyncio.Event]:
    ready = asyncio.Event()
    source.on_ready = ready.set
    task = asyncio.create_task(source.run())
    try:
        async with asyncio.timeout(40):
            while not source.status().connected:
                await ready.wait()
                ready.clear()
        yield ready
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def collect(source: Source, ready: asyncio.Event, count: int) -> list[Delivery]:
    """Deliveries until they hold ``count`` messages, fresh or known."""
    deliveries: list[Delivery] = []
    async with asyncio.timeout(40):
        while sum(len(d.messages) + len(d.known) for d in deliveries) < count:
            delivery = source.take(1000)
            if delivery is None:
                await ready.wait()
                ready.clear()
            else:
                deliveries.append(delivery)
    return deliveries


async def publish(port: int, payloads: list[bytes], qos: int = 1, *, retain: bool = False) -> None:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        for payload in payloads:
            await client.publish(TOPIC, payload, qos=qos, retain=retain)


def payloads(deliveries: list[Delivery]) -> list[bytes]:
    return [message.payload for delivery in deliveries for message in delivery.messages]


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b'{"seq":%d}' % number for number in range(start, start + count)]


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_messages_of_every_qos_arrive_in_order(
    plain_broker: PlainBroker, make: Callable[..., Source], qos: int
) -> None:
    source = make(plain_broker.port)
    async with running(source) as ready:
        await publish(plain_broker.port, numbered(20), qos)
        assert payloads(await collect(source, ready, 20)) == numbered(20)


async def test_no_more_than_the_window_comes_before_the_first_is_acknowledged(
    plain_broker: PlainBroker, make: Callable[..., Source]
) -> None:
    source = make(plain_broker.port, receive_maximum=10)
    async with running(source) as ready:
        await publish(plain_broker.port, numbered(30))
        first = await collect(source, ready, 10)
        assert source.waiting == 0
        for delivery in first:
            source.acknowledge(delivery)
        rest: list[bytes] = []
        while len(rest) < 20:
            for delivery in await collect(source, ready, 1):
                rest += payloads([delivery])
                source.acknowledge(delivery)
        assert payloads(first) + rest == numbered(30)


async def test_what_was_not_taken_comes_again_and_what_was_taken_is_known(
    plain_broker: PlainBroker, make: Callable[..., Source]
) -> None:
    source = make(plain_broker.port)
    async with running(source) as ready:
        await publish(plain_broker.port, numbered(5))
        taken = await collect(source, ready, 5)
    async with running(source) as ready:
        again = await collect(source, ready, 5)
        assert payloads(again) == []
        assert sum(len(delivery.known) for delivery in again) == len(payloads(taken))
        for delivery in again:
            source.acknowledge(delivery)
        await publish(plain_broker.port, numbered(1, start=5))
        assert payloads(await collect(source, ready, 1)) == numbered(1, start=5)


async def test_a_new_process_knows_what_was_committed_by_the_one_before(
    plain_broker: PlainBroker, make: Callable[..., Source]
) -> None:
    before = make(plain_broker.port)
    async with running(before) as ready:
        await publish(plain_broker.port, numbered(6))
        deliveries = await collect(before, ready, 6)
    committed = [delivery.entries for delivery in deliveries]
    after = make(plain_broker.port)
    after.recall(committed)
    async with running(after) as ready:
        again = await collect(after, ready, 6)
        assert payloads(again) == []


async def test_without_a_memory_of_it_everything_unacknowledged_is_delivered_again(
    plain_broker: PlainBroker, make: Callable[..., Source]
) -> None:
    before = make(plain_broker.port)
    async with running(before) as ready:
        await publish(plain_broker.port, numbered(6))
        await collect(before, ready, 6)
    after = make(plain_broker.port)
    async with running(after) as ready:
        assert payloads(await collect(after, ready, 6)) == numbered(6)


async def test_acknowledged_messages_never_come_again(
    plain_broker: PlainBroker, make: Callable[..., Source]
) -> None:
    before = make(plain_broker.port)
    async with running(before) as ready:
        await publish(plain_broker.port, numbered(6))
        for delivery in await collect(before, ready, 6):
            before.acknowledge(delivery)
        # The acknowledgement has arrived once the broker answers what was sent behind it.
        await publish(plain_broker.port, [b'{"seq":6}'])
        await collect(before, ready, 1)
    after = make(plain_broker.port)
    async with running(after) as ready:
        assert payloads(await collect(after, ready, 1)) == [b'{"seq":6}']


async def test_a_message_stored_before_we_subscribed_is_marked_retained_and_a_live_one_is_not(
    plain_broker: PlainBroker, make: Callable[..., Source]
) -> None:
    await publish(plain_broker.port, [b'{"old":1}'], retain=True)
    source = make(plain_broker.port)
    async with running(source) as ready:
        old = await collect(source, ready, 1)
        await publish(plain_broker.port, [b'{"new":1}'], retain=True)
        new = await collect(source, ready, 1)
    assert [m.retained for d in old for m in d.messages] == [True]
    assert [m.retained for d in new for m in d.messages] == [False]


async def test_what_teaches_comes_again_though_the_broker_kept_the_session(
    plain_broker: PlainBroker, make: Callable[..., Source]
) -> None:
    lesson = "teaching/homeassistant/sensor/a/config"
    async with aiomqtt.Client("127.0.0.1", plain_broker.port) as client:
        await client.publish(lesson, b'{"lesson":1}', qos=1, retain=True)
    for _ in range(2):
        source = make(plain_broker.port, again=["teaching/homeassistant/#"])
        async with running(source) as ready:
            (delivery,) = await collect(source, ready, 1)
            (message,) = delivery.messages
            assert (message.topic, message.retained) == (lesson, True)
            source.acknowledge(delivery)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_it_comes_back_when_the_broker_does(
    plain_broker: PlainBroker, make: Callable[..., Source], how: signal.Signals
) -> None:
    source = make(plain_broker.port)
    async with running(source) as ready:
        await asyncio.to_thread(plain_broker.stop, how)
        async with asyncio.timeout(40):
            while source.status().connected:
                await ready.wait()
                ready.clear()
        assert source.status().error
        await asyncio.to_thread(plain_broker.start)
        async with asyncio.timeout(40):
            while not source.status().connected:
                await ready.wait()
                ready.clear()
        await publish(plain_broker.port, [b'{"back":1}'])
        assert payloads(await collect(source, ready, 1)) == [b'{"back":1}']


async def test_redelivered_after_a_broker_restart_is_known_too(
    plain_broker: PlainBroker, make: Callable[..., Source]
) -> None:
    source = make(plain_broker.port)
    async with running(source) as ready:
        await publish(plain_broker.port, numbered(4))
        await collect(source, ready, 4)
        await asyncio.to_thread(plain_broker.stop)
        await asyncio.to_thread(plain_broker.start)
        again = await collect(source, ready, 4)
        assert payloads(again) == []


@asynccontextmanager
async def knowing_only_mqtt_3(port: int) -> AsyncIterator[int]:
    """The broker behind a door that answers MQTT 5 as brokers did before it existed."""

    talks: set[asyncio.Task[None]] = set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
        finally:
            writer.close()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connect = await reader.read(65536)
        if connect[8] == 5:  # the protocol level, behind the length (1 byte) and "MQTT"
            writer.write(b"\x20\x02\x00\x01")
            writer.close()
            return
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", port)
        to_broker.write(connect)
        await asyncio.gather(pass_on(reader, to_broker), pass_on(from_broker, writer))

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(talk(reader, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for each in talks:
            each.cancel()
        await asyncio.wait(talks)


async def test_a_broker_that_knows_only_mqtt_3_is_spoken_to_in_mqtt_3(
    plain_broker: PlainBroker,
) -> None:
    async with knowing_only_mqtt_3(plain_broker.port) as port:
        source = make_either(port)
        async with running(source) as ready:
            await publish(plain_broker.port, numbered(3))
            assert payloads(await collect(source, ready, 3)) == numbered(3)


async def test_insisting_on_mqtt_5_says_what_to_set(plain_broker: PlainBroker) -> None:
    async with knowing_only_mqtt_3(plain_broker.port) as port:
        source = make_mqtt5(port)
        ready = asyncio.Event()
        source.on_ready = ready.set
        task = asyncio.create_task(source.run())
        async with asyncio.timeout(40):
            await ready.wait()
        assert "MQTT 3" in source.status().error
        assert not task.done()
        task.cancel()
        await asyncio.wait((task,))


def test_pubacks_are_the_bytes_the_codec_writes() -> None:
    ids = [1, 255, 256, 65535, 7]
    assert puback(ids) == b"".join(mqtt5.PubAckPacket(packet_id).write() for packet_id in ids)
