"""MANSCDP, what a SIP MESSAGE carries: the queries we send, and the envelope of answers."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec

from devices.recording.gb28181.errors import ContentError
from devices.recording.gb28181.ids import checked_id, is_id
from devices.recording.xml_document import Element, read_document

CONTENT_TYPE: Final = "Application/MANSCDP+xml"

MAX_SN: Final = 2_147_483_647
"""Devices keep it in a signed integer of 32 bits."""

_DIGITS: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_SN: Final = re.compile(rb"<\s*SN\s*>\s*([0-9]{1,10})\s*<", re.IGNORECASE)


class Command(StrEnum):
    """What is asked and answered; the values are the standard's."""

    KEEPALIVE = "Keepalive"
    CATALOG = "Catalog"
    DEVICE_STATUS = "DeviceStatus"
    RECORD_INFO = "RecordInfo"


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What every MANSCDP message says: Notify or Response, its command, number and device."""

    root: Element
    answer: bool
    command: str
    sn: int
    device: str


def read_envelope(body: bytes) -> Envelope:
    """Read a MESSAGE's body.

    `DocumentError` when it is no XML, `ContentError` when it lacks what every message must say.
    """
    root = read_document(body)
    kind = root.name.lower()
    if kind not in {"notify", "response"}:
        raise ContentError(f"<{root.name[:40]}> is neither a Notify nor a Response")
    return Envelope(
        root=root,
        answer=kind == "response",
        command=_known(root.said("CmdType") or ""),
        sn=number(root, "SN"),
        device=checked_id(root.said("DeviceID") or ""),
    )


def _known(command: str) -> str:
    for one in Command:
        if one.value.lower() == command.lower():
            return one.value
    if not command:
        raise ContentError("no CmdType")
    return command[:40]


def number(element: Element, name: str) -> int:
    """The whole number below the element; `ContentError` when there is none."""
    said = element.said(name) or ""
    if _DIGITS.fullmatch(said) is None:
        raise ContentError(f"{name} is no number: {said[:20]!r}")
    return int(said)


def guessed_sn(body: bytes) -> int | None:
    """The number of a message whose XML is broken, so that the question at least fails at once."""
    found = _SN.search(body, 0, 4096)
    return int(found[1]) if found else None


def faulty_devices(notify: Element) -> tuple[str, ...]:
    """The identities that a keep-alive lists as faulty (<Info>); at most 1,000."""
    found = (
        one.text for info in notify.all("Info") for one in info.all("DeviceID") if is_id(one.text)
    )
    return tuple(sorted(set(found)))[:1000]


def catalog_query(sn: int, device: str) -> bytes:
    """Which channels there are."""
    return _query(Command.CATALOG, sn, device)


def device_status_query(sn: int, device: str) -> bytes:
    """Whether it is well, records, and what its clock says."""
    return _query(Command.DEVICE_STATUS, sn, device)


def record_info_query(sn: int, channel: str, begin: str, end: str) -> bytes:
    """Which recordings there are between two local times, as `times.as_local` writes them.

    ``Type`` is always ``all``: with another one some recorders leave out what they recorded on
    motion, and without it some answer nothing.
    """
    return _query(
        Command.RECORD_INFO,
        sn,
        channel,
        ("StartTime", begin),
        ("EndTime", end),
        ("Secrecy", "0"),
        ("Type", "all"),
    )


def _query(command: Command, sn: int, device: str, *more: tuple[str, str]) -> bytes:
    fields = (("CmdType", command.value), ("SN", str(sn)), ("DeviceID", checked_id(device)), *more)
    lines = [
        '<?xml version="1.0" encoding="GB2312"?>',
        "<Query>",
        *(f"<{name}>{value}</{name}>" for name, value in fields),
        "</Query>",
        "",
    ]
    return "\r\n".join(lines).encode("gb18030")
