"""Attached files written: that one is there, and what uses it.

Whatever refers to a file says so in ``file_uses``, in the same transaction: a file that a fact has
ever named is not removed, and nothing can refer to one that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import delete, tuple_

from gateway.security.record import actor
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.read.files import FILE_IN_USE, KeptFile
from gateway.store.registry import Statement
from gateway.store.upserts import insert_into


def kept(file: KeptFile, *, by: str, now: int) -> Batch:
    """Remember a file. The same one again waits anew for being used."""
    row = {**msgspec.structs.asdict(file), "added": now, "actor": actor(by)}
    insert = insert_into("sqlite", schema.files)
    renewed = insert.on_conflict_do_update(
        index_elements=["school", "hash"], set_={"added": insert.excluded.added}
    )
    batch = Batch(now=now)
    batch.statements.append((renewed, [row]))
    return batch


def used(school: str, files: Iterable[str], subject: str) -> list[Statement]:
    """That a fact about ``subject`` names these files. Refused when one of them is gone."""
    rows = [{"school": school, "file": each, "subject": subject} for each in files]
    insert = insert_into("sqlite", schema.file_uses).on_conflict_do_nothing()
    return [(insert, rows)] if rows else []


def removed(keys: Iterable[tuple[str, str]], before: int, *, now: int) -> Batch:
    """Forget files by (school, hash), but for those used or attached again meanwhile."""
    table = schema.files
    those = tuple_(table.c.school, table.c.hash).in_(list(keys))
    batch = Batch(now=now)
    batch.statements.append(
        (delete(table).where(those, table.c.added < before, ~FILE_IN_USE), None)
    )
    return batch
