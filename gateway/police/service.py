"""The police links of the running gateway, as others use them.

Forwarding begins before anything that only people need, and depends on none of it. `begin` says
what runs; each part is kept going by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import structlog

from alerts.alert import Alert
from audit.verification.procedure import LinkNotice
from devices.model import Device
from devices.police_link.link import Code, Exchange, OnExchange, Path, PoliceLink, Report
from devices.police_link.states import LinkState, View
from gateway.clock import Clock
from gateway.own_devices import Registering, keep_registered
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.flow import Flow
from gateway.pipeline.judge import Judge
from gateway.pipeline.roster import GATEWAY
from gateway.pipeline.work import Work
from gateway.police.codes import zone_of
from gateway.police.forwarding import receiver_for, receiver_of
from gateway.police.hosts import Hosts
from gateway.police.lane import Lane
from gateway.police.links import LinkInfo, infos_of
from gateway.police.record import Record
from gateway.police.registering import REASON, device_of, stands_for_a_link
from gateway.police.sendings import Attempt
from gateway.police.stating import write_change
from gateway.police.testing import (
    ANNOUNCED,
    TEST_ZONE,
    Schedule,
    Tester,
    event_of_test,
    sequences_of_tests,
)
from gateway.police.watch import LinkWatch
from gateway.settings_police import PoliceLinkSettings
from gateway.store.batch import POLICE, OutboxEntry
from gateway.store.loading import FOR_POLICE
from gateway.store.store import Store, StoreError

if TYPE_CHECKING:
    from gateway.police.making import Made

ATTESTED_LOOK_S: Final = 10.0
DRAIN_S: Final = 5.0

_log: Final = structlog.get_logger(__name__)

Keep: TypeAlias = "Callable[[str, Callable[[], Coroutine[Any, Any, Any]]], None]"
"""Keeps a part of the gateway going: its name, and what makes its body."""


class Police:
    """Owns the links. Everything runs on the event loop."""

    def __init__(
        self,
        links: Sequence[PoliceLinkSettings],
        *,
        flow: Flow,
        judge: Judge,
        book: AlertBook,
        store: Store,
        clock: Clock,
        waiting: Iterable[OutboxEntry],
        saved: Mapping[str, bytes],
    ) -> None:
        """``waiting`` is what the table holds for the links at a start, ``saved`` what an earlier
        watch of each came to.
        """
        self._settings: Final = tuple(links)
        self._infos: Final = infos_of(links)
        self._flow: Final = flow
        self._book: Final = book
        self._judge: Final = judge
        self._store: Final = store
        self._clock: Final = clock
        self._record: Final = Record(
            keeper=flow,
            book=book,
            device_of=self.device_of,
            read_alert=self._read_alert,
            late=lambda: sum(lane.late for lane in self._lanes.values()),
            written=self._written,
        )
        self._lanes: Final[dict[str, Lane]] = {}
        for info in self._infos.values():
            if info.own:
                self._add_lane(info, urgent=True)
            if info.faults:
                self._add_lane(info, urgent=False)
        self._made: Made | None = None
        self._links: Final[dict[str, PoliceLink]] = {}
        self._test_sequence: Final = sequences_of_tests(clock.now())
        self._begun: Final = asyncio.Event()
        self.watch: Final = LinkWatch(self._infos, flow=flow, judge=judge, clock=clock, saved=saved)
        self.hosts: Final = Hosts(self._infos, state_of=judge.roster.state, clock=clock)
        at_start = list(waiting)
        self._offer(at_start, anew=False)
        if len(at_start) >= FOR_POLICE:
            for lane in self._lanes.values():
                lane.more_waits()

    @property
    def links(self) -> Mapping[str, LinkInfo]:
        """All links, by id."""
        return self._infos

    @property
    def receivers(self) -> frozenset[str]:
        """The names of the outbox's receivers that are served here."""
        return frozenset(self._lanes)

    def links_of(self, school: str) -> list[str]:
        """The ids of a school's links that can be sent over."""
        return [info.id for info in self._infos.values() if info.school == school and info.own]

    def notice_of(self, link_id: str) -> LinkNotice | None:
        """What its police want to hear before a test; ``None`` = nothing."""
        info = self._infos.get(link_id)
        if info is None or info.notice_hours is None:
            return None
        standing = self._book.of(self.device_of(link_id).row, ANNOUNCED)
        return LinkNotice(
            link=link_id,
            hours=info.notice_hours,
            telephone=info.telephone,
            text=info.notice_text,
            announced=standing.known if standing is not None and standing.active else None,
        )

    def committed(self, work: Work) -> None:
        """What was committed; called first of all after each commit that had outbox rows."""
        self._offer(work.batch.outbox, anew=True)

    def begin_forwarding(self, keep: Keep) -> None:
        """Send alarms from now on."""
        if self._lanes:
            keep("police forwarding", self._forward)
            keep("police record", self._record.run)

    async def ready(self, seconds: float) -> None:
        """Wait until alarms can be sent, for at most so long."""
        if self._lanes:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._begun.wait()

    def begin_watching(self, keep: Keep) -> None:
        """Watch the links from now on, and write down how they are."""
        if self._lanes:
            keep("police supervision", self._supervise)
            keep("police figures", self.watch.run)
        if len(self.hosts):
            keep("police hosts", self._follow_hosts)

    def begin_testing(
        self,
        keep: Keep,
        *,
        tester: Tester,
        registering: Registering,
        has_school: Callable[[str], bool],
    ) -> None:
        """Put the links on the register, and test them in their time. What stands of links that
        are no longer configured ends.
        """
        from gateway.police.removal import Removal  # noqa: PLC0415 - needs SQLAlchemy

        removal = Removal(
            self._infos,
            served=self.receivers,
            flow=self._flow,
            book=self._book,
            roster=self._judge.roster,
            store=self._store,
            registering=registering,
        )
        keep("police links removed", removal.run)
        if not self._lanes:
            return
        schedule = Schedule(
            list(self._infos.values()),
            clock=self._clock,
            flow=self._flow,
            book=self._book,
            view=self.watch.view,
            device_of=self.device_of,
            tester=tester,
        )
        keep("police tests", schedule.run)
        keep(
            "police register",
            lambda: keep_registered(
                [device_of(info) for info in self._infos.values() if info.own],
                serves=stands_for_a_link,
                reason=REASON,
                find=self._find,
                has_school=has_school,
                registering=registering,
            ),
        )

    def _find(self, school: str, device: str) -> Device | None:
        state = self._judge.roster.state(school, device)
        return None if state is None else state.device

    async def aclose(self) -> None:
        """Write down what came of what was sent, for at most some seconds, and let go of the links.

        When what was begun has ended, and while the store is still there.
        """
        for lane in self._lanes.values():
            lane.end()
        try:
            async with asyncio.timeout(DRAIN_S):
                await self._record.drain()
                if self._begun.is_set():
                    await self.watch.drain()
        except (StoreError, TimeoutError) as error:
            # It is sent once more at the next start, under its number.
            _log.error("police.end_unwritten", error=str(error) or type(error).__name__)
        if self._made is not None:
            await self._made.aclose()

    def device_of(self, link: str) -> Device:
        """The device that stands for a link in alerts; the gateway itself until it has one."""
        info = self._infos[link]
        state = self._judge.roster.state(info.school, info.name)
        if state is None or not stands_for_a_link(state.device):
            return GATEWAY
        return state.device

    async def made(self, link: str) -> PoliceLink:
        """The link itself, once it is made, or what stands for one that cannot be.

        Raises ``KeyError`` for one that is not ours.
        """
        await self._begun.wait()
        return self._links[link]

    async def send_test(
        self,
        link_id: str,
        code: Code,
        *,
        actor: str,
        device: str | None = None,
        paths: Sequence[Path] | None = None,
        on_exchange: OnExchange | None = None,
    ) -> Report:
        """Send a test event. ``paths`` ``None`` = as an alarm would go; else over each of them.

        What came of it tells of the link's state, too. Raises ``LookupError`` for a link that is
        none of ours, or cannot be made.
        """
        info = self._infos.get(link_id)
        if info is None or not info.own:
            raise LookupError(f"there is no police link {link_id} that the gateway could test")
        link = await self.made(link_id)
        now = self._clock.now()
        zone = TEST_ZONE if device is None else self._zone(info, device)
        event = event_of_test(info, code, device, self._test_sequence(), now, zone=zone)
        exchanges: list[Exchange] = []

        def seen(exchange: Exchange) -> None:
            exchanges.append(exchange)
            # At once: whoever gives up the test half way leaves what was exchanged all the same.
            self._record.tell(info, Attempt(event, exchange, len(exchanges)))
            self.seen(link_id, exchange)
            if paths is not None or exchange.acknowledged:
                self.watch.tested(link_id, exchange.path, exchange)
            if on_exchange is not None:
                on_exchange(exchange)

        if paths is None:
            report = await link.send(event, on_exchange=seen)
        else:
            for path in paths:
                seen(await link.probe(path, event))
            report = Report(key=event.key, exchanges=tuple(exchanges))
        _log.info(
            "police.tested", link=link_id, actor=actor, arrived=report.acknowledged is not None
        )
        return report

    def _zone(self, info: LinkInfo, device: str) -> int:
        """The zone under which an alarm of this device would go: what is tested is just that."""
        found = self._find(info.school, device)
        return TEST_ZONE if found is None else zone_of(device, found.row, info.zones)

    def status(self, link: str) -> View | None:
        """A link as it is now; ``None`` when it is not watched (yet). Raises ``KeyError``."""
        return self.hosts.view(link) if link in self.hosts else self.watch.view(link)

    def state(self, link: str) -> LinkState:
        """The state of a link; unverified while it is not watched."""
        return self.hosts.view(link).state if link in self.hosts else self.watch.state(link)

    def exchanges(self, link: str) -> list[Exchange]:
        """What was exchanged over a link since the start, the newest first."""
        return self.watch.exchanges(link)

    def counts(self, schools: frozenset[str] | None) -> dict[LinkState, int] | None:
        """How many links are in which state; ``None`` without any. ``schools`` ``None`` = all."""
        states = [
            self.state(info.id)
            for info in self._infos.values()
            if schools is None or info.school in schools
        ]
        if not states:
            return None
        return {state: states.count(state) for state in LinkState}

    def seen(self, link: str, exchange: Exchange) -> None:
        """An exchange took place: it tells of the path as a supervision message does."""
        self.watch.seen(link, exchange)

    async def _forward(self) -> None:
        if not self._begun.is_set():
            # In a thread: what the links are made of is not imported before.
            self._made = await asyncio.to_thread(self._make)
            for name, reason in self._made.broken.items():
                _log.error("police.link_not_made", link=name, why=reason)
            self._links.update(self._made.links)
            self.watch.add(self._made.working)
            self._begun.set()
        async with asyncio.TaskGroup() as tasks:
            for receiver, lane in self._lanes.items():
                tasks.create_task(lane.run(self._links[lane.name]), name=receiver)

    async def _supervise(self) -> None:
        await self._begun.wait()
        await self.watch.supervisor.run()

    async def _follow_hosts(self) -> None:
        """What people say of tests is in the store; it is looked at again and again."""
        from gateway.store.links import standing_states  # noqa: PLC0415 - needs SQLAlchemy
        from gateway.store.read.links import latest_attested  # noqa: PLC0415 - needs SQLAlchemy

        told = await asyncio.to_thread(self._store.read, standing_states)
        while True:
            devices = self.hosts.devices()
            runs = await asyncio.to_thread(self._store.read, latest_attested(devices))
            for row, run in runs.items():
                self.hosts.attested(devices[row], run)
            work = self._flow.work()
            for device, finding in self.hosts.findings(self._book):
                self._book.fold(finding, device, work)
            changes = self.hosts.changes(told)
            for link, change in changes.items():
                write_change(link, change, work)
            if await self._flow.write_down(work):
                told |= {link: change.state.value for link, change in changes.items()}
            await asyncio.sleep(ATTESTED_LOOK_S)

    def _make(self) -> Made:
        from gateway.police.making import make_links  # noqa: PLC0415 - see there

        return make_links(self._settings, self._clock.now)

    def _add_lane(self, info: LinkInfo, *, urgent: bool) -> None:
        receiver = receiver_of(info.id, urgent=urgent)
        self._lanes[receiver] = Lane(
            info.id,
            clock=self._clock,
            late_after_s=info.late_after_s if urgent else None,
            tell=lambda told: self._record.tell(info, told),
            seen=lambda exchange: self.seen(info.id, exchange),
            more=lambda known: self._more(receiver, known),
        )

    def _offer(self, entries: Iterable[OutboxEntry], *, anew: bool) -> None:
        by_lane: dict[str, list[OutboxEntry]] = {}
        for entry in entries:
            if entry.receiver.startswith(POLICE):
                by_lane.setdefault(entry.receiver, []).append(entry)
        for receiver, its in by_lane.items():
            lane = self._lanes.get(receiver)
            if lane is not None:
                lane.offer(its, anew=anew)

    def _written(self, link: str, key: str) -> None:
        self._lanes[receiver_for(link, key)].written(key)

    async def _more(self, receiver: str, known: frozenset[str]) -> list[OutboxEntry]:
        from gateway.notification.rows import in_turn  # noqa: PLC0415 - needs SQLAlchemy, rarely

        most = 500 + len(known)
        rows = await asyncio.to_thread(self._store.read, in_turn(receiver, most))
        return [row.entry for row in rows if row.entry.key not in known]

    async def _read_alert(self, number: int) -> Alert | None:
        from gateway.store.read.alerts import one_alert  # noqa: PLC0415 - needs SQLAlchemy

        return await asyncio.to_thread(self._store.read, one_alert(number))
