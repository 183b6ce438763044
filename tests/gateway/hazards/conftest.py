from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.store.sqlite import SqliteStore
from tests.gateway.new_store import opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(opened(tmp_path)) as made:
        yield made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
