"""Devices that the gateway itself speaks for, kept on the register: alerts need a device."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from alerts.alert import Refusal
from devices.model import Device
from gateway.store.store import StoreError

DIALECT: Final = "gateway"
"""Of such a device: nothing that comes over MQTT is taken for its word."""

LOOK_S: Final = 10.0
_SAID_KEPT: Final = 10_000

_log: Final = structlog.get_logger(__name__)


class Registering(Protocol):
    """Puts devices on the register and takes them off; an empty ``actor`` is the gateway itself."""

    async def register(self, device: Device, actor: str, reason: str = "") -> Device | Refusal:
        """Add it."""
        ...

    async def remove(self, school: str, device: str, actor: str, reason: str) -> Refusal | None:
        """Take it off."""
        ...


async def keep_registered(
    devices: Sequence[Device],
    *,
    serves: Callable[[Device], bool],
    reason: str,
    find: Callable[[str, str], Device | None],
    has_school: Callable[[str], bool],
    registering: Registering,
) -> None:
    """Until cancelled: schools may be imported later, and devices be removed by mistake."""
    said: set[tuple[str, str, str]] = set()
    while True:
        for device in devices:
            try:
                problem = await ensure_registered(
                    device,
                    serves=serves,
                    reason=reason,
                    find=find,
                    has_school=has_school,
                    registering=registering,
                )
            except StoreError as error:
                problem = str(error)
            news = (*device.key, problem)
            if problem and news not in said and len(said) < _SAID_KEPT:
                said.add(news)
                _log.warning("device.not_registered", device="/".join(device.key), why=problem)
        await asyncio.sleep(LOOK_S)


async def ensure_registered(
    device: Device,
    *,
    serves: Callable[[Device], bool],
    reason: str,
    find: Callable[[str, str], Device | None],
    has_school: Callable[[str], bool],
    registering: Registering,
) -> str:
    """Register it when it is not; why it cannot be, or nothing. Raises `StoreError`.

    ``serves``: whether what is there by its name may stand for it.
    """
    found = find(*device.key)
    if found is not None:
        if serves(found):
            return ""
        return (
            f"its school has another device '{device.id}' ({found.kind}, {found.dialect}): "
            f"give that or the {device.kind} another name"
        )
    if not has_school(device.school):
        return f"there is no school '{device.school}' on the register: import it"
    registered = await registering.register(device, "", reason)
    return f"{registered.code}: {registered.detail}" if isinstance(registered, Refusal) else ""
