"""A flood reaches a person as a few digests, through the outbox, and emergencies go ahead of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

from http_listener import Listener
from sqlalchemy import select
from told_events import PAGE, told

from alerts.notification.digest import WINDOW
from gateway.clock import ManualClock
from gateway.notification.apprise_sender import AppriseSender
from gateway.notification.delivery import Backoff
from gateway.notification.lane import MARKED
from gateway.notification.message import SPELT_OUT, Wording
from gateway.notification.messenger import Messenger
from gateway.outbox import DeliveryStatus, Outbox
from gateway.store.batch import Batch, OutboxEntry
from gateway.store.schema import outbox
from gateway.store.sqlite import SqliteStore
from gateway.words import Words

QUICK = Backoff(first=0.01, longest=0.05, aside=0.01)
WORDS = Words.load()


def phone(listener: Listener, most: int = 3) -> Messenger:
    return Messenger(
        sender=AppriseSender(f"json://127.0.0.1:{listener.port}/phone", time_limit=20),
        wording=Wording(WORDS, "en"),
        page=PAGE,
        digest_over=most,
    )


@contextlib.asynccontextmanager
async def running(
    store: SqliteStore, listener: Listener, clock: ManualClock, most: int = 3
) -> AsyncIterator[Outbox]:
    box = Outbox(store, {"duty": phone(listener, most)}, clock, backoff=QUICK)
    task = asyncio.create_task(box.run())
    try:
        yield box
    finally:
        task.cancel()
        await asyncio.wait([task])
        await box.aclose()


def put(store: SqliteStore, *entries: OutboxEntry) -> None:
    store.commit(Batch(outbox=list(entries))).result(10)


async def status_of(box: Outbox, *, waiting: int) -> DeliveryStatus:
    """The receiver's status, once so many wait."""
    async with asyncio.timeout(30):
        while True:
            (status,) = await box.status()
            if status.waiting == waiting:
                return status
            await asyncio.sleep(0.005)


def titles(listener: Listener) -> list[str]:
    return [json.loads(heard.body)["title"] for heard in listener.heard]


async def test_a_flood_comes_in_one_message_and_the_next_five_minutes_in_another(
    store: SqliteStore, listener: Listener
) -> None:
    clock = ManualClock()
    put(store, *(told(number, clock.now()) for number in range(50)))
    async with running(store, listener, clock) as box:
        await status_of(box, waiting=0)
        assert titles(listener) == ["50 alert messages together"]
        put(store, *(told(number, clock.turn(1000)) for number in range(50, 60)))
        box.notify()
        held = await status_of(box, waiting=10)
        while held.holding is None:
            held = await status_of(box, waiting=10)
        assert clock.now() < held.holding <= clock.now() + WINDOW
        assert not box.finding(clock.now()).active
        clock.turn(WINDOW)
        box.notify()
        await status_of(box, waiting=0)
    assert titles(listener)[1:] == ["10 alert messages together"]


async def test_a_storm_comes_in_one_message_however_many(
    store: SqliteStore, listener: Listener
) -> None:
    clock = ManualClock()
    storm = 2 * MARKED + 7
    put(store, *(told(number, clock.now()) for number in range(storm)))
    async with running(store, listener, clock) as box:
        await status_of(box, waiting=0)
    assert titles(listener) == [f"{storm} alert messages together"]
    more = json.loads(listener.heard[0].body)["message"].splitlines()[-2]
    assert int(more.split()[0]) > storm - SPELT_OUT


async def test_an_emergency_waits_for_no_digest(store: SqliteStore, listener: Listener) -> None:
    clock = ManualClock()
    put(store, *(told(number, clock.now()) for number in range(20)))
    async with running(store, listener, clock) as box:
        await status_of(box, waiting=0)
        put(store, told(90, clock.turn(1000)), told(91, clock.now(), "emergency"))
        box.notify()
        await listener.until(2)
        await status_of(box, waiting=1)
    assert titles(listener)[1] == "■ Emergency · Smoke · No. 3 Middle School"


async def test_emergencies_come_one_by_one_however_many(
    store: SqliteStore, listener: Listener
) -> None:
    clock = ManualClock()
    entries = [told(number, clock.now(), "emergency") for number in range(12)]
    put(store, *entries)
    async with running(store, listener, clock) as box:
        await status_of(box, waiting=0)
    assert listener.events == [entry.key for entry in entries]


async def test_a_digest_that_does_not_arrive_is_sent_again_whole(
    store: SqliteStore, listener: Listener
) -> None:
    clock = ManualClock()
    listener.script.extend([503, 503])
    put(store, *(told(number, clock.now()) for number in range(8)))
    async with running(store, listener, clock) as box:
        await listener.until(1)
        async with asyncio.timeout(30):
            while len(listener.heard) < 3:
                clock.turn(100)
                box.notify()
                await asyncio.sleep(0.01)
        await status_of(box, waiting=0)
    assert titles(listener) == ["8 alert messages together"] * 3
    assert len(set(listener.events)) == 1


async def test_one_that_is_refused_for_good_steps_aside_whole_and_nothing_is_lost(
    store: SqliteStore, listener: Listener
) -> None:
    clock = ManualClock()
    listener.usual = 500
    put(store, *(told(number, clock.now()) for number in range(8)))
    async with running(store, listener, clock) as box:
        async with asyncio.timeout(30):
            while (await box.status())[0].aside < 8:
                clock.turn(100)
                box.notify()
                await asyncio.sleep(0.01)
        listener.usual = 200
        async with asyncio.timeout(30):
            while (await box.status())[0].waiting:
                clock.turn(WINDOW)
                box.notify()
                await asyncio.sleep(0.01)
    left = store.read(
        lambda connection: connection.execute(
            select(outbox.c.row).where(outbox.c.delivered.is_(None))
        ).all()
    )
    assert left == []


async def test_a_gateway_that_is_started_anew_goes_on_collecting(
    store: SqliteStore, listener: Listener
) -> None:
    clock = ManualClock()
    put(store, *(told(number, clock.now()) for number in range(20)))
    async with running(store, listener, clock) as box:
        await status_of(box, waiting=0)
    clock.turn(60_000)
    put(store, *(told(number, clock.now()) for number in range(20, 40)))
    async with running(store, listener, clock) as box:
        held = await status_of(box, waiting=20)
        while held.holding is None:
            held = await status_of(box, waiting=20)
    assert len(listener.heard) == 1
