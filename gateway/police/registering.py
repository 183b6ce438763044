"""The links' devices on the register: alerts, verifications and time lines need one."""

from __future__ import annotations

from typing import Final

from devices.model import Device
from gateway.own_devices import DIALECT
from gateway.police.forwarding import KIND
from gateway.police.links import LinkInfo

REASON: Final = "police_links"


def stands_for_a_link(device: Device) -> bool:
    """Whether it is such a device, and not one that has only the name of a link: nothing that a
    device says can make a link up.
    """
    return device.kind == KIND and device.dialect == DIALECT


def device_of(info: LinkInfo) -> Device:
    """What stands for a link."""
    return Device(
        school=info.school,
        id=info.name,
        kind=KIND,
        name_zh=f"公安报警联网 {info.name}",
        name_en=f"Police link {info.name}",
        dialect=DIALECT,
    )
