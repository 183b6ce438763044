"""The history of larger tiers: years in a database, the last days beside it in the store.

What is in the database already comes from there; what is not yet handed over, and the last two
minutes, from the store, where it is certain. When the database is away, a curve is drawn of what
the store still holds, and says so. Windows of rules are always filled from the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import structlog
from sqlalchemy import Connection, text

from gateway.clock import Clock
from gateway.history.curve import fold_points, read_parts, resolution
from gateway.history.delivered import CURSOR, decode_cursor
from gateway.history.influx_lines import can_name
from gateway.history.influx_reading import DatabaseError, DatabaseReader, Dialect, Series
from gateway.history.influx_target import Engine, Target
from gateway.history.influxql import InfluxQl
from gateway.history.metricsql import MetricsQl
from gateway.history.sqlite import SqliteHistory
from gateway.store.sqlite import SqliteStore
from gateway.store.store import Curve, Shortfall

_log: Final = structlog.get_logger(__name__)

SETTLING_MS: Final = 120_000
"""What was written lately may not be found yet (VictoriaMetrics: 30 s), and what waits to be handed
over happened a little before it arrived. Older than that by then is what devices send late: it is
in the curve once it is handed over."""

REST_S: Final = 10.0
"""A database that failed is left alone for so long: nobody waits for it at every curve."""

_DEVICE: Final = text("SELECT school, id FROM devices WHERE row = :row")
_CURSOR: Final = text("SELECT value FROM meta WHERE key = :key")
_RECEIVED: Final = text("SELECT received FROM readings WHERE row > :row ORDER BY row LIMIT 1")


class InfluxHistory:
    """Implements `gateway.store.store.History` on a database and the store beside it."""

    def __init__(
        self, store: SqliteStore, local: SqliteHistory, target: Target, clock: Clock
    ) -> None:
        self._store: Final = store
        self._local: Final = local
        self._target: Final = target.name
        self._clock: Final = clock
        self._reader: Final = DatabaseReader(target, dialect_of(target))
        self._resting = 0.0

    def curve(self, device: int, metric: str, since: int, until: int, points: int) -> Curve:
        """See `History.curve`. Minutes, hours, or a multiple of them, from the database."""
        if until <= since or points < 1:
            return Curve()
        span, width = resolution(since, until, points)
        now = self._clock.now()
        series, undelivered = self._store.read(
            lambda connection: _look(connection, self._target, device, metric)
        )
        there = min(undelivered - SETTLING_MS, now - SETTLING_MS, until + width - 1)
        split = there - there % width
        begin = since - since % width
        if split <= begin or not can_name(metric):
            return self._local.curve(device, metric, since, until, points)
        if self._clock.steady() < self._resting:
            return self._without(device, metric, since, until, points)
        try:
            parts = self._reader.parts(series, begin, split, width)
        except DatabaseError as error:
            self._resting = self._clock.steady() + REST_S
            _log.warning("history.no_curve", error=str(error))
            return self._without(device, metric, since, until, points)
        if split < until:
            parts += self._store.read(
                lambda connection: read_parts(connection, device, metric, split, until, span)
            )
        return Curve(fold_points(parts, width))

    def recent(
        self, metrics: Sequence[str], since: int, devices: tuple[int, int] | None = None
    ) -> dict[tuple[int, str], list[Any]]:
        """See `History.recent`: from the store, which is there whenever the gateway is."""
        return self._local.recent(metrics, since, devices)

    def close(self) -> None:
        """Let go of the database's connections. The store's history is closed by its owner."""
        self._reader.close()

    def _without(self, device: int, metric: str, since: int, until: int, points: int) -> Curve:
        held = self._local.curve(device, metric, since, until, points)
        return Curve(held.points, Shortfall.DATABASE_AWAY)


def dialect_of(target: Target) -> Dialect:
    """How this database is asked."""
    return InfluxQl(target.bucket) if target.engine is Engine.INFLUXDB else MetricsQl()


_LATEST: Final = 2**62


def _look(connection: Connection, target: str, device: int, metric: str) -> tuple[Series, int]:
    """Which series it is, and since when (ms) readings wait to be handed over."""
    found = connection.execute(_DEVICE, {"row": device}).first()
    school, name = ("", "") if found is None else (found[0], found[1])
    cursor = decode_cursor(connection.execute(_CURSOR, {"key": CURSOR}).scalar())
    row = cursor.row if cursor.target == target else 0
    waiting = connection.execute(_RECEIVED, {"row": row}).scalar()
    return Series(school, name, device, metric), _LATEST if waiting is None else int(waiting)
