"""A running gateway without a broker, for the tests of verifications."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from house import DEVICES, RESERVE, House, Post

from devices.model import School
from gateway.store.batch import Batch
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore
from tests.gateway.new_store import opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = opened(tmp_path, reserve_bytes=RESERVE, low_water=RESERVE)
    batch = Batch(now=1)
    batch.statements += put_schools([School("no3", "第三中学"), School("no5", "第五中学")])
    batch.statements += put_devices(DEVICES)
    store.commit(batch).result()
    yield store
    store.close()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
async def house(store: SqliteStore, post: Post) -> AsyncIterator[House]:
    """A running gateway."""
    made = House(store, post)
    await made.start()
    yield made
    await made.kill()
