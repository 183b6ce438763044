"""The outbox against a real store and a real, ill-mannered HTTP server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from http_listener import Heard, Listener
from sqlalchemy import Connection, insert, select

from gateway.clock import ManualClock, SystemClock
from gateway.notification import rows
from gateway.notification.delivery import DAY, PATIENCE, Backoff, Delivered, Outcome
from gateway.notification.webhook import WebhookReceiver
from gateway.outbox import DeliveryStatus, Outbox
from gateway.store.batch import Batch, OutboxEntry
from gateway.store.open import open_store
from gateway.store.schema import outbox
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreFullError

QUICK = Backoff(first=0.01, longest=0.05, aside=0.01)
HOURS = Backoff(first=300.0, longest=300.0)
CLOCK = SystemClock()


def entry(number: int, priority: str = "high", *, age: int = 0) -> OutboxEntry:
    now = CLOCK.now() - age
    body = f'{{"number":{number}}}'.encode()
    return OutboxEntry("desk", f"{priority}/no3/{number}/1/{now}", now, body, now)


def put(store: SqliteStore, *entries: OutboxEntry) -> list[str]:
    store.commit(Batch(outbox=list(entries))).result(10)
    return [one.key for one in entries]


def webhook(listener: Listener, *, time_limit: float = 5.0) -> WebhookReceiver:
    return WebhookReceiver(url=listener.url, secret=b"key", clock=CLOCK, time_limit=time_limit)


@contextlib.asynccontextmanager
async def running(box: Outbox) -> AsyncIterator[Outbox]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(box.run())
        try:
            yield box
        finally:
            task.cancel()
    await box.aclose()


async def settled(box: Outbox, holds: Callable[[DeliveryStatus], bool]) -> DeliveryStatus:
    """The status of the first receiver once ``holds``."""
    async with asyncio.timeout(30):
        while True:
            status, *_ = await box.status()
            if holds(status):
                return status
            await asyncio.sleep(0.005)


def empty(status: DeliveryStatus) -> bool:
    return status.waiting == 0


async def test_messages_arrive_in_order_signed_and_once(
    store: SqliteStore, listener: Listener
) -> None:
    keys = put(store, *(entry(number) for number in range(100)))
    async with running(Outbox(store, {"desk": webhook(listener)}, CLOCK)) as box:
        status = await settled(box, empty)
    assert listener.events == keys
    assert listener.heard[7].body == b'{"number":7}'
    assert (status.error, status.failing) == ("", None)
    assert status.delivered is not None


async def test_the_signature_is_what_openssl_computes(
    store: SqliteStore, listener: Listener
) -> None:
    put(store, entry(1))
    async with running(Outbox(store, {"desk": webhook(listener)}, CLOCK)) as box:
        await settled(box, empty)
    (heard,) = listener.heard
    stamp, _, digest = heard.headers["x-campus-signature"].partition(",v1=")
    seconds = stamp.removeprefix("t=")
    computed = await asyncio.to_thread(
        subprocess.run,
        ["openssl", "dgst", "-sha256", "-hmac", "key", "-r"],
        input=seconds.encode() + b"." + heard.body,
        capture_output=True,
        check=True,
    )
    assert computed.stdout.split()[0].decode() == digest
    assert abs(int(seconds) - CLOCK.now() // 1000) < 60


async def test_a_receiver_that_fails_in_every_way_misses_nothing_and_keeps_the_order(
    store: SqliteStore, listener: Listener
) -> None:
    keys = put(store, *(entry(number) for number in range(6)))
    listener.script.extend([503, "hang", 200, "cut", 500, 429, 200, 408, 425, 502, 504])
    box = Outbox(store, {"desk": webhook(listener, time_limit=3)}, CLOCK, backoff=QUICK)
    async with running(box):
        await settled(box, empty)
    firsts = list(dict.fromkeys(listener.events))
    assert firsts == keys
    # Ordered with the repetitions, too: nothing later came between two tries of one message.
    assert [keys.index(event) for event in listener.events] == sorted(
        keys.index(event) for event in listener.events
    )
    assert len(listener.heard) == len(keys) + 9


async def test_a_receiver_that_was_away_is_told_when_it_is_back(
    store: SqliteStore, listener: Listener
) -> None:
    await listener.shut()
    keys = put(store, entry(1), entry(2))
    box = Outbox(store, {"desk": webhook(listener)}, CLOCK, backoff=QUICK)
    async with running(box):
        status = await settled(box, lambda one: one.error != "")
        assert "ConnectError" in status.error
        assert (status.waiting, status.oldest is not None) == (2, True)
        assert status.failing is not None
        await listener.open()
        await settled(box, empty)
    assert listener.events == keys


async def test_who_is_not_reached_for_five_minutes_is_a_finding_of_the_gateway(
    store: SqliteStore, listener: Listener
) -> None:
    listener.usual = 503
    put(store, entry(1))
    box = Outbox(store, {"desk": webhook(listener)}, CLOCK, backoff=QUICK)
    assert not box.finding(CLOCK.now()).active
    async with running(box):
        await settled(box, lambda one: one.error != "" and box.finding(CLOCK.now() + DAY).active)
        assert not box.finding(CLOCK.now()).active
        found = box.finding(CLOCK.now() + 301_000)
    assert found.active
    assert found.explanation.inputs["receivers"] == "desk"


async def test_a_message_that_is_refused_steps_aside_and_does_not_block_the_next(
    store: SqliteStore, listener: Listener
) -> None:
    keys = put(store, *(entry(number) for number in range(3)))
    listener.by_event[keys[1]] = 410
    box = Outbox(store, {"desk": webhook(listener)}, CLOCK, backoff=QUICK)
    async with running(box):
        status = await settled(box, lambda one: one.aside == 1 and one.waiting == 1)
        assert [event for event in listener.events if event != keys[1]] == [keys[0], keys[2]]
        assert listener.events[: PATIENCE + 2] == [keys[0], *[keys[1]] * PATIENCE, keys[2]]
        assert status.given_up == 0
        del listener.by_event[keys[1]]
        await settled(box, empty)
    assert listener.events[-1] == keys[1]


async def test_a_refused_notice_is_given_up_after_a_day_and_an_emergency_never(
    store: SqliteStore, listener: Listener
) -> None:
    keys = put(
        store,
        entry(1, "high", age=DAY + 1),
        entry(2, "emergency", age=DAY + 1),
        entry(3, "high"),
    )
    listener.by_event[keys[0]] = listener.by_event[keys[1]] = 400
    box = Outbox(store, {"desk": webhook(listener)}, CLOCK, backoff=QUICK)
    async with running(box):
        status = await settled(box, lambda one: one.given_up == 1 and one.waiting == 1)
        assert status.aside == 1
        assert "400" in status.error or status.error == ""
        tries = listener.events.count(keys[1])
        await listener.until(len(listener.heard) + 1)
        del listener.by_event[keys[1]]
        await settled(box, empty)
    assert listener.events.count(keys[1]) > tries
    assert listener.events.count(keys[0]) == PATIENCE
    assert store.read(_failed(keys[0])) == "answered 400 Said: heard"


async def test_a_receiver_that_refuses_everything_delays_an_emergency_by_seconds_not_minutes(
    store: SqliteStore, listener: Listener
) -> None:
    keys = put(store, *(entry(number) for number in range(20)), entry(20, "emergency"))
    listener.by_event = dict.fromkeys(keys[:-1], 400)
    patient = Backoff(first=0.01, longest=0.05, aside=60.0)
    async with running(Outbox(store, {"desk": webhook(listener)}, CLOCK, backoff=patient)) as box:
        await settled(box, lambda one: one.delivered is not None)
    before = listener.events[: listener.events.index(keys[-1])]
    # Three are waited for, then there is one try each; one that stepped aside comes up by itself.
    assert [before.count(key) for key in keys[3:-1]] == [1] * 17
    assert len(before) <= 3 * PATIENCE + 17 + 1


async def test_a_new_emergency_cuts_a_long_wait_short(
    store: SqliteStore, listener: Listener
) -> None:
    keys = put(store, entry(1, "low"))
    listener.usual = 503
    box = Outbox(store, {"desk": webhook(listener)}, CLOCK, backoff=HOURS)
    async with running(box):
        await settled(box, lambda one: "503" in one.error)
        listener.usual = 200
        keys += put(store, entry(2, "low"))
        box.notify()
        keys += put(store, entry(3, "emergency"))
        box.notify()
        await settled(box, empty)
    assert listener.events == [keys[0], *keys]


async def test_a_receiver_may_ask_to_be_left_alone_for_a_while(
    store: SqliteStore, listener: Listener
) -> None:
    put(store, entry(1))
    listener.usual = 429
    listener.extra = "Retry-After: 3600\r\n"
    clock = ManualClock(CLOCK.now())
    box = Outbox(store, {"desk": webhook(listener)}, clock, backoff=Backoff(0.01, 60.0))
    async with running(box):
        await settled(box, lambda one: "429" in one.error)
        listener.usual = 200
        clock.turn(59_000)
        box.notify()
        assert (await box.status())[0].waiting == 1
        clock.turn(1_100)
        box.notify()
        await settled(box, empty)
    assert len(listener.heard) == 2


async def test_a_redirect_is_not_followed(store: SqliteStore, listener: Listener) -> None:
    put(store, entry(1))
    listener.extra = f"Location: http://127.0.0.1:{listener.port}/elsewhere\r\n"
    listener.script.append(307)
    box = Outbox(store, {"desk": webhook(listener)}, CLOCK, backoff=HOURS)
    async with running(box):
        status = await settled(box, lambda one: one.error != "")
    assert "307" in status.error
    assert len(listener.heard) == 1


async def test_an_answer_without_end_is_not_read(store: SqliteStore, listener: Listener) -> None:
    put(store, entry(1))
    listener.script.append("flood")
    box = Outbox(store, {"desk": webhook(listener)}, CLOCK, backoff=HOURS)
    async with running(box):
        status = await settled(box, lambda one: one.error != "")
    assert status.error.startswith("answered 500")
    assert len(status.error) < 300


async def test_one_receiver_that_hangs_does_not_hold_up_another(
    store: SqliteStore, listener: Listener
) -> None:
    keys = put(store, *(entry(number) for number in range(5)))
    store.commit(Batch(outbox=[OutboxEntry("deaf", key, 0, b"{}", 0) for key in keys])).result(10)
    async with Listener() as deaf:
        deaf.usual = "hang"
        box = Outbox(store, {"deaf": webhook(deaf), "desk": webhook(listener)}, CLOCK)
        async with running(box):
            await listener.until(5)
            assert {one.receiver: one.waiting for one in await box.status()}["deaf"] == 5
    assert listener.events == keys


async def test_a_fault_in_one_receivers_code_ends_nothing(
    store: SqliteStore, listener: Listener
) -> None:
    class Broken:
        time_limit = 1.0

        async def deliver(self, entry: OutboxEntry) -> Outcome:
            raise KeyError("no such thing")

        async def aclose(self) -> None:
            return

    keys = put(store, entry(1))
    store.commit(Batch(outbox=[OutboxEntry("broken", keys[0], 0, b"{}", 0)])).result(10)
    box = Outbox(store, {"broken": Broken(), "desk": webhook(listener)}, CLOCK, backoff=QUICK)
    async with running(box):
        await listener.until(1)
        await settled(box, lambda one: "KeyError" in one.error)


async def test_what_was_delivered_is_not_sent_again_after_a_restart(
    store: SqliteStore, listener: Listener
) -> None:
    put(store, entry(1), entry(2))
    async with running(Outbox(store, {"desk": webhook(listener)}, CLOCK)) as box:
        await settled(box, empty)
    last = put(store, entry(3))
    async with running(Outbox(store, {"desk": webhook(listener)}, CLOCK)) as box:
        await settled(box, empty)
    assert listener.events[2:] == last


async def test_a_full_disk_between_delivery_and_mark_repeats_nothing(
    store: SqliteStore, listener: Listener
) -> None:
    class FullForAWhile:
        """The real store, but three commits find no room."""

        def __init__(self) -> None:
            self.full = 3

        def commit(self, batch: Batch) -> Future[None]:
            if self.full:
                self.full -= 1
                failed: Future[None] = Future()
                failed.set_exception(StoreFullError("no room"))
                return failed
            return store.commit(batch)

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

    keys = put(store, entry(1), entry(2))
    box = Outbox(FullForAWhile(), {"desk": webhook(listener)}, CLOCK, backoff=QUICK)
    async with running(box):
        await settled(box, empty)
    assert listener.events == keys


async def test_stopping_does_not_wait_for_a_receiver_that_hangs(
    store: SqliteStore, listener: Listener
) -> None:
    put(store, entry(1))
    listener.usual = "hang"
    async with asyncio.timeout(30):
        async with running(Outbox(store, {"desk": webhook(listener, time_limit=90)}, CLOCK)):
            await listener.until(1)


async def test_rows_of_a_receiver_that_is_no_longer_configured_are_shown(
    store: SqliteStore, listener: Listener
) -> None:
    put(store, entry(1))
    (status,) = await Outbox(store, {}, CLOCK).status()
    assert (status.receiver, status.waiting) == ("desk", 1)
    assert "configured" in status.error


async def test_a_message_waits_for_its_time(store: SqliteStore, listener: Listener) -> None:
    clock = ManualClock(CLOCK.now())
    later = clock.now() + 10_000
    put(store, OutboxEntry("desk", "high/no3/1/1/1", clock.now(), b"{}", later))
    async with running(Outbox(store, {"desk": webhook(listener)}, clock)) as box:
        box.notify()
        assert (await box.status())[0].waiting == 1
        clock.turn(10_000)
        box.notify()
        await settled(box, empty)


async def test_killed_between_delivery_and_mark_loses_nothing_and_repeats_under_the_same_key(
    tmp_path: Path, listener: Listener
) -> None:
    path = tmp_path / "killed.db"
    opened = open_store(path, reserve_bytes=0)
    keys = put(opened, *(entry(number) for number in range(12)))
    opened.close()
    doomed = {keys[1], keys[6]}
    child: subprocess.Popen[bytes] | None = None

    def kill(heard: Heard) -> None:
        """It has arrived; the sender dies before it can know."""
        if heard.event in doomed and child is not None:
            doomed.discard(heard.event)
            os.kill(child.pid, signal.SIGKILL)

    listener.before_answer = kill
    for _ in range(3):
        child = _deliver_in_a_process(path, listener.url)
        await asyncio.to_thread(child.wait, 240)
    assert list(dict.fromkeys(listener.events)) == keys
    assert len(listener.events) == len(keys) + 2
    repeated = [key for key in keys if listener.events.count(key) == 2]
    assert repeated == [keys[1], keys[6]]
    bodies = {heard.body for heard in listener.heard if heard.event == keys[6]}
    assert len(bodies) == 1


def _deliver_in_a_process(path: Path, url: str) -> subprocess.Popen[bytes]:
    """Ends by itself when nothing waits any more."""
    program = Path(__file__).with_name("outbox_child.py")
    return subprocess.Popen(
        [sys.executable, str(program), str(path), url],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )


async def test_old_rows_are_pruned_and_undelivered_emergencies_stay(store: SqliteStore) -> None:
    now = CLOCK.now()
    old = now - rows.KEPT - 1
    stored = [
        ("delivered long ago", "high", old, old),
        ("delivered today", "high", now, now),
        ("never delivered", "low", old, None),
        ("never delivered, emergency", "emergency", old, None),
        ("new", "low", now, None),
    ]
    store.commit(
        Batch(
            statements=[
                (
                    insert(outbox),
                    [
                        {
                            "receiver": "desk",
                            "key": f"{priority}/{name}",
                            "created": created,
                            "body": b"",
                            "due": 0,
                            "delivered": delivered,
                        }
                        for name, priority, created, delivered in stored
                    ],
                )
            ]
        )
    ).result(10)
    assert store.read(rows.too_old(now)) == 1
    store.commit(rows.prune(now)).result(10)
    assert store.read(_keys) == [
        "high/delivered today",
        "emergency/never delivered, emergency",
        "low/new",
    ]


def _keys(connection: Connection) -> list[str]:
    return list(connection.execute(select(outbox.c.key).order_by(outbox.c.row)).scalars())


def _failed(key: str) -> Callable[[Connection], str | None]:
    query = select(outbox.c.failed).where(outbox.c.key == key)

    def read(connection: Connection) -> str | None:
        text: str | None = connection.execute(query).scalar_one()
        return text

    return read


async def test_delivering_says_so_only_when_the_receiver_has(listener: Listener) -> None:
    receiver = webhook(listener)
    assert await receiver.deliver(entry(1)) == Delivered()
    await receiver.aclose()
