"""Whether a device that is not heard speaks under another id, which nobody registered.

A technician types an id anew, a module is exchanged, a firmware changes how a device calls itself:
the old id falls silent and an unknown one begins. The same address, serial number or nearly the
same id says so most clearly; else that one of the same kind began when this one fell silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

SERIALS: Final = (
    *("serial", "serial_number", "sn", "mac", "imei", "iccid"),
    *("dev_eui", "ieee_address", "device_id"),
)
"""Values in which devices tell who they are, whatever their id."""

_LEAST: Final = 4
"""Letters and figures that a name must share to mean anything."""

_SOON: Final = 3_600_000
"""ms within which one that began is taken for the one that fell silent, at least."""

_BEFORE: Final = 60_000
"""ms that it may have begun before the other's last message."""


class By(StrEnum):
    """What tells that it is the same one, the surest first."""

    ADDRESS = "address"
    SERIAL = "serial"
    NAME = "name"
    BEGAN = "began"


class Stranger(msgspec.Struct, frozen=True):
    """A device of the same school that speaks and is not registered. Times in ms."""

    id: str
    kind: str
    address: str
    first_seen: int
    last_seen: int
    messages: int = 0
    values: Mapping[str, object] = {}


class Elsewhere(msgspec.Struct, frozen=True):
    """Which one it is, and what tells so."""

    stranger: Stranger
    by: By


def found_elsewhere(
    strangers: Iterable[Stranger],
    *,
    device: str,
    kind: str,
    address: str,
    values: Mapping[str, object],
    heard: int | None,
    limit: int,
) -> Elsewhere | None:
    """The one that this device probably speaks as; ``None`` when there is none.

    ``device`` is its id, ``heard`` when it was last heard (``None`` = never), ``limit`` (ms) the
    silence that is unusual for it. Whoever fell silent before it is nobody's other name.
    """
    names = {_plain(device), _plain(address or device)}
    serials = _serials(values)
    found: list[Elsewhere] = []
    for stranger in strangers:
        if heard is not None and stranger.last_seen <= heard:
            continue
        by = _same(stranger, names, address, serials)
        if by is None and stranger.kind == kind and heard is not None:
            began = stranger.first_seen - heard
            by = By.BEGAN if -_BEFORE <= began <= max(_SOON, 2 * limit) else None
        if by is not None:
            found.append(Elsewhere(stranger, by))
    order = list(By)
    return min(
        found,
        key=lambda one: (order.index(one.by), abs(one.stranger.first_seen - (heard or 0))),
        default=None,
    )


def _same(stranger: Stranger, names: set[str], address: str, serials: frozenset[str]) -> By | None:
    if address and _plain(address) == _plain(stranger.address) != "":
        return By.ADDRESS
    if serials & (_serials(stranger.values) | {_plain(stranger.id), _plain(stranger.address)}):
        return By.SERIAL
    if names & _serials(stranger.values):
        return By.SERIAL
    if _plain(stranger.id) in names or _plain(stranger.address) in names:
        return By.NAME
    return None


def _serials(values: Mapping[str, object]) -> frozenset[str]:
    told = (values.get(name) for name in SERIALS)
    return frozenset(
        plain
        for one in told
        if isinstance(one, str | int) and len(plain := _plain(str(one))) >= _LEAST
    )


def _plain(name: str) -> str:
    """A name without what people and devices write differently: case, colons, ``0x``."""
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    plain = plain.removeprefix("0x")
    return plain if len(plain) >= _LEAST else name
