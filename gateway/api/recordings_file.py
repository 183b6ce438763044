"""How it stands with recordings, as a table that a bureau opens: CSV and XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, TypeAlias

from gateway.register.export import FORMULA
from gateway.words import Language, Words

if TYPE_CHECKING:
    from gateway.api.models.recordings import RecordingOut
    from gateway.api.models.shapes import Names

Cell: TypeAlias = "str | int | float | None"

COLUMNS: Final = (
    "school",
    "camera",
    "name",
    "place",
    "recorder",
    "status",
    "required_days",
    "held_days",
    "covered_pct",
    "gaps",
    "falls_short",
    "as_of",
    "sample",
    "sample_of",
    "played_at",
    "reasons",
)
"""Their words are ``recordings.column.…``."""

_TEXTS: Final = frozenset({"name", "place", "reasons"})


class RecordingsFile:
    """Writes in one language. ``east_minutes``: how far the reader's clock is before UTC."""

    def __init__(self, words: Words, language: Language, east_minutes: int) -> None:
        self._words: Final = words
        self._language: Final[Language] = language
        self._zone: Final = timezone(timedelta(minutes=east_minutes))

    def csv(self, found: Iterable[RecordingOut]) -> bytes:
        """UTF-8 with its mark, so that Excel takes it for what it is."""
        out = io.StringIO(newline="")
        out.write("\ufeff")
        writer = csv.writer(out)
        writer.writerow(self._heads())
        writer.writerows([_plain(cell) for cell in row] for row in self._rows(found))
        return out.getvalue().encode()

    def xlsx(self, found: Sequence[RecordingOut]) -> bytes:
        """A workbook with one sheet. No text in it is a formula."""
        # openpyxl takes half a second to import, and a gateway that starts needs none of it.
        from openpyxl import Workbook  # noqa: PLC0415
        from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
        from openpyxl.styles import Font  # noqa: PLC0415
        from openpyxl.utils import get_column_letter  # noqa: PLC0415

        book = Workbook(write_only=True)
        sheet = book.create_sheet(self._words.text("recordings.sheet", self._language))
        sheet.freeze_panes = "A2"
        heads = []
        for at, (name, told) in enumerate(zip(COLUMNS, self._heads(), strict=True), 1):
            letter = get_column_letter(at)
            sheet.column_dimensions[letter].width = 40 if name in _TEXTS else 18
            head = WriteOnlyCell(sheet, value=told)
            head.font = Font(bold=True)
            heads.append(head)
        sheet.append(heads)
        for row in self._rows(found):
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, value=value)
                if isinstance(value, str):
                    cell.data_type = "s"  # else openpyxl makes a formula of what begins with =
                    cell.quotePrefix = value.startswith(FORMULA)
                cells.append(cell)
            sheet.append(cells)
        sheet.auto_filter.ref = f"A1:{letter}{len(found) + 1}"
        target = io.BytesIO()
        book.save(target)
        return target.getvalue()

    def _heads(self) -> list[str]:
        return [self._words.text(f"recordings.column.{name}", self._language) for name in COLUMNS]

    def _rows(self, found: Iterable[RecordingOut]) -> Iterator[Sequence[Cell]]:
        for one in found:
            yield (
                self._name(one.school_name),
                one.camera,
                self._name(one.name),
                None if one.place is None else self._name(one.place),
                one.recorder,
                self._words.text(f"recording.status.{one.status.value}", self._language),
                one.required_days,
                one.held_days,
                one.covered_pct,
                one.gaps,
                self._at(one.falls_short),
                self._at(one.as_of),
                None if one.sample is None else self._name(one.sample.text),
                None if one.sample is None else self._at(one.sample.moment),
                None if one.sample is None else self._at(one.sample.played_at),
                "；".join(reason.text.zh for reason in one.reasons)
                if self._language == "zh"
                else "; ".join(reason.text.en for reason in one.reasons),
            )

    def _name(self, both: Names) -> str:
        return both.zh if self._language == "zh" else both.en

    def _at(self, ms: int | None) -> str | None:
        if ms is None:
            return None
        moment = datetime.fromtimestamp(ms / 1000, UTC).astimezone(self._zone)
        return moment.strftime("%Y-%m-%d %H:%M")


def _plain(cell: Cell) -> str:
    text = "" if cell is None else str(cell)
    # what begins like a formula would be run as one
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA) else text
