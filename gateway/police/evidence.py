"""Exchanges with receivers as facts: what was sent, when, over which path, what came back."""

from __future__ import annotations

import base64
from typing import Any, Final

import msgspec

from devices.police_link.link import Exchange, LinkEvent
from gateway.store.batch import Fact
from gateway.store.encoding import canonical

EXCHANGE: Final = "exchange"
"""The kind of these facts."""

_BYTES: Final = 4096
"""Kept of what was sent and of what came back: frames are some hundred."""


class ExchangeFact(msgspec.Struct, frozen=True, kw_only=True):
    """The body of such a fact. ``sent`` and ``received`` are base64. Times in ms."""

    link: str
    path: str
    started: int
    elapsed_ms: float
    result: str
    reason: str
    sent: str
    received: str
    number: int
    key: str
    sequence: int
    code: int
    restore: bool
    test: bool
    offset_ms: int | None = None


_exchange: Final = msgspec.json.Decoder(ExchangeFact).decode


def exchange_fact(
    link: str, event: LinkEvent, exchange: Exchange, number: int, now: int, subject: str
) -> Fact:
    """The fact that this was tried; ``number`` counts the event's attempts from 1."""
    body = ExchangeFact(
        link=link,
        path=exchange.path.value,
        started=exchange.started,
        elapsed_ms=round(exchange.elapsed_ms, 3),
        result=exchange.result.value,
        reason=exchange.reason,
        sent=_text(exchange.sent),
        received=_text(exchange.received),
        number=number,
        key=event.key,
        sequence=event.sequence,
        code=int(event.code),
        restore=event.restore,
        test=event.test,
        offset_ms=exchange.offset_ms,
    )
    return Fact(
        kind=EXCHANGE,
        happened=exchange.started,
        known=now,
        actor="gateway",
        subject=subject,
        body=canonical(body),
    )


def exchange_of(body: bytes) -> ExchangeFact:
    """What such a fact says. Raises ``msgspec.MsgspecError`` when it is none."""
    return _exchange(body)


def readable(frame: bytes | str) -> str:
    """Bytes (or their base64) as people read them: control characters shown, nothing lost."""
    raw = base64.b64decode(frame) if isinstance(frame, str) else frame
    shown: dict[int, str] = {0x0A: "<LF>", 0x0D: "<CR>", 0x09: "<TAB>"}
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return "".join(
        shown.get(ord(sign)) or (sign if sign.isprintable() else f"<{ord(sign):02X}>")
        for sign in text
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw[:_BYTES]).decode()


def as_data(struct: msgspec.Struct) -> Any:
    """A struct as plain data for a fact's body."""
    return msgspec.to_builtins(struct)
