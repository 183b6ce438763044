"""Cells as text: what CSV and PDF show, and what every format keeps out.

Text that begins like a formula (`FORMULA`) is never run: XLSX keeps it as text by its type, CSV
puts an apostrophe before it, as the exports of the register do; a PDF runs nothing.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Final

import msgspec

from audit.reports.table import Cell, Column, ColumnType
from devices.recording.local_time import named_zone, to_local
from gateway.register.export import FORMULA

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 does not hold, carriage returns among it: a line ends with a line feed."""

LONGEST: Final = 32_000
"""Signs of one cell: spreadsheets hold 32,767."""

_PAST: Final = 0.0000001


class Said(msgspec.Struct, frozen=True):
    """The words of a file that are not its table's, in the asker's language."""

    page: str
    """``{page}`` is filled in; how many there are stands behind it."""

    pages: str
    """``{pages}`` is filled in."""

    written: str
    """When it was written, in which zone."""

    about: str
    """Name of the sheet that tells what the others are."""

    missing: str
    """``{signs}`` are signs that the font does not have."""


class Setting(msgspec.Struct, frozen=True):
    """How a file is written: ``zone`` is that of its dates (IANA), ``written`` in ms."""

    zone: str
    written: int
    said: Said


def clean(text: str) -> str:
    """Text without what no file holds, and not too long for a cell."""
    text = _CONTROL.sub("", text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def dangerous(text: str) -> bool:
    """Whether a spreadsheet would run it: it begins with ``=``, ``+``, ``-``, ``@`` or the like."""
    return text.startswith(FORMULA)


def local(zone: str, ms: int) -> datetime:
    """What the clocks of ``zone`` show at ``ms``, to the second."""
    return to_local(named_zone(zone), ms // 1000 * 1000)


def shown(column: Column, cell: Cell, zone: str) -> str:
    """A cell as people read it. A share is rounded down: 100 % stands only where all is met."""
    if cell is None:
        return ""
    match column.type:
        case ColumnType.TEXT:
            return clean(str(cell))
        case ColumnType.INT:
            return f"{int(cell)}"
        case ColumnType.NUMBER:
            return number(float(cell))
        case ColumnType.SHARE:
            return share(float(cell))
        case ColumnType.DATE:
            return local(zone, int(cell)).strftime("%Y-%m-%d")
        case ColumnType.TIME:
            return local(zone, int(cell)).strftime("%Y-%m-%d %H:%M:%S")


def number(value: float) -> str:
    """A measured value without the noise of binary fractions."""
    return "" if not math.isfinite(value) else f"{value:.6g}"


def share(value: float) -> str:
    """``99.95%``, rounded down to two decimals; ``100%`` only for the whole."""
    if not math.isfinite(value):
        return ""
    if value >= 1:
        return f"{value * 100:.6g}%"
    return f"{math.floor(value * 10_000 + _PAST) / 100:.2f}%"
