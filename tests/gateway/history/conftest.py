from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.history.sqlite import SqliteHistory
from gateway.store.open import open_store
from gateway.store.sqlite import SqliteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = open_store(tmp_path / "campus.db", reserve_bytes=0, low_water=0)
    yield store
    store.close()


@pytest.fixture
def history(store: SqliteStore) -> Iterator[SqliteHistory]:
    history = SqliteHistory(store)
    yield history
    history.close()
