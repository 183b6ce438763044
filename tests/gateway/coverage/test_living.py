"""The gateway's signs of life."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import msgspec
import pytest
from histories import DAY, HOUR, MINUTE, START

from audit.coverage.life import LIFE, LIFE_SUBJECT
from gateway.clock import ManualClock
from gateway.coverage.living import Living
from gateway.store.batch import Batch
from gateway.store.read.facts import fact_page
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError
from tests.gateway.new_store import opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    there = opened(tmp_path)
    yield there
    there.close()


def signs(store: SqliteStore) -> list[int]:
    """When they were known, after the beginning."""
    page = fact_page(subject=LIFE_SUBJECT, kind=LIFE, after=0, limit=100)
    return [fact.known - START for fact in store.read(page)]


async def test_one_comes_after_ten_minutes_and_then_every_hour(store: SqliteStore) -> None:
    clock = ManualClock(START)
    living = Living(store, clock)
    for _ in range(150):
        await living.look()
        clock.turn(MINUTE)
    assert signs(store) == [10 * MINUTE, 70 * MINUTE, 130 * MINUTE]
    (fact, *_) = store.read(fact_page(subject=None, kind=LIFE, after=0, limit=1))
    assert msgspec.json.decode(fact.body) == {"since": START}


async def test_one_that_begins_again_and_again_gives_none(store: SqliteStore) -> None:
    clock = ManualClock(START)
    for _ in range(20):
        living = Living(store, clock)
        clock.turn(9 * MINUTE)
        await living.look()
    assert signs(store) == []


async def test_a_clock_that_is_set_is_no_time_that_it_ran(store: SqliteStore) -> None:
    clock = ManualClock(START)
    living = Living(store, clock)
    clock.jump(3 * DAY)
    assert not await living.look()
    clock.turn(HOUR)
    assert await living.look()


async def test_a_store_that_refuses_is_asked_again(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(START)
    living = Living(store, clock)
    clock.turn(HOUR)

    def full(_batch: Batch) -> Future[None]:
        refused: Future[None] = Future()
        refused.set_exception(StoreError("the disk is full"))
        return refused

    with monkeypatch.context() as patched:
        patched.setattr(store, "commit", full)
        with pytest.raises(StoreError):
            await living.look()
    assert await living.look()
    assert signs(store) == [HOUR]
