"""What rules look back on outlives a crash: their windows are filled again from what is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from judged import DEVICES, WARM, Judged
from sqlalchemy.exc import OperationalError

from devices.model import School
from gateway.clock import SystemClock
from gateway.history.sqlite import SqliteHistory
from gateway.pipeline import refill
from gateway.pipeline.refill import refill_windows, wanted
from gateway.store.batch import Batch
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore
from gateway.store.store import Curve

EVERY_MS = 10_000


class Life:
    """A gateway's life on a store, until it is killed."""

    def __init__(self, store: SqliteStore, now: int) -> None:
        self.store = store
        self.judged = Judged(now=now)
        self.seq = 0

    def warm_by(self, celsius: float, minutes: float, start: float) -> float:
        """It grows warmer steadily; returns how warm it is then."""
        steps = round(minutes * 60_000 / EVERY_MS)
        for step in range(1, steps + 1):
            self.judged.clock.turn(EVERY_MS)
            self.say(start + celsius * step / steps)
        return start + celsius

    def say(self, celsius: float) -> None:
        self.seq += 1
        work = self.judged.say(
            WARM,
            "telemetry",
            ts=self.judged.now,
            seq=self.seq,
            temperature_c=round(celsius, 2),
        )
        self.store.commit(work.batch).result()

    @property
    def raised(self) -> bool:
        return self.judged.alert(WARM, "rate_of_rise") is not None


def now() -> int:
    """Some time ago, so that the windows' grid always lies the same."""
    return SystemClock().now() // 300_000 * 300_000 - 600_000


@pytest.fixture
def history(store: SqliteStore) -> SqliteHistory:
    store.commit(Batch(statements=put_schools([School("no3", "三中")]), now=1)).result()
    store.commit(Batch(statements=put_devices(DEVICES), now=1)).result()
    return SqliteHistory(store)


@pytest.mark.parametrize("rolled_up", [False, True])
async def test_a_rise_of_which_most_was_before_the_crash_is_found_as_without_one(
    store: SqliteStore, history: SqliteHistory, rolled_up: bool
) -> None:
    first = Life(store, now())
    first.warm_by(0, 2, 20)
    warm = first.warm_by(8, 1.5, 20)
    assert not first.raised
    if rolled_up:
        history.roll_up()

    second = Life(store, first.judged.now + 5_000)
    assert await refill_windows(second.judged.judge.roster, history, second.judged.clock) == 1
    second.warm_by(5, 1.5, warm)
    assert second.raised
    history.close()


async def test_without_its_past_the_same_rise_would_not_be_found(
    store: SqliteStore, history: SqliteHistory
) -> None:
    first = Life(store, now())
    warm = first.warm_by(8, 2, 20)
    second = Life(store, first.judged.now + 5_000)
    second.warm_by(5, 1.5, warm)
    assert not second.raised
    history.close()


async def test_what_arrived_before_the_past_was_read_keeps_its_place(
    store: SqliteStore, history: SqliteHistory
) -> None:
    first = Life(store, now())
    first.warm_by(0, 2, 20)
    warm = first.warm_by(8, 1.5, 20)
    second = Life(store, first.judged.now + 5_000)
    warm = second.warm_by(2, 0.5, warm)
    await refill_windows(second.judged.judge.roster, history, second.judged.clock)
    second.warm_by(3, 1, warm)
    assert second.raised
    history.close()


class Recorded:
    """A history that notes what was asked of it, and may fail."""

    def __init__(self, answer: Callable[[], dict[tuple[int, str], list[Any]]]) -> None:
        self.asked: list[tuple[int, int] | None] = []
        self._answer = answer

    def curve(self, device: int, metric: str, since: int, until: int, points: int) -> Curve:
        raise NotImplementedError

    def recent(
        self, metrics: Sequence[str], since: int, devices: tuple[int, int] | None = None
    ) -> dict[tuple[int, str], list[Any]]:
        self.asked.append(devices)
        return self._answer()


async def test_devices_are_read_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refill, "DEVICES_AT_ONCE", 1)
    judged = Judged()
    history = Recorded(dict)
    assert await refill_windows(judged.judge.roster, history, judged.clock) == 0
    assert history.asked == [(row, row) for row in wanted(judged.judge.roster).devices]


async def test_a_past_that_cannot_be_read_is_no_reason_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refill, "AGAIN_S", 0.0)

    def locked() -> dict[tuple[int, str], list[Any]]:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    judged = Judged()
    history = Recorded(locked)
    assert await refill_windows(judged.judge.roster, history, judged.clock) == 0
    assert len(history.asked) == refill.TRIES
