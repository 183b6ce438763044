"""A rectification notice as a PDF: A4, laid out as Chinese bureaus write them, its font in it.

Head, number, whom it is for, what was found, until when it is put right, by what rule, who issued
it; below the line the receipt that the school signs. It says what was issued, for ever: nothing
that came later is on it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from audit.ledger.notice import Notice
from devices.recording.local_time import day_of
from gateway.exports.font import Typeface, find_font, typeface
from gateway.words import Language, Words

if TYPE_CHECKING:
    from pathlib import Path

    from reportlab.pdfgen.canvas import Canvas

_MM: Final = 72 / 25.4
_WIDE: Final = 210 * _MM
_HIGH: Final = 297 * _MM
_SIDE: Final = 28 * _MM
_TOP: Final = 30 * _MM
_BOTTOM: Final = 25 * _MM
_TITLE: Final = 22.0
_HEAD: Final = 14.0
_BODY: Final = 12.0
_SMALL: Final = 9.0
_LEADING: Final = 1.7
"""Of a line, in its height: official papers are set wide."""

_RED: Final = (0.75, 0.0, 0.0)


def cited(words: Words, notice: Notice, language: Language) -> str:
    """The number as it is cited: ``东区教育局 限改〔2026〕3 号``."""
    return words.text(
        "notice.number",
        language,
        bureau=notice.bureau_name or words.text("notice.bureau", language),
        year=str(notice.year),
        n=str(notice.sequence),
    )


def notice_sheet(
    notice: Notice, words: Words, language: Language, zone: str, font: Path | None = None
) -> bytes:
    """The PDF. ``zone`` is that of its dates. Raises `FontMissingError` without a font to embed."""
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - takes a while to import

    face = typeface(find_font(font))
    out = io.BytesIO()
    canvas = Canvas(
        out,
        pagesize=(_WIDE, _HIGH),
        pageCompression=1,
        invariant=1,
        # Else each page names Helvetica, which is not embedded.
        initialFontName=face.name,  # type: ignore[arg-type]  # its types say float
    )
    canvas.setTitle(cited(words, notice, language))
    canvas.setAuthor(notice.bureau_name)
    sheet = _Sheet(canvas, face, words, language)
    sheet.write(notice, zone)
    canvas.save()
    return out.getvalue()


class _Sheet:
    """Writes from the top down, over as many pages as it needs."""

    def __init__(self, canvas: Canvas, face: Typeface, words: Words, language: Language) -> None:
        self._canvas: Final = canvas
        self._face: Final = face
        self._words: Final = words
        self._language: Final = language
        self._y = _HIGH - _TOP
        self._page = 1

    def write(self, notice: Notice, zone: str) -> None:
        """All of it."""
        self._line(notice.bureau_name or self._said("bureau"), _HEAD, centred=True, red=True)
        self._line(self._said("title"), _TITLE, centred=True)
        self._rule()
        self._line(cited(self._words, notice, self._language), _BODY, centred=True)
        self._gap(0.6)
        self._text(self._said("to", school=notice.school_name), indent=False)
        self._text(self._said("found", date=self._date(zone, notice.issued)))
        for number, finding in enumerate(notice.findings, 1):
            self._text(
                self._said("finding", n=str(number), text=finding.text, hazard=str(finding.hazard))
            )
            if finding.requirement:
                self._text(self._said("requirement", text=finding.requirement))
        self._text(self._said("due", date=self._date(zone, notice.due)))
        if notice.basis:
            self._text(self._said("basis", text=notice.basis))
        self._text(self._said("reply"))
        self._gap(1.5)
        self._room(4 * _BODY * _LEADING)
        for line in self._signed(notice, zone):
            self._right(line)
        self._receipt(notice)
        self._foot()

    def _signed(self, notice: Notice, zone: str) -> Iterator[str]:
        yield self._said("issuer", name=notice.issuer)
        yield self._said("seal", bureau=notice.bureau_name or self._said("bureau"))
        yield self._date(zone, notice.issued)

    def _receipt(self, notice: Notice) -> None:
        """What the school signs when it is handed over."""
        height = 6 * _BODY * _LEADING
        self._gap(1.0)
        self._room(height)
        self._canvas.setDash(3, 3)
        self._canvas.line(_SIDE, self._y, _WIDE - _SIDE, self._y)
        self._canvas.setDash()
        self._gap(0.6)
        self._line(self._said("receipt"), _BODY, centred=True)
        self._text(
            self._said("receipt.text", number=cited(self._words, notice, self._language)),
        )
        self._text(self._said("receipt.signed"), indent=False)
        self._text(self._said("receipt.copies"), indent=False)

    def _said(self, key: str, **inputs: str) -> str:
        name = f"notice.{key}" if key == "bureau" else f"notice.sheet.{key}"
        return self._words.text(name, self._language, **inputs)

    def _date(self, zone: str, ms: int) -> str:
        day = day_of(zone, ms)
        return self._words.text(
            "notice.sheet.date",
            self._language,
            year=str(day.year),
            month=str(day.month) if self._language == "zh" else f"{day.month:02d}",
            day=str(day.day) if self._language == "zh" else f"{day.day:02d}",
        )

    def _text(self, text: str, *, indent: bool = True) -> None:
        """A paragraph; Chinese ones begin two signs in."""
        text = self._face.settable("\n".join(text.splitlines()))
        first = 2 * _BODY if indent and self._language == "zh" else 0.0
        room = _WIDE - 2 * _SIDE
        # The first line is shorter by the indent: set with two wide signs before it.
        lead = "\u3000\u3000" if first else ""
        for line in self._face.lines(lead + text, room, _BODY):
            self._room(_BODY * _LEADING)
            self._y -= _BODY * _LEADING
            self._canvas.setFont(self._face.name, _BODY)
            self._canvas.drawString(_SIDE, self._y, line)

    def _right(self, text: str) -> None:
        text = self._face.settable(text)
        for line in self._face.lines(text, _WIDE - 2 * _SIDE, _BODY):
            self._room(_BODY * _LEADING)
            self._y -= _BODY * _LEADING
            self._canvas.setFont(self._face.name, _BODY)
            self._canvas.drawRightString(_WIDE - _SIDE, self._y, line)

    def _line(self, text: str, size: float, *, centred: bool, red: bool = False) -> None:
        text = self._face.settable(text)
        for line in self._face.lines(text, _WIDE - 2 * _SIDE, size):
            self._y -= size * _LEADING
            self._canvas.setFont(self._face.name, size)
            self._canvas.setFillColorRGB(*(_RED if red else (0.0, 0.0, 0.0)))
            draw = self._canvas.drawCentredString if centred else self._canvas.drawString
            draw(_WIDE / 2 if centred else _SIDE, self._y, line)
        self._canvas.setFillColorRGB(0.0, 0.0, 0.0)

    def _rule(self) -> None:
        """The red line under the head of an official paper."""
        self._gap(0.5)
        self._canvas.setStrokeColorRGB(*_RED)
        self._canvas.setLineWidth(1.5)
        self._canvas.line(_SIDE, self._y, _WIDE - _SIDE, self._y)
        self._canvas.setStrokeColorRGB(0, 0, 0)
        self._canvas.setLineWidth(0.5)

    def _gap(self, lines: float) -> None:
        self._y -= lines * _BODY

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
        self._canvas.setFont(self._face.name, _SMALL)
        self._canvas.drawCentredString(_WIDE / 2, _BOTTOM - 14, f"— {self._page} —")
