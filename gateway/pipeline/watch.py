"""Watches the gateway itself: what goes wrong here is an alert like any other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from alerts.finding import Finding
from alerts.rules.gateway_health import Health, HealthLimits, HealthMemory, judge_health
from gateway.clock import Clock
from gateway.desk import Feed
from gateway.ingest.source import Source
from gateway.metrics import Metrics
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.flow import Flow
from gateway.pipeline.judge import Judge
from gateway.pipeline.listening import Listening
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.roster import GATEWAY
from gateway.pipeline.work import Work
from gateway.store.store import Room, Store

EVERY_MS: Final = 1000
_MINUTE: Final = 60


class Watch:
    """Looks once a second, before silence is judged. Also says how the feed is (`feed`)."""

    def __init__(
        self,
        *,
        sources: Sequence[Source],
        flow: Flow,
        judge: Judge,
        book: AlertBook,
        rejects: Rejects,
        store: Store,
        clock: Clock,
        limits: HealthLimits,
        metrics: Metrics,
    ) -> None:
        self._sources: Final = tuple(sources)
        self._flow: Final = flow
        self._judge: Final = judge
        self._book: Final = book
        self._rejects: Final = rejects
        self._store: Final = store
        self._clock: Final = clock
        self._limits: Final = limits
        self._metrics: Final = metrics
        self._others: Final[list[Callable[[int], Finding]]] = []
        self._next = 0
        self._taken: deque[tuple[float, int, int]] = deque(maxlen=_MINUTE + 1)
        self._wall: tuple[int, float] | None = None
        self._room: Room | None = None
        self._memory: Final = HealthMemory()
        self._since = clock.now()
        self._was_connected = False
        self._listening: Final = Listening(judge.roster.hearing)

    def add(self, *others: Callable[[int], Finding]) -> None:
        """From now on these give one more finding each about the gateway, such as the outbox's."""
        self._others.extend(others)

    def next(self) -> int | None:
        """Once a second."""
        return self._next

    def look_at_room(self) -> Room:
        """Ask the store how much room there is. Blocks; called in a thread once a second."""
        self._room = self._store.room()
        return self._room

    def tick(self, now: int, work: Work) -> None:
        """Look, and take in what is found."""
        if now < self._next <= now + EVERY_MS:
            return
        self._next = now + EVERY_MS
        self._listen(now)
        for finding in judge_health(self._health(now), self._memory, self._limits, now):
            self._book.fold(finding, GATEWAY, work)
        for other in self._others:
            self._book.fold(other(now), GATEWAY, work)
        self._measure()

    def _measure(self) -> None:
        """What is counted elsewhere, for who asks for metrics."""
        metrics, judge = self._metrics, self._judge
        statuses = [source.status() for source in self._sources]
        metrics.broker_connected = int(self._was_connected)
        metrics.duplicates = sum(status.redelivered for status in statuses)
        metrics.rejects = self._rejects.total
        metrics.devices = len(judge.roster)
        metrics.alerts_open = len(self._book)
        metrics.timers = len(judge.timers)
        if self._room is not None:
            metrics.disk_free_bytes = self._room.free

    def feed(self) -> Feed:
        """Whether messages arrive. What is seen at once is said before it has become an alert."""
        # Little room is an alert; the feed is in trouble only when messages are not taken for it.
        trouble = set(self._memory.trouble) - {"disk_full"}
        connected = self._connected()
        if not connected:
            trouble.add("broker_lost")
        if self._paused():
            trouble.add("disk_full")
        return Feed(
            now=self._clock.now(),
            connected=connected,
            last_message=self._flow.figures.last_message,
            rate=round(self._rate(5), 1),
            trouble=tuple(sorted(trouble)),
        )

    def _connected(self) -> bool:
        return all(source.status().connected for source in self._sources)

    def _paused(self) -> bool:
        return self._flow.paused or (self._room is not None and not self._room.telemetry)

    def _listen(self, now: int) -> None:
        """Whether devices can be heard at all: silence of who is not listened to means nothing."""
        connected = self._connected()
        if connected is not self._was_connected:
            self._was_connected = connected
            self._since = now
            self._metrics.reconnects += connected
        # On a full disk what devices say waits at the broker: they are not silent either.
        heard = connected and not self._paused()
        since = max((source.status().since for source in self._sources), default=0)
        self._listening.look(
            now, connection=since if heard else None, waiting_s=self._flow.waiting_s()
        )

    def _health(self, now: int) -> Health:
        steady = self._clock.steady()
        figures = self._flow.figures
        rejected = self._rejects.total - self._rejects.awaited
        self._taken.append((steady, figures.messages, rejected))
        seconds = sorted(took for when, took in figures.commits if steady - when <= _MINUTE)
        statuses = [source.status() for source in self._sources]
        return Health(
            connected=self._was_connected,
            connected_since=self._since,
            error="; ".join(status.error for status in statuses if status.error),
            late_since=self._listening.late_since,
            last_message=figures.last_message,
            rate=self._rate(_MINUTE),
            devices=len(self._judge.roster),
            commit_p99_ms=1000 * seconds[int(len(seconds) * 0.99)] if seconds else 0.0,
            clock_jump_ms=self._jump(now, steady),
            free_bytes=None if self._room is None else self._room.free,
            full=self._paused(),
            rejects_per_minute=self._taken[-1][2] - self._taken[0][2],
        )

    def _rate(self, seconds: int) -> float:
        if len(self._taken) < 2:
            return 0.0
        newest = self._taken[-1]
        oldest = self._taken[max(0, len(self._taken) - 1 - seconds)]
        passed = newest[0] - oldest[0]
        return (newest[1] - oldest[1]) / passed if passed > 0 else 0.0

    def _jump(self, now: int, steady: float) -> int:
        """How far the wall clock moved beyond the time that really passed, in ms."""
        before, self._wall = self._wall, (now, steady)
        if before is None:
            return 0
        return round((now - before[0]) - (steady - before[1]) * 1000)
