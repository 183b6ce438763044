"""Labels: what is printed is read back from the PDF, code by code and word by word."""

from __future__ import annotations

import base64
import re
import subprocess
import zlib
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from gateway.exports.font import embedded
from gateway.labels.code import code_of, named_by
from gateway.labels.sheet import CHINESE, ON_A_SHEET, Label, label_sheets, modules

MM = 72 / 25.4
SIZES = range(21, 178, 4)


def pages(pdf: bytes) -> list[str]:
    """The drawing instructions of each page."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    return [
        zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>"))).decode("latin-1")
        for stream in streams
    ]


def codes(page: str) -> list[list[list[bool]]]:
    """The QR codes drawn on a page, in their order, rebuilt from the rectangles."""
    found = []
    for block in re.findall(r"((?:[\d.-]+ [\d.-]+ [\d.-]+ [\d.-]+ re\s+)+)f\*?", page):
        rectangles = [
            tuple(map(float, each))
            for each in re.findall(r"([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+) re", block)
        ]
        side = rectangles[0][3]
        left = min(x for x, *_ in rectangles)
        top = max(y + high for _, y, _, high in rectangles)
        size = round((max(x + wide for x, _, wide, _ in rectangles) - left) / side)
        rows = [[False] * size for _ in range(size)]
        for x, y, wide, high in rectangles:
            row = round((top - y - high) / side)
            start = round((x - left) / side)
            for column in range(start, start + round(wide / side)):
                rows[row][column] = True
        found.append(rows)
    return found


def words(page: str) -> list[str]:
    """The texts drawn on a page: those of the monospace font as bytes, the others as UTF-16."""

    def sign(match: re.Match[str]) -> str:
        return chr(int(match[1], 8)) if match[1].isdigit() else match[1]

    found = []
    for multibyte, text in re.findall(r"Tm (/F\d .+? TL )?\(((?:\\.|[^\\)])*)\) Tj", page):
        raw = re.sub(r"\\([0-7]{3}|.)", sign, text).encode("latin-1")
        found.append(raw.decode("utf-16-be" if multibyte else "ascii"))
    return found


def a_label(number: int = 1) -> Label:
    return Label(
        school="no3-middle",
        device=f"lab-{number}",
        name_zh="实验室烟感",
        name_en="Lab smoke",
        kind="感烟探测器",
        place="教学楼 / 三层 / 301",
        school_name="第三中学",
    )


def test_a_label_shows_the_code_of_its_device_and_who_it_is() -> None:
    (page,) = pages(label_sheets([a_label()]))

    assert codes(page) == [modules("campus:no3-middle/lab-1")]
    assert {"实验室烟感", "感烟探测器", "第三中学", "lab-1"} <= set(words(page))


def test_every_label_has_its_own_code_in_the_order_of_the_devices() -> None:
    sheets = pages(label_sheets([a_label(number) for number in range(50)]))

    assert [len(codes(page)) for page in sheets] == [24, 24, 2]
    drawn = [code for page in sheets for code in codes(page)]
    assert drawn == [modules(code_of("no3-middle", f"lab-{number}")) for number in range(50)]


def test_labels_used_already_are_left_out_of_the_first_sheet() -> None:
    sheets = pages(label_sheets([a_label(number) for number in range(5)], skip=22))

    assert [len(codes(page)) for page in sheets] == [2, 3]


@pytest.mark.parametrize("length", [1, 18, 19, 64])
def test_nothing_leaves_its_label(length: int) -> None:
    label = Label(
        school="s" * 64,
        device="d" * length,
        name_zh="很长的名称" * 40,
        name_en="a very long name " * 12,
        kind="感烟探测器" * 10,
        place="教学楼 / 三层 / " * 10,
        school_name="第三中学" * 20,
    )

    (page,) = pages(label_sheets([label] * ON_A_SHEET))

    places = [(float(x), float(y)) for x, y in re.findall(r"1 0 0 1 ([\d.-]+) ([\d.-]+) Tm", page)]
    lines = len(places) // ON_A_SHEET
    for number in range(ON_A_SHEET):
        left, top = 70 * MM * (number % 3), 297 * MM - 0.5 * MM - 37 * MM * (number // 3)
        own = places[number * lines : (number + 1) * lines]
        assert all(left < x < left + 70 * MM and top - 37 * MM < y < top for x, y in own)
        heights = sorted(y for _, y in own)
        gaps = [upper - lower for lower, upper in pairwise(heights)]
        assert min(gaps) > 6, "two lines over each other"
    shown = "".join(text for text in words(page) if set(text) == {"d"})
    assert shown == "d" * length * ON_A_SHEET


def test_a_code_is_large_enough_to_be_scanned_even_with_the_longest_ids() -> None:
    rows = modules(code_of("s" * 64, "d" * 64))

    assert len(rows) in SIZES
    assert 27 / (len(rows) + 8) > 0.4  # mm a module; scanners want 0.33 (ISO/IEC 15415)


def test_the_same_labels_are_the_same_file() -> None:
    assert label_sheets([a_label()]) == label_sheets([a_label()])
    assert CHINESE.encode() in label_sheets([a_label()])


def read_by_others(pdf: bytes, path: Path) -> tuple[list[list[str]], str]:
    """The fonts of a paper with what poppler says of each, and its text."""
    path.write_bytes(pdf)
    told = [
        subprocess.run([*command, str(path), *more], capture_output=True, check=True, text=True)
        for command, more in ((["pdffonts"], []), (["pdftotext"], ["-"]))
    ]
    return [line.split() for line in told[0].stdout.splitlines()[2:]], told[1].stdout


def test_a_label_brings_its_font_and_its_names_are_text(tmp_path: Path) -> None:
    face = embedded()
    assert face is not None, "apt-get install fonts-wqy-microhei"
    strange = msgspec.structs.replace(a_label(), place="教学楼 \U00020bb7")

    fonts, text = read_by_others(label_sheets([strange], face=face), tmp_path / "labels.pdf")

    assert [(font[0], font[-5:-2]) for font in fonts if font[0] != "Courier-Bold"] == [
        (fonts[-1][0], ["yes", "yes", "yes"])
    ]
    for said in ("实验室烟感", "感烟探测器", "第三中学", "lab-1", "教学楼 〓"):
        assert said in text


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("campus:no3/gate-01", ("no3", "gate-01")),
        (" CAMPUS:no3/gate-01\n", ("no3", "gate-01")),
        ("no3/gate-01", ("no3", "gate-01")),
        ("gate-01", (None, "gate-01")),
        ("0x00158d0001a2b3c4", (None, "0x00158d0001a2b3c4")),
        ("https://maker.example/p/1", (None, "https://maker.example/p/1")),
        ("campus:", (None, "")),
        ("a/b/c", (None, "a/b/c")),
        ("/", (None, "/")),
    ],
)
def test_a_scanned_or_typed_code_names_a_device(code: str, meant: tuple[str | None, str]) -> None:
    assert named_by(code) == meant


def test_a_code_means_the_device_it_was_made_for() -> None:
    assert named_by(code_of("no3", "a.b_c-1")) == ("no3", "a.b_c-1")
