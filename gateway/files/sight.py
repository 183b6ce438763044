"""What an attached file really is: by its bytes, not by what it calls itself.

Photos are written anew without what a camera writes into them. Documents are kept as they are, byte
for byte, or not at all: those with macros, scripts or other files in them, those that are locked,
and those that are two kinds of file at once.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec

from gateway.files.office import office_type
from gateway.files.pdf import check_pdf
from gateway.files.text import text_type
from gateway.files.unfit import UnfitError
from gateway.files.webp import clean_webp
from gateway.pictures.png import BEGIN as PNG_BEGIN
from gateway.pictures.raster import JPEG, LONGEST_SIDE, MOST_PIXELS, PNG, clean_raster

MOST_BYTES: Final = 16 * 1024 * 1024
"""A scan of some forty pages. Photos from the page have half a megabyte."""

PDF: Final = "application/pdf"
WEBP: Final = "image/webp"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT: Final = "text/plain"
CSV: Final = "text/csv"

SUFFIXES: Final = {
    PDF: "pdf",
    JPEG: "jpg",
    PNG: "png",
    WEBP: "webp",
    XLSX: "xlsx",
    DOCX: "docx",
    TEXT: "txt",
    CSV: "csv",
}
"""The kinds that are kept, and how the names of such files end."""

PHOTOS: Final = frozenset({JPEG, PNG, WEBP})

_LONGEST_NAME: Final = 80
_APART: Final = re.compile(r"[/\\]")
_SPACES: Final = re.compile(r"\s+")


class FileError(Exception):
    """It cannot be kept; ``code`` names the reason (``problem.file_{code}``)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Sight(msgspec.Struct, frozen=True):
    """A file fit to be kept; ``body`` is what to keep."""

    media_type: str
    body: bytes


def look_at(raw: bytes, name: str) -> Sight:
    """See what it is. Raises `FileError` when it is nothing that can be kept.

    ``name`` only tells a table (``.csv``) from other text. The largest take a second, in which
    others have their turn: not in the loop.
    """
    if not raw:
        raise FileError("kind", "it is empty")
    if len(raw) > MOST_BYTES:
        raise FileError("large", f"it is larger than {MOST_BYTES >> 20} MB; make it smaller")
    try:
        return _seen(raw, name)
    except UnfitError as error:
        raise FileError(error.code, str(error)) from error


def _seen(raw: bytes, name: str) -> Sight:
    if raw.startswith(b"\xff\xd8\xff"):
        return _photo(raw, JPEG)
    if raw.startswith(PNG_BEGIN):
        return _photo(raw, PNG)
    if raw.startswith(b"RIFF") and raw[8:12] == b"WEBP":
        return Sight(WEBP, _bounded(*clean_webp(raw)))
    if raw.startswith(b"%PDF-"):
        check_pdf(raw)
        return Sight(PDF, raw)
    if raw.startswith(b"PK"):
        return Sight({"xlsx": XLSX, "docx": DOCX}[office_type(raw)], raw)
    return Sight(CSV if text_type(raw, name) else TEXT, raw)


def _photo(raw: bytes, media_type: str) -> Sight:
    try:
        width, height, body = clean_raster(raw, media_type)
    except ValueError as error:
        raise UnfitError("damaged", str(error)) from error
    return Sight(media_type, _bounded(width, height, body))


def _bounded(width: int, height: int, body: bytes) -> bytes:
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
        raise UnfitError("bomb", f"its sides are {width} × {height}; at most {LONGEST_SIDE} each")
    if width * height > MOST_PIXELS:
        raise UnfitError("bomb", f"it has {width * height} pixels; at most {MOST_PIXELS}")
    return body


def plain_name(name: str) -> str:
    """What people called it, without folders and signs nobody sees."""
    last = _APART.split(unicodedata.normalize("NFC", name))[-1]
    # Control and formatting signs: some turn what follows them around, so that a name lies.
    shown = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    return _SPACES.sub(" ", shown).strip()


def safe_name(name: str, media_type: str) -> str:
    """A name as it may be given back, ending as its kind does."""
    shown = plain_name(name)
    stem = (shown.rpartition(".")[0] or shown).strip(" .")
    return f"{stem[:_LONGEST_NAME].strip(' .') or 'file'}.{SUFFIXES[media_type]}"
