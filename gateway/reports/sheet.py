"""A report as a PDF: A4, a form of ruled rows, to be printed, filled in and signed.

Its font is in it; without one on the machine it is set in STSong-Light, which many PDF viewers
bring themselves: a report that is due within minutes is had in any case.
"""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any, Final, cast

from gateway.labels.sheet import CHINESE
from gateway.reports.content import Report, Section

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

    from gateway.exports.font import Typeface

_MM: Final = 72 / 25.4
_WIDE: Final = 210 * _MM
_HIGH: Final = 297 * _MM
_SIDE: Final = 20 * _MM
_TOP: Final = 15 * _MM
_BOTTOM: Final = 20 * _MM
_LABEL: Final = 38 * _MM
_PAD: Final = 1.4 * _MM
_BLANK: Final = 12 * _MM
_SIZE: Final = 10.0
_LEADING: Final = 13.0
_GREY: Final = 0.9
_MOST: Final = 40
"""Lines of one row; what somebody wrote at length goes on in a row below, maybe overleaf."""


def report_sheet(report: Report, face: Typeface | None = None) -> bytes:
    """The PDF, with ``face`` in it; takes some ten milliseconds a page."""
    # reportlab takes a while to import, and a gateway that starts needs none of it.
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    _load_font()
    out = io.BytesIO()
    canvas = Canvas(
        out,
        pagesize=(_WIDE, _HIGH),
        pageCompression=1,
        invariant=1,
        # Else each page names Helvetica, which is not embedded. The stubs want a number here.
        initialFontName=cast("Any", CHINESE if face is None else face.name),
    )
    canvas.setTitle(report.title)
    sheet = _Sheet(canvas, report, face)
    for section in report.sections:
        sheet.section(section)
    sheet.signatures()
    sheet.end()
    return out.getvalue()


class _Sheet:
    """Writes rows from the top down, over as many pages as they need."""

    def __init__(self, canvas: Canvas, report: Report, face: Typeface | None) -> None:
        self._canvas = canvas
        self._face = face
        self._font = CHINESE if face is None else face.name
        self._report = report
        self._page = 1
        self._y = _HIGH - _TOP - 16
        canvas.setLineWidth(0.5)
        self._text(report.title, 16, _WIDE / 2, centred=True)
        self._y -= 20
        self._text(report.number, 9, _WIDE / 2, centred=True)
        self._y -= 10

    def section(self, section: Section) -> None:
        """A heading and its rows; a heading never stands alone at the foot of a page."""
        height = _LEADING + 2 * _PAD
        self._room(height + _BLANK)
        self._y -= height
        self._canvas.setFillGray(_GREY)
        self._canvas.rect(_SIDE, self._y, _WIDE - 2 * _SIDE, height, stroke=1, fill=1)
        self._canvas.setFillGray(0)
        self._line(section.title, _SIDE + _PAD, height, 0)
        for line in section.lines:
            labels = self._wrapped(line.label, _LABEL - 2 * _PAD)
            texts = self._wrapped(line.text, _WIDE - 2 * _SIDE - _LABEL - 2 * _PAD)
            for start in range(0, max(1, len(texts)), _MOST):
                self._row(labels, texts[start : start + _MOST])
                labels = []

    def _row(self, labels: list[str], texts: list[str]) -> None:
        height = max(len(labels), len(texts)) * _LEADING + 2 * _PAD
        if not texts:
            height = max(height, _BLANK)
        self._room(height)
        self._y -= height
        self._canvas.rect(_SIDE, self._y, _LABEL, height)
        self._canvas.rect(_SIDE + _LABEL, self._y, _WIDE - 2 * _SIDE - _LABEL, height)
        for number, text in enumerate(labels):
            self._line(text, _SIDE + _PAD, height, number)
        for number, text in enumerate(texts):
            self._line(text, _SIDE + _LABEL + _PAD, height, number)

    def signatures(self) -> None:
        """Who reports and who lets it go out, two to a row."""
        half = (_WIDE - 2 * _SIDE) / 2
        named = self._report.signatures
        self._room(_BLANK * ((len(named) + 1) // 2))
        for first in range(0, len(named), 2):
            self._y -= _BLANK
            for column, text in enumerate(named[first : first + 2]):
                self._canvas.rect(_SIDE + column * half, self._y, half, _BLANK)
                self._line(text, _SIDE + column * half + _PAD, _BLANK, 0)

    def end(self) -> None:
        """The last page is done."""
        self._foot()
        self._canvas.save()

    def _room(self, height: float) -> None:
        """A new page unless there are ``height`` points left on this one."""
        if self._y - height >= _BOTTOM:
            return
        self._foot()
        self._canvas.showPage()
        self._canvas.setLineWidth(0.5)
        self._page += 1
        self._y = _HIGH - _TOP

    def _foot(self) -> None:
        self._y = _BOTTOM - 12
        self._text(f"{self._report.printed} · {self._page}", 8, _WIDE / 2, centred=True)

    def _line(self, text: str, x: float, height: float, number: int) -> None:
        """One line of a row whose foot is where the pen is."""
        y = self._y + height - _PAD - _SIZE - number * _LEADING
        self._canvas.setFont(self._font, _SIZE)
        self._canvas.drawString(x, y, self._settable(text))

    def _text(self, text: str, size: float, x: float, *, centred: bool) -> None:
        self._canvas.setFont(self._font, size)
        draw = self._canvas.drawCentredString if centred else self._canvas.drawString
        draw(x, self._y, self._settable(text))

    def _wrapped(self, text: str, room: float) -> list[str]:
        return wrapped(self._settable(text), room, self._font)

    def _settable(self, text: str) -> str:
        return text if self._face is None else self._face.settable(text)


@functools.cache
def _load_font() -> None:
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - see above
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415

    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


def wrapped(text: str, room: float, font: str = CHINESE) -> list[str]:
    """Text in lines that fit into ``room`` points; Latin words are broken only when too long."""
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415 - see above

    _load_font()
    lines: list[str] = []
    rest = text.strip()
    while rest:
        # No sign is narrower than a quarter of its height: no more of a long text is measured.
        length = min(len(rest), int(4 * room / _SIZE))
        while length > 1 and stringWidth(rest[:length], font, _SIZE) > room:
            length -= 1
        if length < len(rest) and rest[length - 1 : length + 1].isascii():
            space = rest.rfind(" ", 0, length + 1)
            length = space if space > length // 2 else length
        lines.append(rest[:length].rstrip())
        rest = rest[length:].lstrip()
    return lines
