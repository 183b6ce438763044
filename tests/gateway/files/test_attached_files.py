"""What an attached file is goes by its content; what would run, hide or blow up is refused."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

import openpyxl
import pytest
from attached import (
    LOSSLESS,
    MACRO_SHEET,
    PLACE,
    docx,
    object_stream,
    packed,
    pdf,
    relation,
    types,
    webp,
    webp_chunk,
    xlsx,
)
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfgen import canvas

from gateway.files import office
from gateway.files.pdf import PIECE
from gateway.files.sight import (
    CSV,
    DOCX,
    MOST_BYTES,
    PDF,
    PHOTOS,
    SUFFIXES,
    TEXT,
    WEBP,
    XLSX,
    FileError,
    look_at,
    safe_name,
)


def refused(raw: bytes, name: str = "file") -> str:
    with pytest.raises(FileError) as caught:
        look_at(raw, name)
    return caught.value.code


def png(after: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", 4, 3, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(4)) * 3)
    pieces = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + pieces + after


# What is taken, whatever it is called


def test_it_goes_by_its_content_and_not_by_its_name() -> None:
    assert look_at(pdf(), "photo.jpg").media_type == PDF
    assert look_at(png(), "guards.pdf").media_type == "image/png"
    assert look_at(xlsx(), "guards.docx").media_type == XLSX
    assert look_at(docx(), "guards").media_type == DOCX
    assert look_at(webp(), "guards.exe").media_type == WEBP


def test_documents_are_kept_byte_for_byte() -> None:
    for raw in (pdf(), xlsx(), docx(), "姓名,班次\n甲,早\n".encode()):
        assert look_at(raw, "x.csv").body == raw


def test_what_libraries_and_offices_write_is_taken() -> None:
    book, sheet = io.BytesIO(), io.BytesIO()
    page = canvas.Canvas(book)
    page.drawString(72, 720, "guards")
    page.save()
    assert look_at(book.getvalue(), "x").media_type == PDF
    table = openpyxl.Workbook()
    table.active.append(["name", "shift"])
    table.active["A3"].hyperlink = "https://example.invalid/"
    table.save(sheet)
    assert look_at(sheet.getvalue(), "x").media_type == XLSX


def test_a_table_is_told_from_other_text_by_its_name() -> None:
    assert look_at(b"a,b\n1,2\n", "list.csv").media_type == CSV
    assert look_at(b"a,b\n1,2\n", "list.CSV").media_type == CSV
    assert look_at(b"a,b\n1,2\n", "list.txt").media_type == TEXT


def test_chinese_text_is_taken_as_excel_writes_it() -> None:
    assert look_at("姓名,班次\r\n".encode("gb18030"), "x.csv").media_type == CSV
    assert look_at(b"\xef\xbb\xbf" + "姓名".encode(), "x.csv").media_type == CSV


# Photos tell nothing but what they show


def test_a_webp_photo_tells_nobody_where_it_was_taken() -> None:
    extended = webp_chunk(b"VP8X", bytes([0x2C, 0, 0, 0, 3, 0, 0, 2, 0, 0]))
    raw = webp(
        extended,
        webp_chunk(b"ICCP", b"colours"),
        webp_chunk(b"VP8L", LOSSLESS),
        webp_chunk(b"EXIF", PLACE),
        webp_chunk(b"XMP ", PLACE + b"!"),
        webp_chunk(b"TEST", PLACE),
    )
    kept = look_at(raw, "x").body
    assert PLACE not in kept
    flags = webp_chunk(b"VP8X", bytes([0x20, 0, 0, 0, 3, 0, 0, 2, 0, 0]))
    rest = webp_chunk(b"ICCP", b"colours") + webp_chunk(b"VP8L", LOSSLESS)
    assert kept == webp(flags, rest)
    assert look_at(kept, "x").body == kept


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (webp(after=b"PK\x03\x04"), "double"),
        (webp()[:-3], "damaged"),
        (webp(webp_chunk(b"VP8L", LOSSLESS), webp_chunk(b"VP8L", LOSSLESS)), "damaged"),
        (webp(webp_chunk(b"VP8X", bytes([0x02]) + bytes(9))), "film"),
        (webp(webp_chunk(b"EXIF", b"x")), "damaged"),
        (webp(webp_chunk(b"VP8L", b"\x2f" + struct.pack("<I", 0x3FFF | 0x3FFF << 14))), "bomb"),
        (png(after=b"PK\x05\x06"), "damaged"),
        (png()[:-5], "damaged"),
        (b"\xff\xd8\xff\xe0 <script>", "damaged"),
    ],
)
def test_photos_that_are_none_or_more_than_one(raw: bytes, code: str) -> None:
    assert refused(raw) == code


# PDF


OF_SEVERAL_DISKS = b"PK\x06\x07" + struct.pack("<LQL", 1, 0, 2) + b"PK\x05\x06" + bytes(18)
"""The end of a packed folder that is spread over several disks."""


@pytest.mark.parametrize(
    "hidden",
    [
        b"3 0 obj << /S /JavaScript /JS (app.alert(1)) >> endobj",
        b"3 0 obj << /S /Java#53cript /JS (app.alert(1)) >> endobj",
        b"3 0 obj << /S /#4a#61vaScript >> endobj",
        b"3 0 obj << /S /Launch /F (cmd.exe) >> endobj",
        b"3 0 obj << /Type /EmbeddedFile >> endobj",
        b"3 0 obj << /Names << /EmbeddedFiles 4 0 R >> >> endobj",
        b"3 0 obj << /Subtype /RichMedia >> endobj",
        b"3 0 obj << /AcroForm << /XFA 4 0 R >> >> endobj",
        b"3 0 obj << /S /SubmitForm/F(http://example.invalid) >> endobj",
        b"3 0 obj << /S /Rendition /OP 0 /JS (app.alert(1)) >> endobj",
        b" " * (PIECE - 330) + b"3 0 obj << /S /JavaScript >> endobj",
        object_stream(b"9 0 << /S /JavaScript /JS (x) >>"),
        object_stream(b"9 0 << /S /Java#53cript /JS (x) >>", b"[ /FlateDecode ]"),
        object_stream(b"x", b"/ASCIIHexDecode"),
        object_stream(b"9 0 << /S /JavaScript >>", b"8 0 R") + b"8 0 obj /FlateDecode endobj",
        object_stream(b"9 0 << /S /JavaScript >>").replace(b"/ObjStm", b"/Obj#53tm"),
        object_stream(b"9 0 << /S /JavaScript >>").replace(b"/Filter", b"/F#69lter"),
        object_stream(b"9 0 << /S /JavaScript >>").replace(b"stream\r\n", b"stream\r", 1),
        object_stream(b"x", b"[/ASCII85Decode /FlateDecode]"),
    ],
)
def test_a_pdf_that_would_run_something_is_refused(hidden: bytes) -> None:
    assert refused(pdf(hidden)) == "active"


@pytest.mark.parametrize("shift", range(0, 40, 7))
def test_nothing_hides_between_two_pieces(shift: int) -> None:
    start = pdf().index(b"\ntrailer")
    hidden = b"3 0 obj << /S /JavaScript >> endobj"
    assert refused(pdf(b" " * (PIECE - start - shift) + hidden)) == "active"


@pytest.mark.parametrize("shift", range(0, 40, 7))
def test_nor_between_two_pieces_of_a_packed_one(shift: int) -> None:
    noise = random.Random(3).randbytes(3 * PIECE - shift)
    hidden = b"9 0 << /S /JavaScript /JS (x) >> "
    assert refused(pdf(object_stream(noise + hidden))) == "active"


def test_a_locked_pdf_is_refused_because_nobody_could_check_it_later() -> None:
    assert refused(pdf(b"\ntrailer << /Encrypt 5 0 R >>")) == "locked"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (pdf(end=b"\n<script>alert(1)</script>"), "damaged"),
        (pdf()[:-7], "damaged"),
        (b"%PDF-9.9\n" + pdf()[9:], "damaged"),
        (b"<html>" + pdf(), "program"),
        (pdf(end=b"\n") + xlsx(), "damaged"),
        (pdf(xlsx()), "double"),
        (pdf(OF_SEVERAL_DISKS), "double"),
        (pdf(object_stream(bytes(100 << 20))), "bomb"),
    ],
)
def test_pdfs_that_are_broken_or_two_things_at_once(raw: bytes, code: str) -> None:
    assert refused(raw) == code


def test_words_about_scripts_in_a_pdf_are_no_script() -> None:
    text = zlib.compress(b"BT (This guards against /JavaScript ) Tj ET")
    stream = b"5 0 obj << /Filter /FlateDecode >> stream\n" + text + b"\nendstream endobj"
    assert look_at(pdf(stream + b"6 0 obj << /OpenAction [2 0 R /Fit] >>"), "x").media_type == PDF


def test_pixels_are_not_mistaken_for_names() -> None:
    noise = random.Random(7).randbytes(8 << 20)
    stream = b"5 0 obj << >> stream\n" + noise + b"\nendstream endobj"
    assert look_at(pdf(stream), "scan.pdf").media_type == PDF


# XLSX and DOCX


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (xlsx(main=MACRO_SHEET), "macros"),
        (xlsx({"xl/vbaProject.bin": b"x"}), "macros"),
        (docx({"word/VBAPROJECT.BIN": b"x"}), "macros"),
        (docx({"word/activeX/activeX1.xml": "<x/>"}), "macros"),
        (docx({"word/embeddings/oleObject1.bin": b"x"}), "macros"),
        (docx({"word/embeddings/Sheet1.xlsx": b"x"}), "inside"),
        (xlsx({"run.exe": b"MZ"}), "inside"),
        (
            docx({"word/_rels/settings.xml.rels": relation("attachedTemplate", "http://x/y")}),
            "active",
        ),
        (docx({"word/_rels/d.xml.rels": relation("oleObject", "http://x/y")}), "active"),
        (docx({"word/_rels/d.xml.rels": relation("image", "http://x/y.png")}), "active"),
        (
            xlsx({"xl/externalLinks/externalLink1.xml": '<x><ddeLink ddeService="cmd"/></x>'}),
            "active",
        ),
        (xlsx({"xl/_rels/a.rels": '<!DOCTYPE x [<!ENTITY a "b">]><x/>'}), "active"),
        (xlsx({"xl/_rels/a.rels": "<x"}), "damaged"),
        (xlsx({"xl/_rels/a.rels": '<?xml version="1.0" encoding="gbk"?><x/>'}), "damaged"),
        (xlsx({"xl/_rels/a.rels": '<?xml version="1.0" encoding="none"?><x/>'}), "damaged"),
        (packed({"a.txt": "x"}), "kind"),
        (packed({"[Content_Types].xml": types("application/xml")}), "kind"),
        (packed({"META-INF/MANIFEST.MF": "Main-Class: X"}), "kind"),
        (xlsx({"../../etc/passwd": "x"}), "double"),
        (xlsx({"/etc/passwd": "x"}), "double"),
        (xlsx({"C:/x": "x"}), "double"),
        (xlsx({"XL/workbook.xml": "<other/>"}), "double"),
        (b"MZ" + xlsx(), "kind"),
        (b"PK" + xlsx(), "double"),
        (xlsx() + b"<script>", "double"),
        (xlsx()[:-30], "damaged"),
    ],
)
def test_documents_with_more_in_them_than_words(raw: bytes, code: str) -> None:
    assert refused(raw) == code


def test_links_that_people_press_are_taken() -> None:
    links = relation("hyperlink", "https://example.invalid/")
    assert look_at(docx({"word/_rels/document.xml.rels": links}), "x").media_type == DOCX


def test_a_comment_behind_the_folder_is_refused() -> None:
    assert refused(packed({"[Content_Types].xml": "x"}, comment=b"#!/bin/sh")) == "double"


def test_a_locked_part_is_refused() -> None:
    raw = bytearray(xlsx())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(mark)
        raw[at + offset] |= 1
    assert refused(bytes(raw)) == "locked"


def test_a_part_whose_checksum_is_wrong_is_refused() -> None:
    raw = bytearray(xlsx({"xl/a.xml": b"a" * 50}))
    at = raw.rfind(b"PK\x01\x02")
    raw[at + 16] ^= 0xFF
    assert refused(bytes(raw)) == "damaged"


def test_bombs_are_not_unpacked() -> None:
    zeros = bytes(4 << 20)
    assert refused(xlsx({f"xl/{n}.xml": zeros for n in range(25)})) == "bomb"
    assert refused(xlsx({"xl/_rels/a.rels": zeros + b"x"})) == "bomb"


def test_a_folder_of_thousands_of_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "MOST_PARTS", 10)
    assert refused(xlsx({f"xl/{n}.xml": "" for n in range(10)})) == "bomb"


def test_parts_on_top_of_each_other_are_refused() -> None:
    """One part's bytes for many names: how the largest bombs are made (Fifield 2019)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as folder:
        folder.writestr("[Content_Types].xml", types("application/xml"))
        folder.writestr("a.xml", "x")
        folder.filelist.append(zipfile.ZipInfo("b.xml"))
        last, first = folder.filelist[-1], folder.filelist[1]
        last.header_offset, last.CRC = first.header_offset, first.CRC
        last.file_size, last.compress_size = first.file_size, first.compress_size
        folder.NameToInfo["b.xml"] = last
    assert refused(out.getvalue()) == "double"


