"""Plain text and tables as text: what people can read, and nothing that a program would run."""

from __future__ import annotations

import re
from typing import Final

from gateway.files.unfit import UnfitError

MOST_BYTES: Final = 2 * 1024 * 1024

_BOM: Final = "\ufeff"
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MARKUP: Final = re.compile(r"\s{0,1000}<[!?/a-z]", re.IGNORECASE)
_SCRIPT: Final = re.compile(r"<script|<\?php|<iframe|<object|javascript:", re.IGNORECASE)
_RUN: Final = re.compile(r"(?:^|[,;\t])[ \"]{0,8}[=+\-@][^,;\t\r\n]{0,200}\|", re.MULTILINE)
"""A cell by which a spreadsheet would start a program (DDE: ``=cmd|'…'!A1``)."""

_PROGRAMS: Final = frozenset(
    (
        *("bat", "cmd", "com", "exe", "hta", "jar", "js", "jse", "lnk", "msi", "php", "pl", "ps1"),
        *("py", "reg", "scr", "sh", "url", "vb", "vbe", "vbs", "wsf"),
        *("htm", "html", "mht", "svg", "svgz", "xht", "xhtml", "xml", "xsl"),
    )
)

_PIECE: Final = 64 * 1024
_OVERLAP: Final = 256
"""Looked through piece by piece: while a pattern is matched nothing else runs in this process."""


def text_type(raw: bytes, name: str) -> bool:
    """Whether it is a table; else it is other text. Raises `UnfitError` for what is neither."""
    if _UNSEEN.search(raw[:1000].decode("latin-1")):
        raise _none_of_them()
    if len(raw) > MOST_BYTES:
        raise UnfitError("large", f"text has {MOST_BYTES >> 20} MB at most")
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    text = _decoded(raw).removeprefix(_BOM)
    if _found(_UNSEEN, text):
        raise _none_of_them()
    if suffix in _PROGRAMS or text.startswith("#!"):
        raise UnfitError("program", "it is a program or a page; attach a PDF or a photo")
    if _MARKUP.match(text) or _found(_SCRIPT, text):
        raise UnfitError("program", "it holds a page or a script; attach a PDF or a photo")
    if _found(_RUN, text):
        raise UnfitError("program", "a cell would start a program in a spreadsheet; take it out")
    return suffix == "csv"


def _found(pattern: re.Pattern[str], text: str) -> bool:
    return any(
        pattern.search(text, max(0, start - _OVERLAP), start + _PIECE)
        for start in range(0, len(text), _PIECE)
    )


def _decoded(raw: bytes) -> str:
    """UTF-8, or what Chinese Excel writes."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _none_of_them()


def _none_of_them() -> UnfitError:
    return UnfitError("kind", "it is none of PDF, JPEG, PNG, WebP, XLSX, DOCX, CSV or text")
