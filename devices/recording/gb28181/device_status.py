"""DeviceStatus: is it online and well, does it record, and how far is its clock off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from types import MappingProxyType
from typing import Final

import msgspec

from devices.recording.gb28181.errors import ContentError
from devices.recording.gb28181.times import Written, Zulu, read_time
from devices.recording.source import DeviceTime
from devices.recording.xml_document import Element

MOST_BELIEVED_DRIFT_MS: Final = 3 * 3_600_000
"""Which of two meanings of Z is right, is told by the drift that it gives: one of the two is below
this, and the other, with China's eight hours, is not."""

SAID_TO_MS: Final = 1_000
"""Clocks are said to the second."""

_YES_NO: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "online": True,
        "offline": False,
        "on": True,
        "off": False,
        "ok": True,
        "error": False,
        "true": True,
        "false": False,
    }
)


class DeviceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a device says of itself; None where it says nothing that is known.

    ``clock`` is uncertain by half the round trip and by the second to which it is said. ``zulu``:
    what the device means by Z, where its clock told.
    """

    online: bool | None = None
    well: bool | None = None
    recording: bool | None = None
    fault: str = ""
    clock: DeviceTime | None = None
    zulu: Zulu | None = None


def read_status(root: Element, *, asked: int, heard: int, zone: tzinfo) -> DeviceStatus:
    """Read the answer; ``asked`` and ``heard`` are ms of our clock before and after.

    `ContentError` when the device refuses to answer (Result is not OK).
    """
    result = (root.said("Result") or "OK").upper()
    if result != "OK":
        raise ContentError(f"the device refuses: {result[:20]} {(root.said('Reason') or '')[:80]}")
    status = DeviceStatus(
        online=_yes_no(root, "Online"),
        well=_yes_no(root, "Status"),
        recording=_yes_no(root, "Record"),
        fault=(root.said("Reason") or "")[:160],
    )
    said = root.said("DeviceTime")
    if said is None:
        return status
    middle = (asked + heard) // 2
    try:
        told, zulu = _told(read_time(said), middle, zone)
    except ContentError:
        return status  # a clock that cannot be read is not known: no reason to lose the rest
    clock = DeviceTime(middle, told, uncertain=(heard - asked) // 2 + SAID_TO_MS)
    return msgspec.structs.replace(status, clock=clock, zulu=zulu)


def _told(written: Written, now: int, zone: tzinfo) -> tuple[int, Zulu | None]:
    if not written.zulu:
        return written.ms(zone, None), None
    told = {meaning: written.ms(zone, meaning) for meaning in Zulu}
    believed = [meaning for meaning, at in told.items() if abs(at - now) < MOST_BELIEVED_DRIFT_MS]
    if len(believed) != 1:
        raise ContentError("the device's clock is marked Z, and may be UTC or local time as well")
    return told[believed[0]], believed[0]


def _yes_no(root: Element, name: str) -> bool | None:
    return _YES_NO.get((root.said(name) or "").lower())
