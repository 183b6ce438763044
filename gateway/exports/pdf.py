"""Tables as a PDF: A4, the header repeated on every page, pages numbered, Chinese embedded.

Written row by row; a page is packed when it is full. How many pages there are is known at the end:
each page refers to one small drawing with that number, which is made last.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

from audit.reports.table import Column, ColumnType, Report, Row, Table
from gateway.exports.cells import Setting, clean, shown
from gateway.exports.font import Typeface, find_font, typeface

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

PDF_TYPE: Final = "application/pdf"

_MM: Final = 72 / 25.4
_SHORT: Final = 210 * _MM
_LONG: Final = 297 * _MM
_SIDE: Final = 14 * _MM
_TOP: Final = 14 * _MM
_BOTTOM: Final = 16 * _MM
_PAD: Final = 2.5
_GREY: Final = 0.9
_PALE: Final = 0.75
_SIGN: Final = 11 * _MM

_SIZES: Final = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)
"""Points. What has to be one page is set as large as it fits."""

_SAMPLED: Final = 200
"""Rows that the widths of columns are chosen by."""

_UPRIGHT: Final = 6
"""Columns that fit on a page that stands upright."""

_TALLEST: Final = 30
"""Lines of one row; what is longer goes on in a row below, maybe overleaf."""

_PAGES: Final = "pages"
_MOST_MISSING: Final = 40


def write_pdf(report: Report, target: IO[bytes], setting: Setting, font: Path | None = None) -> int:
    """Write the report; how many pages it has. ``font`` is a font's file, or found.

    Raises `gateway.exports.font.FontMissingError`.
    """
    face = typeface(find_font(font))
    if not report.one_page:
        return _Document(report, target, setting, face, _SIZES[0]).write()
    tables = tuple(dataclasses.replace(table, rows=tuple(table.rows)) for table in report.tables)
    report = dataclasses.replace(report, tables=tables)
    pages, out = 0, io.BytesIO()
    for size in _SIZES:
        out = io.BytesIO()
        pages = _Document(report, out, setting, face, size).write()
        if pages == 1:
            break
    target.write(out.getvalue())
    return pages


class _Document:
    """Writes from the top of a page down, over as many as it needs."""

    def __init__(
        self, report: Report, target: IO[bytes], setting: Setting, face: Typeface, size: float
    ) -> None:
        # reportlab takes a while to import, and a gateway that starts needs none of it.
        from reportlab.pdfgen.canvas import Canvas as Drawing  # noqa: PLC0415

        widest = max((len(table.columns) for table in report.tables), default=0)
        upright = report.one_page or widest <= _UPRIGHT
        self._wide: Final = _SHORT if upright else _LONG
        self._high: Final = _LONG if upright else _SHORT
        self._report: Final = report
        self._setting: Final = setting
        self._face: Final = face
        self._size: Final = size
        self._leading: Final = size * 1.35
        self._missing: Final[dict[str, None]] = {}
        self._page = 1
        self._y = self._high - _TOP
        self._canvas: Final[Canvas] = Drawing(
            target,
            pagesize=(self._wide, self._high),
            pageCompression=1,
            invariant=1,
            # Else each page names Helvetica, which is not embedded. The stubs want a number here.
            initialFontName=cast("Any", face.name),
        )
        self._canvas.setTitle(report.title)
        self._canvas.setLineWidth(0.4)

    def write(self) -> int:
        """All of it; how many pages it took."""
        self._title()
        for label, text in self._report.facts:
            self._fact(label, text)
        for note in self._report.notes:
            self._paragraph(note)
        several = len(self._report.tables) > 1
        for table in self._report.tables:
            self._table(table, titled=several or table.title != self._report.title)
        self._signatures()
        if self._missing:
            signs = " ".join(f"{sign} U+{ord(sign):04X}" for sign in self._missing)
            self._y -= self._leading
            self._paragraph(self._setting.said.missing.replace("{signs}", signs))
        self._foot()
        self._canvas.beginForm(_PAGES)
        self._canvas.setFont(self._face.name, 8)
        pages = self._setting.said.pages.replace("{pages}", str(self._page))
        self._canvas.drawString(0, 0, self._face.settable(pages))
        self._canvas.endForm()
        self._canvas.save()
        return self._page

    # what stands above and below the tables

    def _title(self) -> None:
        for line in self._lines(self._report.title, self._room, self._size * 1.7):
            self._y -= self._size * 2.1
            self._string(line, self._wide / 2, self._y, self._size * 1.7, "middle")
        self._y -= self._leading * 0.6

    def _fact(self, label: str, text: str) -> None:
        wide = min(34 * _MM, self._room / 3)
        lines = self._lines(text, self._room - wide - 2 * _PAD)
        for at in range(0, len(lines), _TALLEST):
            some = lines[at : at + _TALLEST]
            heads = self._lines(label, wide - 2 * _PAD) if at == 0 else []
            high = max(len(some), len(heads)) * self._leading + 2 * _PAD
            self._make_room(high)
            self._y -= high
            self._canvas.setStrokeGray(_PALE)
            self._canvas.setFillGray(0.96)
            self._canvas.rect(_SIDE, self._y, wide, high, stroke=0, fill=1)
            self._canvas.setFillGray(0)
            self._canvas.rect(_SIDE, self._y, self._room, high)
            self._stack(heads, _SIDE + _PAD, high)
            self._stack(some, _SIDE + wide + _PAD, high)

    def _paragraph(self, text: str) -> None:
        for line in self._lines(text, self._room):
            self._make_room(self._leading)
            self._y -= self._leading
            self._string(line, _SIDE, self._y + self._size * 0.3)

    def _signatures(self) -> None:
        named = self._report.signatures
        if not named:
            return
        half = self._room / 2
        self._make_room(_SIGN * ((len(named) + 1) // 2) + self._leading)
        self._y -= self._leading * 0.6
        self._canvas.setStrokeGray(_PALE)
        for first in range(0, len(named), 2):
            self._y -= _SIGN
            for column, text in enumerate(named[first : first + 2]):
                left = _SIDE + column * half
                self._canvas.rect(left, self._y, half, _SIGN)
                self._string(clean(text), left + _PAD, self._y + _SIGN - self._size - _PAD)

    # tables

    def _table(self, table: Table, *, titled: bool) -> None:
        self._y -= self._leading * 0.8
        rows = iter(table.rows)
        sample = list(islice(rows, _SAMPLED))
        columns = table.columns
        wide = self._widths(columns, sample)
        heads = [
            self._lines(column.label, width - 2 * _PAD)
            for column, width in zip(columns, wide, strict=True)
        ]
        head_high = max(map(len, heads)) * self._leading + 2 * _PAD
        above = self._leading * (1 + len(table.notes))
        # A heading never stands alone at the foot of a page.
        self._make_room(above + head_high + 2 * self._leading)
        if titled:
            self._paragraph(table.title)
        for note in table.notes:
            self._paragraph(note)
        self._head(columns, heads, wide, head_high)
        for row in chain(sample, rows):
            self._row(columns, row, wide, heads, head_high)

    def _head(
        self,
        columns: Sequence[Column],
        heads: Sequence[list[str]],
        wide: Sequence[float],
        high: float,
    ) -> None:
        self._y -= high
        self._canvas.setFillGray(_GREY)
        self._canvas.rect(_SIDE, self._y, sum(wide), high, stroke=0, fill=1)
        self._canvas.setFillGray(0)
        self._cells(columns, heads, wide, high)

    def _row(
        self,
        columns: Sequence[Column],
        row: Row,
        wide: Sequence[float],
        heads: Sequence[list[str]],
        head_high: float,
    ) -> None:
        zone = self._setting.zone
        texts = [
            self._lines(shown(column, cell, zone), width - 2 * _PAD)
            for column, cell, width in zip(columns, row, wide, strict=True)
        ]
        tallest = max(map(len, texts))
        for at in range(0, tallest, _TALLEST):
            some = [lines[at : at + _TALLEST] for lines in texts]
            high = max(map(len, some)) * self._leading + 2 * _PAD
            if self._make_room(high):
                self._head(columns, heads, wide, head_high)
            self._y -= high
            self._cells(columns, some, wide, high)

    def _cells(
        self,
        columns: Sequence[Column],
        texts: Sequence[list[str]],
        wide: Sequence[float],
        high: float,
    ) -> None:
        canvas = self._canvas
        canvas.setStrokeGray(_PALE)
        left = _SIDE
        for column, lines, width in zip(columns, texts, wide, strict=True):
            canvas.rect(left, self._y, width, high)
            if column.type in (ColumnType.TEXT, ColumnType.DATE, ColumnType.TIME):
                self._stack(lines, left + _PAD, high)
            else:
                self._stack(lines, left + width - _PAD, high, "end")
            left += width

    def _widths(self, columns: Sequence[Column], sample: Iterable[Row]) -> list[float]:
        """How wide each column is, in points: together as wide as there is room."""
        zone, size, face = self._setting.zone, self._size, self._face
        least, natural = [], []
        for column in columns:
            words = column.label.split() or [""]
            least.append(min(max(face.width(word, size) for word in words), 20 * size))
            natural.append(face.width(column.label, size))
        for row in sample:
            for at, (column, cell) in enumerate(zip(columns, row, strict=True)):
                text = shown(column, cell, zone)
                wanted = max((face.width(line, size) for line in text.split("\n")), default=0.0)
                natural[at] = max(natural[at], wanted)
                if column.type is not ColumnType.TEXT:
                    least[at] = max(least[at], wanted)  # figures are not broken
                else:
                    least[at] = max(least[at], min(wanted, 5 * size))
        least = [min(one, self._room / 2) + 2 * _PAD + 1 for one in least]
        natural = [
            max(low, min(one + 2 * _PAD + 1, self._room * 0.6))
            for low, one in zip(least, natural, strict=True)
        ]
        return _shared(least, natural, self._room)

    # one line

    @property
    def _room(self) -> float:
        return self._wide - 2 * _SIDE

    def _lines(self, text: str, room: float, size: float = 0) -> list[str]:
        cleaned = clean(text)
        settable = self._face.settable(cleaned)
        if settable != cleaned and len(self._missing) < _MOST_MISSING:
            # told by their numbers: they cannot be shown
            self._missing.update(dict.fromkeys(self._face.missing(cleaned)))
        return self._face.lines(settable, room, size or self._size)

    def _stack(self, lines: Sequence[str], x: float, high: float, anchor: str = "start") -> None:
        """Lines of a cell whose foot is where the pen is."""
        y = self._y + high - _PAD - self._size * 0.95
        for line in lines:
            if line:
                self._string(line, x, y, 0, anchor)
            y -= self._leading

    def _string(
        self, text: str, x: float, y: float, size: float = 0, anchor: str = "start"
    ) -> None:
        size = size or self._size
        canvas = self._canvas
        canvas.setFont(self._face.name, size)
        if anchor != "start":
            width = self._face.width(text, size)
            x -= width if anchor == "end" else width / 2
        canvas.drawString(x, y, text)

    # pages

    def _make_room(self, high: float) -> bool:
        """A new page unless there are ``high`` points left on this one; whether it made one."""
        if self._y - high >= _BOTTOM:
            return False
        self._foot()
        self._canvas.showPage()
        self._canvas.setLineWidth(0.4)
        self._page += 1
        self._y = self._high - _TOP
        return True

    def _foot(self) -> None:
        said, face, canvas = self._setting.said, self._face, self._canvas
        y = _BOTTOM - 12
        canvas.setFillGray(0)
        self._string(face.settable(said.written), _SIDE, y, 8)
        page = face.settable(said.page.replace("{page}", str(self._page)))
        most = face.width(said.pages.replace("{pages}", "00000"), 8)
        x = self._wide - _SIDE - most
        self._string(page, x, y, 8, "end")
        canvas.saveState()
        canvas.translate(x, y)
        canvas.doForm(_PAGES)
        canvas.restoreState()


def _shared(least: list[float], natural: list[float], room: float) -> list[float]:
    """Widths between the least and the natural ones that come to ``room`` together."""
    if sum(natural) <= room:
        spare = (room - sum(natural)) / len(natural)
        return [one + spare for one in natural]
    if sum(least) >= room:
        return [one * room / sum(least) for one in least]
    wanted = sum(natural) - sum(least)
    part = (room - sum(least)) / wanted
    return [low + (one - low) * part for low, one in zip(least, natural, strict=True)]
