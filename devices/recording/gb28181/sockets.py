"""The UDP and TCP ends of the platform: bounded in connections, bytes and time for strangers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast

from devices.recording.gb28181.counters import Counters
from devices.recording.gb28181.errors import PlatformError, SipError
from devices.recording.gb28181.flow import Flow, Transport
from devices.recording.gb28181.sip import Framer, SipMessage, parse

MAX_BODY: Final = 2_097_152
"""Of a registered device: a page of several thousand recordings."""

MAX_STRANGERS_BODY: Final = 8_192
"""Before it registered a device has nothing to say that needs a body."""

MAX_CONNECTIONS: Final = 4_096
MAX_STRANGERS: Final = 512
"""Connections on which no device has registered; and of one address at most `MAX_OF_HOST`."""
MAX_OF_HOST: Final = 64

STRANGER_IDLE_S: Final = 30.0
DEVICE_IDLE_S: Final = 300.0
"""A device has said nothing for five keep-alives then, and is offline anyway."""
MESSAGE_S: Final = 20.0
"""For the rest of a message that has begun."""

MAX_UNSENT_BYTES: Final = 262_144
_RECEIVE_BUFFER: Final = 4_194_304
"""Several hundred recorders that come back after a power cut speak in the same second."""

OnMessage = Callable[[SipMessage, Flow], None]
Admit = Callable[[str], bool]


class Sockets:
    """Listens on UDP and TCP of one address, hands messages on, and sends."""

    def __init__(self, on_message: OnMessage, admit: Admit, counters: Counters) -> None:
        """``admit`` says of a host whether one more message from it is looked at."""
        self.on_message: Final = on_message
        self.admit: Final = admit
        self.counters: Final = counters
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._links: Final[dict[int, _Link]] = {}
        self._last_link = 0
        self.congested = False
        """Whether the kernel takes no datagrams at the moment."""

    async def open(self, host: str, udp_port: int | None, tcp_port: int | None) -> None:
        """Listen. None leaves a transport out, 0 takes a free port.

        `PlatformError` when an address is not ours or is taken.
        """
        loop = asyncio.get_running_loop()
        try:
            if udp_port is not None:
                self._udp, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=(host, udp_port)
                )
                _raw(self._udp).setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            if tcp_port is not None:
                self._server = await loop.create_server(
                    lambda: _Link(self), host, tcp_port, backlog=256
                )
        except OSError as error:
            await self.close()
            raise PlatformError(
                f"cannot listen for GB/T 28181 on {host}, UDP {udp_port}, TCP {tcp_port}: {error}"
            ) from error

    async def close(self) -> None:
        """Stop listening, and end all connections."""
        if self._udp is not None:
            self._udp.close()
            self._udp = None
        if self._server is not None:
            self._server.close()
        for link in tuple(self._links.values()):
            link.abort()
        if self._server is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 2.0)
            self._server = None
        await asyncio.sleep(0)  # a turn of the loop closes the sockets

    def address(self, transport: Transport) -> tuple[str, int]:
        """Where we listen. `PlatformError` when we do not."""
        if transport is Transport.UDP and self._udp is not None:
            host, port = self._udp.get_extra_info("sockname")[:2]
            return host, port
        if transport is Transport.TCP and self._server is not None:
            host, port = self._server.sockets[0].getsockname()[:2]
            return host, port
        raise PlatformError(f"the platform does not listen on {transport}")

    @property
    def connections(self) -> int:
        """TCP connections that are open."""
        return len(self._links)

    def send(self, data: bytes, flow: Flow) -> bool:
        """Send. False, and counted, when there is no way: the connection ended, nothing drains."""
        sent = self._sent(data, flow)
        if not sent:
            self.counters.unsent += 1
        return sent

    def _sent(self, data: bytes, flow: Flow) -> bool:
        if flow.transport is Transport.TCP:
            link = self._links.get(flow.link)
            return link is not None and link.send(data)
        if self._udp is None or self.congested:
            return False
        self._udp.sendto(data, (flow.host, flow.port))
        return True

    def trust(self, flow: Flow) -> None:
        """A device has registered on this connection: it may stay, and send large pages."""
        link = self._links.get(flow.link)
        if link is not None:
            link.trust()

    def take(self, link: _Link, host: str) -> int:
        """Give a new connection its number; 0 when there are too many."""
        strangers = [one for one in self._links.values() if not one.trusted]
        if (
            len(self._links) >= MAX_CONNECTIONS
            or len(strangers) >= MAX_STRANGERS
            or sum(1 for one in strangers if one.host == host) >= MAX_OF_HOST
        ):
            self.counters.connections_refused += 1
            return 0
        self._last_link += 1
        self._links[self._last_link] = link
        return self._last_link

    def forget(self, number: int) -> None:
        """A connection has ended."""
        self._links.pop(number, None)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not data.strip(b"\r\n\x00 "):
            return  # what keeps a router's port open, and no message
        host, port = addr[0], addr[1]
        if not self._sockets.admit(host):
            self._sockets.counters.limited += 1
            return
        try:
            message = parse(data, max_body=MAX_BODY)
        except SipError:
            self._sockets.counters.garbage += 1
            return
        self._sockets.on_message(message, Flow(transport=Transport.UDP, host=host, port=port))

    def pause_writing(self) -> None:
        self._sockets.congested = True

    def resume_writing(self) -> None:
        self._sockets.congested = False

    def error_received(self, exc: Exception) -> None:
        # ICMP: someone we answered or asked is not there. The time limits find that out.
        del exc
        self._sockets.counters.unsent += 1


class _Link(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._framer = Framer(MAX_STRANGERS_BODY)
        self._transport: asyncio.Transport | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._midway = False
        self._flow = Flow(transport=Transport.TCP, host="", port=0)
        self.trusted = False

    @property
    def host(self) -> str:
        return self._flow.host

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        host, port = (transport.get_extra_info("peername") or ("", 0))[:2]
        number = self._sockets.take(self, host)
        self._flow = Flow(transport=Transport.TCP, host=host, port=port, link=number)
        if number == 0:
            self.abort()
        else:
            self._arm()

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._framer.feed(data):
                if not self._sockets.admit(self.host):
                    self._sockets.counters.limited += 1
                    self.abort()  # what follows would only be more of it
                    return
                self._midway = False  # what follows is another message, with its own limit
                self._sockets.on_message(message, self._flow)
        except SipError:
            self._sockets.counters.garbage += 1
            self.abort()
            return
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._limit is not None:
            self._limit.cancel()
        self._sockets.forget(self._flow.link)

    def send(self, data: bytes) -> bool:
        if self._transport is None or self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.abort()
            return False
        self._transport.write(data)
        return True

    def trust(self) -> None:
        self.trusted = True
        self._framer.max_body = MAX_BODY
        self._arm()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _arm(self) -> None:
        # The limit of a message runs from its begin: bytes that trickle in do not prolong it.
        midway = self._framer.midway
        if midway and self._midway:
            return
        self._midway = midway
        if self._limit is not None:
            self._limit.cancel()
        idle = DEVICE_IDLE_S if self.trusted else STRANGER_IDLE_S
        limit = MESSAGE_S if midway else idle
        self._limit = asyncio.get_running_loop().call_later(limit, self.abort)


def _raw(transport: asyncio.DatagramTransport) -> socket.socket:
    return cast("socket.socket", transport.get_extra_info("socket"))
