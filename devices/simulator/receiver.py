"""An alarm receiving centre for the demo and for tests of faults: DC-09 over TCP and UDP.

It reads with siadc09's strict decoder and writes its answers with code of its own, so nothing of
the sender is judged by the sender's own habits. It keeps what it took, knows a repetition by its
sequence number, and can be told to misbehave.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Self, cast

import msgspec
from siadc09.message import parse_frame

from devices.simulator.receiver_answers import (
    HEAD,
    NOT_TAKEN,
    Fault,
    answer,
    envelope,
    refusal,
    unable,
)

KEPT: Final = 10_000
"""Frames remembered; older ones are forgotten."""

LARGEST: Final = 4096
"""Bytes of one frame; whoever sends more without an end is cut off."""

_EARLIEST_MS: Final = -40_000
_LATEST_MS: Final = 20_000
_RESTORES: Final = frozenset({"AR", "FH", "HH", "KH", "PH", "TR", "UJ", "YK", "YR"})


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A frame that was understood. ``at`` in ms; ``code`` of DC-05 or DC-03, "" for NULL."""

    at: int
    transport: str
    account: str
    token: str
    sequence: int
    encrypted: bool
    code: str = ""
    restore: bool = False
    partition: int = 0
    zone: int = 0
    repeated: bool = False
    octets: bytes = b""
    fault: Fault = Fault.NONE


