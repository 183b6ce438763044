"""A recorder on a real UDP socket that a test drives word by word."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final, cast

import msgspec

from devices.recording.gb28181 import Config, Event, Limits, Platform, Refusal, Transport
from devices.recording.gb28181.digest import digest_of, read_credentials
from devices.recording.gb28181.sip import Request, Response, SipMessage, parse

OURS: Final = "34020000002000000001"
RECORDER: Final = "34020000001180000001"
CHANNEL: Final = "34020000001320000001"
PASSWORD: Final = "Invented-12"
WAIT_S: Final = 10.0
KNOWN: Final[Mapping[str, str]] = MappingProxyType({RECORDER: PASSWORD})


class Device(asyncio.DatagramProtocol):
    """Sends what it is told, and keeps what comes."""

    def __init__(self, address: tuple[str, int], identity: str = RECORDER) -> None:
        self.identity = identity
        self.raw: asyncio.Queue[bytes] = asyncio.Queue()
        self._address = address
        self._transport: asyncio.DatagramTransport | None = None
        self._number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.raw.put_nowait(data)

    def send(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(data, self._address)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def next(self) -> SipMessage:
        """The next message that comes."""
        return parse(await asyncio.wait_for(self.raw.get(), WAIT_S), max_body=100_000)

    async def answer(self) -> Response:
        """The next, which must be an answer."""
        message = await self.next()
        assert isinstance(message, Response)
        return message

    async def question(self) -> Request:
        """The next question; it is accepted."""
        message = await self.next()
        assert isinstance(message, Request)
        self.accept(message)
        return message

    def accept(self, request: Request) -> None:
        """Answer 200."""
        echoed = ("via", "from", "to", "call-id", "cseq")
        heads = "".join(f"{name}: {request.header(name)}\r\n" for name in echoed)
        self.send(f"SIP/2.0 200 OK\r\n{heads}Content-Length: 0\r\n\r\n".encode())

    def request(self, method: str, body: str = "", *, extra: str = "") -> bytes:
        """A request of its own, with a number and Call-ID of its own."""
        self._number += 1
        to = self.identity if method == "REGISTER" else OURS
        content = body.encode("gb18030")
        return (
            f"{method} sip:{OURS}@3402000000 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK{self._number}\r\n"
            f"From: <sip:{self.identity}@3402000000>;tag=1\r\nTo: <sip:{to}@3402000000>\r\n"
            f"Call-ID: {id(self)}-{self._number}\r\nCSeq: {self._number} {method}\r\n"
            f"Max-Forwards: 70\r\n{extra}Content-Length: {len(content)}\r\n\r\n"
        ).encode() + content

    def authorized(self, challenge: Response, password: str = PASSWORD) -> str:
        """The header that answers a challenge."""
        said = challenge.header("www-authenticate") or ""
        fields = read_credentials(
            f'{said}, username="{self.identity}", uri="sip:x", response="", nc=00000001, cnonce="c"'
        )
        assert fields is not None
        proof = digest_of(fields, "REGISTER", password)
        fields = msgspec.structs.replace(fields, response=proof)
        return (
            f'Authorization: Digest username="{fields.username}", realm="{fields.realm}", '
            f'nonce="{fields.nonce}", uri="sip:x", response="{proof}", qop=auth, nc=00000001, '
            f'cnonce="c", algorithm=MD5\r\n'
        )

    async def register(self, password: str = PASSWORD, *, expires: int = 3600) -> Response:
        """Register; returns the last answer."""
        said = f"Expires: {expires}\r\nContact: <sip:{self.identity}@127.0.0.1>\r\n"
        self.send(self.request("REGISTER", extra=said))
        challenge = await self.answer()
        if challenge.status != 401:
            return challenge
        self.send(self.request("REGISTER", extra=said + self.authorized(challenge, password)))
        return await self.answer()

    def keepalive(self) -> bytes:
        """A keep-alive."""
        return self.request(
            "MESSAGE",
            "<Notify><CmdType>Keepalive</CmdType><SN>1</SN>"
            f"<DeviceID>{self.identity}</DeviceID><Status>OK</Status></Notify>",
        )

    def records(self, question: Request, total: int, *items: str) -> bytes:
        """A page that answers a question."""
        listed = f"<RecordList>{''.join(items)}</RecordList>" if items else ""
        return self.request(
            "MESSAGE",
            f"<Response><CmdType>RecordInfo</CmdType><SN>{said(question, 'SN')}</SN>"
            f"<DeviceID>{CHANNEL}</DeviceID><SumNum>{total}</SumNum>{listed}</Response>",
        )


def said(question: Request, name: str) -> str:
    """A field of a question."""
    found = re.search(f"<{name}>([^<]*)</{name}>", question.body.decode())
    assert found is not None
    return found[1]


def hour(begin: int) -> str:
    """An hour of 20 November 2026 as an item."""
    return (
        f"<Item><StartTime>2026-11-20T{begin:02}:00:00</StartTime>"
        f"<EndTime>2026-11-20T{begin:02}:59:59</EndTime></Item>"
    )


class House:
    """A platform, what became of its devices, and the devices of a test."""

    def __init__(
        self, platform: Platform, events: asyncio.Queue[Event], refusals: list[Refusal]
    ) -> None:
        self.platform = platform
        self.events = events
        self.refusals = refusals
        self.devices: list[Device] = []

    @property
    def address(self) -> tuple[str, int]:
        return self.platform.address(Transport.UDP)

    async def event(self) -> Event:
        return await asyncio.wait_for(self.events.get(), WAIT_S)

    async def device(self, host: str = "127.0.0.1", identity: str = RECORDER) -> Device:
        """A device that has said nothing yet."""
        loop = asyncio.get_running_loop()
        _, one = await loop.create_datagram_endpoint(
            lambda: Device(self.address, identity), local_addr=(host, 0)
        )
        self.devices.append(one)
        return one

    async def recorder(self) -> Device:
        """One that has registered."""
        one = await self.device()
        assert (await one.register()).status == 200
        return one


@asynccontextmanager
async def house(
    *,
    limits: Limits | None = None,
    keepalive_ms: int = 60_000,
    passwords: Mapping[str, str] = KNOWN,
) -> AsyncIterator[House]:
    """A platform on free ports of the loopback."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    config = Config(
        identity=OURS,
        passwords=passwords.get,
        host="127.0.0.1",
        udp_port=0,
        tcp_port=0,
        keepalive_ms=keepalive_ms,
    )
    refusals: list[Refusal] = []
    platform = Platform(
        config, limits=limits, on_event=events.put_nowait, on_refusal=refusals.append
    )
    async with platform:
        inside = House(platform, events, refusals)
        try:
            yield inside
        finally:
            for one in inside.devices:
                one.close()
            await asyncio.sleep(0)
