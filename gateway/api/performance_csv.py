"""The figures of the alarm system as tables that a spreadsheet opens: UTF-8 with its mark."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from gateway.register.export import FORMULA
from gateway.words import Language, Words, format_number

if TYPE_CHECKING:
    from gateway.api.models.performance import FiguresOut, SourceFiguresOut, SourceOut
    from gateway.api.models.shapes import Names

Cell: TypeAlias = "str | int | float | None"


class FiguresTable(StrEnum):
    """What a file holds."""

    FIGURES = "figures"  # one figure a row, with what ISA-18.2 asks for
    BARS = "bars"  # an hour or a day a row
    SOURCES = "sources"  # the most frequent sources, and those that chatter


class FiguresFile:
    """Writes tables in one language. ``east_minutes``: how far the reader's clock is before UTC."""

    def __init__(self, words: Words, language: Language, east_minutes: int) -> None:
        self._words: Final = words
        self._language: Final[Language] = language
        self._zone: Final = timezone(timedelta(minutes=east_minutes))

    def written(self, found: FiguresOut, table: FiguresTable) -> bytes:
        """One table of the figures."""
        out = io.StringIO(newline="")
        out.write("\ufeff")
        writer = csv.writer(out)
        match table:
            case FiguresTable.FIGURES:
                rows = self._figures(found)
            case FiguresTable.BARS:
                rows = self._bars(found)
            case FiguresTable.SOURCES:
                rows = self._sources(found)
        writer.writerows([_cell(value) for value in row] for row in rows)
        return out.getvalue().encode()

    def _figures(self, found: FiguresOut) -> Iterator[Iterable[Cell]]:
        yield self._heads("figure", "value", "unit", "target")
        target = found.targets
        rows: list[tuple[str, Cell, str, Cell]] = [
            ("since", self._at(found.since), "", None),
            ("until", self._at(found.until), "", None),
            ("activations", found.activations, "", None),
            ("operator_hours", found.operator_hours, "h", None),
            ("per_operator_hour", found.per_operator_hour, "", target.per_operator_hour),
            ("mean", found.mean, "", None),
            ("busiest", found.busiest, "", target.busiest),
            ("floods", found.floods, "", None),
            ("flooded", _percent(found.flooded), "%", _percent(target.flooded)),
            ("acknowledged", found.acknowledged, "", None),
            ("median", _seconds(found.median_ms), "s", None),
            ("p95", _seconds(found.p95_ms), "s", None),
            ("waiting", found.waiting, "", None),
            ("standing", found.standing, "", None),
            ("stale", found.stale, "", target.stale),
            ("chattering", found.chattering, "", target.chattering),
            ("top_share", _percent(found.top_share), "%", _percent(target.top_share)),
            ("alerts", found.alerts, "", None),
            ("false", found.false, "", None),
            ("false_share", _percent(found.false_share), "%", None),
        ]
        for name, value, unit, most in rows:
            yield self._word(name), value, unit, most
        for one in found.priorities:
            priority = self._words.text(f"priority.{one.priority}", self._language)
            for name, value, unit in (
                ("activations", one.activations, ""),
                ("acknowledged", one.acknowledged, ""),
                ("median", _seconds(one.median_ms), "s"),
                ("p95", _seconds(one.p95_ms), "s"),
            ):
                yield f"{self._word(name)} · {priority}", value, unit, None

    def _bars(self, found: FiguresOut) -> Iterator[Iterable[Cell]]:
        yield self._heads("start", "activations", "operator_hours", "flooded_slots")
        for one in found.bars:
            yield self._at(one.start), one.activations, one.operator_hours, one.flooded

    def _sources(self, found: FiguresOut) -> Iterator[Iterable[Cell]]:
        yield self._heads(
            *("school", "place", "device", "name", "condition", "priority"),
            *("activations", "share", "alerts", "false", "chattering"),
        )
        top = [each.source for each in found.top]
        for one in (*found.top, *(each for each in found.chatterers if each.source not in top)):
            yield self._source(one)

    def _source(self, one: SourceFiguresOut) -> Iterable[Cell]:
        of: SourceOut = one.source
        condition = self._words.or_else(f"condition.{of.condition}", of.condition)
        return (
            self._name(of.school_name),
            "" if of.place is None else self._name(of.place),
            of.device.id,
            self._name(of.device.name),
            condition[self._language],
            self._words.text(f"priority.{one.priority}", self._language),
            one.activations,
            _percent(one.share),
            one.alerts,
            one.false,
            self._words.shown(one.chattering, self._language),
        )

    def _heads(self, *names: str) -> list[str]:
        return [self._word(name) for name in names]

    def _word(self, name: str) -> str:
        return self._words.text(f"performance.{name}", self._language)

    def _name(self, names: Names) -> str:
        return names.zh if self._language == "zh" else names.en

    def _at(self, ms: int) -> str:
        """2026-11-22 14:00, as spreadsheets read it, in the reader's zone."""
        return (
            datetime.fromtimestamp(ms / 1000, UTC).astimezone(self._zone).strftime("%Y-%m-%d %H:%M")
        )


def _cell(value: Cell) -> str:
    if isinstance(value, float):
        return format_number(value)
    text = "" if value is None else str(value)
    # what begins like a formula would be run as one
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000
