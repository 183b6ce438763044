"""What an uploaded picture really is: by its bytes, not by what it calls itself.

PNG and JPEG are walked through without decoding a pixel: the gateway shows them to browsers, which
decode them, and never to a library of its own. SVG is written anew from what is allowed in it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import msgspec

from gateway.pictures.svg import clean_svg

MOST_BYTES: Final = 4 * 1024 * 1024
LONGEST_SIDE: Final = 12_000
MOST_PIXELS: Final = 50_000_000
"""A picture is small in the file and large in the browser: 50 million are 200 MB there."""

PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
SVG: Final = "image/svg+xml"
MEDIA_TYPES: Final = (PNG, JPEG, SVG)

_PNG_BEGIN: Final = b"\x89PNG\r\n\x1a\n"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers of a frame, which holds the size; the three others are tables."""

_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length."""

_DATA: Final = 0xDA


class PictureError(Exception):
    """It is no picture that can be kept; the message says why and what to do."""


class Sight(msgspec.Struct, frozen=True):
    """A picture fit to be kept. ``body`` is what to keep (an SVG is written anew), sides in
    pixels."""

    media_type: str
    width: int
    height: int
    body: bytes


def look_at(raw: bytes, media_type: str) -> Sight:
    """See what it is. Raises `PictureError` when it is not what it calls itself, broken, or too
    large. Takes milliseconds, the largest SVG a second: not in the loop."""
    if len(raw) > MOST_BYTES:
        raise PictureError(f"it is larger than {MOST_BYTES // 1024 // 1024} MB; make it smaller")
    body = raw
    if media_type == PNG:
        width, height = _png(raw)
    elif media_type == JPEG:
        width, height = _jpeg(raw)
    elif media_type == SVG:
        try:
            width, height, body = clean_svg(raw)
        except ValueError as error:
            raise PictureError(str(error)) from error
    else:
        raise PictureError(f"'{media_type}' is none of {', '.join(MEDIA_TYPES)}")
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
        raise PictureError(f"its sides are {width} × {height}; at most {LONGEST_SIDE} each")
    if media_type != SVG and width * height > MOST_PIXELS:
        raise PictureError(f"it has {width * height} pixels; at most {MOST_PIXELS}")
    return Sight(media_type, width, height, body)


def _png(raw: bytes) -> tuple[int, int]:
    """The sides of a PNG whose pieces are all whole, from its header to its end."""
    if not raw.startswith(_PNG_BEGIN):
        raise PictureError("it is no PNG")
    chunks = list(_chunks(raw))
    name, header = chunks[0]
    if name != b"IHDR" or len(header) != 13:
        raise PictureError("the PNG does not begin with its header")
    if not any(name == b"IDAT" for name, _ in chunks):
        raise PictureError("the PNG holds no picture")
    width, height = struct.unpack(">II", header[:8])
    return width, height


def _chunks(raw: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Name and content of each piece, up to the last one, with which the file ends."""
    view = memoryview(raw)
    at = len(_PNG_BEGIN)
    name = b""
    while name != b"IEND":
        length = int.from_bytes(view[at : at + 4])
        end = at + 12 + length
        if end > len(raw):
            raise PictureError("the PNG breaks off; upload it again")
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise PictureError("the PNG is damaged (a checksum is wrong); upload it again")
        name = bytes(view[at + 4 : at + 8])
        yield name, view[at + 8 : end - 4]
        at = end
    if at != len(raw):
        raise PictureError("something follows the end of the PNG; save it anew")


def _jpeg(raw: bytes) -> tuple[int, int]:
    """The sides of a JPEG whose segments are whole up to its picture data, with its end there.

    What follows the end stays: phones put a short film or a thumbnail there.
    """
    if not raw.startswith(b"\xff\xd8\xff"):
        raise PictureError("it is no JPEG")
    size: tuple[int, int] | None = None
    for marker, begin, end in _segments(raw):
        if marker in _FRAMES and end - begin >= 5:
            height, width = struct.unpack(">HH", raw[begin + 1 : begin + 5])
            size = (width, height)
        if marker == _DATA:  # it may hold anything but a bare end
            if size is None:
                raise PictureError("the JPEG does not say its size")
            if raw.find(b"\xff\xd9", end) >= 0:
                return size
            break
    raise PictureError("the JPEG breaks off; upload it again")


def _segments(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker of each segment, and where its content begins and ends."""
    at = 2
    while at + 4 <= len(raw):
        marker = raw[at + 1]
        if raw[at] != 0xFF:
            raise PictureError("the JPEG is damaged; upload it again")
        if marker == 0xFF:  # fill
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            end = at + 2 + int.from_bytes(raw[at + 2 : at + 4])
            if not at + 4 <= end <= len(raw):
                return
            yield marker, at + 4, end
            at = end
