"""Puts the links' devices on the register: alerts, verifications and time lines need one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import structlog

from alerts.alert import Refusal
from devices.model import Device
from gateway.police.forwarding import KIND
from gateway.police.links import LinkInfo
from gateway.store.store import StoreError

DIALECT: Final = "gateway"
"""The gateway itself speaks for such a device: nothing that comes over MQTT is taken for its word,
for nothing that a device says can make a link up."""

LOOK_S: Final = 10.0
_SAID_KEPT: Final = 10_000

_log: Final = structlog.get_logger(__name__)


def stands_for_a_link(device: Device) -> bool:
    """Whether it is such a device, and not one that has only the name of a link."""
    return device.kind == KIND and device.dialect == DIALECT


class Registering(Protocol):
    """Puts devices on the register and takes them off; an empty ``actor`` is the gateway itself."""

    async def register(self, device: Device, actor: str, reason: str = "") -> Device | Refusal:
        """Add it."""
        ...

    async def remove(self, school: str, device: str, actor: str, reason: str) -> Refusal | None:
        """Take it off."""
        ...


async def keep_registered(
    links: Mapping[str, LinkInfo],
    *,
    find: Callable[[str, str], Device | None],
    has_school: Callable[[str], bool],
    registering: Registering,
) -> None:
    """Until cancelled: schools may be imported later, and devices be removed by mistake."""
    said: set[tuple[str, str]] = set()
    while True:
        for info in links.values():
            if info.own:
                problem = await _ensure(info, find, has_school, registering)
                if problem and (info.id, problem) not in said and len(said) < _SAID_KEPT:
                    said.add((info.id, problem))
                    _log.warning("police.not_registered", link=info.id, why=problem)
        await asyncio.sleep(LOOK_S)


async def _ensure(
    info: LinkInfo,
    find: Callable[[str, str], Device | None],
    has_school: Callable[[str], bool],
    registering: Registering,
) -> str:
    """Register the link's device when it is not; why it cannot be, or nothing."""
    found = find(info.school, info.name)
    if found is not None:
        if stands_for_a_link(found):
            return ""
        return (
            f"its school has another device '{info.name}' ({found.kind}, {found.dialect}): "
            "give the link or the device another name"
        )
    if not has_school(info.school):
        return f"there is no school '{info.school}' on the register: import it"
    device = Device(
        school=info.school,
        id=info.name,
        kind=KIND,
        name_zh=f"公安报警联网 {info.name}",
        name_en=f"Police link {info.name}",
        dialect=DIALECT,
    )
    try:
        registered = await registering.register(device, "", "police_links")
    except StoreError as error:
        return str(error)
    return f"{registered.code}: {registered.detail}" if isinstance(registered, Refusal) else ""
