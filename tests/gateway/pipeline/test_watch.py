"""What the gateway says of itself, and whom it calls silent, when it cannot take messages in."""

from __future__ import annotations

import pytest
from judged import Judged

from alerts.finding import Explanation, Finding, Priority
from alerts.rules.gateway_health import HealthLimits
from gateway.ingest.source import SourceStatus
from gateway.metrics import Metrics
from gateway.pipeline.flow import Flow, Pace
from gateway.pipeline.live import Live
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.roster import GATEWAY
from gateway.pipeline.watch import Watch
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.sqlite import SqliteStore
from gateway.store.store import Room


class Session:
    """A source that is connected or not."""

    session = "telemetry"

    def __init__(self) -> None:
        self.connected = True

    def status(self) -> SourceStatus:
        return SourceStatus(self.connected, 0, "", 0, 0, 0)


class Watching:
    """A watch on a store whose room the test decides."""

    def __init__(self, store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room = Room(free=10 << 30, telemetry=True, events=True)
        monkeypatch.setattr(store, "room", lambda: self.room)
        self.judged = Judged()
        self.session = Session()
        metrics = Metrics()
        flow = Flow(
            sources=[],
            judge=self.judged.judge,
            store=store,
            live=Live(older=lambda _a, _m: []),
            clock=self.judged.clock,
            pace=Pace(),
            metrics=metrics,
        )
        self.watch = Watch(
            sources=[self.session],  # type: ignore[list-item] # its status is all that is asked
            flow=flow,
            judge=self.judged.judge,
            book=self.judged.book,
            rejects=Rejects(),
            store=store,
            clock=self.judged.clock,
            limits=HealthLimits(),
            metrics=metrics,
        )

    def pass_second(self) -> None:
        now = self.judged.clock.turn(1000)
        self.watch.look_at_room()
        self.watch.tick(now, Work(Batch(now=now)))


@pytest.fixture
def watching(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> Watching:
    return Watching(store, monkeypatch)


def test_nobody_is_silent_while_the_disk_is_full_and_everybody_has_time_afterwards(
    watching: Watching,
) -> None:
    hearing = watching.judged.judge.roster.hearing
    watching.pass_second()
    assert hearing.connected
    watching.room = Room(free=0, telemetry=False, events=True)
    watching.pass_second()
    assert not hearing.connected
    watching.room = Room(free=10 << 30, telemetry=True, events=True)
    watching.pass_second()
    assert hearing.connected
    assert hearing.since == watching.judged.now


def test_a_full_disk_is_not_called_a_lost_broker(watching: Watching) -> None:
    watching.room = Room(free=0, telemetry=False, events=True)
    for _ in range(30):
        watching.pass_second()
    assert watching.watch.feed().trouble == ("disk_full",)


def test_little_room_is_an_alert_but_the_feed_is_well(watching: Watching) -> None:
    watching.room = Room(free=500 << 20, telemetry=True, events=True)
    watching.pass_second()
    assert watching.watch.feed().trouble == ()
    assert watching.judged.book.of(0, "disk_full") is not None


def test_what_others_find_about_the_gateway_is_an_alert_too(watching: Watching) -> None:
    why = Explanation("health", "part_failed", {"part": "history", "fault": "a fault"})
    failed = Finding("part_failed", True, Priority.MEDIUM, 1, 1, why)
    watching.watch.add(lambda _now: failed)
    watching.pass_second()
    assert watching.judged.book.of(GATEWAY.row, "part_failed") is not None
