"""Attached files, without their bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, exists, func, select

from gateway.store.schema import file_uses, files


class KeptFile(msgspec.Struct, frozen=True):
    """A file of a school. ``hash`` is the SHA-256 of its bytes, ``size`` their number, ``name``
    what people called it."""

    school: str
    hash: str
    media_type: str
    size: int
    name: str


_FILE: Final = (files.c.school, files.c.hash, files.c.media_type, files.c.size, files.c.name)

FILE_IN_USE: Final[ColumnElement[bool]] = (
    exists()
    .where(file_uses.c.school == files.c.school, file_uses.c.file == files.c.hash)
    .correlate(files)
)
"""Whether a fact names the file."""


def one_file(
    digest: str, schools: frozenset[str] | None
) -> Callable[[Connection], KeptFile | None]:
    """A file by its hash, of one of those schools (``None`` = of any)."""
    of = [] if schools is None else [files.c.school.in_(schools)]

    def query(connection: Connection) -> KeptFile | None:
        row = connection.execute(
            select(*_FILE).where(files.c.hash == digest, *of).order_by(files.c.school)
        ).first()
        return None if row is None else KeptFile(*row)

    return query


def files_of(school: str, digests: Iterable[str]) -> Callable[[Connection], dict[str, KeptFile]]:
    """Of those hashes, the ones that are files of the school."""
    wanted = list(digests)

    def query(connection: Connection) -> dict[str, KeptFile]:
        statement = select(*_FILE).where(files.c.school == school, files.c.hash.in_(wanted))
        return {row.hash: KeptFile(*row) for row in connection.execute(statement)}

    return query


def bytes_of_files(school: str) -> Callable[[Connection], int]:
    """How much room the files of a school take."""

    def query(connection: Connection) -> int:
        size = func.coalesce(func.sum(files.c.size), 0)
        return int(connection.scalar(select(size).where(files.c.school == school)) or 0)

    return query


def unused_files(before: int, most: int) -> Callable[[Connection], list[tuple[str, str]]]:
    """Files, by (school, hash), attached before that time (ms) that no fact names."""

    def query(connection: Connection) -> list[tuple[str, str]]:
        statement = (
            select(files.c.school, files.c.hash)
            .where(files.c.added < before, ~FILE_IN_USE)
            .limit(most)
        )
        return [(school, digest) for school, digest in connection.execute(statement)]

    return query


def known_files(digests: Iterable[str]) -> Callable[[Connection], frozenset[str]]:
    """Of those hashes, the ones that some school has."""
    wanted = list(digests)

    def query(connection: Connection) -> frozenset[str]:
        return frozenset(
            connection.scalars(select(files.c.hash).where(files.c.hash.in_(wanted)).distinct())
        )

    return query
