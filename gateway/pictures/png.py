"""PNG written anew from the chunks that show the picture; none that tells of its maker.

Text, time, place and maker (text chunks, EXIF, XMP) are left out; no pixel is decoded or coded
anew.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from gateway.pictures.exif import UPRIGHT, as_shown, header_saying, orientation

BEGIN: Final = b"\x89PNG\r\n\x1a\n"

_SHOWN: Final = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND"),
        *(b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"pHYs"),
    }
)
"""What a picture needs and what its colours depend on. An animation is its first picture."""


def clean_png(raw: bytes) -> tuple[int, int, bytes]:
    """Width and height as it is shown, and the picture without all that is not needed for that.

    Raises ``ValueError`` that says why it cannot be taken.
    """
    if not raw.startswith(BEGIN):
        raise ValueError("it is no PNG")
    names: set[bytes] = set()
    kept: list[bytes | memoryview] = [BEGIN]
    width = height = 0
    turned = UPRIGHT
    for name, content, whole in _chunks(raw):
        if not names:
            if name != b"IHDR" or len(content) != 13:
                raise ValueError("the PNG does not begin with its header")
            width, height = struct.unpack_from(">II", content)
        if name in _SHOWN:
            kept.append(whole)
        elif name == b"eXIf" and not names & {b"eXIf", b"IDAT"}:
            turned = orientation(bytes(content))
            if turned != UPRIGHT:
                kept.append(_chunk(name, header_saying(turned)))
        names.add(name)
    if b"IDAT" not in names:
        raise ValueError("the PNG holds no picture")
    return *as_shown(width, height, turned), b"".join(kept)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def _chunks(raw: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Name, content and the whole of each piece, up to the last one, with which the file ends."""
    view = memoryview(raw)
    at = len(BEGIN)
    name = b""
    while name != b"IEND":
        end = at + 12 + int.from_bytes(view[at : at + 4])
        if end > len(raw):
            raise ValueError("the PNG breaks off; upload it again")
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise ValueError("the PNG is damaged (a checksum is wrong); upload it again")
        name = bytes(view[at + 4 : at + 8])
        yield name, view[at + 8 : end - 4], view[at:end]
        at = end
    if at != len(raw):
        raise ValueError("something follows the end of the PNG; save it anew")
