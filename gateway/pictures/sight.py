"""What an uploaded picture really is: by its bytes, not by what it calls itself.

PNG and JPEG are walked through without decoding a pixel: the gateway shows them to browsers, which
decode them, and never to a library of its own. All three kinds are written anew from what is
needed to show them.
"""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.pictures.raster import JPEG, LONGEST_SIDE, PNG, clean_raster
from gateway.pictures.svg import clean_svg

MOST_BYTES: Final = 4 * 1024 * 1024

SVG: Final = "image/svg+xml"
MEDIA_TYPES: Final = (PNG, JPEG, SVG)


class PictureError(Exception):
    """It is no picture that can be kept; the message says why and what to do."""


class Sight(msgspec.Struct, frozen=True):
    """A picture fit to be kept. ``body`` is what to keep; sides in pixels, as it is shown."""

    media_type: str
    width: int
    height: int
    body: bytes


def look_at(raw: bytes, media_type: str) -> Sight:
    """See what it is. Raises `PictureError` when it is not what it calls itself, broken, or too
    large. Takes milliseconds, the largest SVG a second: not in the loop."""
    if len(raw) > MOST_BYTES:
        raise PictureError(f"it is larger than {MOST_BYTES // 1024 // 1024} MB; make it smaller")
    if media_type not in MEDIA_TYPES:
        raise PictureError(f"'{media_type}' is none of {', '.join(MEDIA_TYPES)}")
    try:
        if media_type == SVG:
            width, height, body = clean_svg(raw)
        else:
            width, height, body = clean_raster(raw, media_type)
    except ValueError as error:
        raise PictureError(str(error)) from error
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
        raise PictureError(f"its sides are {width} × {height}; at most {LONGEST_SIDE} each")
    return Sight(media_type, width, height, body)
