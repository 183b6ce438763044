"""Writes down what lanes tell: transitions of alerts, exchanges as facts, what nobody received.

One task for all links. It never holds up a lane: an alarm is sent while the disk is full, and what
came of it is written when there is room.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog

from alerts.alert import Alert, TransitionKind
from alerts.course import Course, Detail
from alerts.finding import Explanation, Finding, Priority
from devices.model import Device
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.work import Work
from gateway.police.evidence import exchange_fact
from gateway.police.forwarding import receiver_of
from gateway.police.lane import Told
from gateway.police.links import LinkInfo
from gateway.police.sendings import Attempt, Sending
from gateway.store.batch import Arrived
from gateway.store.store import StoreError

_log: Final = structlog.get_logger(__name__)

UNREACHED: Final = "police_unreached"
"""The condition of a link that an alarm has not been acknowledged over in time."""

_AT_ONCE: Final = 200


class Keeper(Protocol):
    """What the record needs of the flow."""

    def work(self) -> Work:
        """An empty piece of work at the present time."""
        ...

    async def commit(self, work: Work) -> None:
        """Commit it. Raises `StoreError`."""
        ...

    async def keep_trying(self, work: Work, error: BaseException) -> bool:
        """Until it is committed."""
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
        written: Callable[[str, str], None],
    ) -> None:
        """``device_of`` gives the device that stands for a link in alerts; ``written`` is told of
        the link and key of each event that is written down as arrived.
        """
        self._keeper: Final = keeper
        self._book: Final = book
        self._device_of: Final = device_of
        self._read_alert: Final = read_alert
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
            await self._wake.wait()
            self._wake.clear()
            while self._told:
                await self._write()

    async def drain(self) -> None:
        """Write what was told, when the lanes have ended."""
        while self._told:
            await self._write()

    async def _write(self) -> None:
        some = [self._told.popleft() for _ in range(min(_AT_ONCE, len(self._told)))]
        numbers = {told.event.alert for _, told in some if isinstance(told, Sending)}
        # Read before anything is changed: from here to the commit nobody else has a turn.
        stored = {
            number: await self._read_alert(number)
            for number in numbers
            if number is not None
            and self._book.get(number) is None
            and self._book.closed(number) is None
        }
        work = self._keeper.work()
        arrived: list[tuple[str, str]] = []
        for link, told in some:
            if isinstance(told, Attempt):
                self._tried(link, told, work)
            elif isinstance(told, Sending):
                self._came_to(link, told, stored, work)
                if told.arrived:
                    arrived.append((link.id, told.event.key))
            else:
                # Nothing that can be sent: it must not be tried at each start for ever.
                work.batch.arrived.append(Arrived(receiver_of(link.id), told.key))
                _log.error("police.given_up", link=link.id, key=told.key, why=told.reason)
        try:
            await self._keeper.commit(work)
        except StoreError as error:
            await self._keeper.keep_trying(work, error)
        for link_id, key in arrived:
            self._written(link_id, key)

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
            work.batch.arrived.append(Arrived(receiver_of(link.id), event.key))
        number = event.alert
        alert = None
        if number is not None:
            alert = self._book.get(number) or self._book.closed(number) or stored.get(number)
        if alert is not None:
            self._on_alert(alert, link, told, work)
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
            detail["error"] = told.error[:500]
        kind = TransitionKind.FORWARDED if told.arrived else TransitionKind.NOT_FORWARDED
        course = Course(alert)
        course.add(kind, happened=told.at, known=work.batch.now, detail=detail)
        self._book.record(alert, course.folded(), work)

    def _unreached(self, link: LinkInfo, told: Sending, work: Work) -> None:
        device = self._device_of(link.id)
        now = work.batch.now
        if not told.arrived:
            finding = Finding(
                condition=UNREACHED,
                active=True,
                priority=Priority.EMERGENCY,
                happened=told.at,
                known=now,
                explanation=Explanation(
                    rule="forwarding",
                    code="police_unreached_restore" if told.event.restore else UNREACHED,
                    inputs={
                        "telephone": link.telephone,
                        "link": link.name,
                        "alert": told.event.alert,
                        "place": told.event.place or told.event.school_name,
                        "error": told.error[:200],
                    },
                ),
                # Each alarm that nobody has received calls anew; that one is over does not.
                occurrence=not told.event.restore,
            )
            self._book.fold(finding, device, work)
        elif not told.late:
            over = Explanation(
                rule="forwarding",
                code="police_reached",
                inputs={"link": link.name, "path": told.path, "ack_ms": told.ack_ms},
            )
            self._book.fold(
                Finding(UNREACHED, False, Priority.EMERGENCY, told.at, now, over), device, work
            )


def _version(key: str) -> int:
    """The alert's version in an event's key (`alerts.notification.audience.event_key`)."""
    parts = key.rsplit("/", 2)
    return int(parts[-2]) if len(parts) == 3 and parts[-2].isdigit() else 0
