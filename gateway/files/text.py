"""Plain text and tables as text: what people can read, and nothing that a program would run."""

from __future__ import annotations

import re
from typing import Final

MOST_BYTES: Final = 2 * 1024 * 1024

_BOM: Final = "\ufeff"
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MARKUP: Final = re.compile(r"\s*<[!?/a-z]", re.IGNORECASE)
_SCRIPT: Final = re.compile(r"<script|<\?php|<iframe|<object|javascript:", re.IGNORECASE)
_RUN: Final = re.compile(r"(?:^|[,;\t\n])\s*\"?\s*[=+\-@][^,;\t\n]{0,200}\|", re.MULTILINE)
"""A cell by which a spreadsheet would start a program (DDE: ``=cmd|'…'!A1``)."""

_PROGRAMS: Final = frozenset(
    "bat cmd com exe hta htm html js jse jar lnk mht msi php pl ps1 py reg scr sh svg svgz url "
    "vb vbe vbs wsf xht xhtml xml xsl".split()
)


def text_type(raw: bytes, name: str) -> bool:
    """Whether it is a table; else it is other text. Raises ``ValueError`` for what is neither."""
    if len(raw) > MOST_BYTES:
        raise ValueError(
            "it is none of PDF, JPEG, PNG, WebP, XLSX, DOCX, CSV or text"
            if _UNSEEN.search(raw[:1000].decode("latin-1"))
            else f"text has {MOST_BYTES >> 20} MB at most"
        )
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    text = _decoded(raw).removeprefix(_BOM)
    if _UNSEEN.search(text):
        raise ValueError("it is none of PDF, JPEG, PNG, WebP, XLSX, DOCX, CSV or text")
    if suffix in _PROGRAMS or text.startswith("#!"):
        raise ValueError("it is a program or a page; attach a PDF or a photo")
    if _MARKUP.match(text) or _SCRIPT.search(text):
        raise ValueError("it holds a page or a script; attach a PDF or a photo")
    if _RUN.search(text):
        raise ValueError("a cell would start a program in a spreadsheet; take it out")
    return suffix == "csv"


def _decoded(raw: bytes) -> str:
    """UTF-8, or what Chinese Excel writes."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("it is none of PDF, JPEG, PNG, WebP, XLSX, DOCX, CSV or text")
