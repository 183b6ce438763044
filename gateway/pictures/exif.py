"""Which way up a picture is: all that is kept of what cameras write into it (EXIF).

Everything else in there tells where, when, by whom and with which phone it was taken.
"""

from __future__ import annotations

import struct
from typing import Final

UPRIGHT: Final = 1

_ORDERS: Final = {b"II": "<", b"MM": ">"}
_ORIENTATION: Final = 0x0112
_SHORT: Final = 3


def orientation(tiff: bytes) -> int:
    """How the picture is to be turned, 1 to 8, by the first directory of a TIFF header.

    `UPRIGHT` when it does not say, or is damaged.
    """
    order = _ORDERS.get(tiff[:2])
    if order is None:
        return UPRIGHT
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, first)
        for at in range(first + 2, first + 2 + 12 * entries, 12):
            tag, kind, _count, value = struct.unpack_from(f"{order}HHIH", tiff, at)
            if tag == _ORIENTATION:
                return value if kind == _SHORT and UPRIGHT <= value <= 8 else UPRIGHT
    except struct.error:  # it breaks off, or points beyond its end
        pass
    return UPRIGHT


def header_saying(turned: int) -> bytes:
    """A TIFF header that says nothing but this orientation."""
    entry = struct.pack(">HHIHH", _ORIENTATION, _SHORT, 1, turned, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)


def as_shown(width: int, height: int, turned: int) -> tuple[int, int]:
    """The sides of a picture once it is turned: 5 to 8 lie on their side."""
    return (height, width) if turned > 4 else (width, height)
