from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.databases import D, running
from gateway.history.sqlite import SqliteHistory
from gateway.store.sqlite import SqliteStore
from tests.gateway.history.shared_databases import Databases
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


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Databases that tests share; each is started when a test first asks for its kind."""
    begun: dict[type, object] = {}
    with ExitStack() as stack:

        def of(kind: type[D]) -> D:
            if kind not in begun:
                database = kind(tmp_path_factory.mktemp(kind.__name__))
                begun[kind] = stack.enter_context(running(database))
            found = begun[kind]
            assert isinstance(found, kind)
            return found

        yield of