class Receiver:
    """Takes frames on one port, TCP and UDP, on the loopback unless told otherwise.

    ``accounts`` maps each account, digits as registered, to its key or ``None``. ``fault`` is done
    to every frame; what `do` was told comes first, a frame each. ``old_padding`` writes encrypted
    answers as senders before 2026 did. ``clock_offset_ms`` sets its clock against ours.
    """

    def __init__(
        self,
        accounts: Mapping[str, bytes | None],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        old_padding: bool = False,
        clock_offset_ms: int = 0,
        on_taken: Callable[[Taken], None] | None = None,
    ) -> None:
        self.accounts: Final = dict(accounts)
        self.host: Final = host
        self.port = port
        self.fault = Fault.NONE
        self.late_s = 1.0
        self.clock_offset_ms = clock_offset_ms
        self.taken: Final[deque[Taken]] = deque(maxlen=KEPT)
        self.refused = 0
        self._old_padding: Final = old_padding
        self._on_taken: Final = on_taken
        self._next: Final[deque[Fault]] = deque(maxlen=KEPT)
        self._known: Final[deque[tuple[str, int, _Said]]] = deque(maxlen=KEPT)
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._streams: Final[set[asyncio.Transport]] = set()
        self._later: Final[set[asyncio.TimerHandle]] = set()
        self._more: Final = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def start(self) -> None:
        """Listen; with port 0 on one that is free for both transports, kept for a restart."""
        loop = asyncio.get_running_loop()
        for attempt in range(20):
            server = await loop.create_server(lambda: _Line(self), self.host, self.port)
            port = int(server.sockets[0].getsockname()[1])
            try:
                self._datagrams, _ = await loop.create_datagram_endpoint(
                    lambda: _Mailbox(self), local_addr=(self.host, port)
                )
            except OSError:
                server.close()
                await server.wait_closed()
                if self.port or attempt == 19:
                    raise
            else:
                self._server, self.port = server, port
                return

    async def aclose(self) -> None:
        """Stop at once, as a receiver whose power fails. `start` brings it back."""
        for handle in self._later:
            handle.cancel()
        self._later.clear()
        for stream in list(self._streams):
            stream.abort()
        if self._datagrams is not None:
            self._datagrams.abort()
            self._datagrams = None
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def do(self, *faults: Fault) -> None:
        """What to do with the next frames, one after the other."""
        self._next.extend(faults)

    @property
    def events(self) -> list[Taken]:
        """What was taken and is neither a supervision message nor a repetition."""
        return [one for one in self.taken if one.code and not one.repeated]

    async def until(self, what: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until something holds; looked at whenever a frame was taken."""
        async with asyncio.timeout(seconds):
            while not what():
                self._more.clear()
                await self._more.wait()

    def hear(self, octets: bytes, transport: str, reply: Reply) -> None:
        """One frame, from LF to CR; answers through ``reply``."""
        octets = octets[max(octets.rfind(b"\n"), 0) :]
        head = HEAD.match(octets, 9)
        if head is None or octets[:9].upper() + octets[9:] != envelope(octets[9:-1]):
            self.refused += 1  # damaged on its way: no answer, so that the sender repeats it
            return
        fault = self._next.popleft() if self._next else self.fault
        account = head["account"].decode("ascii")
        key = self.accounts.get(account)
        if account not in self.accounts or (key is not None) is not (head["star"] == b"*"):
            self._refuse(reply)
            return
        try:
            message = parse_frame(octets, key)
        except (RuntimeError, ValueError, TypeError):
            message = None  # no key of ours opens it
        if message is None or not self._in_time(message):
            self._refuse(reply)
            return
        said = _event(message)
        if said is None:
            self.refused += 1
            reply.say(unable(head))
            return
        if fault not in NOT_TAKEN:
            self._take(message, said, account, transport, octets, fault)
        self._answer(answer(head, key, self._now(), fault, old=self._old_padding), fault, reply)

    def _now(self) -> int:
        return time.time_ns() // 1_000_000 + self.clock_offset_ms

    def _in_time(self, message: Any) -> bool:
        stamp: datetime | None = message.timestamp
        if stamp is None:
            return not message.encrypted
        return _EARLIEST_MS <= int(stamp.timestamp() * 1000) - self._now() <= _LATEST_MS

    def _take(
        self,
        message: Any,
        said: _Said,
        account: str,
        transport: str,
        octets: bytes,
        fault: Fault,
    ) -> None:
        sign = (account, int(message.seq), said)
        taken = Taken(
            at=self._now(),
            transport=transport,
            account=account,
            token=message.idtoken,
            sequence=int(message.seq),
            encrypted=bool(message.encrypted),
            code=said.code,
            restore=said.restore,
            partition=said.partition,
            zone=said.zone,
            repeated=bool(said.code) and sign in self._known,
            octets=octets,
            fault=fault,
        )
        self._known.append(sign)
        self.taken.append(taken)
        self._more.set()
        if self._on_taken is not None:
            self._on_taken(taken)

    def _refuse(self, reply: Reply) -> None:
        self.refused += 1
        reply.say(refusal(self._now()))

    def _answer(self, octets: bytes, fault: Fault, reply: Reply) -> None:
        if fault is Fault.CLOSE:
            reply.close()
        elif fault is Fault.LATE:
            self._call_later(self.late_s, reply.say, octets)
        elif fault is Fault.SPLIT:
            third = len(octets) // 3
            reply.say(octets[:third])
            self._call_later(0.02, reply.say, octets[third : 2 * third])
            self._call_later(0.04, reply.say, octets[2 * third :])
        elif octets:
            reply.say(octets)

    def _call_later(self, seconds: float, what: Callable[[bytes], None], octets: bytes) -> None:
        def run() -> None:
            self._later.discard(handle)
            what(octets)

        handle = asyncio.get_running_loop().call_later(seconds, run)
        self._later.add(handle)

    def add(self, stream: asyncio.Transport) -> None:
        """A caller has come."""
        self._streams.add(stream)

    def remove(self, stream: asyncio.Transport) -> None:
        """A caller has gone."""
        self._streams.discard(stream)


class _Said(msgspec.Struct, frozen=True):
    """What a message reports; empty for a supervision message."""

    code: str = ""
    restore: bool = False
    partition: int = 0
    zone: int = 0


class Reply(msgspec.Struct, frozen=True):
    """How to speak to whoever sent a frame."""

    say: Callable[[bytes], None]
    close: Callable[[], None]


class _Line(asyncio.Protocol):
    """One caller over TCP."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver: Final = receiver
        self._heard = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._receiver.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - protocol's
        if self._transport is not None:
            self._receiver.remove(self._transport)
            self._transport = None

    def data_received(self, data: bytes) -> None:
        self._heard += data
        reply = Reply(self._say, self._close)
        while (end := self._heard.find(b"\r")) >= 0:
            frame = bytes(self._heard[: end + 1])
            del self._heard[: end + 1]
            self._receiver.hear(frame, "tcp", reply)
        if len(self._heard) > LARGEST:
            self._close()

    def _say(self, octets: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class _Mailbox(asyncio.DatagramProtocol):
    """All callers over UDP."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver: Final = receiver
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        def say(octets: bytes) -> None:
            if self._transport is not None and not self._transport.is_closing():
                self._transport.sendto(octets, addr)

        self._receiver.hear(data, "udp", Reply(say, lambda: None))


def _event(message: Any) -> _Said | None:
    """What a decoded message reports; ``None`` when it is nothing this receiver knows.

    siadc09 takes the digits of partition and zone for hexadecimal ones.
    """
    if message.idtoken == "NULL":
        return _Said()
    try:
        if message.idtoken == "ADM-CID":
            one = message.data.event
            area, zone = int(f"{one.group:X}"), int(f"{one.addr:X}")
            return _Said(one.code, one.qualifier == "3", area, zone)
        if message.idtoken == "SIA-DCS":
            one = message.data.blocks[-1].events[0]
            area = int(one.modifiers["ri"].value) if "ri" in one.modifiers else 0
            return _Said(one.code, one.code in _RESTORES, area, int(f"{one.addr or 0:X}"))
    except (AttributeError, IndexError, ValueError, TypeError):
        return None
    return None
