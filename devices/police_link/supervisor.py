"""Supervises many links in one process: who is probed when, and who is told of what changed.

One heap of due times serves all paths; a probe is a task while it is under way, one for a path at
most, so a slow receiver holds up nobody but itself. Any acknowledged exchange restarts a path's
interval: a link that carries alarms is not asked on top whether it is there.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterator
from itertools import count
from typing import Final, TypeAlias

import msgspec

from devices.police_link.link import Exchange, Path, PoliceLink, Result
from devices.police_link.states import PathState, StateChange
from devices.police_link.supervision import Supervision

OnChange: TypeAlias = Callable[[str, StateChange], None]
OnProbe: TypeAlias = Callable[[str, Exchange], None]

SHORTEST_INTERVAL: Final = 0.25
"""s. Closer together, supervision is load and nothing else."""

LONGEST_INTERVAL: Final = 3600.0
"""s. Categories that allow a day of silence still look once an hour."""

_SPREAD: Final = 60.0
_RETRY_SHARE: Final = 0.25
_STEP: Final = 0.1
"""s. A clock set back by less is held instead, until time has caught up."""

_GOLDEN: Final = 0.618_033_988_749_895


class SupervisorFigures(msgspec.Struct, kw_only=True):
    """What the supervisor did since it was made. ``latest_s``: the most a probe was late."""

    probes: int = 0
    acknowledged: int = 0
    under_way: int = 0
    most_under_way: int = 0
    waited: int = 0
    latest_s: float = 0.0
    clock_steps: int = 0


def interval_for(silence_ms: int) -> float:
    """Seconds between supervision messages: half the longest silence, so that one may be lost."""
    return min(LONGEST_INTERVAL, max(SHORTEST_INTERVAL, silence_ms / 2000))


class _Lane:
    """One path of one link in the timetable; ``due`` on the loop's clock."""

    __slots__ = ("due", "link", "path", "under_way")

    def __init__(self, link: _Link, path: Path, due: float) -> None:
        self.link = link
        self.path = path
        self.due = due
        self.under_way = False


class _Link:
    __slots__ = ("id", "interval", "lanes", "link", "look", "removed", "supervision", "time_limit")

    def __init__(
        self, name: str, link: PoliceLink, supervision: Supervision, interval: float, limit: float
    ) -> None:
        self.id = name
        self.link = link
        self.supervision = supervision
        self.interval = interval
        self.time_limit = limit
        self.look = float("inf")
        self.removed = False
        self.lanes: dict[Path, _Lane] = {}


