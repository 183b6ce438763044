"""Opens a store: makes its folder, brings its tables to this version, or says why it cannot."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from gateway.store.reserve import LOW_WATER, RESERVE
from gateway.store.sqlite import SqliteStore, connect
from gateway.store.store import StoreError

NEWEST: Final = "0012"
"""The version of the tables this program works with: the last of ``migrations/versions``."""


def open_store(
    url_or_path: str | Path,
    *,
    reserve_bytes: int = RESERVE,
    low_water: int = LOW_WATER,
) -> SqliteStore:
    """Open the store at a path or a ``sqlite:///`` URL; made anew when there is none.

    ``reserve_bytes`` are kept free for events on its disk, telemetry stops when less than
    ``low_water`` bytes are free. An older store is migrated, all the way or not at all, after a
    copy of it was put beside it. Raises `StoreError` for a store of a newer version, a file that
    is none, or a folder that cannot be written.
    """
    path = store_path(url_or_path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # It holds hashes of passwords; the log beside it takes over this mode.
        path.touch(mode=0o600)
        version = store_version(path)
        if version != NEWEST:
            # Imports Alembic, which takes longer than all the rest of a start.
            from gateway.store.migrate import migrate  # noqa: PLC0415

            migrate(path, version)
        return SqliteStore(path, reserve_bytes=reserve_bytes, low_water=low_water)
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path} cannot be used as the store: {error}; "
            "check that it is a database of the gateway and that this user may write it"
        ) from error
    except OSError as error:
        raise StoreError(
            f"the store's folder {path.parent} cannot be used: {error}; "
            "choose another one or let this user write it"
        ) from error


def store_path(url_or_path: str | Path) -> Path:
    """The file meant by a path or a ``sqlite:///`` URL."""
    if isinstance(url_or_path, Path) or "://" not in url_or_path:
        return Path(url_or_path).absolute()
    # Nearly always a path; SQLAlchemy takes a second to import.
    from sqlalchemy import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(url_or_path)
    except ArgumentError as error:
        raise StoreError(f"{url_or_path!r} is no database URL: write sqlite:///path") from error
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise StoreError(
            f"a store at {url.render_as_string(hide_password=True)} is not supported: "
            "write a path or sqlite:///path"
        )
    return Path(url.database).absolute()


def store_version(path: Path) -> str | None:
    """The version of the tables at ``path``; ``None`` when there are none yet."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    with closing(connect(path)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
        if "alembic_version" not in tables:
            if tables:
                raise StoreError(
                    f"{path} is a database of something else: give the gateway a file of its own"
                )
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def copy_before(path: Path, version: str) -> Path:
    """Put a copy of the store beside it before it is migrated; returns its path."""
    copy = path.with_name(f"{path.name}.before-{version}")
    needed = path.stat().st_size
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise StoreError(
            f"no room to copy {path} before it is migrated to version {version}: "
            f"{needed} bytes are needed, {free} are free"
        )
    partial = copy.with_name(copy.name + ".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    with closing(connect(path)) as source, closing(sqlite3.connect(partial)) as target:
        source.backup(target)
    partial.rename(copy)
    return copy
