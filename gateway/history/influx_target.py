"""Which database the readings go to, and curves come from."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

import msgspec


class Engine(StrEnum):
    """What keeps the readings of years."""

    SQLITE = "sqlite"
    INFLUXDB = "influxdb"
    VICTORIA_METRICS = "victoria-metrics"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A database and the way to it. ``token`` is a secret: it travels over a pipe, never in the
    arguments of a process, and no text of ours shows it. Times in seconds.
    """

    engine: Engine
    url: str
    token: str = ""
    bucket: str = ""
    org: str = ""
    ca_file: str = ""
    connect_s: float = 5.0
    timeout_s: float = 30.0

    @property
    def name(self) -> str:
        """Which database it is, without its secrets: another one is filled from the beginning."""
        parts = urlsplit(self.url)
        where = f"{parts.scheme}://{parts.hostname}:{parts.port or ''}{parts.path.rstrip('/')}"
        return " ".join(each for each in (self.engine, where, self.org, self.bucket) if each)

    def __repr__(self) -> str:
        return f"Target({self.name})"