class Supervisor:
    """Keeps the supervision of many links going while `run` runs.

    Changes and probes are told at once, in the loop, by plain calls that must not fail: what they
    raise ends `run`. Links are not closed here; they belong to who made them.
    """

    def __init__(
        self,
        *,
        now: Callable[[], int],
        on_change: OnChange,
        on_probe: OnProbe | None = None,
        most_at_once: int = 4096,
    ) -> None:
        """``now``: wall time in ms. ``most_at_once``: probes under way, over all links."""
        self._wall = now
        self._on_change = on_change
        self._on_probe = on_probe
        self._most = most_at_once
        self._links: dict[str, _Link] = {}
        self._heap: list[tuple[float, int, _Lane | _Link]] = []
        self._order = count()
        self._starts = count()
        self._wake = asyncio.Event()
        self._offset: float | None = None
        self._latest = 0
        self.figures = SupervisorFigures()

    # Which links

    def add(
        self,
        name: str,
        link: PoliceLink,
        supervision: Supervision,
        *,
        interval_s: float | None = None,
        time_limit_s: float | None = None,
    ) -> None:
        """Supervise a link from now on; ``name`` is its id. Called in the loop.

        ``interval_s``: default `interval_for` its longest silence. A probe that takes longer than
        ``time_limit_s`` (default: half the interval, 30 s at most) counts as unanswered, whatever
        limits the link has itself. Raises ``ValueError`` for an id that is there already, and for
        an interval that is not shorter than the longest silence.
        """
        if name in self._links:
            raise ValueError(f"the link {name} is supervised already")
        silence = supervision.demand.silence_ms
        interval = interval_for(silence) if interval_s is None else interval_s
        if not 0 < interval < silence / 1000:
            raise ValueError(
                f"the interval of {name}, {interval:g} s, must be shorter than its longest "
                f"silence, {silence / 1000:g} s"
            )
        limit = min(30.0, interval / 2) if time_limit_s is None else time_limit_s
        entry = _Link(name, link, supervision, interval, limit)
        self._links[name] = entry
        # Spread by the golden ratio: even, however many there are, and the same at each start.
        spread = min(interval, _SPREAD)
        start = self._steady()
        for path in supervision.paths:
            entry.lanes[path] = _Lane(entry, path, start)
            self._push(entry.lanes[path], start + spread * (next(self._starts) * _GOLDEN % 1))
        self._tell(entry, supervision.resumed)
        self._plan_look(entry)

    def remove(self, name: str) -> None:
        """Supervise it no longer; a probe under way is let finish and told to nobody."""
        self._links.pop(name).removed = True

    def __contains__(self, name: object) -> bool:
        return name in self._links

    def __len__(self) -> int:
        return len(self._links)

    def __iter__(self) -> Iterator[str]:
        return iter(self._links)

    def supervision(self, name: str) -> Supervision:
        """The state of one link. Raises ``KeyError``. Feed it through `seen` and `tested` only."""
        return self._links[name].supervision

    # What happens elsewhere

    def seen(self, name: str, exchange: Exchange) -> None:
        """Somebody else had an exchange with this receiver: an alarm, a test."""
        entry = self._links[name]
        self._hear(entry, exchange)
        if exchange.acknowledged:
            entry.lanes[exchange.path].due = self._steady() + entry.interval

    def tested(
        self, name: str, path: Path, acknowledged: bool, exchange: Exchange | None = None
    ) -> None:
        """An end-to-end test over ``path`` has ended."""
        entry = self._links[name]
        now = self._now()
        self._tell(entry, entry.supervision.tested(path, acknowledged, now, exchange=exchange))
        self._plan_look(entry)

    def probe_soon(self, name: str, path: Path) -> None:
        """Probe it now, without waiting for its turn."""
        self._push(self._links[name].lanes[path], self._steady())

    # The round

    async def run(self) -> None:
        """Probe and look until cancelled; probes under way are cancelled and waited for."""
        async with asyncio.TaskGroup() as probes:
            while True:
                self._wake.clear()
                delay = self._serve(probes)
                try:
                    async with asyncio.timeout(delay):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    def _serve(self, probes: asyncio.TaskGroup) -> float:
        """Do what is due; returns how long (s) nothing will be."""
        now = self._now()  # hears of a clock that was set, also while nothing else happens
        steady = self._steady()
        while self._heap and self._heap[0][0] <= steady:
            due, _, item = heapq.heappop(self._heap)
            if isinstance(item, _Link):
                if not item.removed and due >= item.look:  # else a nearer look was planned
                    self._tell(item, item.supervision.tick(now))
                    self._plan_look(item)
            elif not item.link.removed and not item.under_way:
                if item.due > steady:  # an exchange in between has restarted its interval
                    heapq.heappush(self._heap, (item.due, next(self._order), item))
                elif self.figures.under_way >= self._most:
                    self.figures.waited += 1
                    heapq.heappush(self._heap, (steady + 0.05, next(self._order), item))
                else:
                    self._start(probes, item, steady)
        return max(0.0, self._heap[0][0] - steady) if self._heap else 60.0

    def _start(self, probes: asyncio.TaskGroup, lane: _Lane, steady: float) -> None:
        figures = self.figures
        figures.latest_s = max(figures.latest_s, steady - lane.due)
        figures.probes += 1
        figures.under_way += 1
        figures.most_under_way = max(figures.most_under_way, figures.under_way)
        lane.under_way = True
        lane.due += lane.link.interval
        if lane.due <= steady:  # so late that the next would be due as well
            lane.due = steady + lane.link.interval
        probes.create_task(self._probe(lane))

    async def _probe(self, lane: _Lane) -> None:
        entry = lane.link
        try:
            exchange = await self._ask(lane)
        finally:
            lane.under_way = False
            self.figures.under_way -= 1
        if entry.removed:
            return
        self.figures.acknowledged += exchange.acknowledged
        if self._on_probe is not None:
            self._on_probe(entry.id, exchange)
        self._hear(entry, exchange)
        down = entry.supervision.path(lane.path).state is PathState.DOWN
        if not exchange.acknowledged and not down:
            # Lost on the way, or a fault: asking again soon tells before the time is up.
            lane.due = min(lane.due, self._steady() + entry.interval * _RETRY_SHARE)
        self._push(lane, lane.due)

    async def _ask(self, lane: _Lane) -> Exchange:
        """One probe, with an end. A link that breaks its contract is unreachable, not fatal."""
        entry = lane.link
        started, begun = self._now(), self._steady()
        try:
            async with asyncio.timeout(entry.time_limit):
                exchange = await entry.link.probe(lane.path)
        except TimeoutError:
            result, reason = Result.SILENT, f"no answer within {entry.time_limit:g} s"
        except Exception as error:  # noqa: BLE001 - one link's fault must not end the others' watch
            result, reason = Result.UNREACHABLE, f"our own fault: {type(error).__name__}: {error}"
        else:
            if exchange.started + exchange.elapsed_ms > (now := self._now()):
                # Our clock was set back while it was under way; it came just now all the same.
                started = now - round(exchange.elapsed_ms)
                return msgspec.structs.replace(exchange, started=started)
            return exchange
        return Exchange(
            path=lane.path,
            started=started,
            elapsed_ms=1000 * (self._steady() - begun),
            sent=b"",
            received=b"",
            result=result,
            reason=reason,
        )

    def _hear(self, entry: _Link, exchange: Exchange) -> None:
        self._tell(entry, entry.supervision.seen(exchange, self._now()))
        self._plan_look(entry)

    def _tell(self, entry: _Link, change: StateChange | None) -> None:
        if change is not None:
            self._on_change(entry.id, change)

    # Time

    def _plan_look(self, entry: _Link) -> None:
        """Have it ticked when silence or age alone may change its state."""
        supervision = entry.supervision
        look = self._steady() + max(0, supervision.due - self._now()) / 1000
        if look < entry.look or entry.look <= self._steady():
            entry.look = look
            self._push(entry, look)

    def _push(self, item: _Lane | _Link, due: float) -> None:
        if isinstance(item, _Lane):
            item.due = due
        first = not self._heap or due < self._heap[0][0]
        heapq.heappush(self._heap, (due, next(self._order), item))
        if first:
            self._wake.set()

    def _steady(self) -> float:
        return asyncio.get_running_loop().time()

    def _now(self) -> int:
        """Wall time; every link hears of it first when the clock was set back."""
        now = self._wall()
        offset = now / 1000 - self._steady()
        if self._offset is None or offset > self._offset:
            self._offset = offset
        elif offset < self._offset - _STEP:
            by = round((offset - self._offset) * 1000)
            self._offset = offset
            self.figures.clock_steps += 1
            self._latest = now
            for entry in self._links.values():
                entry.supervision.clock_moved(by)
        self._latest = max(self._latest, now)
        return self._latest
