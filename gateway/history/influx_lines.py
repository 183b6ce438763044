"""Readings as lines of the InfluxDB line protocol: one line a reading, a field for each metric.

    reading,school=s-1,kind=smoke,device=d-7,row=42,channel=telemetry humidity_pct=41 1795161600000

``row`` is the device's number in the register: a device registered anew under an id that was used
before does not inherit that one's past, as in SQLite. It stands beside the device's own tags, so
it makes no more series. The same reading written twice is the same point. All numbers are floats,
because a field keeps for ever the type it was first written with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from devices.reading import Channel
from gateway.history.folding import LARGEST, METRIC_LENGTH, RESERVED

MEASUREMENT: Final = "reading"

LATEST: Final = 9_223_372_036_854
"""ms: databases count nanoseconds in 64 bits, up to the year 2262."""

NAMES: Final = 20_000
"""Names of metrics that are remembered; there are some dozens, unless somebody invents them."""

_CHANNELS: Final = {channel.value: channel.name.lower() for channel in Channel}
_BODY: Final = msgspec.json.Decoder(dict[str, Any])
_NO_OBJECT: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

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
        self._names: dict[str, str] = {}

    def line(self, head: str, reading: Row) -> str:
        """The line of a reading, ``""`` when it holds no number. ``head`` is from `head_of`."""
        try:
            values = _BODY.decode(reading.body)
        except _NO_OBJECT:
            return ""  # written by no dialect of ours; it must not stop the rest
        fields: list[str] = []
        names = self._names
        for name, value in values.items():
            which = type(value)
            if which is float or which is int:
                # nearly always: the way through `_put` would take twice as long
                if (field := names.get(name)) and -LARGEST <= value <= LARGEST:
                    fields.append(f"{field}{value!r}")
                elif field is None or name not in RESERVED:
                    self._put(fields, name, value)
            elif which is not str and value is not None:
                self._others(fields, name, value)
        if not fields:
            return ""
        if not 0 < reading.happened < LATEST:
            self.left_out += len(fields)
            return ""
        return f"{head} {','.join(fields)} {reading.happened}"

    def _others(self, fields: list[str], name: str, value: object) -> None:
        """Switches, and the elements of lists and objects; what is deeper inside is no metric."""
        if name in RESERVED:
            return
        if isinstance(value, bool):
            self._put(fields, name, value)
        elif isinstance(value, list):
            for index, element in enumerate(value):
                self._put(fields, f"{name}.{index}", element)
        elif isinstance(value, dict):
            for key, element in value.items():
                self._put(fields, f"{name}.{key}", element)

    def _put(self, fields: list[str], name: str, value: object) -> None:
        if not isinstance(value, bool | int | float) or not -LARGEST <= value <= LARGEST:
            return
        field = self._field(name)
        if field:
            fields.append(f"{field}{value + 0!r}")  # a switch becomes 0 or 1
        elif name not in RESERVED:
            self.left_out += 1

    def _field(self, name: str) -> str:
        field = self._names.get(name)
        if field is None:
            if len(self._names) >= NAMES:
                self._names.clear()
            reserved = name in RESERVED or len(name) > METRIC_LENGTH
            field = self._names[name] = (
                f"{escaped(name)}=" if can_name(name) and not reserved else ""
            )
        return field


def can_name(metric: str) -> bool:
    """Whether a line can carry a metric of this name."""
    return bool(metric) and metric != _TIME and not _UNWRITABLE.search(metric) and _is_text(metric)


def head_of(tags: Tags, row: int, channel: int) -> str:
    """How the lines of a device's channel begin. ``row`` is its number in the register."""
    whose = zip(Tags._fields, tags, strict=True)
    told = "".join(f",{name}={escaped(value)}" for name, value in whose if value)
    return f"{MEASUREMENT}{told},row={row},channel={_CHANNELS.get(channel, str(channel))}"


def escaped(name: str) -> str:
    """A name or the value of a tag, as a line carries it."""
    return _MARK.sub(r"\\\1", name)


def joined(lines: Iterable[str]) -> bytes:
    """Lines as they are sent."""
    return "\n".join(lines).encode()


def _is_text(name: str) -> bool:
    """JSON can say half a character, and UTF-8 cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
