"""New stores for tests, quickly: making the tables takes longer than most tests."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from gateway.store.open import open_store
from gateway.store.sqlite import SqliteStore


def opened(folder: Path, *, reserve_bytes: int = 0, low_water: int = 0) -> SqliteStore:
    """The store in ``folder``; its tables are copied from one that is made once."""
    path = folder / "campus.db"
    if not path.exists():
        shutil.copy(_empty(), path)
    return open_store(path, reserve_bytes=reserve_bytes, low_water=low_water)


@cache
def _empty() -> Path:
    path = Path(tempfile.mkdtemp()) / "empty.db"
    atexit.register(shutil.rmtree, path.parent)
    open_store(path, reserve_bytes=0).close()
    return path