# Text


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"#!/bin/sh\nrm -rf /\n", "x.txt"),
        (b"echo off\n", "x.bat"),
        (b"WScript.Echo 1\n", "x.VBS"),
        (b"<html><body>x", "x.txt"),
        (b"  \n<svg onload=alert(1)>", "x.txt"),
        (b"<?xml version='1.0'?><x/>", "x.txt"),
        (b"hello <SCRIPT src=x></script>", "x.txt"),
        (b"a,b\n=cmd|'/c calc'!A1,2\n", "x.csv"),
        (b"a;\"+cmd|'/c calc'!A1\"\n", "x.csv"),
        (b"a\t@SUM(1)|x\n", "x.csv"),
    ],
)
def test_programs_and_pages_are_no_text(raw: bytes, name: str) -> None:
    assert refused(raw, name) == "program"


@pytest.mark.parametrize(
    "raw",
    [
        b"\0\1\2\3",
        b"MZ\x90\0" + bytes(100),
        b"\x7fELF" + bytes(100),
        b"GIF89a\x01\x00",
        bytes(range(256)),
        "文".encode("utf-16"),
        b"\x1b[2J",
        b"Rar!\x1a\x07",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),  # .xls, .doc: macros cannot be seen
    ],
)
def test_what_is_nothing_of_these_is_refused(raw: bytes) -> None:
    assert refused(raw) == "kind"


