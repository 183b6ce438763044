"""WebP written anew from the chunks that show the picture; none that tells of its maker.

After the container's specification (RFC 9649). No pixel is decoded or coded anew. A film is none.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from gateway.files.unfit import UnfitError

_KEPT: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ICCP"})
_EXTENDED: Final = b"VP8X"
_ICC, _ALPHA, _ANIMATED = 0x20, 0x10, 0x02


def clean_webp(raw: bytes) -> tuple[int, int, bytes]:
    """Width and height, and the picture without all that is not needed to show it.

    Raises `UnfitError` that says why it cannot be taken.
    """
    sides: list[tuple[int, int]] = []
    kept: list[bytes] = []
    for name, given in _chunks(raw):
        content = given
        if name == _EXTENDED:
            content = _extended(given, first=not kept)
        elif name == b"VP8 ":
            sides.append(_lossy(given))
        elif name == b"VP8L":
            sides.append(_lossless(given))
        elif name not in _KEPT:
            continue
        kept.append(name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2))
    if len(sides) != 1:
        raise UnfitError("damaged", "the WebP holds no picture, or several; save it anew")
    body = b"".join(kept)
    return *sides[0], b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(raw) < 20 or raw[:4] != b"RIFF" or raw[8:12] != b"WEBP":
        raise UnfitError("damaged", "it is no WebP")
    end = 8 + int.from_bytes(raw[4:8], "little")
    if end > len(raw):
        raise UnfitError("damaged", "the WebP breaks off; upload it again")
    if end + end % 2 < len(raw):
        raise UnfitError("double", "something follows the end of the WebP; save it anew")
    at = 12
    while at < end:
        size = int.from_bytes(raw[at + 4 : at + 8], "little")
        if at + 8 + size > end:
            raise UnfitError("damaged", "the WebP breaks off; upload it again")
        yield raw[at : at + 4], raw[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _extended(content: bytes, *, first: bool) -> bytes:
    """What the file says to hold: of that, only colours and what shows through are kept."""
    if not first or len(content) != 10:
        raise UnfitError("damaged", "the WebP is damaged; upload it again")
    if content[0] & _ANIMATED:
        raise UnfitError("film", "it is a film; attach a picture")
    return bytes([content[0] & (_ICC | _ALPHA)]) + content[1:]


def _lossy(content: bytes) -> tuple[int, int]:
    if len(content) < 10 or content[3:6] != b"\x9d\x01\x2a":
        raise UnfitError("damaged", "the WebP is damaged; upload it again")
    width, height = struct.unpack_from("<HH", content, 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless(content: bytes) -> tuple[int, int]:
    if len(content) < 5 or content[0] != 0x2F:
        raise UnfitError("damaged", "the WebP is damaged; upload it again")
    sides = int.from_bytes(content[1:5], "little")
    return (sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1
