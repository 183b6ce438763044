"""Nothing is acknowledged before it is committed, and nothing that was taken is dropped."""

from __future__ import annotations

import asyncio

import pytest
from judged import BUTTON, KINDS
from running import Running, until

from alerts.alert import Acknowledge
from alerts.course import replay
from gateway.clock import SystemClock
from gateway.desk import Feed
from gateway.ingest.source import Message
from gateway.names import RegisterNames
from gateway.pipeline.control import Control
from gateway.pipeline.upkeep import Upkeep
from gateway.store.batch import Batch
from gateway.store.read.alerts import transitions_of
from gateway.store.schema import deadlines, readings, transitions
from gateway.store.store import StoreError, StoreFullError


async def test_a_message_is_acknowledged_once_it_is_committed_and_not_before(
    running: Running,
) -> None:
    running.gate.hold = True
    running.press()
    await until(lambda: bool(running.gate.held))
    assert running.events.acknowledged == []
    assert running.events.published == []
    running.gate.release()
    await until(lambda: running.events.count() == 1)
    assert len(running.events.published) == 1


async def test_the_stream_hears_of_an_alert_only_after_its_commit(running: Running) -> None:
    stream = running.live.stream(None)
    assert await anext(stream) == []
    running.gate.hold = True
    running.press()
    await until(lambda: bool(running.gate.held))
    assert running.live.last == 0
    running.gate.release()
    events = await anext(stream)
    assert [event.alert.condition for event in events] == ["panic"]
    await stream.aclose()


async def test_an_alarm_does_not_wait_for_telemetry_that_is_being_committed(
    running: Running,
) -> None:
    running.gate.hold = True
    running.measure()
    await until(lambda: bool(running.gate.held))
    running.gate.hold = False
    running.press()
    await until(lambda: running.events.count() == 1)
    assert running.telemetry.count() == 0
    running.gate.release()
    await until(lambda: running.telemetry.count() == 1)


async def test_no_more_than_two_telemetry_commits_are_under_way(running: Running) -> None:
    running.gate.hold = True
    for under_way in (1, 2):
        running.measure()
        await until(lambda: len(running.gate.held) == under_way)  # noqa: B023 - waited for here
    for _ in range(4):
        running.measure()
        await asyncio.sleep(0.01)
    assert len(running.gate.held) == 2
    assert running.telemetry.waiting > 0
    running.gate.release()
    await until(lambda: running.telemetry.count() == 6)


async def test_when_the_disk_is_full_events_are_kept_and_telemetry_waits_and_goes_on_by_itself(
    running: Running,
) -> None:
    def full(batch: Batch) -> StoreError | None:
        return None if batch.urgent else StoreFullError("no room")

    running.gate.refuse = full
    for _ in range(5):
        running.measure()
    await until(lambda: running.flow.paused)
    running.press()
    await until(lambda: running.events.count() == 1)
    assert running.telemetry.count() == 0
    running.gate.refuse = lambda _: None
    await until(lambda: running.telemetry.count() == 5)
    assert running.rows(readings) == 6
    assert not running.flow.paused


async def test_an_alarm_found_in_telemetry_is_kept_though_the_disk_is_full(
    running: Running,
) -> None:
    running.gate.refuse = lambda batch: None if batch.urgent else StoreFullError("no room")
    running.telemetry.put(
        "campus/no3/smoke/lab-2/telemetry",
        b'{"ts":%d,"seq":1,"smoke_alarm":true}' % SystemClock().now(),
    )
    await until(lambda: running.telemetry.count() == 1)
    assert running.rows(transitions) == 1
    assert running.rows(readings) == 1
    assert running.live.last == 1


async def test_telemetry_that_comes_to_something_pauses_the_rest_when_the_disk_is_full(
    running: Running,
) -> None:
    """Or a campus whose every batch holds an alarm would eat up the reserve with readings."""
    running.gate.refuse = lambda batch: None if batch.urgent else StoreFullError("no room")
    running.telemetry.put(
        "campus/no3/smoke/lab-2/telemetry",
        b'{"ts":%d,"seq":1,"smoke_alarm":true}' % SystemClock().now(),
    )
    await until(lambda: running.flow.paused)
    running.measure()
    running.press()
    await until(lambda: running.events.count() == 1)
    assert running.telemetry.waiting == 1
    running.gate.refuse = lambda _: None
    await until(lambda: running.telemetry.count() == 2)


