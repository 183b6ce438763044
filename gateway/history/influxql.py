"""Curves in InfluxQL, which InfluxDB 1, 2 and 3 answer at ``/query``.

Flux is spoken by InfluxDB 2 alone, and its makers advise against it for new work.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from gateway.history.curve import Part
from gateway.history.influx_lines import MEASUREMENT
from gateway.history.influx_reading import DatabaseError, Question, Series


class _Series(msgspec.Struct):
    columns: list[str] = []
    values: list[list[Any]] = []


class _Result(msgspec.Struct):
    series: list[_Series] = []
    error: str = ""


class _Answer(msgspec.Struct):
    results: list[_Result] = []
    error: str = ""


_ANSWERS: Final = msgspec.json.Decoder(_Answer)
_COLUMNS: Final = ["time", "min", "max", "sum", "count", "last"]


class InfluxQl:
    """Implements `gateway.history.influx_reading.Dialect`. ``bucket`` is its database's name."""

    def __init__(self, bucket: str) -> None:
        self._bucket: Final = bucket

    def question(self, series: Series, since: int, until: int, width: int) -> Question:
        """See `Dialect.question`."""
        field = _identifier(series.metric)
        folded = ", ".join(f"{fold}({field})" for fold in _COLUMNS[1:])
        query = (  # names and values are quoted, and nothing else comes from outside
            f"SELECT {folded} FROM {_identifier(MEASUREMENT)} "  # noqa: S608 - quoted
            f'WHERE "school" = {_text(series.school)} AND "device" = {_text(series.device)} '
            f'AND "row" = {_text(str(series.row))} '
            f"AND time >= {since}ms AND time < {until}ms "
            f"GROUP BY time({width}ms) fill(none)"
        )
        return Question("/query", {"db": self._bucket, "q": query, "epoch": "ms"})

    def parts(self, answer: bytes, width: int) -> list[Part]:
        """See `Dialect.parts`."""
        try:
            decoded = _ANSWERS.decode(answer)
            (result,) = decoded.results or [_Result(error=decoded.error or "no result")]
            if result.error:
                raise DatabaseError(result.error[:300])
            return [_part(row, width) for one in result.series for row in _rows(one)]
        except (msgspec.MsgspecError, RecursionError, TypeError, ValueError) as error:
            raise DatabaseError(f"its answer is none of InfluxQL: {error}"[:300]) from error


def _rows(series: _Series) -> list[list[Any]]:
    if series.columns != _COLUMNS:
        raise ValueError(f"columns {series.columns}")
    return series.values


def _part(row: list[Any], width: int) -> Part:
    start, low, high, total, count, last = row
    # When the last value was so is not told; the end of the window is after all others of it.
    return Part(
        int(start), int(count), float(low), float(high), float(total), float(last),
        int(start) + width - 1, None,
    )  # fmt: skip


def _identifier(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"
