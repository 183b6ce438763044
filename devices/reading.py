"""What a message said (`Reading`), or why it was not understood (`Reject`)."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any, Final, TypeAlias

import msgspec

Value: TypeAlias = (
    "bool | int | float | str | list[bool | int | float | str | None] | dict[str, object] | None"
)
"""A value as devices send them: a scalar, one per phase or sensor, or ``None`` = cannot measure."""


class Channel(IntEnum):
    """The last level of a native topic; dialects name theirs the same way."""

    TELEMETRY = 0
    EVENT = 1
    STATUS = 2
    REPLY = 3
    COMMAND = 4


class Origin(IntEnum):
    """Who speaks: from the authenticated topic, never from the payload."""

    DEVICE = 0
    PROBE = 1
    OBSERVED = 2
    SIMULATOR = 3


class RejectReason(StrEnum):
    """Why a message was not understood. The page counts rejects by these."""

    TOPIC = "topic"  # not a topic of this dialect
    IDENTIFIER = "identifier"  # a level that is no valid id
    TOO_LARGE = "too_large"
    ENCODING = "encoding"  # not UTF-8
    SYNTAX = "syntax"  # not JSON
    SHAPE = "shape"  # JSON, but neither an object nor an array of objects
    EMPTY = "empty"
    TIMESTAMP = "timestamp"  # a ``ts`` that is no time
    EVENT = "event"  # an event message that names no event
    UNDECODED = "undecoded"  # bytes of a device, which a network server should have decoded
    TEMPLATE = "template"  # a discovery that says in a program where a value stands
    FAULT = "fault"  # our own, while judging it
    BIRTH = "birth"  # what it means, its sender has not told yet
    FORBIDDEN = "forbidden"  # a device speaking on a channel that only the gateway writes


class Reject(msgspec.Struct, frozen=True):
    """A message that was not understood. ``detail`` says what was expected, in English."""

    reason: RejectReason
    detail: str


class Reading(msgspec.Struct, gc=False):
    """What one message, or one element of an array, said.

    Times are milliseconds since 1970 UTC. ``at`` is the device's own claim (``None`` when it made
    none), ``received`` when it reached us, ``happened`` the one of the two that is believed (set
    by `devices.timekeeping`; ``received`` until then). ``event`` is the named event of an event
    message. ``body`` is the JSON object that is stored: values only in our names and units.
    """

    channel: Channel
    values: dict[str, Value]
    received: int
    body: bytes
    at: int | None = None
    happened: int = 0
    seq: int | None = None
    event: str | None = None
    origin: Origin = Origin.DEVICE
    test: bool = False
    retained: bool = False
    late: bool = False
    firmware: str | None = None


_RESERVED: Final = ("ts", "seq", "event", "test", "fw")
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


def values_of(body: bytes) -> dict[str, Value]:
    """The values in a `Reading.body`."""
    values: dict[str, Value] = _decode(body)
    for key in _RESERVED:
        values.pop(key, None)
    return values


class Route(msgspec.Struct, frozen=True, gc=False):
    """Where a topic leads: which device, on which channel. Cached per topic.

    ``kind`` is the kind the topic names, or the dialect's best guess, or ``""`` when only the
    payload can tell. ``address`` is how the dialect itself calls the device, when that is not its
    id (the friendly name of a Zigbee2MQTT device).
    """

    school: str
    device: str
    channel: Channel
    kind: str = ""
    dialect: str = "native"
    origin: Origin = Origin.DEVICE
    address: str = ""
