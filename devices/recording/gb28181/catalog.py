"""Catalog: the channels of a recorder, and whether each is online as the recorder says."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from devices.recording.gb28181.errors import ContentError
from devices.recording.gb28181.ids import is_camera, is_id
from devices.recording.gb28181.paging import Page, listed
from devices.recording.xml_document import Element

_STATUS: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "on": True,
        "ok": True,
        "online": True,
        "onlyrecord": True,
        "off": False,
        "offline": False,
        "notonline": False,
        "vlost": False,
        "defect": False,
        "error": False,
    }
)
"""The standard has ON and OFF (and OK in examples); the others are makers'."""


MOST_CHANNELS: Final = 10_000
"""Of one recorder: the largest have some hundreds, a platform below us a few thousand."""


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a catalog.

    ``civil_code`` is that of the place by GB/T 2260: province, city, county, as far as it is said.
    ``online`` is what the recorder last said of it, None when it did not; whether the channel can
    be reached is for `Platform.channels`, which knows whether the recorder can.
    """

    id: str
    name: str = ""
    maker: str = ""
    model: str = ""
    address: str = ""
    civil_code: str = ""
    parent: str = ""
    online: bool | None = None

    @property
    def camera(self) -> bool:
        """Whether it is a camera; catalogs also list areas, groups and alarm inputs."""
        return is_id(self.id) and is_camera(self.id)


def read_page(root: Element) -> Page[Channel]:
    """One message's entries; `ContentError` when it cannot be believed."""
    total, elements = listed(root, "DeviceList")
    return Page(total=total, items=tuple(_entry(element) for element in elements))


def _entry(element: Element) -> tuple[Hashable, Channel]:
    identity = element.said("DeviceID") or ""
    # Areas have their civil code of 2 to 8 digits instead of an identity.
    if not (identity.isascii() and identity.isdecimal() and len(identity) <= 20):
        raise ContentError(f"an entry without an identity: {identity[:40]!r}")
    channel = Channel(
        id=identity,
        name=_text(element, "Name"),
        maker=_text(element, "Manufacturer"),
        model=_text(element, "Model"),
        address=_text(element, "Address"),
        civil_code=_text(element, "CivilCode"),
        parent=_text(element, "ParentID"),
        online=_STATUS.get(_text(element, "Status").lower()),
    )
    return (channel.id, channel.parent), channel


def _text(element: Element, name: str) -> str:
    return (element.said(name) or "")[:256]
