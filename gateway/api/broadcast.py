"""The live stream's hub: one reader of the desk, each event encoded once, shared by all listeners.

A frame is built once for each set of schools that somebody listens to, and handed to everybody
with that scope as the same bytes. A listener that does not keep up is cut; it resumes by its last
event id and misses nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import msgspec
import structlog

from gateway.api.models.alerts import HeldPressOut, LiveFeedOut
from gateway.api.models.causes import FloodOut
from gateway.api.police import counts_of_links
from gateway.api.present import Presenter, counts_out, feed_out
from gateway.api.problems import Problem
from gateway.desk import Desk, Feed, LiveAlert
from gateway.store.store import StoreError

if TYPE_CHECKING:
    from devices.police_link.states import LinkState
    from gateway.metrics import Metrics
    from gateway.security.access import Caller

log = structlog.get_logger(__name__)

Schools: TypeAlias = "frozenset[str] | None"

KEPT: Final = 5_000
"""Events kept encoded for those who resume, about 6 MB; older ones are asked of the desk."""

AT_ONCE: Final = 100
"""Events encoded before other work gets its turn (about 10 ms)."""

PENDING_FRAMES: Final = 600
PENDING_BYTES: Final = 4 * 1024 * 1024
"""What a listener may be behind. Frames are shared, so a thousand slow ones cost little more."""

STREAMS_PER_USER: Final = 100

FEED_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.2
"""How often the feed is looked at for trouble, which is told at once."""

CHECK_SECONDS: Final = 10.0
"""How often it is asked whether listeners may still listen."""

RETRY_SECONDS: Final = 1.0
TRIES: Final = 3
"""So often an event is tried; then it is passed over."""

RELOAD: Final = b"event: reload\ndata: {}\n\n"
OPENING: Final = b"retry: 1000\n\n"


class Event(msgspec.Struct, frozen=True):
    """One event as it goes over the wire."""

    row: int
    school: str
    body: bytes


def alerts_frame(events: Iterable[Event], schools: Schools, last: int) -> bytes | None:
    """The frame of those events that the schools' listeners see; ``None`` when they see none."""
    bodies = [
        event.body
        for event in events
        if schools is None or event.school in schools or not event.school
    ]
    if not bodies:
        return None
    return b"event: alerts\nid: %d\ndata: [%b]\n\n" % (last, b",".join(bodies))


class Listener:
    """One open stream: the frames it has still to send. Owned by the hub and one response."""

    __slots__ = ("_frames", "_size", "_wake", "caller", "joined_at", "over")

    def __init__(self, caller: Caller, joined_at: int) -> None:
        self.caller: Final = caller
        self.joined_at: Final = joined_at
        """The last event before its first frame."""
        self.over: Final[asyncio.Future[str]] = asyncio.get_running_loop().create_future()
        """Done when the hub has ended it; says why."""
        self._frames: deque[bytes] = deque()
        self._size = 0
        self._wake: asyncio.Future[None] | None = None

    def push(self, frame: bytes) -> bool:
        """Hand over a frame; false when it is too far behind."""
        if len(self._frames) >= PENDING_FRAMES or self._size + len(frame) > PENDING_BYTES:
            return False
        self._frames.append(frame)
        self._size += len(frame)
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
        return True

    def end(self, why: str) -> None:
        """No more frames."""
        if not self.over.done():
            self.over.set_result(why)

    async def take(self, most: int = 256 * 1024) -> bytes:
        """Wait for frames; those that wait already are joined, up to about ``most`` bytes."""
        while not self._frames:
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        taken = [self._frames.popleft()]
        size = len(taken[0])
        while self._frames and size + len(self._frames[0]) <= most:
            frame = self._frames.popleft()
            size += len(frame)
            taken.append(frame)
        self._size -= size
        return taken[0] if len(taken) == 1 else b"".join(taken)


