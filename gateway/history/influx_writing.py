"""One attempt to write lines, through influxdb-client, and what its answer means.

Only 204 means that the points are kept: it is what InfluxDB and VictoriaMetrics answer. A proxy
that says 200 with a page of its own has kept nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from gateway.history.influx_target import Engine, Target

COMPRESSION: Final = 1
"""Of zlib: lines of one school repeat so much that more of it saves little and costs threefold."""

KEPT: Final = 204
REFUSED: Final = frozenset({400, 413, 422})
"""The points' own fault, or that of their number; everything else is the database's."""

LONGEST_REASON: Final = 300


class Written(msgspec.Struct, frozen=True):
    """The database has the points. ``dropped`` of them are older than what it keeps at all.
    ``anew``: over a new connection, so that it may have been started anew since the last ones.
    """

    dropped: int = 0
    anew: bool = False


class Refused(msgspec.Struct, frozen=True):
    """The database does not take these points as they are."""

    reason: str


class Away(msgspec.Struct, frozen=True):
    """The database is not there, or not for us. ``after``: seconds that it asked us to wait."""

    reason: str
    after: float | None = None


Outcome: TypeAlias = Written | Refused | Away


class InfluxWriter:
    """Writes to one database. From one thread."""

    def __init__(self, target: Target) -> None:
        self._target: Final = target
        basic = target.engine is Engine.VICTORIA_METRICS
        self._client: Final = InfluxDBClient(
            url=target.url.rstrip("/"),
            token=target.token,
            org=target.org,
            auth_basic=basic and bool(target.token),
            ssl_ca_cert=target.ca_file or None,
        )
        self._service: Final = WriteService(self._client.api_client)
        pools = self._client.api_client.rest_client.pool_manager
        self._connected = 0
        _count_connections(pools.connection_from_url(target.url), self._count)
        self._connections = 0
        self._closes = False

    def write(self, lines: bytes) -> Outcome:
        """Hand them over and wait for the answer, up to the target's limit of time."""
        target = self._target
        try:
            _, status, headers = self._service.post_write_with_http_info(
                target.org,
                target.bucket,
                _gzip(lines),
                precision="ms",
                content_encoding="gzip",
                _request_timeout=(1000 * target.connect_s, 1000 * target.timeout_s),
            )
        except ApiException as error:
            outcome = _meaning(error)
            if isinstance(outcome, Written):
                return Written(outcome.dropped, self._anew(error.headers or {}))
            return outcome
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            # ValueError: an answer that is no UTF-8, which no database gives
            return Away(_short(f"{type(error).__name__}: {error}"))
        if status != KEPT:
            return Away(f"answered {status} where {KEPT} means kept: is that the database?")
        return Written(anew=self._anew(headers))

    def _anew(self, headers: Mapping[str, str]) -> bool:
        """Whether the connection is another one than before, without having been told so."""
        before, self._connections = self._connections, self._connected
        told, self._closes = self._closes, headers.get("Connection", "").lower() == "close"
        return self._connections != before and not told

    def _count(self) -> None:
        self._connected += 1

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()


def _count_connections(pool: urllib3.HTTPConnectionPool, count: Callable[[], None]) -> None:
    """Call ``count`` at each connection. The pool's own count leaves out those made anew in silence
    for one that the other side has closed.
    """
    plain: Any = pool.ConnectionCls

    class Counted(plain):  # type: ignore[misc]  # with TLS or without, as the pool has it
        def connect(self) -> None:
            count()
            super().connect()

    pool.ConnectionCls = Counted


def _gzip(lines: bytes) -> bytes:
    packer = zlib.compressobj(COMPRESSION, wbits=31)  # 31: with the header of gzip
    return packer.compress(lines) + packer.flush()


def _meaning(error: ApiException) -> Outcome:
    status = int(error.status or 0)
    said = error.body.decode("utf-8", "replace") if isinstance(error.body, bytes) else error.body
    reason = _short(f"{status} {error.reason or ''}: {said or ''}" if status else str(error.reason))
    if status == 422 and (dropped := _beyond_retention(said or "")) is not None:
        return Written(dropped)
    if status in REFUSED:
        return Refused(reason)
    return Away(reason, _retry_after(error.headers))


def _beyond_retention(said: str) -> int | None:
    """How many points were dropped for their age; the others of the same lines are kept."""
    if "retention policy" not in said:
        return None
    number = said.rpartition("dropped=")[2]
    digits = number[: len(number) - len(number.lstrip("0123456789"))]
    return int(digits) if digits else None


def _retry_after(headers: Any) -> float | None:
    try:
        after = float(headers.get("Retry-After", "")) if headers else None
    except ValueError:
        return None
    return after if after is not None and 0 <= after < float("inf") else None


def _short(reason: str) -> str:
    return " ".join(reason.split())[:LONGEST_REASON]
