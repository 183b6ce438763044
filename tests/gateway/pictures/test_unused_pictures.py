"""Pictures that nothing refers to go after a month; one that anything has ever named stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from audit.ledger.work_order import Comment, WorkOrder
from devices.model import Device, Place, School
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.pictures.keeping import AT_ONCE, UNUSED_MS, keep_pictures, remove_unused
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.pictures import kept, plan_set, removed
from gateway.store.read.pictures import Picture, pictures_of, unused
from gateway.store.registry import put_places, put_schools
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError
from gateway.work_orders.service import WorkOrders, make_work_orders

SCHOOL = "no3"
DAY = 86_400_000


def digest(number: int) -> str:
    return f"{number:064x}"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(open_store(tmp_path / "campus.db", reserve_bytes=0, low_water=0)) as opened:
        batch = Batch()
        batch.statements += put_schools([School(SCHOOL, "第三中学")])
        batch.statements += put_places([Place("a-3", SCHOOL, "三层")])
        opened.commit(batch).result(10)
        yield opened


@pytest.fixture
def orders(store: SqliteStore, clock: ManualClock, tmp_path: Path) -> WorkOrders:
    return make_work_orders(
        store=store,
        clock=clock,
        settings=default_settings({"directory": str(tmp_path)}),
        device_of=lambda _: None,
    )


def upload(store: SqliteStore, now: int, *numbers: int) -> None:
    for number in numbers:
        picture = Picture(digest(number), "image/png", 4, 3, SCHOOL, bytes(100))
        store.commit(kept(picture, by="tim", now=now)).result(10)


def there(store: SqliteStore, *numbers: int) -> set[int]:
    found = store.read(pictures_of(SCHOOL, map(digest, numbers)))
    return {number for number in numbers if digest(number) in found}


async def gone(store: SqliteStore, number: int) -> None:
    while True:
        if not there(store, number):
            return
        await asyncio.sleep(0.01)


async def an_order(orders: WorkOrders) -> WorkOrder:
    return await orders.open_by_hand(Device(SCHOOL, "lab-2", "smoke", 1), "x", "tim")


async def test_what_nothing_refers_to_goes_after_a_month_and_not_before(
    store: SqliteStore, clock: ManualClock
) -> None:
    many = range(2 * AT_ONCE + 1)
    upload(store, clock.now(), *many)
    now = clock.turn(UNUSED_MS)

    assert await remove_unused(store, now) == 0
    assert await remove_unused(store, now + 1) == len(many)
    assert there(store, *many) == set()


async def test_photos_of_orders_and_plans_that_are_and_were_stay(
    store: SqliteStore, clock: ManualClock, orders: WorkOrders
) -> None:
    upload(store, clock.now(), 1, 2, 3, 4, 5)
    order = await an_order(orders)
    await orders.act(order.id, Comment("see", (digest(1), digest(2))), "tim")
    before = None
    for plan in (digest(3), digest(4), None):
        batch = plan_set(SCHOOL, "a-3", plan, before=before, by="tim", now=clock.now())
        store.commit(batch).result(10)
        before = plan
    later = clock.turn(400 * DAY)

    assert await remove_unused(store, later) == 1

    assert there(store, 1, 2, 3, 4, 5) == {1, 2, 3, 4}


async def test_the_same_picture_of_another_school_does_not_keep_it(
    store: SqliteStore, clock: ManualClock
) -> None:
    upload(store, clock.now(), 1)
    other = Picture(digest(1), "image/png", 4, 3, "no5", bytes(100))
    store.commit(kept(other, by="tim", now=clock.now())).result(10)
    store.commit(plan_set(SCHOOL, "a-3", digest(1), before=None, by="tim", now=1)).result(10)

    await remove_unused(store, clock.turn(400 * DAY))

    assert there(store, 1) == {1}
    assert store.read(pictures_of("no5", [digest(1)])) == frozenset()


async def test_one_that_is_uploaded_again_waits_anew(
    store: SqliteStore, clock: ManualClock
) -> None:
    upload(store, clock.now(), 1)
    upload(store, clock.turn(UNUSED_MS - DAY), 1)

    assert await remove_unused(store, clock.turn(2 * DAY)) == 0
    assert there(store, 1) == {1}


async def test_one_that_is_used_or_uploaded_again_while_it_is_looked_for_stays(
    store: SqliteStore, clock: ManualClock, orders: WorkOrders
) -> None:
    upload(store, clock.now(), 1, 2, 3)
    order = await an_order(orders)
    now = clock.turn(400 * DAY)
    found = store.read(unused(now - UNUSED_MS, 10))
    assert len(found) == 3

    await orders.act(order.id, Comment("see", (digest(1),)), "tim")
    upload(store, now, 2)
    store.commit(removed(found, now - UNUSED_MS, now=now)).result(10)

    assert there(store, 1, 2, 3) == {1, 2}


async def test_nothing_comes_to_refer_to_one_that_has_just_gone(
    store: SqliteStore, clock: ManualClock, orders: WorkOrders, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(store, clock.now(), 1)
    order = await an_order(orders)
    now = clock.turn(400 * DAY)
    looked = asyncio.Event()
    read = orders._read

    async def slow(query: Callable[[Connection], Any]) -> Any:
        answer = await read(query)
        if isinstance(answer, frozenset):  # it has just seen that the picture is there
            looked.set()
            await remove_unused(store, now)
        return answer

    monkeypatch.setattr(orders, "_read", slow)

    with pytest.raises(StoreError, match="FOREIGN KEY"):
        await orders.act(order.id, Comment("see", (digest(1),)), "tim")

    assert looked.is_set()
    again = await orders.act(order.id, Comment("it was there", ()), "tim")
    assert isinstance(again, WorkOrder)
    assert [step.text for step in again.steps] == ["x", "it was there"]


async def test_running_it_looks_by_itself_and_again(store: SqliteStore, clock: ManualClock) -> None:
    upload(store, clock.now(), 1)
    clock.turn(400 * DAY)
    running = asyncio.create_task(keep_pictures(store, clock, look_s=0.01))
    try:
        async with asyncio.timeout(10):
            await gone(store, 1)
            upload(store, 0, 2)
            await gone(store, 2)
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert running.cancelled()
