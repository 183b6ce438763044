"""What is known of one school, folded out of its facts: all that a verdict rests on.

Frozen and without anything derived, so that a snapshot (`encode_record`) taken after any fact can
be folded on, by this process or by another one, with the same outcome. Times in ms; ``row`` is
always that of the fact that says so: the evidence.
"""

from __future__ import annotations

from typing import Final

import msgspec

from audit.attestation import Attestation
from audit.baseline import Baseline
from audit.roster import RosterEntry


class DeviceRecord(msgspec.Struct, frozen=True, gc=False):
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


class Fault(msgspec.Struct, frozen=True, gc=False):
    """An open alert of a device, or of a scope of the school (``place:ID``, ``school``,
    ``repeater:ID``; ``device`` is empty then). ``since``: when it became active last; ``None`` = it
    is not active.
    """

    device: str
    condition: str
    scope: str
    since: int | None
    row: int


class CutOff(msgspec.Struct, frozen=True, gc=False):
    """A device that cannot be heard because of something else."""

    since: int
    row: int


class Tested(msgspec.Struct, frozen=True, gc=False):
    """Tests of the way to the police, begun at a device or a link.

    ``met``: when the last one ended that the police acknowledged, ``kind`` its kind. ``failing``:
    since when every later one failed, ``code`` how. ``None``: there is none.
    """

    kind: str = ""
    met: int | None = None
    met_row: int = 0
    failing: int | None = None
    failing_row: int = 0
    code: str = ""


class LinkRecord(msgspec.Struct, frozen=True, gc=False):
    """A police link. ``lost``: since when it is neither up nor degraded; ``was_up``: ever."""

    state: str
    cause: str
    since: int
    row: int
    lost: int | None = None
    was_up: bool = False


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """How the recordings of a camera stand, as ``known`` last.

    ``reach``: the oldest that counts. ``since``: how long it has been other than met, and the fact
    that showed it first; ``was_met``: it once was.
    """

    recorder: str
    status: str
    required_days: int
    as_of: int
    known: int
    row: int
    reach: int | None = None
    since: int | None = None
    since_row: int = 0
    was_met: bool = False


class Joined(msgspec.Struct, frozen=True, gc=False):
    """Whether something is joined to a platform; ``None``: nothing says it.

    ``lost``: since when it is not; ``was``: it once was. ``basis`` is what the word rests on, or
    the recorder that says it of a camera.
    """

    joined: bool | None
    row: int
    lost: int | None = None
    was: bool = False
    basis: str = ""


class Stated(msgspec.Struct, frozen=True):
    """An attestation as it stands."""

    attestation: Attestation
    row: int


class SchoolRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a school. ``row`` and ``known`` are of the last fact that changed it.

    ``places`` are those of the register, each with the one around it. ``faults`` are by the number
    of the alert; ``cut_off`` are the devices that an alert keeps from being heard, by number and
    id; ``absorbed``: since when a device had been out whose alert became part of another one.
    ``tests`` are by device, ``link_tests`` by link, ``recorded`` and ``channels`` by camera,
    ``police_reports`` and ``registrations`` (with our own platform) by recorder.
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
    cut_off: dict[int, dict[str, CutOff]] = msgspec.field(default_factory=dict)
    absorbed: dict[str, int] = msgspec.field(default_factory=dict)
    links: dict[str, LinkRecord] = msgspec.field(default_factory=dict)
    tests: dict[str, Tested] = msgspec.field(default_factory=dict)
    link_tests: dict[str, Tested] = msgspec.field(default_factory=dict)
    recorded: dict[str, Recorded] = msgspec.field(default_factory=dict)
    police_reports: dict[str, Joined] = msgspec.field(default_factory=dict)
    registrations: dict[str, Joined] = msgspec.field(default_factory=dict)
    channels: dict[str, Joined] = msgspec.field(default_factory=dict)
    stated: dict[str, Stated] = msgspec.field(default_factory=dict)


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(SchoolRecord).decode


def encode_record(record: SchoolRecord) -> bytes:
    """A snapshot: the same bytes whenever the same facts were folded."""
    return _encode(record)


def decode_record(raw: bytes) -> SchoolRecord:
    """A record out of its snapshot. Raises ``msgspec.MsgspecError``: another version wrote it."""
    return _decode(raw)
