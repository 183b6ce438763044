"""The way of alarms over one link: in order, retried until acknowledged, loud when late.

What is to be sent is handed over in memory as soon as it is committed, for a look into the table
would cost an alarm the time of a thread. The table is the truth all the same: it is read at a
start, and when more waits than is kept in memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

import msgspec
import structlog

from devices.police_link.link import Exchange, LinkEvent, PoliceLink, Report, Result
from gateway.clock import Clock
from gateway.police.forwarding import decode_event
from gateway.police.sendings import Attempt, Sending, Unreadable
from gateway.store.batch import OutboxEntry
from gateway.store.store import StoreError

Told: TypeAlias = Attempt | Sending | Unreadable

_log: Final = structlog.get_logger(__name__)

KEPT: Final = 2000
"""Events in memory; the rest waits in the table."""

AGAIN_S: Final = 1.0
"""From the beginning of one attempt to the next."""

UNHURRIED_S: Final = 15.0
LONGEST_REST_S: Final = 1800.0
"""The same where nobody is called: twice as long each time, up to half an hour."""

LONGEST_ATTEMPT_S: Final = 15.0
"""However a link's own time limits were set or kept."""

FIRST_TRY_S: Final = 0.5
"""What was late already when the gateway started gets so long before that is said."""

TOLD_FULLY: Final = 20
"""Exchanges of one event that are all facts; later ones only when they come out differently, and
one a minute: a link that is down for a day would else write 170,000."""

_TOLD_EVERY_MS: Final = 60_000


class _Waiting:
    """One event on its way."""

    __slots__ = (
        "aside",
        "attempts",
        "due",
        "error",
        "event",
        "fresh",
        "late",
        "result",
        "results",
        "told",
        "tries",
    )

    def __init__(self, event: LinkEvent) -> None:
        self.event = event
        self.tries = 0
        self.attempts = 0  # exchanges, of which a try may take several
        self.error = ""
        self.result = ""  # of the last exchange that failed
        self.late = False
        self.due = 0.0  # steady s: not tried before
        self.aside = False  # the receiver answers and does not take it: others may pass
        self.told = 0
        self.results: dict[str, Result] = {}
        self.fresh: asyncio.TimerHandle | None = None


