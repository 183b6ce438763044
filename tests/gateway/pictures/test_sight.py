"""Uploads are what their bytes say, whole, and of a size that a browser can hold."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pictures.sight import JPEG, MOST_BYTES, PNG, SVG, PictureError, look_at


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int = 4, height: int = 3, after: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(3 * 4) for _ in range(3))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
        + after
    )


def jpeg(width: int = 4, height: int = 3, after: bytes = b"") -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
        b"\xff\xc0"
        + struct.pack(">H", len(frame) + 2)
        + frame
        + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
        + b"\x12\x34\xff\x00\x56"
        + b"\xff\xd9"
        + after
    )


@pytest.mark.parametrize(("raw", "media_type"), [(png(), PNG), (jpeg(), JPEG)])
def test_a_whole_picture_tells_its_sides(raw: bytes, media_type: str) -> None:
    seen = look_at(raw, media_type)

    assert (seen.width, seen.height, seen.body) == (4, 3, raw)


@pytest.mark.parametrize(
    ("raw", "media_type"),
    [
        (jpeg(), PNG),
        (png(), JPEG),
        (b"GIF89a", PNG),
        (b"<svg/>", PNG),
        (b"", JPEG),
        (png(), "image/gif"),
        (png(), "text/html"),
        (png(after=b"<script>"), PNG),
        (png(width=0), PNG),
        (png(width=12_001), PNG),
        (png(width=10_000, height=10_000), PNG),
        (jpeg(height=0), JPEG),
        (png().replace(b"IDAT", b"IDAU"), PNG),
    ],
)
def test_what_is_no_such_picture_or_too_large_is_refused(raw: bytes, media_type: str) -> None:
    with pytest.raises(PictureError):
        look_at(raw, media_type)


def test_four_megabytes_are_the_most() -> None:
    look_at(jpeg(after=bytes(MOST_BYTES - len(jpeg()))), JPEG)

    with pytest.raises(PictureError, match="larger than 4 MB"):
        look_at(bytes(MOST_BYTES + 1), PNG)


@given(st.integers(0, len(png()) - 1))
def test_a_png_that_breaks_off_anywhere_is_refused(length: int) -> None:
    with pytest.raises(PictureError):
        look_at(png()[:length], PNG)


@given(st.integers(0, len(jpeg()) - 1))
def test_a_jpeg_that_breaks_off_anywhere_is_refused(length: int) -> None:
    with pytest.raises(PictureError):
        look_at(jpeg()[:length], JPEG)


@given(st.sampled_from([png(), jpeg()]), st.integers(0, 80), st.binary(max_size=8))
def test_damage_ends_in_words_and_never_in_a_crash(raw: bytes, at: int, noise: bytes) -> None:
    damaged = raw[:at] + noise + raw[at + len(noise) :]
    for media_type in (PNG, JPEG, SVG):
        try:
            seen = look_at(damaged, media_type)
        except PictureError:
            continue
        assert min(seen.width, seen.height) > 0
