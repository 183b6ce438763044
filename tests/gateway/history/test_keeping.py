from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from gateway.clock import ManualClock, SystemClock
from gateway.history.keeping import AT_EASE, Due, Keeping, keep_history, what_is_due
from gateway.history.retention import DAY, Policy
from gateway.history.sqlite import Pending, SqliteHistory
from gateway.store.batch import Batch
from gateway.store.sqlite import SqliteStore

NOON = 1_795_161_600_000
QUICK = Keeping(every=0.01, due_rows=1, retention_every=0.05)


def take(store: SqliteStore, count: int, at: int) -> None:
    rows = [(1, 0, at + n, at + n, b'{"power_w":1}') for n in range(count)]
    store.commit(Batch(readings=rows)).result(30)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("rows", "oldest_s", "now_s", "due"),
    [
        (0, None, 70, None),
        (1, 0, 62, None),
        (1, 0, 63, Due(NOON + 60_000, AT_EASE.share)),
        (1, 59, 100, Due(NOON + 60_000, AT_EASE.share)),
        (1, 60, 122, None),
        (1, -600, 1, Due(NOON - 60_000, AT_EASE.share)),
        (399_999, 0, 10, None),
        (400_000, 0, 10, Due(None)),
    ],
)
def test_whole_minutes_are_due_after_their_end_and_all_when_much_waits(
    rows: int, oldest_s: int | None, now_s: int, due: Due | None
) -> None:
    oldest = None if oldest_s is None else NOON + oldest_s * 1000
    assert what_is_due(Pending(rows, oldest, rows), NOON + now_s * 1000, AT_EASE) == due


async def test_a_minute_that_has_ended_is_rolled_up_without_the_one_that_goes_on(
    store: SqliteStore, history: SqliteHistory
) -> None:
    clock = ManualClock()
    minute = clock.now() - clock.now() % 60_000
    take(store, 5, minute - 30_000)
    take(store, 7, minute)
    clock.turn(minute + 10_000 - clock.now())
    stop = asyncio.Event()
    quick = Keeping(every=0.01)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keep_history(store, history, clock, stop, keeping=quick))
        await until(lambda: history.pending().rows < 12)
        assert history.pending().rows == 7
        clock.turn(60_000)
        await until(lambda: history.pending().rows == 0)
        stop.set()


async def test_readings_are_rolled_up_and_old_ones_removed_until_it_is_told_to_stop(
    store: SqliteStore, history: SqliteHistory
) -> None:
    clock = SystemClock()
    take(store, 100, clock.now() - 30 * DAY)
    take(store, 100, clock.now() - 1000)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            keep_history(store, history, clock, stop, policy=Policy(raw_days=7), keeping=QUICK)
        )
        await until(lambda: history.pending().rows == 0)
        await until(
            lambda: (
                store.read(
                    lambda connection: connection.exec_driver_sql(
                        "SELECT count(*) FROM readings"
                    ).scalar()
                )
                == 100
            )
        )
        stop.set()


async def test_in_a_burst_rolling_up_waits_but_not_for_ever(
    store: SqliteStore, history: SqliteHistory
) -> None:
    clock = ManualClock()
    stop = asyncio.Event()
    keeping = msgspec.structs.replace(QUICK, heavy=10.0, patience=600.0)
    # The clock stands still, so that whatever comes between two looks is a burst.
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keep_history(store, history, clock, stop, keeping=keeping))
        await until(lambda: store.read(lambda c: True))
        looks = 0
        real = history.pending

        def counted() -> Pending:
            nonlocal looks
            looks += 1
            take(store, 5, clock.now())
            return real()

        history.pending = counted  # type: ignore[method-assign]
        start = looks
        await until(lambda: looks > start + 5)
        before = real().rows
        assert before >= 5
        clock.turn(601_000)
        await until(lambda: real().rows < before + looks)
        stop.set()


async def test_what_fails_is_logged_and_tried_again(
    store: SqliteStore,
    history: SqliteHistory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = SystemClock()
    take(store, 10, clock.now() - 1000)
    failures = 0

    def fails(_budget: int, *, before: int | None, share: float) -> int:
        nonlocal failures
        failures += 1
        raise TimeoutError("no turn in time")

    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        with monkeypatch.context() as patched:
            patched.setattr(history, "roll_up", fails)
            tasks.create_task(keep_history(store, history, clock, stop, keeping=QUICK))
            await until(lambda: failures >= 2)
        await until(lambda: history.pending().rows == 0)
        stop.set()
    assert "no turn in time" in caplog.text


async def test_it_ends_at_once_when_it_is_cancelled(
    store: SqliteStore, history: SqliteHistory
) -> None:
    seldom = Keeping(every=600)
    task = asyncio.create_task(
        keep_history(store, history, SystemClock(), asyncio.Event(), keeping=seldom)
    )
    await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(20):
        with pytest.raises(asyncio.CancelledError):
            await task
