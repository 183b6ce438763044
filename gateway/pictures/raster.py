"""PNG and JPEG, uploaded by themselves or inside a drawing: walked through, bounded, cleaned."""

from __future__ import annotations

from typing import Final

from gateway.pictures.jpeg import clean_jpeg
from gateway.pictures.png import clean_png

PNG: Final = "image/png"
JPEG: Final = "image/jpeg"

LONGEST_SIDE: Final = 12_000
MOST_PIXELS: Final = 50_000_000
"""A picture is small in the file and large in the browser: 50 million are 200 MB there."""


def clean_raster(raw: bytes, media_type: str) -> tuple[int, int, bytes]:
    """Width and height as it is shown, and the picture without what is not needed to show it.

    ``media_type`` is `PNG` or `JPEG`. Raises ``ValueError`` that says why it cannot be taken.
    """
    width, height, body = clean_png(raw) if media_type == PNG else clean_jpeg(raw)
    if width * height > MOST_PIXELS:
        raise ValueError(f"it has {width * height} pixels; at most {MOST_PIXELS}")
    return width, height, body
