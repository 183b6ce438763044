"""Knocking at what may or may not be a broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from benchmarks.measure import free_port
from gateway.broker.knock import Answer, knock
from gateway.broker.mosquitto import Mosquitto


class Talker(asyncio.Protocol):
    """Gives this answer to whatever is said; ``None`` = hangs up."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self._transport.close()
        else:
            self._transport.write(self._answer)


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talker(answer), "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (b"\x20\x02\x00\x00", Answer.WELCOME),
        (b"\x20\x02\x00\x05", Answer.REFUSED),
        (b"\x20\x02\x00\x01", Answer.REFUSED),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Answer.SILENT),
        (None, Answer.SILENT),
    ],
)
async def test_each_answer_has_its_meaning(answer: bytes | None, meaning: Answer) -> None:
    async with answering(answer) as port:
        assert (await knock("127.0.0.1", port, timeout_s=20)).answer is meaning


async def test_what_says_nothing_is_silent_when_the_time_is_up() -> None:
    async with answering(b"") as port:
        assert (await knock("127.0.0.1", port, timeout_s=0.3)).answer is Answer.SILENT


async def test_where_nothing_listens_is_said_so() -> None:
    result = await knock("127.0.0.1", free_port())
    assert result.answer is Answer.UNREACHABLE
    assert result.detail


@pytest.mark.broker
async def test_a_broker_tells_wrong_passwords_from_right_ones(broker: Mosquitto) -> None:
    port = broker.listener.port
    password = broker.written.credentials.passwords["gateway"]
    for given, answer in ((password, Answer.WELCOME), ("guess", Answer.REFUSED)):
        result = await knock("127.0.0.1", port, user="gateway", password=given)
        assert result.answer is answer
