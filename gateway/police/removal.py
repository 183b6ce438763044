"""Links that the settings no longer name: what stands of them ends, and says why.

Nobody speaks for such a link any more. Left alone, its alerts would stand for ever, its device
would be called silent, and an alarm that still waits for it would wait unseen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from typing import Final, Protocol

import structlog

from alerts.alert import Alert, ForwardState, TransitionKind
from alerts.course import Course
from alerts.finding import Explanation, Finding, Priority
from alerts.rules.link_state import UNVERIFIED
from alerts.rules.quiet import stopped
from audit.coverage.folding import LINK_REMOVED
from devices.model import Device
from devices.police_link.states import LinkState
from gateway.notification.rows import give_up, tallies
from gateway.own_devices import Registering
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.roster import GATEWAY, Roster
from gateway.pipeline.work import Work
from gateway.police.forwarding import link_id, link_of
from gateway.police.hosts import UNATTESTED
from gateway.police.links import LinkInfo
from gateway.police.record import UNREACHED
from gateway.police.registering import stands_for_a_link
from gateway.store.batch import POLICE, Fact
from gateway.store.encoding import canonical
from gateway.store.links import end_states, standing_states
from gateway.store.store import Store

RULE: Final = "police_links"
WHY: Final = "the link is no longer in the settings"
"""Why what waits for it is given up: stands with the rows and on the alerts."""

_log: Final = structlog.get_logger(__name__)


class Keeper(Protocol):
    """What ending them needs of the flow."""

    def work(self) -> Work:
        """An empty piece of work at the present time."""
        ...

    async def write_down(self, work: Work) -> bool:
        """Commit it, as often as it takes; ``False`` when the gateway ends without it."""
        ...


class Removal:
    """What is left of links that were removed. `run` is the body of a task that ends."""

    def __init__(
        self,
        links: Mapping[str, LinkInfo],
        *,
        served: Collection[str],
        flow: Keeper,
        book: AlertBook,
        roster: Roster,
        store: Store,
        registering: Registering,
    ) -> None:
        """``served`` are the outbox's receivers that there is somebody for."""
        self._links: Final = links
        self._served: Final = served
        self._flow: Final = flow
        self._book: Final = book
        self._roster: Final = roster
        self._store: Final = store
        self._registering: Final = registering

    async def run(self) -> None:
        """Once: the settings do not change while the gateway runs. Raises `StoreError`."""
        devices = dict(self._devices())
        left = await asyncio.to_thread(self._left_waiting)
        of_links = {link_of(receiver) for receiver in left}
        for link in sorted(devices.keys() | of_links):
            work = self._flow.work()
            work.batch.statements += [
                give_up(receiver, WHY) for receiver in left if link_of(receiver) == link
            ]
            if not self._has(link):
                untold = self._end(link, devices.get(link, GATEWAY), work)
                _log.warning("police.link_removed", link=link, alarms_given_up=untold)
            await self._flow.write_down(work)
            device = devices.get(link)
            if device is not None:
                refused = await self._registering.remove(device.school, device.id, "", RULE)
                if refused is not None:
                    _log.warning("police.not_unregistered", link=link, why=refused.detail)
        await self._end_unattested()
        await self._end_states()

    def _has(self, link: str) -> bool:
        return link in self._links and self._links[link].own

    def _devices(self) -> Iterator[tuple[str, Device]]:
        """Those that the gateway put on the register for links that it has no longer."""
        for device in self._roster.devices():
            if stands_for_a_link(device):
                link = link_id(device.school, device.id)
                if not self._has(link):
                    yield link, device

    def _left_waiting(self) -> list[str]:
        """The outbox's receivers that nobody sends to, and that something waits for."""
        return [
            one.receiver
            for one in self._store.read(tallies)
            if one.waiting and one.receiver.startswith(POLICE) and one.receiver not in self._served
        ]

    def _end(self, link: str, device: Device, work: Work) -> int:
        """End what stands of a link; how many alarms it has not brought to the police."""
        now, name = work.batch.now, link.partition("/")[2]
        untold = self._give_up_alarms(link, work)
        standing = self._book.of(device.row, UNREACHED)
        if untold and (standing is None or not standing.active):
            # Nobody has been called yet.
            why = Explanation(RULE, "police_link_removed_untold", {"link": name})
            self._book.fold(
                Finding(UNREACHED, False, Priority.EMERGENCY, now, now, why, occurrence=True),
                device,
                work,
            )
        why = Explanation(RULE, "police_link_removed", {"link": name})
        for alert in self._book.of_device(device.row):
            if alert.active and (device is not GATEWAY or _is_of(alert, name)):
                self._book.fold(
                    stopped(alert.condition, alert.priority, now, now, why), device, work
                )
        return untold

    def _give_up_alarms(self, link: str, work: Work) -> int:
        """Say on the alarms themselves that the link will not bring them to the police.

        Not on faults: what has not arrived calls for the telephone.
        """
        now, given_up = work.batch.now, 0
        for alert in [one for one in self._book if one.emergency]:
            for forward in alert.forwards:
                if (
                    link_id(alert.school, forward.link) != link
                    or forward.state is ForwardState.ACKNOWLEDGED
                    or forward.error == WHY  # said before the gateway was killed
                ):
                    continue
                course = Course(alert)
                course.add(
                    TransitionKind.NOT_FORWARDED,
                    happened=now,
                    known=now,
                    detail={
                        "link": forward.link,
                        "of": forward.of,
                        "attempts": forward.attempts,
                        "error": WHY,
                    },
                )
                self._book.record(alert, course.folded(), work)
                given_up += 1
        return given_up

    async def _end_unattested(self) -> None:
        """Nobody attests tests of a host's link that is not in the settings either."""
        work = self._flow.work()
        now = work.batch.now
        for alert in tuple(self._book):
            device = self._roster.device(alert.device)
            if (
                alert.condition == UNVERIFIED
                and alert.active
                and alert.explanation.inputs.get("cause") in UNATTESTED
                and device is not None
                and link_id(device.school, device.id) not in self._links
            ):
                why = Explanation(RULE, "police_link_removed", {"link": device.id})
                self._book.fold(stopped(UNVERIFIED, alert.priority, now, now, why), device, work)
        await self._flow.write_down(work)

    async def _end_states(self) -> None:
        """Say that links are down of which the last word, years ago, may have been that they were
        up. Those that somebody watches speak for themselves.
        """
        standing = await asyncio.to_thread(self._store.read, standing_states)
        for link, state in sorted(standing.items()):
            if link in self._links:
                continue
            work = self._flow.work()
            now = work.batch.now
            body = {"before": state, "state": LinkState.DOWN, "cause": LINK_REMOVED, "at": now}
            fact = Fact("link_state", now, now, "gateway", f"link:{link}", canonical(body))
            work.batch.facts.append(fact)
            work.batch.statements += end_states(link, now)
            await self._flow.write_down(work)


def _is_of(alert: Alert, name: str) -> bool:
    """Whether an alert of the gateway itself stands for the link of this name."""
    return alert.condition == UNREACHED and alert.explanation.inputs.get("link") == name
