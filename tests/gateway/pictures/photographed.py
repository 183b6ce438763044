"""PNG and JPEG files piece by piece, with what cameras write into them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

PLACE = b"GPS 30.2741N 120.1551E"
"""Stands for all that a picture must not tell."""


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    width: int = 4, height: int = 3, *, before: Iterable[bytes] = (), after: bytes = b""
) -> bytes:
    """``before`` are chunks between the header and the pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(3 * 4) for _ in range(3))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(before)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
        + after
    )


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


JFIF = segment(0xE0, b"JFIF\0\x01\x01\x00\x00\x01\x00\x01\x00\x00")
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\x34\xff\x00\x56\xff\xd3\x78"


def frame(width: int, height: int, marker: int = 0xC0) -> bytes:
    return segment(marker, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")


def jpeg(
    width: int = 4,
    height: int = 3,
    *,
    before: Iterable[bytes] = (JFIF,),
    between: Iterable[bytes] = (),
    after: bytes = b"",
) -> bytes:
    """``before`` are segments ahead of the frame, ``between`` those between its two scans."""
    head = b"\xff\xd8" + b"".join(before) + frame(width, height)
    return head + SCAN + b"".join(between) + SCAN + b"\xff\xd9" + after


def tiff(turned: int, order: str = ">", *, further: int = 0) -> bytes:
    """What EXIF says: a place, and which way up, behind ``further`` other entries."""
    entries = [struct.pack(f"{order}HHII", 0x0010 + number, 4, 1, 7) for number in range(further)]
    entries.append(struct.pack(f"{order}HHIHH", 0x0112, 3, 1, turned, 0))
    entries.append(struct.pack(f"{order}HHII", 0x8825, 4, 1, 200))  # where the place is
    begin = {">": b"MM\0*", "<": b"II*\0"}[order]
    header = begin + struct.pack(f"{order}IH", 8, len(entries))
    return header + b"".join(entries) + bytes(4) + PLACE


def exif(turned: int, order: str = ">") -> bytes:
    return segment(0xE1, b"Exif\0\0" + tiff(turned, order))
