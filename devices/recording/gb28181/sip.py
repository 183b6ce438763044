"""SIP messages as GB/T 28181 uses them (RFC 3261): read tolerantly, within bounds, and written.

There are libraries (aiosip, aiosipua), all made for telephone calls: none answers REGISTER as a
registrar, and none bounds what a stranger can make it hold. What is needed here is small.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

import msgspec

from devices.recording.gb28181.errors import SipError

MAX_HEAD_BYTES: Final = 16_384
MAX_LINE_BYTES: Final = 4_096
MAX_HEADERS: Final = 64
"""A REGISTER or MESSAGE has a dozen; the rest is room for proxies on the way."""

_COMPACT: Final = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "e": "content-encoding",
    "k": "supported",
    "s": "subject",
}
_END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE: Final = re.compile(r"([A-Za-z]{1,20}) +(\S{1,512}) +SIP/2\.0\s*", re.ASCII)
_STATUS_LINE: Final = re.compile(r"SIP/2\.0 +([1-6][0-9]{2})(?: (.*))?", re.ASCII)
_HEADER: Final = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]{1,64})[ \t]*:[ \t]*(.*)", re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CSEQ: Final = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z]{1,20})", re.ASCII)
_USER: Final = re.compile(r"sips?:([^@;>\s:]{1,128})(?:[:@;>\s]|$)", re.IGNORECASE)
_TAG: Final = re.compile(r";[ \t]*tag[ \t]*=[ \t]*([^;,\s]{1,256})", re.IGNORECASE)
_BRANCH: Final = re.compile(r";[ \t]*branch[ \t]*=[ \t]*([^;,\s]{1,256})", re.IGNORECASE)
_RPORT: Final = re.compile(r";[ \t]*rport(?=[ \t]*(?:;|,|$))", re.IGNORECASE)
_EXPIRES: Final = re.compile(r";[ \t]*expires[ \t]*=[ \t]*\"?([0-9]{1,10})\"?", re.IGNORECASE)

REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    481: "Call/Transaction Does Not Exist",
    503: "Service Unavailable",
}

Header: TypeAlias = tuple[str, str]


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    headers: tuple[Header, ...]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of that name, written long and in small letters; None without one."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def all(self, name: str) -> tuple[str, ...]:
        """All headers of that name, in their order."""
        return tuple(value for key, value in self.headers if key == name)

    @property
    def call_id(self) -> str:
        """The Call-ID; empty without one."""
        return self.header("call-id") or ""

    @property
    def cseq(self) -> CSeq:
        """Number and method of CSeq; `SipError` when there is none to read."""
        found = _CSEQ.fullmatch((self.header("cseq") or "").strip())
        if found is None:
            raise SipError(f"no CSeq that can be read: {(self.header('cseq') or '')[:40]!r}")
        return CSeq(int(found[1]), found[2].upper())


class CSeq(NamedTuple):
    """Number and method of a request."""

    number: int
    method: str


class Request(_Message, frozen=True, kw_only=True):
    """A request; header names are long and in small letters, values exactly as sent."""

    method: str
    uri: str

    @property
    def sender(self) -> str:
        """The user part of From: in GB/T 28181 the sender's identity; empty without one."""
        return user_of(self.header("from") or "")

    @property
    def branch(self) -> str:
        """The branch of the topmost Via; empty without one."""
        found = _BRANCH.search(self.header("via") or "")
        return found[1] if found else ""

    @property
    def expires(self) -> int | None:
        """Seconds of a REGISTER: the Contact's own before the header; None when not said."""
        found = _EXPIRES.search(self.header("contact") or "")
        if found is not None:
            return int(found[1])
        value = (self.header("expires") or "").strip()
        return int(value) if re.fullmatch(r"[0-9]{1,10}", value, re.ASCII) else None


class Response(_Message, frozen=True, kw_only=True):
    """An answer to a request of ours."""

    status: int
    reason: str = ""


SipMessage: TypeAlias = Request | Response


def user_of(value: str) -> str:
    """The user part of the first SIP URI in a header's value or a URI; empty without one."""
    found = _USER.search(value)
    return found[1] if found else ""


def tag_of(value: str) -> str:
    """The tag parameter of a From or To; empty without one."""
    found = _TAG.search(value)
    return found[1] if found else ""


def parse(datagram: bytes, *, max_body: int) -> SipMessage:
    """One message that fills a datagram; `SipError` when it is none.

    A body longer than Content-Length is cut to it (RFC 3261, 18.3), a shorter one is an error;
    without Content-Length the body is what is left.
    """
    end = _END_OF_HEAD.search(datagram, 0, MAX_HEAD_BYTES + 4)
    if end is None:
        raise SipError(f"no end of the head within {MAX_HEAD_BYTES} bytes")
    body = datagram[end.end() :]
    head = parse_head(datagram[: end.start()])
    length = content_length(head)
    if length is None:
        length = len(body)
    if length > max_body:
        raise SipError(f"a body of {length} bytes; {max_body} are taken")
    if len(body) < length:
        raise SipError(f"a body of {len(body)} bytes where {length} were announced")
    return msgspec.structs.replace(head, body=body[:length])