class Lane:
    """Sends what it is offered. `run` is the body of a task."""

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        late_after_s: float | None,
        tell: Callable[[Told], None],
        seen: Callable[[Exchange], None],
        more: Callable[[frozenset[str]], Awaitable[list[OutboxEntry]]],
    ) -> None:
        """``name`` is the link's id. ``late_after_s`` ``None``: nobody is called, and nothing is
        hurried. ``tell`` must not block; ``seen`` hears of every exchange. ``more`` reads the next
        rows of the table, but those with the given keys.
        """
        self.name: Final = name
        self._clock: Final = clock
        self._late_after: Final = late_after_s
        self._tell: Final = tell
        self._seen: Final = seen
        self._more: Final = more
        self._queue: deque[_Waiting] = deque()
        self._known: set[str] = set()
        self._sent: set[str] = set()  # acknowledged, and not yet written down
        self._overflowed = False
        self._wake: Final = asyncio.Event()
        self.late = 0
        """Events that have not been acknowledged in time."""

    @property
    def waiting(self) -> int:
        """Events in memory that have not arrived."""
        return len(self._queue)

    def more_waits(self) -> None:
        """The table may hold more than was offered."""
        self._overflowed = True
        self._wake.set()

    def offer(self, entries: Iterable[OutboxEntry], *, anew: bool = True) -> None:
        """These are committed. On the event loop. ``anew``: just now, not before a restart."""
        for entry in entries:
            if entry.key in self._known or entry.key in self._sent:
                continue
            if len(self._queue) >= KEPT or (self._overflowed and anew):
                self._overflowed = True  # order: what comes now is behind what is in the table
                continue
            try:
                event = decode_event(entry.body)
            except msgspec.DecodeError as error:
                _log.error("police.unreadable", link=self.name, key=entry.key, error=str(error))
                self._sent.add(entry.key)  # as good as: it is not read again
                self._tell(Unreadable(entry.key, str(error), self.late))
                continue
            waiting = _Waiting(event)
            if self._late_after is not None:
                # A clock that was set back must not put it off.
                passed = max(0, self._clock.now() - entry.created) / 1000
                due = max(self._late_after - passed, FIRST_TRY_S if not anew else 0.0)
                loop = asyncio.get_running_loop()
                waiting.fresh = loop.call_later(due, self._is_late, waiting)
            self._queue.append(waiting)
            self._known.add(entry.key)
        self._wake.set()

    def written(self, key: str) -> None:
        """What became of an event in the end is in the store."""
        self._sent.discard(key)

    async def run(self, link: PoliceLink) -> None:
        """Send until cancelled."""
        while True:
            self._wake.clear()
            if not self._queue:
                if self._overflowed and not self._sent:
                    await self._read_on()
                    continue
                await self._pause(None if not self._overflowed else 0.05)
                continue
            following, wait = self._next()
            if following is None:
                await self._pause(wait)
            else:
                await self._try(link, following)

    def end(self) -> None:
        """Forget timers, when `run` has ended."""
        for waiting in self._queue:
            if waiting.fresh is not None:
                waiting.fresh.cancel()

    def _next(self) -> tuple[_Waiting | None, float]:
        """What is to be tried now, or in how many seconds something is.

        In order; only those that the receiver has refused do not hold up others, except what is
        of the same alert: an alarm comes before its end.
        """
        now, wait = self._clock.steady(), AGAIN_S
        held: set[int | None] = set()
        for waiting in self._queue:
            if waiting.event.alert in held:
                continue
            if waiting.due <= now:
                return waiting, 0.0
            wait = min(wait, waiting.due - now)
            if not waiting.aside:
                break
            held.add(waiting.event.alert)
        return None, wait

    async def _read_on(self) -> None:
        self._overflowed = False
        try:
            entries = await self._more(frozenset(self._known | self._sent))
        except StoreError as error:
            # The other links go on; what waits there stays.
            _log.error("police.table_unread", link=self.name, error=str(error))
            self._overflowed = True
            await asyncio.sleep(AGAIN_S)
            return
        self.offer(entries, anew=False)
        # Perhaps there is more still, or something was committed meanwhile.
        self._overflowed = bool(entries)

    async def _pause(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _try(self, link: PoliceLink, waiting: _Waiting) -> None:
        waiting.due = self._clock.steady() + self._rest(waiting.tries)
        waiting.tries += 1
        answers: list[Exchange] = []

        def seen(exchange: Exchange) -> None:
            answers.append(exchange)
            self._seen(exchange)
            self._attempted(waiting, exchange)

        arrived: Exchange | None = None
        try:
            async with asyncio.timeout(LONGEST_ATTEMPT_S):
                report: Report = await link.send(waiting.event, on_exchange=seen)
            arrived = report.acknowledged
        except TimeoutError:
            waiting.error = f"the link did not come back within {LONGEST_ATTEMPT_S:g} s"
        except Exception as error:  # noqa: BLE001 - a fault of one link's code must not end its lane
            fault = f"{type(error).__name__}: {error}"
            if fault != waiting.error:  # a fault that comes each second is traced once
                _log.exception("police.link_broken", link=self.name)
            waiting.error = fault
            waiting.aside = True  # such as an event that no frame holds
        if arrived is not None:
            self._arrived(waiting, arrived)
            return
        _log.warning(
            "police.not_forwarded", link=self.name, key=waiting.event.key, why=waiting.error
        )
        refusals = (Result.REFUSED, Result.UNABLE)
        if answers:
            waiting.aside = all(one.result in refusals for one in answers)

    def _rest(self, tries: int) -> float:
        """Seconds from the beginning of one try to the next."""
        if self._late_after is not None:
            return AGAIN_S
        return min(UNHURRIED_S * 2.0 ** min(tries, 20), LONGEST_REST_S)

    def _attempted(self, waiting: _Waiting, exchange: Exchange) -> None:
        waiting.attempts += 1
        if not exchange.acknowledged:
            waiting.error = exchange.reason or exchange.result.value
            waiting.result = exchange.result.value
        before = waiting.results.get(exchange.path)
        waiting.results[exchange.path] = exchange.result
        now = self._clock.now()
        if (
            waiting.attempts <= TOLD_FULLY
            or before is not exchange.result
            or not 0 <= now - waiting.told < _TOLD_EVERY_MS
        ):
            waiting.told = now
            self._tell(Attempt(waiting.event, exchange, waiting.attempts))

    def _arrived(self, waiting: _Waiting, exchange: Exchange) -> None:
        key, now = waiting.event.key, self._clock.now()
        if waiting.fresh is not None:
            waiting.fresh.cancel()
        self.late -= waiting.late
        self._queue.remove(waiting)
        self._known.discard(key)
        self._sent.add(key)
        self._tell(
            Sending(
                event=waiting.event,
                arrived=True,
                at=now,
                attempts=waiting.attempts,
                path=exchange.path.value,
                result=exchange.result.value,
                ack_ms=max(0, now - waiting.event.known),
                late=self.late,
            )
        )

    def _is_late(self, waiting: _Waiting) -> None:
        waiting.late = True
        self.late += 1
        self._tell(
            Sending(
                event=waiting.event,
                arrived=False,
                at=self._clock.now(),
                attempts=waiting.attempts,
                result=waiting.result,
                error=waiting.error or "no receiver has answered yet",
                late=self.late,
            )
        )