async def test_acknowledgements_keep_the_order_in_which_messages_were_taken(
    running: Running,
) -> None:
    """A later delivery may acknowledge an earlier one's messages, delivered once more."""
    failing = [True]

    def refuse_first(batch: Batch) -> StoreError | None:
        return StoreError("disk error") if failing and b'"seq":1,' in _bodies(batch) else None

    running.gate.refuse = refuse_first
    running.measure()
    await until(lambda: running.telemetry.waiting == 0)
    running.measure()
    await until(lambda: running.rows(readings) == 1)
    assert running.telemetry.acknowledged == []
    failing.clear()
    await until(lambda: running.telemetry.count() == 2)
    seqs = [b'"seq":1,' in d.messages[0].payload for d in running.telemetry.acknowledged]
    assert seqs == [True, False]


async def test_batches_are_handed_over_in_the_order_in_which_they_were_judged(
    running: Running,
) -> None:
    """A transition numbered later must not be on the stream before an earlier one."""
    running.gate.hold = True
    running.press()
    work = running.flow.work()
    async with asyncio.timeout(10):
        while running.events.waiting:  # noqa: ASYNC110 - judged: its transition is number 1
            await asyncio.sleep(0)
    running.judged.judge.digest(
        [Message("campus/no3/smoke/lab-2/event", b'{"seq":1,"event":"alarm"}', 1, False)],
        work.batch.now,
        work,
    )
    committing = asyncio.create_task(running.flow.commit(work))
    await asyncio.sleep(0)
    handed_over = [[n.row for n in batch.transitions] for batch, _ in running.gate.held]
    assert handed_over == [[1], [2]]
    running.gate.release()
    await committing


async def test_draining_ends_though_the_disk_is_full_and_leaves_telemetry_with_the_broker(
    running: Running,
) -> None:
    running.gate.refuse = lambda batch: None if batch.urgent else StoreFullError("no room")
    running.measure()
    await until(lambda: running.flow.paused)
    await asyncio.wait_for(running.flow.drain(), 5)
    assert running.telemetry.count() == 0


def _bodies(batch: Batch) -> bytes:
    return b"".join(row[4] for row in batch.readings)


async def test_a_commit_that_fails_is_tried_again_until_it_is_made(running: Running) -> None:
    failures = iter([StoreError("disk error"), StoreError("disk error")])
    running.gate.refuse = lambda _: next(failures, None)
    running.press()
    await until(lambda: running.events.count() == 1)
    assert running.rows(transitions) == 1


async def test_what_a_person_did_while_the_store_refused_it_is_written_when_it_can_be(
    running: Running,
) -> None:
    """Or the next step of the alert would follow on one that is in no record."""
    control = Control(
        flow=running.flow,
        judge=running.judged.judge,
        book=running.judged.book,
        live=running.live,
        store=running.store,
        clock=SystemClock(),
        kinds=KINDS,
        school_parameters={},
        check_parameters=lambda _kind, _overrides: [],
        feed=lambda: Feed(0, True, None, 0.0),
        upkeep=Upkeep(RegisterNames(running.store)),
    )
    running.press()
    await until(lambda: running.rows(transitions) == 1)
    running.gate.refuse = lambda _: StoreError("the database is locked")
    with pytest.raises(StoreError):
        await control.act(1, Acknowledge(), "li.na")
    running.gate.refuse = lambda _: None
    running.press()
    await until(lambda: running.rows(transitions) == 3)
    record = running.store.read(transitions_of(1))
    assert [one.kind for _, one in record] == ["raised", "acknowledged", "occurred"]
    assert replay(one for _, one in record) == running.judged.book.get(1)


async def test_draining_commits_what_was_taken_and_takes_no_more(running: Running) -> None:
    running.gate.hold = True
    running.press()
    await until(lambda: bool(running.gate.held))
    draining = asyncio.create_task(running.flow.drain())
    await asyncio.sleep(0)
    running.press()
    running.gate.release()
    await asyncio.wait_for(draining, 5)
    assert running.events.count() == 1
    assert running.events.waiting == 1


async def test_a_press_of_a_test_whose_batch_the_store_refuses_is_a_real_alarm(
    running: Running,
) -> None:
    windows = running.judged.judge.windows
    work = running.flow.work()
    windows.open(BUTTON, actor="li.na", verification="v", milliseconds=60_000, work=work)
    await running.flow.commit(work)
    refusals = [StoreError("the disk is gone")]

    def refuse(batch: Batch) -> StoreError | None:
        return refusals.pop() if refusals and batch.facts else None

    running.gate.refuse = refuse
    running.press()
    await until(lambda: running.rows(transitions) == 1)
    assert running.rows(deadlines) == 0
    assert not windows
