"""A real store with people in it, and a real push service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.model import Region, School
from gateway.security import accounts
from gateway.security.access import Role
from gateway.security.accounts import User
from gateway.store.batch import Batch
from gateway.store.registry import put_regions, put_schools
from gateway.store.sqlite import SqliteStore
from tests.gateway.new_store import opened
from tests.gateway.push.push_service import PushService

PEOPLE = {"li.na": ("*",), "east": ("region:city",), "west": ("school:no5",)}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = opened(tmp_path)
    batch = Batch(now=1)
    batch.statements += put_regions(
        [Region("city", "市", "City"), Region("county", "县", "County", "city")]
    )
    batch.statements += put_schools(
        [School("no3", "第三中学", "No. 3", "county"), School("no5", "第五中学", "No. 5")]
    )
    store.commit(batch).result(10)
    for name, scopes in PEOPLE.items():
        user = User(name=name, display=name, role=Role.OPERATOR, scopes=scopes, created=1)
        store.commit(accounts.added(user, by="", now=1)).result(10)
    yield store
    store.close()


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as running:
        yield running
        assert running.wrong == []
