"""Labels as a PDF: A4, three by eight (70 × 37 mm, as sold), each with a QR code and the names.

Names are set in a font that is in the file, or without one on the machine in STSong-Light, which
many PDF viewers bring themselves. The id is in monospace, so that 0 and O, 1 and l can be told
apart: Courier, which every viewer and printer has.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from gateway.labels.code import code_of

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

    from gateway.exports.font import Typeface

ACROSS: Final = 3
DOWN: Final = 8
ON_A_SHEET: Final = ACROSS * DOWN

_MM: Final = 72 / 25.4
_PAGE: Final = (210 * _MM, 297 * _MM)
_WIDTH: Final = 70 * _MM
_HEIGHT: Final = 37 * _MM
_TOP: Final = (_PAGE[1] - DOWN * _HEIGHT) / 2
_MARGIN: Final = 3 * _MM  # printers do not print to the edge, and sheets are never quite straight
_CODE: Final = 27 * _MM
_QUIET: Final = 4  # modules of white around a code (ISO/IEC 18004)

CHINESE: Final = "STSong-Light"
MONO: Final = "Courier-Bold"


class Label(msgspec.Struct, frozen=True):
    """What stands on one label; all but the ids may be empty."""

    school: str
    device: str
    name_zh: str = ""
    name_en: str = ""
    kind: str = ""
    place: str = ""
    school_name: str = ""


def label_sheets(labels: Iterable[Label], *, skip: int = 0, face: Typeface | None = None) -> bytes:
    """A PDF with the labels from left to right and top to bottom, their names in ``face``.

    ``skip`` labels of the first sheet have been used already. Takes some milliseconds a label.
    """
    # reportlab takes a while to import, and a gateway that starts needs none of it.
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
    out = io.BytesIO()
    canvas = Canvas(
        out,
        pagesize=_PAGE,
        pageCompression=1,
        invariant=1,
        # Else each page names Helvetica, which nothing is set in. The stubs want a number here.
        initialFontName=cast("Any", MONO),
    )
    canvas.setTitle("Campus Gateway: device labels")
    font = CHINESE if face is None else face.name
    for number, label in enumerate(labels, skip % ON_A_SHEET):
        at = number % ON_A_SHEET
        if at == 0 and number:
            canvas.showPage()
        left = (at % ACROSS) * _WIDTH
        top = _PAGE[1] - _TOP - (at // ACROSS) * _HEIGHT
        _draw(canvas, label if face is None else _settable(label, face), left, top, font)
    canvas.save()
    return out.getvalue()


def modules(content: str) -> list[list[bool]]:
    """The QR code as rows of dark (true) and light modules, without the quiet zone."""
    import segno  # noqa: PLC0415 - see above

    code = segno.make(content, error="m", micro=False)
    return [[bool(module) for module in row] for row in code.matrix]


def _settable(label: Label, face: Typeface) -> Label:
    """The label without signs that the font does not have; ids have none such."""
    named = ("name_zh", "name_en", "kind", "place", "school_name")
    settable = {name: face.settable(getattr(label, name)) for name in named}
    return msgspec.structs.replace(label, **settable)


def _draw(canvas: Canvas, label: Label, left: float, top: float, font: str) -> None:
    _draw_code(canvas, code_of(label.school, label.device), left + _MARGIN, top - _HEIGHT / 2)
    x = left + _MARGIN + _CODE + 1.5 * _MM
    room = left + _WIDTH - _MARGIN - x
    # From below: the school, and over it the id, which is never cut.
    low = top - _HEIGHT + _MARGIN + 1
    for line in _lines(label.school_name, font, 6.5, room, 1):
        _text(canvas, line, font, 6.5, x, low)
        low += 8.5
    size = 9.0 if len(label.device) <= 18 else 6.5
    for line in reversed(_lines(label.device, MONO, size, room, 3)):
        _text(canvas, line, MONO, size, x, low)
        low += size + 1
    # From above: names, place and kind, as far as there is room.
    title = label.name_zh or label.name_en
    second = "" if label.name_en == title else label.name_en
    y = top - _MARGIN
    for text, size, most in (
        (title, 10.5, 2),
        (second, 7.0, 1),
        (label.place, 7.5, 2),
        (label.kind, 7.5, 1),
    ):
        for line in _lines(text, font, size, room, most):
            y -= size + 1.5
            if y >= low:
                _text(canvas, line, font, size, x, y)


def _draw_code(canvas: Canvas, content: str, left: float, middle: float) -> None:
    rows = modules(content)
    side = _CODE / (len(rows) + 2 * _QUIET)
    x0 = left + _QUIET * side
    y0 = middle + len(rows) * side / 2
    canvas.setFillGray(0)
    path = canvas.beginPath()
    for down, row in enumerate(rows):
        across = 0
        while across < len(row):
            run = across
            while run < len(row) and row[run]:
                run += 1
            if run > across:
                y = y0 - (down + 1) * side
                path.rect(x0 + across * side, y, (run - across) * side, side)
            across = max(run, across + 1)
    canvas.drawPath(path, stroke=0, fill=1)


def _text(canvas: Canvas, text: str, font: str, size: float, x: float, y: float) -> None:
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)


def _lines(text: str, font: str, size: float, room: float, most: int) -> list[str]:
    """Text in at most ``most`` lines that fit; what does not fit ends in an ellipsis."""
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415 - see above

    lines: list[str] = []
    rest = text
    while rest and len(lines) < most:
        length = len(rest)
        while length > 1 and stringWidth(rest[:length], font, size) > room:
            length -= 1
        lines.append(rest[:length].rstrip())
        rest = rest[length:].lstrip()
    if rest:
        lines[-1] = lines[-1][:-1] + "…"
    return lines
