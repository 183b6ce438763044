"""JPEG written anew from the segments that show the picture; none that tells of its maker.

Cameras add where, when and by whom it was taken (EXIF, XMP, IPTC, comments), small copies of it,
and after its end a second picture or a film with sound. No pixel is decoded or coded anew.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

from gateway.pictures.exif import UPRIGHT, as_shown, header_saying, orientation

MOST_SCANS: Final = 100
"""A progressive picture has some ten; each costs whoever shows it a pass over all its pixels."""

_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a frame, which holds the size; the three others are tables."""

_TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})
_SCAN: Final = 0xDA
_END: Final = 0xD9
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length."""

_NEXT: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""What ends the pixels of a scan: neither a byte 255 (FF 00) nor a restart."""

_JFIF, _EXIF, _COLOURS, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
_EXIF_NAME: Final = b"Exif\0\0"


def clean_jpeg(raw: bytes) -> tuple[int, int, bytes]:
    """Width and height as it is shown, and the picture without all that is not needed for that.

    Raises ``ValueError`` that says why it cannot be taken.
    """
    if not raw.startswith(b"\xff\xd8\xff"):
        raise ValueError("it is no JPEG")
    frames: list[bytes] = []
    turned, scanned = UPRIGHT, False
    kept: list[bytes | memoryview] = [raw[:2]]
    for marker, content, whole in _segments(raw):
        if marker in _FRAMES:
            frames.append(content)
        elif marker == _SCAN:
            scanned = True
        elif marker not in _TABLES:
            needed = _needed(marker, content)
            if marker == _EXIF and turned == UPRIGHT and content.startswith(_EXIF_NAME):
                turned = orientation(content[len(_EXIF_NAME) :])
                needed = b"" if turned == UPRIGHT else _EXIF_NAME + header_saying(turned)
            if needed:
                kept.append(struct.pack(">BBH", 0xFF, marker, len(needed) + 2) + needed)
            continue
        kept.append(whole)
    if not scanned:
        raise ValueError("the JPEG holds no picture")
    kept.append(b"\xff\xd9")
    return *as_shown(*_size(frames), turned), b"".join(kept)


def _size(frames: list[bytes]) -> tuple[int, int]:
    """Width and height of the one frame."""
    if len(frames) != 1 or len(frames[0]) < 6:
        raise ValueError("the JPEG is damaged; upload it again")
    height, width = struct.unpack_from(">HH", frames[0], 1)
    return width, height


def _needed(marker: int, content: bytes) -> bytes:
    """What of an application's segment colours depend on; empty = nothing."""
    if marker == _JFIF and content.startswith(b"JFIF\0") and len(content) >= 14:
        return content[:12] + bytes(2)  # without the small copy
    if marker == _ADOBE and content.startswith(b"Adobe") and len(content) >= 12:
        return content[:12]
    if marker == _COLOURS and content.startswith(b"ICC_PROFILE\0"):
        return content
    return b""


def _segments(raw: bytes) -> Iterator[tuple[int, bytes, memoryview]]:
    """Marker, content and the whole of each segment up to the end of the picture.

    The pixels of a scan belong to the whole of it. What follows the end is not looked at.
    """
    view = memoryview(raw)
    at, scans = 2, 0
    while at + 2 <= len(raw):
        marker = raw[at + 1]
        if raw[at] != 0xFF:
            raise ValueError("the JPEG is damaged; upload it again")
        if marker == _END:
            return
        if marker == 0xFF:  # fill
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            end = at + 2 + int.from_bytes(view[at + 2 : at + 4])
            if not at + 4 <= end <= len(raw):
                break
            following = end
            if marker == _SCAN:
                scans += 1
                if scans > MOST_SCANS:
                    raise ValueError(f"it has more than {MOST_SCANS} scans; save it anew")
                found = _NEXT.search(raw, end)
                if found is None:
                    break
                following = found.start()
            yield marker, raw[at + 4 : end], view[at:following]
            at = following
    raise ValueError("the JPEG breaks off; upload it again")