def parse_head(head: bytes) -> SipMessage:
    """First line and headers, without the empty line that ends them; `SipError` otherwise."""
    lines = _unfolded(head)
    found = [_header(line) for line in lines[1:]]
    if len(found) > MAX_HEADERS:
        raise SipError(f"{len(found)} headers; {MAX_HEADERS} are taken")
    headers = tuple(found)
    first = lines[0]
    request = _REQUEST_LINE.fullmatch(first)
    if request is not None:
        return Request(method=request[1].upper(), uri=request[2], headers=headers)
    status = _STATUS_LINE.fullmatch(first)
    if status is None:
        raise SipError(f"neither a request nor a response: {first[:40]!r}")
    return Response(status=int(status[1]), reason=status[2] or "", headers=headers)


def _unfolded(head: bytes) -> list[str]:
    lines: list[str] = []
    for raw in head.split(b"\n"):
        line = raw.removesuffix(b"\r")
        if len(line) > MAX_LINE_BYTES:
            raise SipError(f"a line of {len(line)} bytes; {MAX_LINE_BYTES} are taken")
        # Devices put names in GBK into From: such bytes come back in the answer as they were.
        text = line.decode("utf-8", "surrogateescape")
        if _CONTROL.search(text):
            raise SipError(f"control characters in {text[:40]!r}")
        if text[:1] in {" ", "\t"} and len(lines) > 1:
            lines[-1] += " " + text.strip()
            if len(lines[-1]) > MAX_LINE_BYTES:
                raise SipError(f"a folded line of more than {MAX_LINE_BYTES} characters")
        else:
            lines.append(text)
    return lines


def _header(line: str) -> Header:
    found = _HEADER.fullmatch(line)
    if found is None:
        raise SipError(f"no header: {line[:40]!r}")
    name = found[1].lower()
    return _COMPACT.get(name, name), found[2].rstrip()


def content_length(message: SipMessage) -> int | None:
    """What Content-Length says; None without it, `SipError` when it is no number or two."""
    values = {value.strip() for value in message.all("content-length")}
    if not values:
        return None
    value = values.pop()
    if values or re.fullmatch(r"[0-9]{1,9}", value, re.ASCII) is None:
        raise SipError(f"no Content-Length that can be read: {value[:20]!r}")
    return int(value)


class Framer:
    """Cuts a TCP stream into messages. Holds at most one head and one body of the sizes given."""

    def __init__(self, max_body: int) -> None:
        self.max_body = max_body
        self._held = bytearray()
        self._head: SipMessage | None = None
        self._wanted = 0

    @property
    def midway(self) -> bool:
        """Whether a message has begun and is not whole yet."""
        return self._head is not None or bool(self._held)

    def feed(self, data: bytes) -> Iterable[SipMessage]:
        """The messages that are whole now. `SipError`: what follows cannot be told apart."""
        self._held += data
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> SipMessage | None:
        if self._head is None and not self._take_head():
            return None
        if self._head is None or len(self._held) < self._wanted:
            return None
        body = bytes(self._held[: self._wanted])
        del self._held[: self._wanted]
        message, self._head = msgspec.structs.replace(self._head, body=body), None
        return message

    def _take_head(self) -> bool:
        # Empty lines between messages keep a connection alive (RFC 5626).
        kept = self._held.lstrip(b"\r\n")
        del self._held[: len(self._held) - len(kept)]
        end = _END_OF_HEAD.search(self._held, 0, MAX_HEAD_BYTES + 4)
        if end is None:
            if len(self._held) > MAX_HEAD_BYTES:
                raise SipError(f"no end of the head within {MAX_HEAD_BYTES} bytes")
            return False
        head = parse_head(bytes(self._held[: end.start()]))
        length = content_length(head)
        if length is None:
            raise SipError("no Content-Length, which a stream must have")
        if length > self.max_body:
            raise SipError(f"a body of {length} bytes; {self.max_body} are taken")
        del self._held[: end.end()]
        self._head, self._wanted = head, length
        return True


def response_to(
    request: Request,
    status: int,
    *,
    to_tag: str,
    heard_from: tuple[str, int],
    headers: Sequence[Header] = (),
) -> bytes:
    """An answer without a body: it echoes what RFC 3261 (8.2.6) asks for and adds ``headers``."""
    lines = [f"SIP/2.0 {status} {REASONS.get(status, '')}"]
    for index, via in enumerate(request.all("via")):
        lines.append(f"Via: {_with_source(via, heard_from) if index == 0 else via}")
    to = request.header("to") or ""
    lines += [
        f"From: {request.header('from') or ''}",
        f"To: {to if tag_of(to) else f'{to};tag={to_tag}'}",
        f"Call-ID: {request.call_id}",
        f"CSeq: {request.header('cseq') or ''}",
        *(f"{name}: {value}" for name, value in headers),
        "Content-Length: 0",
    ]
    return _bytes(lines)


def _with_source(via: str, heard_from: tuple[str, int]) -> str:
    # RFC 3581: who asks is told the address that was seen. Only the topmost of the Via.
    host, port = heard_from
    return _RPORT.sub(f";rport={port};received={host}", via, count=1)


def request_bytes(
    method: str, uri: str, headers: Sequence[Header], body: bytes, content_type: str
) -> bytes:
    """A request of ours."""
    lines = [f"{method} {uri} SIP/2.0", *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines.append(f"Content-Type: {content_type}")
    lines.append(f"Content-Length: {len(body)}")
    return _bytes(lines) + body


def _bytes(lines: Sequence[str]) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
