"""Uploads are what their bytes say, whole, and of a size that a browser can hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from photographed import jpeg, png

from gateway.pictures.raster import JPEG, PNG
from gateway.pictures.sight import MOST_BYTES, SVG, PictureError, look_at


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