def test_text_that_looks_like_a_formula_and_starts_nothing_is_taken() -> None:
    assert look_at(b"a,b\n-3,=A1+A2\n+86 351,@home\n", "x.csv").media_type == CSV
    assert look_at("1 < 2，3 > 2".encode(), "x.txt").media_type == TEXT


# Sizes and names


def test_what_is_empty_or_too_large_is_refused() -> None:
    assert refused(b"") == "kind"
    assert refused(pdf(b" " * MOST_BYTES)) == "large"
    assert refused(b"a" * (3 << 20), "x.txt") == "large"


@given(st.binary(max_size=400))
def test_whatever_comes_is_taken_or_refused_with_a_reason(raw: bytes) -> None:
    try:
        found = look_at(raw, "x").media_type
    except FileError as error:
        found = error.code
    assert found in {*SUFFIXES, "kind", "damaged", "double", "program", "film", "bomb"}


@given(st.data())
def test_damaged_files_are_taken_or_refused_with_a_reason(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([pdf(), xlsx(), docx(), webp(), png()])))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        kept = look_at(bytes(raw[: data.draw(st.integers(1, len(raw)))]), "x")
    except FileError:
        return
    if kept.media_type in PHOTOS:
        assert look_at(kept.body, "x") == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("门岗值班表.docx", "门岗值班表.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\li\\scan.pdf", "scan.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("evil\u202efdp.exe", "evilfdp.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
        ("  a   b  .PDF", "a b.pdf"),
        ("x" * 300 + ".pdf", "x" * 80 + ".pdf"),
    ],
)
def test_names_keep_to_themselves(name: str, kept: str) -> None:
    assert safe_name(name, PDF) == kept


@given(st.text(max_size=60))
def test_a_name_is_never_a_path_nor_unseen(name: str) -> None:
    kept = safe_name(name, PDF)
    assert kept.endswith(".pdf")
    assert not set("/\\\r\n\0\u202e") & set(kept)
    assert kept.rpartition(".")[0].strip(" .")
