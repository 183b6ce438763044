"""The SIP side of the platform: who speaks, whether it may, what it is answered, who is online."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from datetime import tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec

from devices.recording.gb28181.admission import Admission
from devices.recording.gb28181.counters import Counters
from devices.recording.gb28181.digest import Challenger
from devices.recording.gb28181.errors import ContentError, IdentityError, SipError
from devices.recording.gb28181.flow import Flow, Transport
from devices.recording.gb28181.manscdp import (
    CONTENT_TYPE,
    Command,
    Envelope,
    faulty_devices,
    guessed_sn,
    read_envelope,
)
from devices.recording.gb28181.registrar import Passwords, Registrar, Reply
from devices.recording.gb28181.registrations import (
    KEEPALIVE_MS,
    MISSED,
    Change,
    Registration,
    Registrations,
)
from devices.recording.gb28181.sip import (
    Header,
    Request,
    Response,
    SipMessage,
    request_bytes,
    response_to,
)
from devices.recording.gb28181.sockets import Sockets
from devices.recording.gb28181.transactions import Answered, Asked
from devices.recording.xml_document import DocumentError

MOST_LARGER: Final = 1.5
"""An answer to who has proven nothing is at most so many times as large as what it answers: a false
sender's address turns us into nobody's weapon."""

LATE_MS: Final = 1_000
"""A look at who is silent that comes so much later than it should comes before what waits in the
sockets."""

ALLOW: Final[Header] = ("Allow", "REGISTER, MESSAGE, NOTIFY, OPTIONS")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """How the platform is known and where it listens.

    ``identity``: our own 20 digits. ``realm``: its first ten when left out. ``host`` and ports:
    where we listen; None leaves a transport out, 0 takes a free port. ``contact_host``: our address
    as devices see it, where that is not the one towards them. ``offer_qop``: whether challenges
    offer qop="auth"; answers with and without it are taken either way. ``zones``: whose clock is
    not set to ``zone``, by identity.
    """

    identity: str
    passwords: Passwords
    realm: str = ""
    host: str = "0.0.0.0"  # noqa: S104 - recorders come from outside
    udp_port: int | None = 5060
    tcp_port: int | None = 5060
    contact_host: str = ""
    zone: tzinfo = ZoneInfo("Asia/Shanghai")
    zones: Mapping[str, tzinfo] = MappingProxyType({})
    offer_qop: bool = True
    keepalive_ms: int = KEEPALIVE_MS
    missed: int = MISSED

    def zone_of(self, device: str) -> tzinfo:
        """The time zone that a device's clock is set to."""
        return self.zones.get(device, self.zone)


class Refused(StrEnum):
    """What of a device that we know was not taken."""

    PASSWORD = "password"  # noqa: S105 - what was wrong
    BROKEN = "broken"
    """No XML."""
    CONTENT = "content"
    """XML, and not what every message must say."""
    COMMAND = "command"
    """Nothing that is understood here, such as alarms and positions."""


class Hearer(Protocol):
    """Who is told of what devices say."""

    def changed(self, device: str, change: Change) -> None:
        """A device came or went, or its channels did."""
        ...

    def refused(self, device: str, why: Refused, detail: str, sample: bytes) -> None:
        """Something that came in a device's name was not taken."""
        ...

    def answered(self, device: str, envelope: Envelope) -> bool:
        """A registered device answers something; False when nothing like it was asked."""
        ...

    def broken(self, device: str, sn: int | None, why: str) -> None:
        """A registered device sent a body that cannot be read."""
        ...


