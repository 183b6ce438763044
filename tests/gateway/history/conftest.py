from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.history.sqlite import SqliteHistory
from gateway.store.sqlite import SqliteStore
from tests.gateway.new_store import opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = opened(tmp_path)
    yield store
    store.close()


@pytest.fixture
def history(store: SqliteStore) -> Iterator[SqliteHistory]:
    history = SqliteHistory(store)
    yield history
    history.close()
