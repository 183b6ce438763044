"""While the gateway itself is late nobody is called silent, and soon after everybody may be."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from judged import WARM, Judged
from running import Running, until

from alerts.rules.gateway_health import HealthLimits
from alerts.rules.rule import Hearing
from gateway.ingest.source import SourceStatus
from gateway.metrics import Metrics
from gateway.pipeline.flow import Flow, Pace
from gateway.pipeline.listening import CATCH_UP_MS, Listening
from gateway.pipeline.live import Live
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.watch import Watch
from gateway.store.sqlite import SqliteStore

NOW = 1_795_161_600_000
HOUR = 3_600_000
SECOND = 1000


class Ear:
    """Looked at by hand."""

    def __init__(self) -> None:
        self.hearing = Hearing()
        self.now = NOW
        self._listening = Listening(self.hearing)
        assert self.look()

    def look(
        self, after: int = SECOND, *, connection: int | None = 1, waiting_s: float = 0.0
    ) -> bool:
        self.now += after
        self._listening.look(self.now, connection=connection, waiting_s=waiting_s)
        return self.hearing.connected

    def late_s(self) -> float:
        """For how long (s) it has been late, though connected."""
        since = self._listening.late_since
        return 0.0 if since is None else (self.now - since) / SECOND

    def takes(self) -> int:
        """How long (ms) it takes until silence is judged again."""
        begun = self.now
        while not self.look():
            assert self.now < begun + HOUR
        return self.now - begun


@pytest.fixture
def ear() -> Ear:
    return Ear()


def test_who_is_listened_to_is_heard_since_the_first_look(ear: Ear) -> None:
    assert all(ear.look() for _ in range(100))
    assert ear.hearing.since == NOW + SECOND


def test_what_waited_while_it_stood_still_is_taken_before_silence_is_judged(ear: Ear) -> None:
    assert not ear.look(8 * SECOND)
    assert ear.takes() == CATCH_UP_MS
    assert ear.hearing.since == NOW + SECOND  # nobody has longer to speak for it


def test_messages_that_wait_for_the_store_keep_silence_from_being_judged(ear: Ear) -> None:
    assert ear.look(waiting_s=2.9)
    assert not any(ear.look(waiting_s=waiting) for waiting in (3.9, 4.9, 5.9, 6.9))
    assert ear.takes() == CATCH_UP_MS
    assert ear.hearing.since == NOW + SECOND


def test_one_that_is_late_again_and_again_is_late_all_the_time(ear: Ear) -> None:
    for _ in range(30):
        assert not ear.look(5 * SECOND)
    assert ear.late_s() == 150
    ear.takes()
    assert ear.late_s() == 0


def test_without_a_broker_it_is_not_late_but_cut_off(ear: Ear) -> None:
    ear.look(8 * SECOND)
    ear.look(connection=None)
    assert ear.late_s() == 0


@pytest.mark.parametrize("still", [30 * SECOND, 8 * HOUR], ids=["starved", "asleep, or clock set"])
def test_after_long_everybody_has_time_to_come_back(ear: Ear, still: int) -> None:
    assert not ear.look(still)
    ear.takes()
    assert ear.hearing.since == ear.now


def test_after_the_broker_was_away_everybody_has_time_to_come_back(ear: Ear) -> None:
    assert not ear.look(connection=None)
    assert ear.look(connection=2)
    assert ear.hearing.since == ear.now


def test_a_connection_that_was_lost_and_back_between_two_looks_was_away(ear: Ear) -> None:
    assert ear.look(connection=2)
    assert ear.hearing.since == ear.now


def test_a_clock_that_is_set_back_does_not_put_silence_off(ear: Ear) -> None:
    assert not ear.look(8 * SECOND)
    assert ear.look(-HOUR)
    assert ear.hearing.since == ear.now


async def test_messages_wait_while_as_many_commits_are_under_way_as_may_be(
    running: Running,
) -> None:
    assert running.flow.waiting_s() == 0
    running.gate.hold = True
    for under_way in (1, 2):
        running.measure()
        await until(lambda: len(running.gate.held) == under_way)  # noqa: B023 - waited for here
    await until(lambda: running.flow.waiting_s() > 0.02)
    running.gate.release()
    await until(lambda: running.telemetry.count() == 2)
    assert running.flow.waiting_s() == 0


class Connected:
    """A source that nothing comes from by itself."""

    session = "telemetry"

    def status(self) -> SourceStatus:
        return SourceStatus(True, NOW, "", 0, 0, 0)


async def test_a_gateway_that_stood_still_calls_nobody_silent_who_may_have_spoken(
    store: SqliteStore,
) -> None:
    judged, metrics = Judged(), Metrics()
    flow = Flow(
        sources=[],
        judge=judged.judge,
        store=store,
        live=Live(older=lambda _a, _m: []),
        clock=judged.clock,
        pace=Pace(),
        metrics=metrics,
    )
    watch = Watch(
        sources=[Connected()],  # type: ignore[list-item] # its status is all that is asked
        flow=flow,
        judge=judged.judge,
        book=judged.book,
        rejects=Rejects(),
        store=store,
        clock=judged.clock,
        limits=HealthLimits(),
        metrics=metrics,
    )
    flow.add(watch, before_rules=True)
    hearing = judged.judge.roster.hearing
    judged.say(WARM, "telemetry", ts=judged.now, seq=1, temperature_c=20.0)
    task = asyncio.create_task(flow.run())
    try:
        await until(lambda: metrics.broker_connected == 1)
        judged.clock.turn(24 * HOUR)
        flow.wake_timers()
        await until(lambda: not hearing.connected)
        assert judged.alert(WARM, "silent") is None
        judged.say(WARM, "telemetry", ts=judged.now, seq=2, temperature_c=20.0)
        judged.clock.turn(CATCH_UP_MS)  # at once: late once more
        flow.wake_timers()
        for _ in range(CATCH_UP_MS // SECOND + 1):
            looked = judged.clock.turn(SECOND)
            flow.wake_timers()
            await until(lambda: (watch.next() or 0) > looked)  # noqa: B023 - waited for here
        assert hearing.connected
        assert judged.alert(WARM, "silent") is None
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
