"""One exchange with a receiver over TCP or UDP: connect, one frame, its answer, all in time.

Every exchange has a connection of its own: an alarm never waits behind a supervision message, a
late answer cannot reach another frame, and a receiver that was restarted is met afresh instead of
through a connection that is dead on its side.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import msgspec

from devices.police_link.dc09 import Frame
from devices.police_link.dc09_answer import Answer, Hearing
from devices.police_link.failover import ANSWER_TIMEOUT_S
from devices.police_link.link import Exchange, Path, Result
from devices.police_link.names import NAMES, Names


class Transport(StrEnum):
    """What carries the frames."""

    TCP = "tcp"
    UDP = "udp"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A receiver's address, and how long an exchange with it may take.

    ``answer_timeout_s``: from the first step to the answer, connecting included.
    ``connect_timeout_s``: how much of it connecting (and the name's look-up) may take.
    """

    host: str
    port: int
    transport: Transport = Transport.TCP
    answer_timeout_s: float = ANSWER_TIMEOUT_S
    connect_timeout_s: float = ANSWER_TIMEOUT_S

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError("a receiver needs a host name or an address")
        if not 1 <= self.port <= 65_535:
            raise ValueError(f"port {self.port} of {self.host}: it is 1 to 65535")
        if not (self.answer_timeout_s > 0 and self.connect_timeout_s > 0):
            raise ValueError(f"time limits of {self.host}:{self.port} have to be above 0 s")

    def __str__(self) -> str:
        return f"{self.transport}://{self.host}:{self.port}"


async def exchange(
    endpoint: Endpoint, frame: Frame, *, path: Path, now: Callable[[], int], names: Names = NAMES
) -> Exchange:
    """Send ``frame`` and hear its answer. What goes wrong is in the result, nothing is raised."""
    started, steady = now(), time.perf_counter()
    ear = _Ear(frame, now)
    answer = await _ask(endpoint, frame, ear, names)
    if answer.result in (Result.UNREACHABLE, Result.SILENT):
        names.failed(endpoint.host)
    return Exchange(
        path=path,
        started=started,
        elapsed_ms=round((time.perf_counter() - steady) * 1000, 3),
        sent=ear.said,
        received=ear.hearing.received,
        result=answer.result,
        reason=answer.reason,
        offset_ms=answer.offset_ms,
    )


async def _ask(endpoint: Endpoint, frame: Frame, ear: _Ear, names: Names) -> Answer:
    loop = asyncio.get_running_loop()
    end = loop.time() + endpoint.answer_timeout_s
    to_connect = min(endpoint.connect_timeout_s, endpoint.answer_timeout_s)
    try:
        async with asyncio.timeout(to_connect):
            say = await _connect(endpoint, ear, names)
    except TimeoutError:
        return _unreachable(f"no connection to {endpoint} in {to_connect:g} s")
    except OSError as error:
        return _unreachable(f"no connection to {endpoint}: {error.strerror or error}")
    try:
        # All of it in one write: many receivers take one read for one frame.
        ear.said = frame.octets
        say(frame.octets)
        await asyncio.wait([ear.verdict], timeout=end - loop.time())
        # Asked of the verdict and not of the timer: while the machine stood still an answer may
        # have come in time, and both are due in one turn of the loop.
        if ear.verdict.done():
            return ear.verdict.result()
        return ear.hearing.end(f"no answer in {endpoint.answer_timeout_s:g} s")
    finally:
        ear.close()


def _unreachable(reason: str) -> Answer:
    return Answer(result=Result.UNREACHABLE, final=True, reason=reason)


async def _connect(endpoint: Endpoint, ear: _Ear, names: Names) -> Callable[[bytes], None]:
    """What to send with. The two kinds of transport have no common word for it."""
    loop = asyncio.get_running_loop()
    host = await names.address(endpoint.host)
    if endpoint.transport is Transport.TCP:
        stream, _ = await loop.create_connection(lambda: ear, host, endpoint.port)
        return stream.write
    there = (host, endpoint.port)
    datagrams, _ = await loop.create_datagram_endpoint(lambda: ear, remote_addr=there)
    return datagrams.sendto


class _Ear(asyncio.Protocol, asyncio.DatagramProtocol):
    """One connection, TCP or UDP, listening for the answer to one frame."""

    def __init__(self, frame: Frame, now: Callable[[], int]) -> None:
        self.hearing: Final = Hearing(frame)
        self.verdict: Final[asyncio.Future[Answer]] = asyncio.get_running_loop().create_future()
        self.said = b""
        self._now: Final = now
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def close(self) -> None:
        """Let go of it; what was written has gone to the kernel."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self.verdict.done():
            return
        answer = self.hearing.feed(data, self._now())
        if answer is not None:
            self.verdict.set_result(answer)

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - protocol's
        self.data_received(data)

    def error_received(self, exc: Exception) -> None:
        # ICMP says that nobody listens there. UDP has no other way to tell.
        self._decide(_unreachable(f"not delivered: {exc}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._decide(self.hearing.end(f"connection lost: {exc}" if exc else "connection closed"))

    def _decide(self, answer: Answer) -> None:
        if not self.verdict.done():
            self.verdict.set_result(answer)
