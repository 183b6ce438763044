"""What is known of one school, folded out of its facts: all that a verdict rests on.

Frozen and without anything derived, so that a snapshot (`encode_record`) taken after any fact can
be folded on, by this process or by another one, with the same outcome. Times in ms, ``row`` is
always the fact that says so: the evidence.
"""

from __future__ import annotations

from typing import Final

import msgspec

from audit.attestation import Attestation
from audit.baseline import Baseline
from audit.roster import RosterEntry


class DeviceRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A registered device. ``since`` is when it was registered (again), ``row`` the fact of that.

    ``aside``: since when it is out of service (``aside_row`` says so); ``None`` = it is not.
    ``number`` is its row in the register, 0 where the fact does not say it. ``proven``: when it was
    last verified with the outcome met, since it is registered.
    """

    kind: str
    place: str | None
    since: int
    row: int
    number: int = 0
    aside: int | None = None
    aside_row: int = 0
    proven: int | None = None


class Fault(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An alert of a device or of a scope of the school. ``since``: when it became active last;
    ``None`` = it is not active. ``row`` is the fact that said so.

    ``device`` is its id, empty for a scope (``place:ID``, ``school``, ``repeater:ID``).
    """

    device: str
    condition: str
    scope: str
    since: int | None
    row: int


class Tested(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Tests of the way to the police, of a device or of a link.

    ``met``: when the last that the police acknowledged ended, of kind ``kind``. ``failing``: since
    when every later one failed. ``None``: none.
    """

    kind: str = ""
    met: int | None = None
    met_row: int = 0
    failing: int | None = None
    failing_row: int = 0
    code: str = ""


class LinkRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A police link. ``lost``: since when it is neither up nor degraded; ``was_up``: ever."""

    state: str
    cause: str
    since: int
    row: int
    lost: int | None = None
    was_up: bool = False


class Recorded(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How the recordings of a camera stand, as ``known`` last.

    ``since``: how long it has been other than met; ``was_met``: it once was, by this recorder.
    ``reach``: the oldest that counts.
    """

    recorder: str
    status: str
    required_days: int
    as_of: int
    known: int
    row: int
    reach: int | None = None
    since: int | None = None
    was_met: bool = False


class Reported(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a recorder reports of its registration with the police. ``lost``: since when not."""

    basis: str
    registered: bool | None
    row: int
    lost: int | None = None
    was_registered: bool = False


class Stated(msgspec.Struct, frozen=True):
    """An attestation as it stands, by the fact ``row``."""

    attestation: Attestation
    row: int


class SchoolRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a school. ``row`` and ``known`` are of the last fact folded in.

    ``places`` are those of the register, each with the one around it. ``cut_off`` are the devices
    that an alert with a scope has cut off, by the number of the alert. ``tests`` are by
    ``device`` id, ``link_tests`` by link. ``roster_row`` and ``baseline_row`` are their facts.
    """

    school: str
    row: int = 0
    known: int = 0
    roster: RosterEntry | None = None
    roster_row: int = 0
    baseline: Baseline | None = None
    baseline_row: int = 0
    places: dict[str, str | None] = msgspec.field(default_factory=dict)
    devices: dict[str, DeviceRecord] = msgspec.field(default_factory=dict)
    faults: dict[int, Fault] = msgspec.field(default_factory=dict)
    cut_off: dict[int, dict[str, int]] = msgspec.field(default_factory=dict)
    links: dict[str, LinkRecord] = msgspec.field(default_factory=dict)
    tests: dict[str, Tested] = msgspec.field(default_factory=dict)
    link_tests: dict[str, Tested] = msgspec.field(default_factory=dict)
    recorded: dict[str, Recorded] = msgspec.field(default_factory=dict)
    reported: dict[str, Reported] = msgspec.field(default_factory=dict)
    stated: dict[str, Stated] = msgspec.field(default_factory=dict)


_encode: Final = msgspec.msgpack.Encoder(order="sorted").encode
_decode: Final = msgspec.msgpack.Decoder(SchoolRecord).decode


def encode_record(record: SchoolRecord) -> bytes:
    """A snapshot, the same bytes for the same record."""
    return _encode(record)


def decode_record(raw: bytes) -> SchoolRecord:
    """A record out of its snapshot. Raises ``msgspec.MsgspecError``: written by another version."""
    return _decode(raw)
