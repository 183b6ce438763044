"""PDF: whole, not locked, and without what would run or hides other files.

Names may be written with escapes (``/Java#53cript``) and objects may lie packed in streams: both
are undone before looking. A viewer still has to be one that is kept up to date; this takes away
what nobody needs in a proof.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from gateway.files.unfit import UnfitError

MOST_UNPACKED: Final = 64 * 1024 * 1024
MOST_OBJECT_STREAMS: Final = 5_000

_VERSION: Final = re.compile(rb"%PDF-(1\.[0-7]|2\.0)[\r\n ]")
_END: Final = re.compile(rb"startxref\s+\d+\s+%%EOF\s*\Z")
_ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_LOCKED: Final = re.compile(rb"/Encrypt[\s<]")
_ACTIVE: Final = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|Rendition|SubmitForm|ImportData|XFA|Movie"
    rb"|Sound)(?=[\s/<>\[\](){}%])"
)
_OBJECT_STREAM: Final = re.compile(
    rb"/(?:O|#4[fF])(?:b|#62)(?:j|#6[aA])(?:S|#53)(?:t|#74)(?:m|#6[dD])(?![A-Za-z0-9])"
)
_STREAM: Final = re.compile(rb"stream(?:\r\n|\n|\r)")
_FILTER: Final = re.compile(rb"/Filter\s*(\[[^\]]*\]|/\w+)")

PIECE: Final = 256 * 1024
OVERLAP: Final = 64
"""Looked through piece by piece: while a pattern is matched nothing else runs in this process."""


def check_pdf(raw: bytes) -> None:
    """Raises `UnfitError` that says why it cannot be taken."""
    if _VERSION.match(raw) is None:
        raise UnfitError("damaged", "it is no PDF of a version that is known")
    if _END.search(raw[-2048:]) is None:
        raise UnfitError(
            "damaged", "the PDF breaks off, or something follows its end; save it anew"
        )
    if _packed_as_well(raw):
        raise UnfitError("double", "the PDF is a packed folder as well; save it anew")
    for piece in _pieces(raw):
        _look(piece)
    _look_inside(raw)


def _packed_as_well(raw: bytes) -> bool:
    try:
        return zipfile.is_zipfile(BytesIO(raw))
    except zipfile.BadZipFile:  # one of several disks
        return True


def _look(piece: bytes) -> None:
    plain = (
        _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), piece) if b"#" in piece else piece
    )
    if _LOCKED.search(plain):
        raise UnfitError(
            "locked", "the PDF is locked: whoever checks it later could not open it; unlock it"
        )
    if (found := _ACTIVE.search(plain)) is not None:
        what = found[1].decode()
        raise UnfitError(
            "active", f"the PDF would run something or holds other files ({what}); print it anew"
        )


def _pieces(raw: bytes) -> Iterator[bytes]:
    for start in range(0, len(raw), PIECE):
        yield raw[max(0, start - OVERLAP) : start + PIECE]


def _look_inside(raw: bytes) -> None:
    """Unpack the streams that hold objects, and look there, too."""
    room, seen, at = MOST_UNPACKED, 0, 0
    while (found := _OBJECT_STREAM.search(raw, at)) is not None:
        at = found.end()
        begin = _STREAM.search(raw, at, at + 4096)
        if begin is None:
            raise _unusual()
        seen += 1
        if seen > MOST_OBJECT_STREAMS:
            raise UnfitError(
                "bomb", "the PDF has more packed objects than any document; print it anew"
            )
        window = max(0, found.start() - 4096)
        start = max(raw.rfind(b"obj", window, found.start()), window)
        if b"#" in raw[start : begin.start()]:
            raise _unusual()
        given = _FILTER.search(raw, start, begin.start())
        # Without one it may be packed all the same: how can stand in an object of its own.
        if given is None or given[1].strip(b"[] /\r\n\t") != b"FlateDecode":
            raise _unusual()
        before = b""
        try:
            for plain in _unpacked(raw, begin.end()):
                room -= len(plain)
                if room <= 0:
                    raise UnfitError(
                        "bomb", "the PDF unpacks to more than any document; print it anew"
                    )
                _look(before + plain)
                before = plain[-OVERLAP:]
        except zlib.error as error:
            raise UnfitError("damaged", "the PDF is damaged; save it anew") from error


def _unpacked(raw: bytes, at: int) -> Iterator[bytes]:
    """What is packed from there on, in pieces."""
    unpacker = zlib.decompressobj()
    for start in range(at, len(raw), PIECE):
        packed = raw[start : start + PIECE]
        while packed and not unpacker.eof:
            yield unpacker.decompress(packed, PIECE)
            packed = unpacker.unconsumed_tail
        if unpacker.eof:
            return


def _unusual() -> UnfitError:
    return UnfitError("active", "the PDF packs its objects in an unusual way; print it anew")