class Hub:
    """Reads the desk's stream once and feeds every listener.

    ``last_row`` reads the last event's row from the store; ``still`` says which callers may still
    listen. `run` must be running.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        presenter: Presenter,
        last_row: Callable[[], Awaitable[int]],
        still: Callable[[Iterable[Caller]], Awaitable[set[Caller]]],
        streams: int,
        metrics: Metrics,
        links: Callable[[Schools], dict[LinkState, int] | None] = lambda _: None,
        maintenances: Callable[[Schools], int] = lambda _: 0,
        held: Callable[[], Sequence[HeldPressOut]] = tuple,
        floods: Callable[[Schools], list[FloodOut]] = lambda _: [],
    ) -> None:
        """``links`` counts the police links of some schools by state, ``maintenances`` what hides
        faults there; ``held`` gives the presses that wait to be confirmed as tests.
        """
        self._desk = desk
        self._presenter = presenter
        self._last_row = last_row
        self._still = still
        self._streams = streams
        self._metrics = metrics
        self._links = links
        self._maintenances = maintenances
        self._held = held
        self._floods = floods
        self._groups: dict[Schools, set[Listener]] = {}
        self._users: Counter[str] = Counter()
        self._kept: deque[Event] = deque(maxlen=KEPT)
        self._last = 0
        self._closed = False
        self._failed = (0, 0)
        """The row of the last event that could not be encoded, and how often that was tried."""

    @property
    def last(self) -> int:
        """The row of the last event told."""
        return self._last

    def listeners(self) -> list[Listener]:
        """Everybody who listens."""
        return [each for group in self._groups.values() for each in group]

    async def start(self) -> None:
        """Find where the stream stands; call once, before anybody joins."""
        self._last = await self._last_row()

    async def run(self) -> None:
        """Relay until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._relay())
            tasks.create_task(self._beat())
            tasks.create_task(self._check())

    def close(self) -> None:
        """End all streams and take no more: the server can stop only when they are over."""
        self._closed = True
        self.end(lambda _caller: True, "closing")

    def join(self, caller: Caller) -> Listener:
        """Begin to listen: every event from now on is kept for it. Raises a 503 or 429 `Problem`
        when there are too many streams."""
        if self._closed or self._users.total() >= self._streams:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "streams",
                "Too many streams are open.",
                headers={"Retry-After": "5"},
            )
        if self._users[caller.name] >= STREAMS_PER_USER:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "streams",
                f"{caller.name} has {STREAMS_PER_USER} streams open already.",
                headers={"Retry-After": "5"},
            )
        listener = Listener(caller, self._last)
        self._groups.setdefault(caller.schools, set()).add(listener)
        self._users[caller.name] += 1
        self._metrics.streams_open += 1
        listener.push(OPENING + self._feed_frame(self._desk.feed(), caller.schools))
        return listener

    def leave(self, listener: Listener) -> None:
        """It listens no more."""
        group = self._groups.get(listener.caller.schools)
        if group is None or listener not in group:
            return
        group.remove(listener)
        self._metrics.streams_open -= 1
        self._users[listener.caller.name] -= 1
        if not self._users[listener.caller.name]:
            del self._users[listener.caller.name]
        if not group:
            del self._groups[listener.caller.schools]

    def end(self, which: Callable[[Caller], bool], why: str = "ended") -> None:
        """End the streams of some callers."""
        for listener in self.listeners():
            if which(listener.caller):
                self.leave(listener)
                listener.end(why)

    async def missed(self, listener: Listener, after: int) -> AsyncIterator[bytes]:
        """Frames of what lies between ``after`` and the listener's joining, in order.

        A `RELOAD` frame when that is too far back, or not of this store's past.
        """
        until = listener.joined_at
        if after == until:
            return
        if after > until:
            yield RELOAD
            return
        schools = listener.caller.schools
        try:
            async with aclosing(self._past(after, until)) as past:
                async for events in past:
                    if frame := alerts_frame(events, schools, events[-1].row):
                        yield frame
        except LookupError:
            yield RELOAD

    async def _past(self, after: int, until: int) -> AsyncGenerator[list[Event]]:
        """Events of ``(after, until]``: those kept, else what the desk still knows."""
        if self._kept and self._kept[0].row <= after + 1:
            events = [event for event in self._kept if after < event.row <= until]
            for first in range(0, len(events), AT_ONCE):
                yield events[first : first + AT_ONCE]
            return
        async with aclosing(_generator(self._desk.stream(after))) as stream:
            async for batch in stream:
                async for events in self._encoded(batch):
                    if older := [event for event in events if event.row <= until]:
                        yield older
                if not batch or batch[-1].row >= until:
                    return

    async def _relay(self) -> None:
        """Read the desk's stream for ever; when it breaks, go on where it broke."""
        while True:
            try:
                async with aclosing(_generator(self._desk.stream(self._last))) as stream:
                    async for batch in stream:
                        async for events in self._encoded(batch):
                            self._publish(events)
                log.error("stream_ended", last=self._last)
            except LookupError:
                # Everybody loads anew: what lies between cannot be told any more.
                log.warning("stream_lost", last=self._last)
                self._last = await self._last_row()
                self._kept.clear()
                for schools in list(self._groups):
                    self._hand(schools, RELOAD)
            except Exception:
                # The stream must outlive a fault of one event: people look at nothing else.
                log.exception("stream_broken", last=self._last)
            await asyncio.sleep(RETRY_SECONDS)

    async def _encoded(self, batch: Sequence[LiveAlert]) -> AsyncIterator[list[Event]]:
        for first in range(0, len(batch), AT_ONCE):
            chunk = batch[first : first + AT_ONCE]
            events = [event for live in chunk if (event := self._event(live)) is not None]
            if events:
                yield events
            await asyncio.sleep(0)

    def _event(self, live: LiveAlert) -> Event | None:
        try:
            return Event(live.row, live.alert.school, self._presenter.live(live))
        except Exception:
            failed, times = self._failed
            self._failed = (live.row, times + 1 if failed == live.row else 1)
            if self._failed[1] < TRIES:
                raise
            # It would fail for ever, and everybody be blind to what comes behind it. The page
            # loads the alerts anew, and says so loudly should that fail, too.
            log.exception("event_untellable", row=live.row, alert=live.alert.id)
            self._last = max(self._last, live.row)
            for schools in list(self._groups):
                self._hand(schools, RELOAD)
            return None

    def _publish(self, events: list[Event]) -> None:
        self._kept.extend(events)
        self._last = events[-1].row
        self._metrics.stream_events += len(events)
        for schools in list(self._groups):
            frame = alerts_frame(events, schools, self._last)
            if frame is not None:
                self._hand(schools, frame)

    def _hand(self, schools: Schools, frame: bytes) -> None:
        behind = [each for each in self._groups[schools] if not each.push(frame)]
        for listener in behind:
            self.leave(listener)
            listener.end("behind")
            self._metrics.streams_cut += 1

    async def _beat(self) -> None:
        """The sign of life, every second; at once when the feed's trouble changes."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        told: tuple[Any, ...] = ()
        while True:
            try:
                feed = self._desk.feed()
                held = [one.verification for one in self._held()]
                state = (feed.connected, feed.trouble, held)
                if loop.time() >= due or state != told:
                    told = state
                    due = loop.time() + FEED_SECONDS
                    for schools in list(self._groups):
                        self._hand(schools, self._feed_frame(feed, schools))
            except Exception:
                # Silence itself tells the page that something is wrong; the next beat may work.
                log.exception("feed_broken")
            await asyncio.sleep(LOOK_SECONDS)

    def _feed_frame(self, feed: Feed, schools: Schools) -> bytes:
        body = LiveFeedOut(
            feed=feed_out(feed),
            counts=counts_out(self._desk.counts(schools)),
            floods=self._floods(schools),
            maintenances=self._maintenances(schools),
            police_link=counts_of_links(self._links(schools)),
            held=[one for one in self._held() if schools is None or one.device.school in schools],
        ).model_dump_json()
        return b"event: feed\nid: %d\ndata: %b\n\n" % (self._last, body.encode())

    async def _check(self) -> None:
        """End the streams of those who may not listen any more, or see other schools now."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            callers = {listener.caller for listener in self.listeners()}
            try:
                kept = await self._still(callers)
            except (StoreError, Problem) as error:
                log.warning("listeners_unchecked", error=str(error))
                continue
            gone = callers - kept
            self.end(lambda caller, gone=gone: caller in gone)  # type: ignore[misc]


def _generator(stream: AsyncIterator[list[LiveAlert]]) -> AsyncGenerator[list[LiveAlert]]:
    """The desk's stream as what it is, an async generator, so that it can be closed."""
    return cast("AsyncGenerator[list[LiveAlert]]", stream)
