"""Points of one metric over time, from roll-ups and the readings that are not rolled up yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from gateway.history.rollup import HOUR, MINUTE, POSITION, Mark, Position, decode_position
from gateway.store.store import Point

MINUTES_AT_MOST: Final = 3 * 24 * 60
"""Minutes looked up for one curve; beyond it is drawn from hours. Each is one seek (2 µs)."""


class Part(NamedTuple):
    """A roll-up, or a single reading (``row`` is its row then, otherwise ``None``)."""

    start: int
    readings: int
    low: float
    high: float
    sum: float
    last: float
    last_at: int
    row: int | None


def resolution(since: int, until: int, points: int) -> tuple[int, int]:
    """Which roll-ups to read (their span) and how wide to make the points (ms, a multiple)."""
    wanted = max(1, -(-(until - since) // max(1, points)))
    span = MINUTE if (until - since) <= MINUTES_AT_MOST * MINUTE and wanted < HOUR else HOUR
    return span, -(-wanted // span) * span


# Each start is looked up in the primary key: the roll-ups of one device lie far apart.
_PARTS: Final = text(
    """
    WITH RECURSIVE starts(start) AS (
        SELECT :first WHERE :first < :until
        UNION ALL SELECT start + :span FROM starts WHERE start + :span < :until)
    SELECT u.start, u.count, u.low, u.high, u.sum, u.last, u.last_at, NULL
    FROM starts s CROSS JOIN rollups u
    ON u.span = :span AND u.start = s.start AND u.device = :device AND u.metric = :metric
    UNION ALL
    SELECT happened, 1, value, value, value, value, happened, row FROM (
        SELECT min(r.row) AS row, r.happened AS happened, json_extract(r.body, p.path) AS value
        FROM (
            SELECT row, channel, happened, CAST(body AS TEXT) AS body FROM readings
            WHERE row > :done AND device = :device AND happened >= :since AND happened < :until
        ) r CROSS JOIN (SELECT :plain AS path UNION SELECT :element) p
        WHERE json_valid(r.body)
          AND json_type(r.body, p.path) IN ('integer', 'real', 'true', 'false')
        GROUP BY r.channel, r.happened, r.body, p.path
    )
    """
)

_POSITION: Final = text("SELECT value FROM meta WHERE key = :key")


def position_of(connection: Connection) -> Position:
    """How far rolling up has got, in the caller's transaction."""
    return decode_position(connection.execute(_POSITION, {"key": POSITION}).scalar())


def paths(metric: str) -> tuple[str, str]:
    """Where a metric may stand in a reading: as a value, or as an element of a list or object."""
    plain = f'$."{metric}"'
    name, dot, element = metric.rpartition(".")
    if not dot or '"' in metric:
        return plain, plain
    return plain, f'$."{name}"[{element}]' if element.isdecimal() else f'$."{name}"."{element}"'


def read_parts(
    connection: Connection, device: int, metric: str, since: int, until: int, span: int
) -> list[Part]:
    """What there is of a metric in ``[since, until)``: roll-ups of ``span`` and single readings."""
    position = position_of(connection)
    plain, element = paths(metric)
    rows = connection.execute(
        _PARTS,
        {
            "first": since - since % span,
            "since": since,
            "until": until,
            "span": span,
            "device": device,
            "metric": metric,
            "done": position.done,
            "plain": plain,
            "element": element,
        },
    )
    return [
        part
        for part in (Part(*row) for row in rows)
        if part.row is None
        or not is_merged(position, part.row, (device, part.start - part.start % MINUTE))
    ]


def is_merged(position: Position, row: int, mark: Mark) -> bool:
    """Whether the reading of that device and minute is in the roll-ups already."""
    return row <= position.until and mark <= position.reached


def points_of(parts: Iterable[Part], width: int, points: int) -> list[Point]:
    """Fold parts into points ``width`` ms wide; single readings as they are, if they all fit."""
    ordered = _ordered(parts)
    if len(ordered) <= points and all(part.row is not None for part in ordered):
        return [
            Point(part.start, 0, 1, part.low, part.high, part.last, part.last) for part in ordered
        ]
    return fold_points(ordered, width)


def fold_points(parts: Iterable[Part], width: int) -> list[Point]:
    """Fold parts into points ``width`` ms wide."""
    ordered = _ordered(parts)
    folded: dict[int, Part] = {}
    for part in ordered:
        start = part.start - part.start % width
        before = folded.get(start)
        folded[start] = (
            part
            if before is None
            else Part(
                start,
                before.readings + part.readings,
                min(before.low, part.low),
                max(before.high, part.high),
                before.sum + part.sum,
                part.last,
                part.last_at,
                None,
            )
        )
    return [
        Point(start, width, part.readings, part.low, part.high, part.sum / part.readings, part.last)
        for start, part in sorted(folded.items())
    ]


def _ordered(parts: Iterable[Part]) -> list[Part]:
    """By when their last values were so: that of the last one is the point's."""
    return sorted(parts, key=lambda part: (part.last_at, part.row or 0))
