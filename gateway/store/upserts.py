"""``INSERT … ON CONFLICT`` for the register's tables, for the databases we know.

SQLite and PostgreSQL share the ``ON CONFLICT`` clause; SQLAlchemy has it once per dialect.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

Insert: TypeAlias = "sqlite.Insert | postgresql.Insert"


def insert_into(dialect: str, table: Table) -> Insert:
    """An ``INSERT`` that knows ``ON CONFLICT``; ``dialect`` is ``sqlite`` or ``postgresql``."""
    if dialect == "postgresql":
        # Late: it takes a tenth of a second, and nobody else needs it.
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        return postgresql.insert(table)
    return sqlite.insert(table)


def upsert(dialect: str, table: Table, *, keep: Iterable[str] = ()) -> Executable:
    """Insert a row or overwrite the one with the same primary key, except the columns ``keep``."""
    insert = insert_into(dialect, table)
    kept = set(keep)
    changed = {
        column.name: insert.excluded[column.name]
        for column in table.columns
        if not column.primary_key and column.name not in kept
    }
    keys = [column.name for column in table.primary_key.columns]
    if not changed:
        return insert.on_conflict_do_nothing(index_elements=keys)
    return insert.on_conflict_do_update(index_elements=keys, set_=changed)
