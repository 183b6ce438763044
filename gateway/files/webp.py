"""WebP written anew from the chunks that show the picture; none that tells of its maker.

After the container's specification (RFC 9649). No pixel is decoded or coded anew. A film is none.
"""

from __future__ import annotations

import struct
from typing import Final

from gateway.files.unfit import Unfit

_KEPT: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ICCP"})
_EXTENDED: Final = b"VP8X"
_ICC, _ALPHA, _ANIMATED = 0x20, 0x10, 0x02


def clean_webp(raw: bytes) -> tuple[int, int, bytes]:
    """Width and height, and the picture without all that is not needed to show it.

    Raises `Unfit` that says why it cannot be taken.
    """
    if len(raw) < 20 or raw[:4] != b"RIFF" or raw[8:12] != b"WEBP":
        raise Unfit("damaged", "it is no WebP")
    end = 8 + int.from_bytes(raw[4:8], "little")
    if end > len(raw):
        raise Unfit("damaged", "the WebP breaks off; upload it again")
    if end + end % 2 < len(raw):
        raise Unfit("double", "something follows the end of the WebP; save it anew")
    sides: tuple[int, int] | None = None
    kept: list[bytes] = []
    names: list[bytes] = []
    at = 12
    while at < end:
        name, size = raw[at : at + 4], int.from_bytes(raw[at + 4 : at + 8], "little")
        following = at + 8 + size + size % 2
        if at + 8 + size > end:
            raise Unfit("damaged", "the WebP breaks off; upload it again")
        content = raw[at + 8 : at + 8 + size]
        if name == _EXTENDED:
            if names or size != 10:
                raise Unfit("damaged", "the WebP is damaged; upload it again")
            if content[0] & _ANIMATED:
                raise Unfit("film", "it is a film; attach a picture")
            # Of what it says to hold, only colours and what shows through are still there.
            content = bytes([content[0] & (_ICC | _ALPHA)]) + content[1:]
        elif name not in _KEPT:
            at = following
            continue
        if name in (b"VP8 ", b"VP8L"):
            if sides is not None:
                raise Unfit("damaged", "the WebP holds two pictures; save it anew")
            sides = _lossy(content) if name == b"VP8 " else _lossless(content)
        names.append(name)
        kept.append(name + struct.pack("<I", size) + content + b"\0" * (size % 2))
        at = following
    if sides is None:
        raise Unfit("damaged", "the WebP holds no picture")
    body = b"".join(kept)
    return *sides, b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _lossy(content: bytes) -> tuple[int, int]:
    if len(content) < 10 or content[3:6] != b"\x9d\x01\x2a":
        raise Unfit("damaged", "the WebP is damaged; upload it again")
    width, height = struct.unpack_from("<HH", content, 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless(content: bytes) -> tuple[int, int]:
    if len(content) < 5 or content[0] != 0x2F:
        raise Unfit("damaged", "the WebP is damaged; upload it again")
    sides = int.from_bytes(content[1:5], "little")
    return (sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1
