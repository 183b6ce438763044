"""One attempt to write lines, through influxdb-client, and what its answer means.

Only 204 means that the points are kept: it is what InfluxDB and VictoriaMetrics answer. A proxy
that says 200 with a page of its own has kept nothing.
"""

from __future__ import annotations

import zlib
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
    """The database has the points. ``dropped`` of them are older than what it keeps at all."""

    dropped: int = 0


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

    def write(self, lines: bytes) -> Outcome:
        """Hand them over and wait for the answer, up to the target's limit of time."""
        target = self._target
        try:
            _, status, _ = self._service.post_write_with_http_info(
                target.org,
                target.bucket,
                _gzip(lines),
                precision="ms",
                content_encoding="gzip",
                _request_timeout=(1000 * target.connect_s, 1000 * target.timeout_s),
            )
        except ApiException as error:
            return _meaning(error)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            # ValueError: an answer that is no UTF-8, which no database gives
            return Away(_short(f"{type(error).__name__}: {error}"))
        if status != KEPT:
            return Away(f"answered {status} where {KEPT} means kept: is that the database?")
        return Written()

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()


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
