"""Receivers that stall, flood, hang up or never read: each exchange ends in time, with bounded
memory and nothing left open, and nothing but the whole acknowledgement counts.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path as File
from typing import Any, Final, TypeAlias

import pytest

from devices.police_link.dc09 import Identity
from devices.police_link.dc09_answer import KEPT
from devices.police_link.dc09_link import Dc09Config, Dc09Link
from devices.police_link.dc09_path import Endpoint, Transport
from devices.police_link.link import Code, LinkEvent, Path, Result
from devices.police_link.names import Names
from devices.simulator.receiver_answers import HEAD, Fault, answer

HOST: Final = "127.0.0.1"
LIMIT_S: Final = 0.4
SLACK_S: Final = 2.0
"""What a machine that is busy with other tests may add."""

PATIENCE_S: Final = 10.0

ALARM: Final = LinkEvent(
    key="k1", sequence=1, code=Code.PANIC, happened=0, known=0, school="s1", zone=5
)

Behaviour: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def link(port: int, transport: Transport = Transport.TCP, limit_s: float = LIMIT_S) -> Dc09Link:
    endpoint = Endpoint(
        host=HOST,
        port=port,
        transport=transport,
        answer_timeout_s=limit_s,
        connect_timeout_s=limit_s,
    )
    return Dc09Link(Dc09Config(identity=Identity(account="1234"), primary=endpoint))


def acknowledgement(frame: bytes) -> bytes:
    head = HEAD.search(frame)
    assert head is not None
    return answer(head, None, time.time_ns() // 1_000_000, Fault.NONE, old=False)


@asynccontextmanager
async def peer(behave: Behaviour) -> AsyncIterator[int]:
    """A TCP server that does with each connection what it likes; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await behave(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def drip(writer: asyncio.StreamWriter, octets: bytes, every_s: float) -> None:
    for octet in octets:
        writer.write(bytes([octet]))
        await writer.drain()
        await asyncio.sleep(every_s)


async def drips_noise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r")
    await drip(writer, b"\n" + b"x" * 10_000, 0.01)


async def drips_the_truth_too_slowly(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    octets = acknowledgement(await reader.readuntil(b"\r"))
    await drip(writer, octets, 2 * LIMIT_S / len(octets))


async def floods_without_an_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r")
    while not writer.is_closing():
        writer.write(b"x" * 1_000_000)
        await writer.drain()


async def floods_with_empty_lines(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await reader.readuntil(b"\r")
    while not writer.is_closing():
        writer.write(b"\n\r" * 100_000)
        await writer.drain()


async def tells_the_truth_behind_a_flood(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    octets = acknowledgement(await reader.readuntil(b"\r"))
    writer.write(b"x" * KEPT + octets)
    await writer.drain()


async def hangs_up_at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    return


async def resets_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hangs_up_in_the_middle(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    octets = acknowledgement(await reader.readuntil(b"\r"))
    writer.write(octets[:-1])
    await writer.drain()


async def sends_the_frame_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readuntil(b"\r"))
    await writer.drain()
    await reader.read()


HOSTILE: Final[list[tuple[Behaviour, Result]]] = [
    (drips_noise, Result.GARBLED),
    (drips_the_truth_too_slowly, Result.GARBLED),
    (floods_without_an_end, Result.GARBLED),
    (floods_with_empty_lines, Result.GARBLED),
    (tells_the_truth_behind_a_flood, Result.GARBLED),
    (hangs_up_at_once, Result.SILENT),
    (resets_at_once, Result.SILENT),
    (hangs_up_in_the_middle, Result.GARBLED),
    (sends_the_frame_back, Result.GARBLED),
]


@pytest.mark.parametrize(
    ("behave", "result"), HOSTILE, ids=[behave.__name__ for behave, _ in HOSTILE]
)
async def test_a_hostile_receiver_is_left_in_time_and_acknowledges_nothing(
    behave: Behaviour, result: Result
) -> None:
    async with peer(behave) as port:
        begun = time.perf_counter()
        exchange = await link(port).probe(Path.PRIMARY, ALARM)
        assert time.perf_counter() - begun < LIMIT_S + SLACK_S
    assert exchange.result is result, exchange
    assert exchange.reason
    assert len(exchange.received) <= KEPT


async def test_a_flood_is_hung_up_on_long_before_the_limit() -> None:
    async with peer(floods_without_an_end) as port:
        exchange = await link(port, limit_s=PATIENCE_S).probe(Path.PRIMARY)
    assert exchange.result is Result.GARBLED
    assert exchange.elapsed_ms < PATIENCE_S * 500
    assert len(exchange.received) == KEPT


async def test_a_flood_takes_no_memory_worth_mentioning() -> None:
    """The other end is a thread that sends one piece made beforehand, so all growth is ours."""
    piece = b"x" * 1_000_000
    with socket.create_server((HOST, 0)) as server:

        def flood() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    while True:
                        connection.sendall(piece)

        thread = threading.Thread(target=flood)
        thread.start()
        one = link(server.getsockname()[1], limit_s=PATIENCE_S)
        tracemalloc.start()
        exchange = await one.probe(Path.PRIMARY)
        await one.aclose()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await asyncio.to_thread(thread.join, PATIENCE_S)
        assert not thread.is_alive(), "we hung up, so it cannot go on sending"
    assert exchange.result is Result.GARBLED
    assert peak < 2_000_000


async def test_pieces_that_come_slowly_but_in_time_are_an_acknowledgement() -> None:
    async def drips_the_truth(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await drip(writer, acknowledgement(await reader.readuntil(b"\r")), 0.001)
        await reader.read()

    async with peer(drips_the_truth) as port:
        assert (await link(port, limit_s=PATIENCE_S).probe(Path.PRIMARY, ALARM)).acknowledged


async def test_a_receiver_that_never_takes_the_connection_up_nor_reads_is_silent_in_time() -> None:
    """As behind a firewall that forgot the way back: the kernel connects, nobody is there."""
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        deaf.bind((HOST, 0))
        deaf.listen(1)
        exchange = await link(deaf.getsockname()[1]).probe(Path.PRIMARY, ALARM)
    assert exchange.result is Result.SILENT
    assert LIMIT_S * 990 < exchange.elapsed_ms < (LIMIT_S + SLACK_S) * 1000
    assert exchange.received == b""


async def test_no_transport_is_left_behind_whatever_receivers_do() -> None:
    for behave, _ in HOSTILE:
        async with peer(behave) as port:
            one = link(port, limit_s=0.05)
            await asyncio.gather(*(one.probe(Path.PRIMARY) for _ in range(3)))
            await one.aclose()
    gc.collect()  # an open transport would warn here, and warnings are errors


async def test_no_socket_is_left_behind_where_nobody_answers() -> None:
    begun = open_files()
    with socket.socket() as deaf:
        deaf.bind((HOST, 0))
        deaf.listen(64)
        for transport in Transport:
            one = link(deaf.getsockname()[1], transport, limit_s=0.05)
            await asyncio.gather(*(one.probe(Path.PRIMARY) for _ in range(20)))
            await one.aclose()
        for _ in range(3):  # the loop closes what it was told to
            await asyncio.sleep(0)
        assert open_files() == begun + 1


def open_files() -> int:
    return len(list(File("/proc/self/fd").iterdir()))


async def test_an_answer_that_came_while_the_machine_stood_still_is_heard() -> None:
    """The limit passed and the answer lies there: it arrived, and people are told so."""
    loop = asyncio.get_running_loop()
    standing = threading.Event()

    def stand_still() -> None:
        standing.set()
        time.sleep(LIMIT_S + 0.3)

    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                frame = connection.recv(4096)
                loop.call_soon_threadsafe(stand_still)
                standing.wait(PATIENCE_S)
                connection.sendall(acknowledgement(frame))
                connection.recv(1)  # until we hang up

        thread = threading.Thread(target=serve)
        thread.start()
        exchange = await link(server.getsockname()[1]).probe(Path.PRIMARY, ALARM)
        await asyncio.to_thread(thread.join, PATIENCE_S)
    assert exchange.acknowledged, exchange
    assert exchange.elapsed_ms > LIMIT_S * 1000


# UDP


@asynccontextmanager
async def mailbox(behave: Callable[[socket.socket, bytes, Any], None]) -> AsyncIterator[int]:
    """A UDP socket whose thread does with the first frame what it likes; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
        box.bind((HOST, 0))
        box.settimeout(PATIENCE_S)

        def serve() -> None:
            with suppress(OSError):
                behave(box, *box.recvfrom(65_535))

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(box.getsockname()[1])
        await asyncio.to_thread(thread.join, PATIENCE_S)
        assert not thread.is_alive()


def sends_the_largest(box: socket.socket, _frame: bytes, there: Any) -> None:
    box.sendto(b"\n" + b"x" * 60_000 + b"\r", there)


def sends_many(box: socket.socket, _frame: bytes, there: Any) -> None:
    for _ in range(2_000):
        box.sendto(b"", there)
        box.sendto(b"noise without an end", there)


def sends_halves_of_the_truth(box: socket.socket, frame: bytes, there: Any) -> None:
    octets = acknowledgement(frame)
    box.sendto(octets[20:], there)
    box.sendto(octets[:20], there)


def lets_another_one_answer(_box: socket.socket, frame: bytes, there: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((HOST, 0))
        stranger.sendto(acknowledgement(frame), there)


@pytest.mark.parametrize(
    ("behave", "result"),
    [
        (sends_the_largest, Result.GARBLED),
        (sends_many, Result.GARBLED),
        (sends_halves_of_the_truth, Result.GARBLED),
        (lets_another_one_answer, Result.SILENT),
    ],
)
async def test_hostile_datagrams_are_left_in_time_and_acknowledge_nothing(
    behave: Callable[[socket.socket, bytes, Any], None], result: Result
) -> None:
    async with mailbox(behave) as port:
        exchange = await link(port, Transport.UDP).probe(Path.PRIMARY, ALARM)
    assert exchange.result is result, exchange
    assert exchange.elapsed_ms < (LIMIT_S + SLACK_S) * 1000
    assert len(exchange.received) <= KEPT


# Names


@pytest.mark.parametrize(
    "host", ["receiver.invalid", "two..dots", "x" * 64, "ünï" * 40, "a\0b", "no host"]
)
@pytest.mark.parametrize("transport", Transport)
async def test_a_name_that_cannot_be_one_is_unreachable(host: str, transport: Transport) -> None:
    endpoint = Endpoint(host=host, port=9, transport=transport, answer_timeout_s=PATIENCE_S)
    config = Dc09Config(identity=Identity(account="1234"), primary=endpoint)
    exchange = await Dc09Link(config, names=Names()).probe(Path.PRIMARY, ALARM)
    assert exchange.result is Result.UNREACHABLE
    assert str(endpoint) in exchange.reason
