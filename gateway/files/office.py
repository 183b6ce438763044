"""XLSX and DOCX: packed folders, looked through part by part before they are kept.

Refused: macros, controls, other files inside, what is fetched from elsewhere when it is opened,
what unpacks to more than any document, and packing that hides something (two parts of one name,
parts on top of each other, something before or after them).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Final, Literal
from xml.parsers import expat

from gateway.files.unfit import UnfitError

MOST_PARTS: Final = 5_000
MOST_UNPACKED: Final = 96 * 1024 * 1024
MOST_XML: Final = 4 * 1024 * 1024
"""Bytes of a part that says what the others are; some kilobytes in a usual document."""

_PIECE: Final = 256 * 1024
_END_RECORD: Final = 22
_FIXED: Final = 30
"""Bytes of the header before each part, without its name."""

_MAIN: Final[dict[str, Literal["xlsx", "docx"]]] = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
}
_MACROS: Final = re.compile(r"macroenabled|vba|activex|\.ocx|oleobject", re.IGNORECASE)
_INSIDE: Final = re.compile(
    r"(^|/)embeddings/|\.(exe|dll|js|vbs|bat|cmd|scr|hta|lnk)$", re.IGNORECASE
)
_FETCHED: Final = re.compile(r"/(hyperlink|externalLinkPath)$")
"""Relations to elsewhere that nothing follows by itself."""

_TYPES: Final = "[Content_Types].xml"


def office_type(raw: bytes) -> Literal["xlsx", "docx"]:
    """Which of the two it is. Raises `UnfitError` that says why it cannot be taken."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            parts = _parts(packed, raw)
            found = _kind(packed, parts)
            for part in parts:
                _check(packed, part)
    except UnfitError:
        raise
    except NotImplementedError as error:  # is a RuntimeError: packed as nobody packs documents
        raise UnfitError("damaged", "the document is damaged; save it anew") from error
    except (RuntimeError, UnicodeError) as error:  # a part that is locked, a name in no encoding
        raise UnfitError("locked", "the document is locked or damaged; save it anew") from error
    except Exception as error:  # whatever the library comes upon in a damaged file
        raise UnfitError("damaged", "the document is damaged; save it anew") from error
    return found


def _parts(packed: zipfile.ZipFile, raw: bytes) -> list[zipfile.ZipInfo]:
    parts = packed.infolist()
    if not 0 < len(parts) <= MOST_PARTS:
        raise UnfitError("bomb", "it has more parts than any document; save it anew")
    if packed.comment or raw[-_END_RECORD:-18] != b"PK\x05\x06":
        raise UnfitError("double", "something follows the end of the document; save it anew")
    names = {part.filename.lower() for part in parts}
    if len(names) != len(parts):
        raise UnfitError("double", "two parts of the document have one name; save it anew")
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise UnfitError("bomb", "it unpacks to more than any document; save it anew")
    end = 0
    for part in sorted(parts, key=lambda each: each.header_offset):
        _check_head(part)
        if part.header_offset < end or (end == 0 and part.header_offset != 0):
            raise UnfitError(
                "double", "parts of the document lie on top of each other; save it anew"
            )
        end = part.header_offset + _FIXED + part.compress_size
    if end > len(raw):
        raise UnfitError("damaged", "the document breaks off; upload it again")
    return parts


def _check_head(part: zipfile.ZipInfo) -> None:
    if part.flag_bits & 0x1:
        raise UnfitError("locked", "the document is locked; whoever checks it could not open it")
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnfitError("damaged", "the document is packed in an unusual way; save it anew")
    name = part.filename
    if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name:
        raise UnfitError("double", "a part of the document lies outside of it; save it anew")


def _kind(packed: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> Literal["xlsx", "docx"]:
    types = next((part for part in parts if part.filename == _TYPES), None)
    if types is None:
        raise UnfitError(
            "kind", "it is a packed folder and neither XLSX nor DOCX; attach its files"
        )
    kinds: set[Literal["xlsx", "docx"]] = set()

    def begun(name: str, given: dict[str, str]) -> None:
        said = given.get("ContentType", "")
        if _MACROS.search(said):
            raise UnfitError(
                "macros", "the document holds macros or controls; save it without them"
            )
        if name.rpartition(":")[2] == "Override" and said in _MAIN:
            kinds.add(_MAIN[said])

    _parsed(_unpacked(packed, types, MOST_XML), begun)
    if len(kinds) != 1:
        raise UnfitError(
            "kind", "it is a packed folder and neither XLSX nor DOCX; attach its files"
        )
    return kinds.pop()


def _check(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    name = part.filename
    if _MACROS.search(name):
        raise UnfitError("macros", "the document holds macros or controls; save it without them")
    if _INSIDE.search(name):
        raise UnfitError("inside", "the document holds other files; attach them by themselves")
    if name.endswith(".rels"):
        _parsed(_unpacked(packed, part, MOST_XML), _relation)
        return
    dde = re.search(r"externalLinks/[^/]+\.xml$", name) is not None
    begin = b""
    with packed.open(part) as opened:  # to its end: then its checksum was right
        while piece := opened.read(_PIECE):
            if dde and b"ddeLink" in begin + piece:
                raise UnfitError(
                    "active", "the document would start a program; save it without links"
                )
            begin = piece[-16:]


def _relation(name: str, given: dict[str, str]) -> None:
    if name.rpartition(":")[2] != "Relationship":
        return
    if given.get("TargetMode") == "External" and not _FETCHED.search(given.get("Type", "")):
        raise UnfitError(
            "active", "the document fetches something from elsewhere; save it without links"
        )


def _unpacked(packed: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> bytes:
    with packed.open(part) as opened:
        plain = opened.read(most + 1)
    if len(plain) > most:
        raise UnfitError(
            "bomb", "a part of the document is larger than in any document; save it anew"
        )
    return plain


def _parsed(plain: bytes, begun: Callable[[str, dict[str, str]], None]) -> None:
    parser = expat.ParserCreate()

    def declared(*_: object) -> None:
        raise UnfitError("active", "the document declares a type of its own; save it anew")

    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = begun
    try:
        parser.Parse(plain, True)
    except expat.ExpatError as error:
        raise UnfitError("damaged", "the document is damaged; save it anew") from error
