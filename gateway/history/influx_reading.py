"""Asks a database for a curve over HTTP, bounded in time and size."""

from __future__ import annotations

import ssl
import time
from typing import Final, NamedTuple, Protocol
from urllib.parse import urlsplit

import httpx

from gateway.history.curve import Part
from gateway.history.influx_target import Engine, Target
from gateway.history.rollup import MINUTE

LARGEST: Final = 16 << 20
"""Bytes of an answer: 2,000 points of one metric are some 300 KB."""

DEDUPLICATION: Final = "dedup.minScrapeInterval"
"""VictoriaMetrics' setting without which a value that was sent twice counts twice in means."""

CONNECT_S: Final = 2.0
ANSWER_S: Final = 8.0
"""A person waits for the curve; what the gateway holds itself is shown instead."""


class DatabaseError(Exception):
    """The database gave no curve; the message says why."""


class Series(NamedTuple):
    """Which metric of which device. ``school`` and ``device`` are empty when it is not registered
    any more; ``row`` is its number in the register.
    """

    school: str
    device: str
    row: int
    metric: str


class Question(NamedTuple):
    """What is asked of the database over HTTP: a path and its form."""

    path: str
    form: dict[str, str]


class Dialect(Protocol):
    """How one kind of database is asked, and how its answer is read."""

    def question(self, series: Series, since: int, until: int, width: int) -> Question:
        """For windows of ``width`` ms in ``[since, until)``, which are multiples of it."""
        ...

    def parts(self, answer: bytes, width: int) -> list[Part]:
        """The windows that hold something. Raises `DatabaseError` for what is no such answer."""
        ...


class DatabaseReader:
    """Curves of one database. May be asked from several threads."""

    def __init__(self, target: Target, dialect: Dialect, answer_s: float = ANSWER_S) -> None:
        self._engine: Final = target.engine
        self._dialect: Final = dialect
        self._answer_s: Final = answer_s
        self._client: Final = httpx.Client(
            base_url=target.url.rstrip("/"),
            timeout=httpx.Timeout(answer_s, connect=min(CONNECT_S, answer_s)),
            # Without TLS there is nothing to verify, and loading authorities takes a while.
            verify=_authorities(target) if urlsplit(target.url).scheme == "https" else False,
            trust_env=False,
            follow_redirects=False,
            headers=_authorization(target),
        )

    def parts(self, series: Series, since: int, until: int, width: int) -> list[Part]:
        """See `Dialect`. Raises `DatabaseError`."""
        question = self._dialect.question(series, since, until, width)
        return self._dialect.parts(self._ask(question), width)

    def probe(self) -> None:
        """Ask for a curve of nothing: whether it answers us. Raises `DatabaseError`."""
        self.parts(Series("", "", 0, "nothing"), 0, MINUTE, MINUTE)

    def keeps_copies(self) -> bool | None:
        """Whether it counts a value twice that was written twice; ``None`` = it does not say."""
        if self._engine is Engine.INFLUXDB:
            return False  # the same series and time is the same point
        try:
            with self._client.stream("GET", "/flags") as answer:
                said = next(answer.iter_bytes(LARGEST), b"").decode("utf-8", "replace")
        except httpx.HTTPError:
            return None
        if answer.status_code != httpx.codes.OK:
            return None
        return f'-{DEDUPLICATION}="' not in said or f'-{DEDUPLICATION}="0s"' in said

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()

    def _ask(self, question: Question) -> bytes:
        end = time.monotonic() + self._answer_s
        found = bytearray()
        try:
            with self._client.stream("POST", question.path, data=question.form) as answer:
                for some in answer.iter_bytes():
                    found += some
                    if len(found) > LARGEST:
                        raise DatabaseError(f"its answer is larger than {LARGEST >> 20} MiB")
                    if time.monotonic() > end:
                        raise DatabaseError(f"no whole answer within {self._answer_s:g} s")
        except httpx.HTTPError as error:
            raise DatabaseError(f"{type(error).__name__}: {error}"[:300]) from error
        if answer.status_code != httpx.codes.OK:
            said = " ".join(found[:300].decode("utf-8", "replace").split())
            raise DatabaseError(f"answered {answer.status_code}: {said}")
        return bytes(found)


def _authorities(target: Target) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=target.ca_file or None)


def _authorization(target: Target) -> dict[str, str]:
    if not target.token:
        return {}
    if target.engine is Engine.INFLUXDB:
        return {"Authorization": f"Token {target.token}"}
    name, _, password = target.token.partition(":")
    return {"Authorization": httpx.BasicAuth(name, password)._auth_header}  # noqa: SLF001
