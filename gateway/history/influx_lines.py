"""Readings as lines of the InfluxDB line protocol: one line a reading, a field for each metric.

    reading,school=s-1,kind=smoke,device=d-7,row=42,channel=telemetry humidity_pct=41 1795161600000

``row`` is the device's number in the register: a device registered anew under an id that was used
before does not inherit that one's past, as in SQLite. It stands beside the device's own tags, so
it makes no more series. The same reading written twice is the same point. All numbers are floats,
because a field keeps for ever the type it was first written with.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from devices.reading import Channel
from gateway.history.folding import LARGEST, METRIC_LENGTH, RESERVED

MEASUREMENT: Final = "reading"

LATEST: Final = 9_223_372_036_854
"""ms: databases count nanoseconds in 64 bits, up to the year 2262."""

NAMES: Final = 20_000
"""Names of metrics that are remembered; there are some dozens, unless somebody invents them."""

_CHANNELS: Final = {channel.value: channel.name.lower() for channel in Channel}
_BODY: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_VALUE: Final = msgspec.json.Decoder()
_NO_OBJECT: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

# As JSON writes a number so does a line: most are taken over as they stand, which takes half of the
# time that decoding and writing them again would. JSON that holds these signs alone is a number, or
# a list of numbers; without an exponent, and so short, none of them is too large.
_PLAIN: Final = b"-.0123456789"
_PLAIN_LIST: Final = _PLAIN + b","
_LIST: Final = ord("[")
_SHORT: Final = 300

_MARK: Final = re.compile(r"([,= ])")
_UNWRITABLE: Final = re.compile(r'[\x00-\x1f\x7f\\"]')
"""What the line protocol has no sure way to write in a name: programs that read it differ."""

_TIME: Final = "time"
"""InfluxDB's own column; it refuses a field of that name."""


class Tags(NamedTuple):
    """Whose readings they are; empty when the device is not registered any more."""

    school: str = ""
    kind: str = ""
    device: str = ""


class Row(NamedTuple):
    """A row of ``readings``."""

    row: int
    device: int
    channel: int
    happened: int
    body: bytes


class Encoder:
    """Makes lines; counts in ``left_out`` the numbers that they cannot say. For one thread."""

    def __init__(self) -> None:
        self.left_out = 0
        self._names: dict[str, bytes] = {}
        self._elements: dict[str, list[bytes]] = {}

    def line(self, head: bytes, reading: Row) -> bytes:
        """The line of a reading, ``b""`` when it holds no number. ``head`` is from `head_of`."""
        try:
            values = _BODY.decode(reading.body)
        except _NO_OBJECT:
            return b""  # written by no dialect of ours; it must not stop the rest
        fields: list[bytes] = []
        names = self._names
        for name, raw in values.items():
            value = bytes(raw)
            if not value.strip(_PLAIN) and (field := names.get(name)) and len(value) < _SHORT:
                fields.append(field + value)
            elif value[0] not in b'"n' and name not in RESERVED:
                plain = value[0] == _LIST and not value[1:-1].strip(_PLAIN_LIST)
                if plain and len(value) < _SHORT:
                    self._list(fields, name, value)
                else:
                    self._others(fields, name, _VALUE.decode(value))
        if not fields:
            return b""
        if not 0 < reading.happened < LATEST:
            self.left_out += len(fields)
            return b""
        return b"%b %b %d" % (head, b",".join(fields), reading.happened)

    def _list(self, fields: list[bytes], name: str, value: bytes) -> None:
        """A list of plain numbers."""
        elements = value[1:-1].split(b",") if len(value) > 2 else []
        prefixes = self._elements.get(name, [])
        if len(prefixes) < len(elements):
            if len(self._elements) >= NAMES:
                self._elements.clear()
            prefixes = [self._field(f"{name}.{index}") for index in range(len(elements))]
            self._elements[name] = prefixes
        for field, element in zip(prefixes, elements, strict=False):
            if field:
                fields.append(field + element)
            else:
                self.left_out += 1

    def _others(self, fields: list[bytes], name: str, value: object) -> None:
        """Numbers, switches, and the elements of lists and objects; what is deeper inside is no
        metric.
        """
        if isinstance(value, list):
            for index, element in enumerate(value):
                self._put(fields, f"{name}.{index}", element)
        elif isinstance(value, dict):
            for key, element in value.items():
                self._put(fields, f"{name}.{key}", element)
        else:
            self._put(fields, name, value)

    def _put(self, fields: list[bytes], name: str, value: object) -> None:
        if not isinstance(value, bool | int | float) or not -LARGEST <= value <= LARGEST:
            return
        field = self._field(name)
        if field:
            fields.append(b"%b%a" % (field, value + 0))  # a switch becomes 0 or 1
        elif name not in RESERVED:
            self.left_out += 1

    def _field(self, name: str) -> bytes:
        field = self._names.get(name)
        if field is None:
            if len(self._names) >= NAMES:
                self._names.clear()
            good = can_name(name) and name not in RESERVED and len(name) <= METRIC_LENGTH
            field = self._names[name] = f"{escaped(name)}=".encode() if good else b""
        return field


def can_name(metric: str) -> bool:
    """Whether a line can carry a metric of this name."""
    return bool(metric) and metric != _TIME and not _UNWRITABLE.search(metric) and _is_text(metric)


def head_of(tags: Tags, row: int, channel: int) -> bytes:
    """How the lines of a device's channel begin. ``row`` is its number in the register."""
    whose = zip(Tags._fields, tags, strict=True)
    told = "".join(f",{name}={escaped(value)}" for name, value in whose if value)
    name = _CHANNELS.get(channel, str(channel))
    return f"{MEASUREMENT}{told},row={row},channel={name}".encode()


def escaped(name: str) -> str:
    """A name or the value of a tag, as a line carries it."""
    return _MARK.sub(r"\\\1", name)


def _is_text(name: str) -> bool:
    """JSON can say half a character, and UTF-8 cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
