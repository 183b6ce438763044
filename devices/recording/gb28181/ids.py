"""The 20-digit identities of GB/T 28181 (its annex on coding): centre, industry, type, serial."""

from __future__ import annotations

import re
from typing import Final

from devices.recording.gb28181.errors import IdentityError

_TWENTY: Final = re.compile(r"[0-9]{20}", re.ASCII)

_RECORDERS: Final = frozenset({111, 112, 113, 114, 115, 116, 118, 119, 130})
"""Front-end hosts: DVR, video server, encoder, decoder, switchers, NVR, ... 111 to 130."""

_CAMERAS: Final = frozenset({131, 132})
"""131 camera, 132 network camera."""


def checked_id(text: str) -> str:
    """The identity without blanks around it; `IdentityError` when it is not 20 digits."""
    found = text.strip()
    if _TWENTY.fullmatch(found) is None:
        raise IdentityError(
            f"{found[:40]!r} is no identity of GB/T 28181: it must be 20 digits "
            "(8 of the centre, 2 of the industry, 3 of the type, 7 of the serial number)"
        )
    return found


def is_id(text: str) -> bool:
    """Whether the text is exactly 20 digits."""
    return _TWENTY.fullmatch(text) is not None


def type_code(identity: str) -> int:
    """The type: 118 for an NVR, 132 for a network camera, 200 for a platform and so on."""
    return int(identity[10:13])


def is_recorder(identity: str) -> bool:
    """Whether the type is one of the hosts that cameras hang on."""
    return type_code(identity) in _RECORDERS


def is_camera(identity: str) -> bool:
    """Whether the type is that of a camera."""
    return type_code(identity) in _CAMERAS
