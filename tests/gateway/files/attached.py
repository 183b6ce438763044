"""Files as people attach them, and as somebody would who wants to smuggle something in."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

PLACE = b"GPS 30.2741N 120.1551E"

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
PAPER = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACRO_SHEET = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"

RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def types(main: str, part: str = "/xl/workbook.xml") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="{part}" ContentType="{main}"/></Types>'
    )


def relation(kind: str, target: str, mode: str = "External") -> str:
    return (
        f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" '
        f'Type="{OFFICE}/{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'
    )


def packed(parts: Mapping[str, str | bytes], *, comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, body in parts.items():
            folder.writestr(name, body)
        folder.comment = comment
    return out.getvalue()


def xlsx(more: Mapping[str, str | bytes] | None = None, main: str = SHEET) -> bytes:
    return packed(
        {
            "[Content_Types].xml": types(main),
            "_rels/.rels": relation("officeDocument", "xl/workbook.xml", "Internal"),
            "xl/workbook.xml": "<workbook/>",
            **(more or {}),
        }
    )


def docx(more: Mapping[str, str | bytes] | None = None) -> bytes:
    return packed(
        {
            "[Content_Types].xml": types(PAPER, "/word/document.xml"),
            "word/document.xml": "<document/>",
            **(more or {}),
        }
    )


def pdf(objects: bytes = b"", *, version: bytes = b"1.7", end: bytes = b"\n") -> bytes:
    return (
        b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n"
        b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
        + objects
        + b"\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF"
        + end
    )


def object_stream(content: bytes, packing: bytes = b"/FlateDecode") -> bytes:
    body = zlib.compress(content)
    return (
        b"7 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter "
        + packing
        + b" /Length %d >>\nstream\r\n" % len(body)
        + body
        + b"\nendstream\nendobj\n"
    )


def webp_chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


LOSSLESS = b"\x2f" + struct.pack("<I", 3 | 2 << 14) + b"\0"
"""4 × 3 pixels."""


def webp(*chunks: bytes, after: bytes = b"") -> bytes:
    body = b"".join(chunks or (webp_chunk(b"VP8L", LOSSLESS),))
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body + after