class Signalling:
    """Listens, registers, keeps track of who is online, and carries questions."""

    def __init__(
        self,
        config: Config,
        hearer: Hearer,
        *,
        now: Callable[[], int],
        steady: Callable[[], int] | None = None,
    ) -> None:
        """``now``: ms since 1970 UTC; ``steady``: ms of a clock that nobody sets."""
        self.counters: Final = Counters()
        self.registrations: Final = Registrations(
            keepalive_ms=config.keepalive_ms, missed=config.missed
        )
        self.steady: Final = steady or _steady
        self._config: Final = config
        self._realm: Final = config.realm or config.identity[:10]
        self._hearer: Final = hearer
        self._registrar: Final = Registrar(
            passwords=config.passwords,
            registrations=self.registrations,
            challenger=Challenger(self._realm, offer_qop=config.offer_qop),
            counters=self.counters,
            zone_of=config.zone_of,
            now=now,
        )
        # A recorder that is not registered sends two requests a minute; a site comes through one
        # address, and is no stranger once its first device has registered.
        self._strangers: Final = Admission(
            burst=40, per_second=5, total_burst=1_000, total_per_second=400
        )
        self._residents: Final = Admission(
            burst=5_000, per_second=1_000, total_burst=20_000, total_per_second=4_000
        )
        self._sockets: Final = Sockets(self._on_message, self._admit, self.counters)
        self._answered: Final = Answered()
        self._asked: Final = Asked(self._sockets)
        self._watch: asyncio.Task[None] | None = None
        self._cseq = 0

    async def open(self) -> None:
        """Listen. `PlatformError` when that cannot be."""
        config = self._config
        await self._sockets.open(config.host, config.udp_port, config.tcp_port)
        self._watch = asyncio.create_task(self._watch_online(), name="gb28181 keep-alives")

    async def close(self) -> None:
        """Stop listening; whoever is registered is forgotten without a word."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})
            self._watch = None
        await self._sockets.close()

    def address(self, transport: Transport) -> tuple[str, int]:
        """Where we listen. `PlatformError` when we do not."""
        return self._sockets.address(transport)

    @property
    def connections(self) -> int:
        """TCP connections that are open."""
        return self._sockets.connections

    async def ask(self, whom: Registration, subject: str, body: bytes) -> Response | None:
        """Send a MESSAGE about ``subject`` to a device, until it answers; None: no way to send."""
        flow = whom.flow
        self._cseq += 1
        call_id = secrets.token_hex(16)
        host, port = self._our_address(flow)
        via = f"SIP/2.0/{flow.transport} {host}:{port};rport;branch=z9hG4bK{secrets.token_hex(8)}"
        data = request_bytes(
            "MESSAGE",
            f"sip:{subject}@{_bracketed(flow.host)}:{flow.port}",
            (
                ("Via", via),
                ("From", f"<sip:{self._config.identity}@{self._realm}>;tag={secrets.token_hex(6)}"),
                ("To", f"<sip:{subject}@{subject[:10]}>"),
                ("Call-ID", call_id),
                ("CSeq", f"{self._cseq} MESSAGE"),
                ("Max-Forwards", "70"),
            ),
            body,
            CONTENT_TYPE,
        )
        return await self._asked.ask(data, call_id, flow)

    def _our_address(self, flow: Flow) -> tuple[str, int]:
        host, port = self._sockets.address(flow.transport)
        if self._config.contact_host:
            return _bracketed(self._config.contact_host), port
        if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared with, not listened on
            host = _address_towards(flow) or host
        return _bracketed(host), port

    def _admit(self, host: str) -> bool:
        who = self._residents if self.registrations.at_home(host) else self._strangers
        return who.admit(host, self.steady())

    def _on_message(self, message: SipMessage, flow: Flow) -> None:
        if isinstance(message, Response):
            self.counters.responses += 1
            if not self._asked.hear(message, flow):
                self.counters.unexpected += 1
            return
        self.counters.requests += 1
        if not _whole(message):
            self.counters.garbage += 1
            return
        again = self._answered.again(message, flow, self.steady())
        if again is not None:
            self.counters.repeated += 1
            self._sockets.send(again, flow)
        elif message.method == "REGISTER":
            self._on_register(message, flow)
        elif message.method != "ACK":  # the one request that has no answer
            self._on_other(message, flow)

    def _on_register(self, request: Request, flow: Flow) -> None:
        reply = self._registrar.answer(request, flow, self.steady())
        if reply.proven:
            self._sockets.trust(flow)
        self._reply(request, flow, reply)
        if reply.change is not None:
            self._hearer.changed(request.sender, reply.change)
        if reply.guessed:
            why = f"{flow.host} does not know its password"
            self._hearer.refused(request.sender, Refused.PASSWORD, why, b"")

    def _on_other(self, request: Request, flow: Flow) -> None:
        device = request.sender
        if self.registrations.at(device, flow) is None:
            if self._config.passwords(device) is None:
                self.counters.strangers += 1
            else:
                self.counters.unregistered += 1
            # Recorders take a refused keep-alive as the sign to register anew.
            self._reply(request, flow, Reply(status=403))
            return
        self._sockets.trust(flow)
        if request.method in {"MESSAGE", "NOTIFY"}:
            status = self._message(device, request, flow)
            self._reply(request, flow, Reply(status=status, proven=True))
        else:
            status = 200 if request.method == "OPTIONS" else 405
            self._reply(request, flow, Reply(status=status, headers=(ALLOW,), proven=True))

    def _message(self, device: str, request: Request, flow: Flow) -> int:
        try:
            envelope = read_envelope(request.body)
        except (DocumentError, ContentError, IdentityError) as error:
            self.counters.unreadable += 1
            self._hearer.broken(device, guessed_sn(request.body), str(error))
            why = Refused.BROKEN if isinstance(error, DocumentError) else Refused.CONTENT
            self._hearer.refused(device, why, str(error), request.body)
            return 400
        if envelope.answer:
            if not self._hearer.answered(device, envelope):
                self.counters.unexpected += 1
        elif envelope.command == Command.KEEPALIVE and envelope.device == device:
            before = self.registrations.of(device)
            faulty = faulty_devices(envelope.root)
            self.registrations.hear(device, flow, self.steady(), faulty)
            if before is not None and before.faulty != faulty:
                self._hearer.changed(device, Change.CHANNELS)
        elif envelope.command == Command.CATALOG:
            # What it tells of single channels is not believed piece by piece: it is asked.
            self._hearer.changed(device, Change.CHANNELS)
        else:
            self.counters.ignored += 1
            what = f"{envelope.command} of {envelope.device}"
            self._hearer.refused(device, Refused.COMMAND, what, request.body)
        return 200

    def _reply(self, request: Request, flow: Flow, reply: Reply) -> None:
        data = response_to(
            request,
            reply.status,
            to_tag=secrets.token_hex(6),
            heard_from=(flow.host, flow.port),
            headers=reply.headers,
        )
        if reply.proven:
            self._answered.remember(request, flow, data, self.steady())
        elif flow.transport is Transport.UDP and len(data) > MOST_LARGER * _size(request):
            self.counters.limited += 1
            return
        self._sockets.send(data, flow)

    async def _watch_online(self) -> None:
        pause = min(1.0, self._config.keepalive_ms / 4000)
        while True:
            begun = self.steady()
            await asyncio.sleep(pause)
            if self.steady() - begun > pause * 1000 + LATE_MS:
                continue  # we stood still: what they said meanwhile is read first
            for device, change in self.registrations.due(self.steady()):
                self._hearer.changed(device, change)


def _whole(request: Request) -> bool:
    if not all(request.header(name) for name in ("via", "from", "to", "call-id")):
        return False
    try:
        return request.cseq.method == request.method
    except SipError:
        return False


def _size(request: Request) -> int:
    # As it came, but for blanks and compact names.
    heads = sum(len(name) + len(value) + 4 for name, value in request.headers)
    return len(request.method) + len(request.uri) + 12 + heads + len(request.body)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _address_towards(flow: Flow) -> str | None:
    # Connecting a UDP socket sends nothing: it only asks which way leads there.
    family = socket.AF_INET6 if ":" in flow.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((flow.host, flow.port))
        except OSError:
            return None
        host: str = probe.getsockname()[0]
        return host


def _steady() -> int:
    return time.monotonic_ns() // 1_000_000
