"""Knocks at a broker: one real CONNECT, and what it answered."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import struct
from enum import StrEnum

import msgspec


class Answer(StrEnum):
    """What came of knocking."""

    WELCOME = "welcome"
    REFUSED = "refused"  # the broker answered, and does not let this user in
    SILENT = "silent"  # something took the connection and gave no MQTT answer in time
    UNREACHABLE = "unreachable"  # nothing listens there
    UNTRUSTED = "untrusted"  # TLS failed


class Knock(msgspec.Struct, frozen=True):
    """The answer and, for people, its particulars in English."""

    answer: Answer
    detail: str = ""


_REFUSALS = {
    1: "the broker does not speak MQTT 3.1.1",
    2: "the broker refuses the client id",
    3: "the broker is not available",
    4: "user name or password are malformed",
    5: "user name or password are wrong",
}


async def knock(
    host: str,
    port: int,
    *,
    user: str = "",
    password: str = "",
    tls: ssl.SSLContext | None = None,
    timeout_s: float = 5.0,
) -> Knock:
    """Connect, sign in by MQTT 3.1.1, read the answer and leave. Never raises on the network."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _converse(host, port, user, password, tls)
    except TimeoutError:
        return Knock(Answer.SILENT, f"no answer within {timeout_s:g} s")
    except ssl.SSLError as error:
        return Knock(Answer.UNTRUSTED, error.reason or str(error))
    except OSError as error:
        return Knock(Answer.UNREACHABLE, error.strerror or str(error))


async def _converse(
    host: str, port: int, user: str, password: str, tls: ssl.SSLContext | None
) -> Knock:
    reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    try:
        writer.write(_connect(user, password))
        await writer.drain()
        answer = await reader.readexactly(4)
        if answer[:2] != b"\x20\x02":
            return Knock(Answer.SILENT, "what listens there does not speak MQTT")
        if answer[3]:
            return Knock(Answer.REFUSED, _REFUSALS.get(answer[3], f"code {answer[3]}"))
        writer.write(b"\xe0\x00")
        await writer.drain()
        return Knock(Answer.WELCOME)
    except asyncio.IncompleteReadError:
        return Knock(Answer.SILENT, "the connection was closed without an answer")
    finally:
        writer.transport.abort()


def _connect(user: str, password: str) -> bytes:
    flags = 0x02  # clean session: a knock leaves nothing behind
    body = _text(f"knock-{secrets.token_hex(6)}")
    if user:
        flags |= 0x80
        body += _text(user)
    if password:
        flags |= 0x40
        body += _text(password)
    packet = _text("MQTT") + struct.pack("!BBH", 4, flags, 10) + body
    return b"\x10" + _length(len(packet)) + packet


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("!H", len(raw)) + raw


def _length(length: int) -> bytes:
    encoded = bytearray()
    while True:
        length, low = divmod(length, 128)
        encoded.append(low | 0x80 if length else low)
        if not length:
            return bytes(encoded)
