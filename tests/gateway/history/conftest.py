from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.databases import D, running
from devices.model import Device, School
from gateway.history.sqlite import SqliteHistory
from gateway.store.batch import Batch
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore
from tests.gateway.history.answering import Answering, answering
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


@pytest.fixture
def database() -> Iterator[Answering]:
    with answering() as told:
        yield told


@pytest.fixture
def campus(store: SqliteStore) -> SqliteStore:
    statements = [
        *put_schools([School("s-1", "学校", "School")]),
        *put_devices([Device("s-1", "meter-1", "smart-meter", 0)]),
    ]
    store.commit(Batch(statements=statements, now=1)).result(30)
    return store
