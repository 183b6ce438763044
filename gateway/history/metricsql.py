"""Curves in MetricsQL, VictoriaMetrics' PromQL, at ``/api/v1/query_range``.

A field ``power_w`` of the measurement ``reading`` is the metric ``reading_power_w`` there.
"""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.history.curve import Part
from gateway.history.influx_lines import MEASUREMENT
from gateway.history.influx_reading import DatabaseError, Question, Series

LOW, HIGH, SUM, COUNT, LAST, LAST_AT = (
    f"{fold}_over_time" for fold in ("min", "max", "sum", "count", "last", "tlast")
)
_FOLDS: Final = ", ".join(f'"{each}"' for each in (LOW, HIGH, SUM, COUNT, LAST, LAST_AT))


class _Matrix(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]]


class _Found(msgspec.Struct, rename="camel"):
    result_type: str
    result: list[_Matrix]


class _Answer(msgspec.Struct):
    status: str
    data: _Found | None = None
    error: str = ""


_ANSWERS: Final = msgspec.json.Decoder(_Answer)


class MetricsQl:
    """Implements `gateway.history.influx_reading.Dialect`."""

    def question(self, series: Series, since: int, until: int, width: int) -> Question:
        """See `Dialect.question`."""
        labels = {
            "__name__": f"{MEASUREMENT}_{series.metric}",
            "school": series.school,
            "device": series.device,
            "row": str(series.row),
        }
        chosen = ", ".join(f"{label}={_text(value)}" for label, value in labels.items())
        # A window there is (t - width, t]; a millisecond earlier it is [start, start + width).
        # An offset is whole milliseconds, while times are cut from fractions of seconds.
        query = f"aggr_over_time(({_FOLDS}), {{{chosen}}}[{width}ms] offset 1ms)"
        form = {
            "query": query,
            "start": _seconds(since + width),
            "end": _seconds(until),
            "step": f"{width}ms",
            "nocache": "1",  # it would move the windows to suit its cache
        }
        return Question("/api/v1/query_range", form)

    def parts(self, answer: bytes, width: int) -> list[Part]:
        """See `Dialect.parts`."""
        try:
            decoded = _ANSWERS.decode(answer)
            if decoded.status != "success" or decoded.data is None:
                raise DatabaseError(f"{decoded.status}: {decoded.error}"[:300])
            return _parts(decoded.data.result, width)
        except (msgspec.MsgspecError, RecursionError, KeyError, ValueError) as error:
            raise DatabaseError(f"its answer is none of PromQL: {error}"[:300]) from error


def _parts(found: list[_Matrix], width: int) -> list[Part]:
    """Of each window one for each channel and kind; whoever folds them joins them."""
    windows: dict[tuple[tuple[tuple[str, str], ...], int], dict[str, float]] = {}
    for one in found:
        fold = one.metric.pop("rollup")
        which = tuple(sorted(one.metric.items()))
        for at, value in one.values:
            windows.setdefault((which, round(1000 * at) - width), {})[fold] = float(value)
    return [
        Part(
            start, round(folds[COUNT]), folds[LOW], folds[HIGH], folds[SUM], folds[LAST],
            round(1000 * folds[LAST_AT]), None,
        )
        for (_, start), folds in windows.items()
    ]  # fmt: skip


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}"


def _text(value: str) -> str:
    return msgspec.json.encode(value).decode()
