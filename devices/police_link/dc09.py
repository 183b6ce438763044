"""Frames of ANSI/SIA DC-09: events and supervision messages, plain and encrypted.

Built on siadc09's encoder (DC-09-2026). Two things are put right behind it: the account keeps its
leading zeros (an account is a text of 3 to 16 digits; `siadc09` takes it for a number), and
encrypted content is written in upper-case digits.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec
from siadc09.account import Account
from siadc09.message import Message
from siadc09.util import crc
from siadc09.xdata import Data, XDataTimestamp

from devices.police_link.link import Code, LinkEvent

SUPERVISION: Final = 0
"""The sequence number of a supervision message; events have 1 to 9999."""

MAX_FRAME: Final = 0xFFF
"""Bytes of a frame's text: its length is written as ``0`` and three digits."""

_ACCOUNT: Final = re.compile(r"[0-9A-Fa-f]{3,16}")
_KEY_BYTES: Final = (16, 24, 32)
_LARGEST_NUMBER: Final = 0xFFFFFF
_LAST_YEAR_ENDS: Final = 253_402_300_800_000


class FrameError(ValueError):
    """Something cannot be put into a frame; says which value and what is allowed."""


class Format(StrEnum):
    """How an event is written."""

    CONTACT_ID = "ADM-CID"  # SIA DC-05
    SIA = "SIA-DCS"  # SIA DC-03


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks to the receiver: its account there, and the key it shares.

    ``account``: 3 to 16 hexadecimal digits, leading zeros count. ``receiver`` (R) and ``line`` (L):
    0 to FFFFFF; a ``receiver`` of ``None`` is not written. ``key``: 16, 24 or 32 bytes, or ``None``
    for plain text. Raises `FrameError`.
    """

    account: str
    receiver: int | None = 0
    line: int = 0
    key: bytes | None = None

    def __post_init__(self) -> None:
        if not _ACCOUNT.fullmatch(self.account):
            raise FrameError(f"account {self.account!r}: it has 3 to 16 digits 0-9 and A-F")
        for name, number in (("receiver", self.receiver), ("line", self.line)):
            if number is not None and not 0 <= number <= _LARGEST_NUMBER:
                raise FrameError(f"{name} number {number}: it is 0 to {_LARGEST_NUMBER:#x}")
        if self.key is not None and len(self.key) not in _KEY_BYTES:
            raise FrameError(f"a key of {len(self.key)} bytes: it has 16, 24 or 32")

    def __repr__(self) -> str:
        """Without the key: this ends up in logs and tracebacks."""
        said = "encrypted" if self.key is not None else "plain"
        return f"Identity(#{self.account} R{self.receiver} L{self.line:X} {said})"


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it goes out, and what an answer to it must repeat."""

    octets: bytes
    identity: Identity
    sequence: int


DCS: Final[dict[Code, tuple[str, str]]] = {
    Code.FIRE: ("FA", "FH"),
    Code.SMOKE: ("FA", "FH"),
    Code.PANIC: ("PA", "PH"),
    Code.DURESS: ("HA", "HH"),
    Code.SILENT_HOLD_UP: ("HA", "HH"),
    Code.TAMPER: ("TA", "TR"),
    Code.HIGH_TEMPERATURE: ("KA", "KH"),
    Code.AC_LOSS: ("AT", "AR"),
    Code.LOW_BATTERY: ("YT", "YR"),
    Code.COMMUNICATION_FAILURE: ("YC", "YK"),
    Code.SENSOR_TROUBLE: ("UT", "UJ"),
    Code.MANUAL_TEST: ("RX", "RX"),
    Code.PERIODIC_TEST: ("RP", "RP"),
    Code.WALK_TEST: ("TP", "TP"),
}
"""The DC-03 codes of an event and of its restore, after the names in DC-03's table of events."""


def contact_id(event: LinkEvent) -> str:
    """The event as ``Qeee gg zzz`` (DC-05): 1 = new, 3 = restore; partition; zone.

    >>> contact_id(LinkEvent(key="k", sequence=1, code=Code.PANIC, happened=0, known=0,
    ...                      school="s1", zone=5))
    '1120 01 005'
    """
    _within("partition", event.partition, 0, 99)
    _within("zone", event.zone, 0, 999)
    return f"{3 if event.restore else 1}{event.code:03d} {event.partition:02d} {event.zone:03d}"


def dcs(event: LinkEvent) -> str:
    """The event as a new-event block of DC-03, ``Nri<partition>/<code><zone>``."""
    _within("partition", event.partition, 0, 99)
    _within("zone", event.zone, 0, 999)
    new, restored = DCS[event.code]
    return f"Nri{event.partition}/{restored if event.restore else new}{event.zone:03d}"


def event_frame(
    event: LinkEvent,
    identity: Identity,
    form: Format,
    now: int,
    *,
    timestamp: bool = True,
    occurrence: bool = False,
) -> Frame:
    """The frame of an event at ``now`` (ms).

    A repetition differs from the first frame in its time only. ``timestamp=False`` leaves it out of
    a plain frame; an encrypted one always has it. ``occurrence`` says in extended data when the
    event happened, so that one that was held up tells. Raises `FrameError`.
    """
    _within("sequence number", event.sequence, 1, 9999)
    block = contact_id(event) if form is Format.CONTACT_ID else dcs(event)
    text = f"#{identity.account.upper()}|{block}".encode("ascii")
    xdata = _occurrence(event.happened) if occurrence else []
    return _frame(form.value, event.sequence, Data(text), xdata, identity, now, timestamp)


def _occurrence(happened: int) -> list[XDataTimestamp]:
    """``[HHH:MM:SS,MM-DD-YYYY]``, UTC. An alarm from outside the calendar goes without it."""
    if not 0 <= happened < _LAST_YEAR_ENDS:
        return []
    return [XDataTimestamp(prefix="H", value=datetime.fromtimestamp(happened // 1000, UTC))]


def supervision_frame(identity: Identity, now: int, *, timestamp: bool = True) -> Frame:
    """The NULL message that asks for an acknowledgement and reports nothing."""
    return _frame("NULL", SUPERVISION, None, [], identity, now, timestamp)


def _frame(
    token: str,
    sequence: int,
    data: Data | None,
    xdata: list[XDataTimestamp],
    identity: Identity,
    now: int,
    timestamp: bool,
) -> Frame:
    encrypt = identity.key is not None
    dated = timestamp or encrypt
    message = Message(
        Account(pref=identity.line, rcvr=identity.receiver, key=identity.key),
        {
            "idtoken": token,
            "seqno": sequence,
            "data": data,
            "xdata": xdata,
            "timestamp": datetime.fromtimestamp(now // 1000, UTC) if dated else None,
        },
    )
    packed: bytes = message.pack_message(encrypt=encrypt)
    head, _, rest = packed.partition(b"#")
    _, _, content = rest.partition(b"[")
    if encrypt:
        content = content.upper()
    text = head + b"#" + identity.account.upper().encode("ascii") + b"[" + content
    if len(text) > MAX_FRAME:
        raise FrameError(f"a frame of {len(text)} bytes: it has {MAX_FRAME} at most")
    octets = b"\n%04X0%03X%b\r" % (crc(text), len(text), text)
    return Frame(octets=octets, identity=identity, sequence=sequence)


def _within(name: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        raise FrameError(f"{name} {number}: it is {least} to {most}")
