"""What is out there: regions, schools, places and devices, as registered."""

from __future__ import annotations

import re
from typing import Final

import msgspec

IDENTIFIER: Final = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
"""Ids of schools, kinds, places and devices: they are levels of MQTT topics."""


def is_identifier(text: str) -> bool:
    """Whether ``text`` may be the id of a school, kind, place or device."""
    return IDENTIFIER.match(text) is not None


class Region(msgspec.Struct, frozen=True):
    """A province, city or county. ``parent`` is the id of the region around it."""

    id: str
    name_zh: str
    name_en: str = ""
    parent: str | None = None


class School(msgspec.Struct, frozen=True):
    """A school; its id is the second level of its topics."""

    id: str
    name_zh: str
    name_en: str = ""
    region: str | None = None


class Place(msgspec.Struct, frozen=True, gc=False):
    """A building, floor or room of one school. ``parent`` is a place of the same school."""

    id: str
    school: str
    name_zh: str
    name_en: str = ""
    parent: str | None = None


class Device(msgspec.Struct, frozen=True, gc=False):
    """A registered device.

    ``row`` is its number in the store (0 until stored), ``dialect`` the one it speaks,
    ``address`` how that dialect calls it (the friendly name of a Zigbee2MQTT device; the id of a
    native one). ``repeater`` is the id of the device through which it is heard.
    ``parameters`` overrides parameters of its kind's rules: ``{rule: {parameter: value}}``.
    """

    # gc=False: refers to nothing that could refer back to it, and there are 100,000 of them.

    school: str
    id: str
    kind: str
    row: int = 0
    name_zh: str = ""
    name_en: str = ""
    place: str | None = None
    dialect: str = "native"
    address: str = ""
    repeater: str | None = None
    out_of_service: bool = False
    parameters: dict[str, dict[str, object]] = msgspec.field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """What names the device among all: its school and its id."""
        return (self.school, self.id)
