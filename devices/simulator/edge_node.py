"""A Sparkplug B edge node that is simulated: what it publishes, message by message.

The encoding is written out by hand from the specification (Sparkplug 3.0, 6.4; Protocol Buffers'
"Encoding"), so that whoever reads these messages is not tested against itself.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

Told: TypeAlias = "bool | int | float | str | bytes | None"
Message: TypeAlias = tuple[str, bytes]

INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 = range(1, 9)
FLOAT, DOUBLE, BOOLEAN, STRING = range(9, 13)
TEMPLATE: Final = 19

_WORDS: Final = frozenset({INT8, INT16, INT32, UINT8, UINT16, UINT32})
_REBIRTH: Final = "Node Control/Rebirth"


class Sample(msgspec.Struct, frozen=True):
    """A metric as it is sent. ``datatype`` says how it is encoded, ``typed`` whether that is sent.

    ``at`` in ms; ``quality`` is the property of that name (192 is good).
    """

    name: str = ""
    value: Told = None
    datatype: int = DOUBLE
    alias: int | None = None
    unit: str = ""
    at: int | None = None
    historical: bool = False
    quality: int | None = None
    typed: bool = True


def encoded(samples: Iterable[Sample], *, at: int | None = None, seq: int | None = None) -> bytes:
    """A payload."""
    body = b"" if at is None else _number(1, at)
    for sample in samples:
        body += _bytes(2, _metric(sample))
    return body if seq is None else body + _number(3, seq)


def _metric(sample: Sample) -> bytes:
    body = _bytes(1, sample.name.encode()) if sample.name else b""
    for field, number in ((2, sample.alias), (3, sample.at)):
        if number is not None:
            body += _number(field, number)
    if sample.typed:
        body += _number(4, sample.datatype)
    if sample.historical:
        body += _number(5, 1)
    if sample.value is None:
        body += _number(7, 1)
    body += _properties(sample)
    return body if sample.value is None else body + _value(sample.value, sample.datatype)


def _properties(sample: Sample) -> bytes:
    keys = values = b""
    if sample.unit:
        keys += _bytes(1, b"engUnit")
        values += _bytes(2, _number(1, STRING) + _bytes(8, sample.unit.encode()))
    if sample.quality is not None:
        keys += _bytes(1, b"Quality")
        values += _bytes(2, _number(1, INT32) + _number(3, sample.quality))
    return _bytes(9, keys + values) if keys else b""


def _value(value: Told, datatype: int) -> bytes:
    if isinstance(value, bool):
        return _number(14, int(value))
    if isinstance(value, str):
        return _bytes(15, value.encode())
    if isinstance(value, bytes):
        return _bytes(18 if datatype == TEMPLATE else 16, value)
    if datatype == FLOAT:
        return _tag(12, 5) + struct.pack("<f", value)
    if isinstance(value, float):
        return _tag(13, 1) + struct.pack("<d", value)
    assert value is not None  # noqa: S101 - for the types: `_metric` sends no value then
    # Signed numbers in two's complement, as wide as their field.
    return _number(10, value % 2**32) if datatype in _WORDS else _number(11, value % 2**64)


def _tag(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _number(field: int, value: int) -> bytes:
    return _tag(field, 0) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _tag(field, 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class EdgeNode:
    """What one node of a group publishes. Its own metrics are those of the device ``""``.

    It counts what it sends; a message that is made and not published is a gap.
    """

    def __init__(
        self, group: str, name: str, devices: Mapping[str, Sequence[Sample]], *, bd_seq: int = 0
    ) -> None:
        """``devices``: what each is made of, with its value at birth. Aliases are given here to
        those that have none.
        """
        self.group = group
        self.name = name
        self.bd_seq = bd_seq
        self.seq = 0
        numbered = iter(range(1, 1 << 20))
        self._devices: dict[str, dict[str, Sample]] = {
            device: {
                sample.name: sample
                if sample.alias is not None
                else msgspec.structs.replace(sample, alias=next(numbered))
                for sample in samples
            }
            for device, samples in devices.items()
        }

    @property
    def commands(self) -> str:
        """The topic it listens to."""
        return f"spBv1.0/{self.group}/NCMD/{self.name}"

    def will(self) -> Message:
        """What the broker publishes when the connection is lost."""
        return self._topic("NDEATH"), encoded([self._session()])

    def births(self, at: int) -> list[Message]:
        """It and all its devices are born, at the time ``at`` (ms)."""
        self.seq = 255
        control = Sample(_REBIRTH, False, BOOLEAN)
        own = [self._session(), control, *self._devices.get("", {}).values()]
        born = [(self._topic("NBIRTH"), self._next(own, at))]
        return born + [self.birth(device, at) for device in self._devices if device]

    def birth(self, device: str, at: int) -> Message:
        """One of its devices is born."""
        return self._topic("DBIRTH", device), self._next(self._devices[device].values(), at)

    def data(self, device: str, at: int, values: Mapping[str, Told]) -> Message:
        """What has changed, by aliases."""
        samples = []
        for name, value in values.items():
            sample = self._devices[device][name]
            samples.append(
                Sample("", value, sample.datatype, alias=sample.alias, at=at, typed=False)
            )
        verb = "DDATA" if device else "NDATA"
        return self._topic(verb, device), self._next(samples, at)

    def send(self, device: str, at: int, samples: Sequence[Sample]) -> Message:
        """Any metrics, as they are."""
        return self._topic("DDATA" if device else "NDATA", device), self._next(samples, at)

    def death(self, device: str, at: int) -> Message:
        """One of its devices has died."""
        return self._topic("DDEATH", device), self._next([], at)

    def alias(self, device: str, name: str) -> int:
        """The alias of a metric."""
        return self._devices[device][name].alias or 0

    def reconnect(self) -> None:
        """The next connection: its will is another."""
        self.bd_seq = (self.bd_seq + 1) % 256

    def _session(self) -> Sample:
        return Sample("bdSeq", self.bd_seq, INT64)

    def _topic(self, verb: str, device: str = "") -> str:
        return "/".join(("spBv1.0", self.group, verb, self.name, *([device] if device else [])))

    def _next(self, samples: Iterable[Sample], at: int) -> bytes:
        self.seq = (self.seq + 1) % 256
        return encoded(samples, at=at, seq=self.seq)
