"""Writes down what lanes tell: transitions of alerts, exchanges as facts, what nobody received.

One task for all links. It never holds up a lane: an alarm is sent while the disk is full, and what
came of it is written when there is room.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from importlib import import_module
from typing import Final, Protocol

import structlog

from alerts.alert import Alert, TransitionKind
from alerts.course import Course, Detail
from alerts.finding import Explanation, Finding, Priority
from alerts.notification.audience import is_emergency
from devices.model import Device
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.roster import GATEWAY
from gateway.pipeline.work import Work
from gateway.police.evidence import exchange_fact
from gateway.police.forwarding import receiver_for
from gateway.police.lane import Told
from gateway.police.links import LinkInfo
from gateway.police.sendings import Attempt, Sending, Unreadable
from gateway.store.batch import Arrived

_log: Final = structlog.get_logger(__name__)

UNREACHED: Final = "police_unreached"
"""The condition of a link that an alarm has not been acknowledged over in time."""

_AT_ONCE: Final = 200


class Keeper(Protocol):
    """What the record needs of the flow."""

    def work(self) -> Work:
        """An empty piece of work at the present time."""
        ...

    async def write_down(self, work: Work) -> bool:
        """Commit it, as often as it takes; ``False`` when the gateway ends without it."""
        ...


class Record:
    """What lanes tell, in order. `run` is the body of a task."""

    def __init__(
        self,
        *,
        keeper: Keeper,
        book: AlertBook,
        device_of: Callable[[str], Device],
        read_alert: Callable[[int], Awaitable[Alert | None]],
        late: Callable[[], int],
        written: Callable[[str, str], None],
    ) -> None:
        """``device_of`` gives the device that stands for a link in alerts, ``late`` how many alarms
        are late over all links; ``written`` is told of the link and key of each event that is
        written down as arrived or given up.
        """
        self._keeper: Final = keeper
        self._book: Final = book
        self._device_of: Final = device_of
        self._read_alert: Final = read_alert
        self._late: Final = late
        self._written: Final = written
        # Bounded by what lanes keep in memory and by how often they try.
        self._told: deque[tuple[LinkInfo, Told]] = deque()
        self._wake: Final = asyncio.Event()

    def tell(self, link: LinkInfo, told: Told) -> None:
        """Something came of a sending. Never blocks."""
        self._told.append((link, told))
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self.drain()
            await self._wake.wait()

    async def drain(self) -> None:
        """Write what was told."""
        self._wake.clear()
        while self._told:
            await self._write()

    async def _write(self) -> None:
        some = [self._told.popleft() for _ in range(min(_AT_ONCE, len(self._told)))]
        try:
            # Read before anything is changed: from here to the commit nobody else has a turn.
            stored = await self._stored(told for _, told in some)
        except BaseException:
            self._told.extendleft(reversed(some))
            raise
        work = self._keeper.work()
        done: list[tuple[str, str]] = []
        for link, told in some:
            if isinstance(told, Attempt):
                self._tried(link, told, work)
            elif isinstance(told, Sending):
                self._came_to(link, told, stored, work)
                if told.arrived:
                    done.append((link.id, told.event.key))
            else:
                self._given_up(link, told, work)
                done.append((link.id, told.key))
        await self._keeper.write_down(work)
        for link_id, key in done:
            self._written(link_id, key)

    async def _stored(self, some: Iterable[Told]) -> dict[int, Alert | None]:
        """The alerts spoken of that are no longer in the book."""
        found: dict[int, Alert | None] = {}
        for told in some:
            if isinstance(told, Unreadable):
                await asyncio.to_thread(import_module, "gateway.notification.rows")
                continue
            number = told.event.alert if isinstance(told, Sending) else None
            if number is None or number in found:
                continue
            if self._book.get(number) is None and self._book.closed(number) is None:
                found[number] = await self._read_alert(number)
        return found

    def _tried(self, link: LinkInfo, told: Attempt, work: Work) -> None:
        alert = told.event.alert
        subject = f"link:{link.id}" if alert is None else f"alert:{alert}"
        work.batch.facts.append(
            exchange_fact(link.id, told.event, told.exchange, told.number, work.batch.now, subject)
        )

    def _came_to(
        self, link: LinkInfo, told: Sending, stored: dict[int, Alert | None], work: Work
    ) -> None:
        event = told.event
        if told.arrived:
            work.batch.arrived.append(Arrived(receiver_for(link.id, event.key), event.key))
        number = event.alert
        alert = None
        if number is not None:
            alert = self._book.get(number) or self._book.closed(number) or stored.get(number)
        if alert is not None:
            self._on_alert(alert, link, told, work)
        if told.arrived and is_emergency(event.key):
            self._reached(link, told, work)
        elif not told.arrived:
            self._unreached(link, told, work)

    def _on_alert(self, alert: Alert, link: LinkInfo, told: Sending, work: Work) -> None:
        detail: dict[str, Detail] = {
            "link": link.name,
            "of": _version(told.event.key),
            "attempts": told.attempts,
        }
        if told.event.restore:
            detail["restore"] = True
        if told.arrived:
            detail |= {"path": told.path, "result": told.result, "ack_ms": told.ack_ms}
        else:
            detail |= {"result": told.result, "error": told.error[:500]}
        kind = TransitionKind.FORWARDED if told.arrived else TransitionKind.NOT_FORWARDED
        course = Course(alert)
        course.add(kind, happened=told.at, known=work.batch.now, detail=detail)
        self._book.record(alert, course.folded(), work)

    def _unreached(self, link: LinkInfo, told: Sending, work: Work) -> None:
        finding = Finding(
            condition=UNREACHED,
            active=True,
            priority=Priority.EMERGENCY,
            happened=told.at,
            known=work.batch.now,
            explanation=Explanation(
                rule="forwarding",
                code="police_unreached_restore" if told.event.restore else UNREACHED,
                inputs={
                    "telephone": link.telephone,
                    "link": link.name,
                    "alert": told.event.alert,
                    "place": told.event.place or told.event.school_name,
                    "cause": told.result or "untold",
                    "error": told.error[:200],
                },
            ),
            # Each alarm that nobody has received calls anew; that one is over does not.
            occurrence=not told.event.restore,
        )
        self._book.fold(finding, self._device_of(link.id), work)

    def _reached(self, link: LinkInfo, told: Sending, work: Work) -> None:
        over = Explanation(
            rule="forwarding",
            code="police_reached",
            inputs={"link": link.name, "path": told.path, "ack_ms": told.ack_ms},
        )
        finding = Finding(UNREACHED, False, Priority.EMERGENCY, told.at, work.batch.now, over)
        device = self._device_of(link.id)
        if device is not GATEWAY and not told.late:
            self._book.fold(finding, device, work)
        if not self._late():
            # It stands for every link that had no device yet when its alarm was late.
            self._book.fold(finding, GATEWAY, work)

    def _given_up(self, link: LinkInfo, told: Unreadable, work: Work) -> None:
        """Nothing that can be sent: it must not be tried at each start for ever, and people have to
        know that something is missing. With it ends what stood for it, unless others are late.
        """
        from gateway.notification.rows import give_up  # noqa: PLC0415 - needs SQLAlchemy, rarely

        now = work.batch.now
        _log.error("police.given_up", link=link.id, key=told.key, why=told.reason)
        work.batch.statements.append(
            give_up(receiver_for(link.id, told.key), told.reason, told.key)
        )
        if not is_emergency(told.key):
            return
        finding = Finding(
            condition=UNREACHED,
            active=told.late > 0,
            priority=Priority.EMERGENCY,
            happened=now,
            known=now,
            explanation=Explanation(
                rule="forwarding",
                code="police_unreadable",
                inputs={"telephone": link.telephone, "link": link.name, "key": told.key},
            ),
            occurrence=True,
        )
        self._book.fold(finding, self._device_of(link.id), work)


def _version(key: str) -> int:
    """The alert's version in an event's key (`alerts.notification.audience.event_key`)."""
    parts = key.rsplit("/", 2)
    return int(parts[-2]) if len(parts) == 3 and parts[-2].isdigit() else 0
