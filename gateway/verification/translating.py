"""What the pipeline says, in the words of procedures; and how runs are named."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Final

import msgspec

from audit.verification.procedure import Pressed, Said, Subject
from devices.model import Device
from devices.reading import Channel
from gateway.pipeline.windows import HeldPress

_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
_RESERVED: Final = ("ts", "seq", "test", "fw")


def name_of(actor: str, thing: str, key: str | None) -> str:
    """A run's id: random, or what the key makes of it, so that asking again finds the same."""
    if key is None:
        return secrets.token_hex(16)
    return hashlib.sha256(f"{actor}\n{thing}\n{key}".encode()).hexdigest()[:32]


def link_of(device: Device, subject: Subject) -> str | None:
    """The police link that verifying the device takes, if it takes one."""
    if device.kind == "police-link":
        return f"{device.school}/{device.id}"
    return subject.links[0] if subject.links and device.kind == "alarm-button" else None


def pressed(held: HeldPress) -> Pressed:
    """A press that waits."""
    return Pressed(happened=held.reading.happened, known=held.known, due=held.due)


def said(channel: int, happened: int, received: int, body: bytes) -> Said:
    """A reading as it was committed."""
    try:
        values = _decode(body)
    except ValueError:
        values = {}  # a number that nothing can hold: it spoke all the same
    event = values.pop("event", None)
    for name in _RESERVED:
        values.pop(name, None)
    return Said(
        channel=Channel(channel),
        happened=happened,
        received=received,
        values=values,
        event=event if isinstance(event, str) else None,
    )
