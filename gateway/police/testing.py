"""Test events, and when which link is to be tested.

A link is tested over every path before its proof is too old, or as soon as its paths work when
there is none. Where the police want to be told beforehand, the test waits for as long as agreed
after the notice, which is an alert of the lowest priority: it stands for people to see, and when
it was raised is in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from secrets import token_hex
from typing import Final, Protocol

import structlog

from alerts.alert import Alert, Refusal
from alerts.finding import Explanation, Finding, Priority
from audit.verification.model import Verification
from devices.model import Device
from devices.police_link.link import Code, LinkEvent, Path
from devices.police_link.states import PathState, View
from gateway.clock import Clock
from gateway.pipeline.work import Work
from gateway.police.forwarding import ALARM_SEQUENCES
from gateway.police.links import DAY, LinkInfo
from gateway.store.store import StoreError

_log: Final = structlog.get_logger(__name__)

ANNOUNCED: Final = "police_test_announced"
HOUR: Final = 3_600_000
EARLY_SHARE: Final = 10
"""A test is made when a tenth of the period is left, a day at most: it may fail and be repeated."""

AGAIN_MS: Final = HOUR
"""After a test that failed."""

LOOK_S: Final = 2.0
AT_ONCE: Final = 20
"""Tests begun at a time: a thousand links that are new are not all tested in one second."""

_TEST_SEQUENCES: Final = 9999 - ALARM_SEQUENCES
TEST_ZONE: Final = 999
"""Of a test of the link itself; a walk test goes under the zone of its device."""


class Tester(Protocol):
    """Runs verifications of links (`gateway.verification.service`)."""

    async def begin_link(
        self,
        link: str,
        *,
        actor: str,
        code: Code = ...,
        paths: Sequence[Path] = ...,
        key: str | None = ...,
    ) -> Verification | Refusal:
        """Test a link in the name of ``actor``; empty = the gateway itself."""
        ...


class Keeper(Protocol):
    """What tests need of the flow."""

    def work(self) -> Work:
        """An empty piece of work at the present time."""
        ...

    async def write_down(self, work: Work) -> bool:
        """Commit it, as often as it takes; ``False`` when the gateway ends without it."""
        ...


class Announcements(Protocol):
    """The alerts that stand for notices (`gateway.pipeline.alert_book`)."""

    def of(self, device: int, condition: str) -> Alert | None:
        """The open alert of a device and condition."""
        ...

    def fold(self, finding: Finding, device: Device, work: Work) -> None:
        """Take in a finding."""
        ...


def sequences_of_tests(now: int) -> Callable[[], int]:
    """Gives sequence numbers above those of alarms, beginning somewhere at each start."""
    numbers = count(now // 1000)
    return lambda: ALARM_SEQUENCES + 1 + next(numbers) % _TEST_SEQUENCES


def event_of_test(
    info: LinkInfo,
    code: Code,
    device: str | None,
    sequence: int,
    now: int,
    *,
    zone: int = TEST_ZONE,
) -> LinkEvent:
    """A test, which no receiver can take for an alarm: by its code."""
    return LinkEvent(
        key=f"test/{info.id}/{now}/{token_hex(4)}",
        sequence=sequence,
        code=code,
        happened=now,
        known=now,
        school=info.school,
        test=True,
        zone=zone,
        device=device or "",
    )


def wants_test(view: View, info: LinkInfo, now: int) -> bool:
    """Whether a link is to be tested now: its paths work, and its proof is old, or there is none.

    While a path that is needed does not work a test proves nothing that is not known.
    """
    needed = info.demand.needed([one.path for one in view.paths])
    works = all(one.state is PathState.UP for one in view.paths if one.path in needed)
    return works and not is_proven(view, info, now)


def is_proven(view: View, info: LinkInfo, now: int) -> bool:
    """Whether the last test is young enough to need no other soon."""
    early = min(DAY, info.demand.test_period_ms // EARLY_SHARE)
    return view.test_due is not None and now < view.test_due - early


def wants_notice(view: View, info: LinkInfo, now: int) -> bool:
    """Whether the police are to be told now that a test will come."""
    if info.notice_hours is None:
        return False
    return wants_test(view, info, now + info.notice_hours * HOUR)


class Schedule:
    """Tests links in their time. `run` is the body of a task."""

    def __init__(
        self,
        links: Sequence[LinkInfo],
        *,
        clock: Clock,
        flow: Keeper,
        book: Announcements,
        view: Callable[[str], View | None],
        device_of: Callable[[str], Device],
        tester: Tester,
    ) -> None:
        self._links: Final = [info for info in links if info.own]
        self._clock: Final = clock
        self._flow: Final = flow
        self._book: Final = book
        self._view: Final = view
        self._device_of: Final = device_of
        self._tester: Final = tester
        self._tried: dict[str, int] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            begun = 0
            for info in self._links:
                if begun >= AT_ONCE:
                    break
                begun += await self.look(info)
            await asyncio.sleep(LOOK_S)

    async def look(self, info: LinkInfo) -> bool:
        """Test the link if it is its time; whether anything was begun."""
        now = self._clock.now()
        view = self._view(info.id)
        device = self._device_of(info.id)
        if view is None or not device.school:
            return False  # not watched, or not on the register yet
        if info.notice_hours is not None:
            notice = self._book.of(device.row, ANNOUNCED)
            if notice is None or not notice.active:
                return wants_notice(view, info, now) and await self._announce(info, device)
            if is_proven(view, info, now + info.notice_hours * HOUR):
                # Somebody has tested it meanwhile: the next test wants a notice of its own.
                await self._fold(device, Explanation("link_test", "police_proven"), active=False)
                return True
            if now < notice.known + info.notice_hours * HOUR:
                return False
        if not wants_test(view, info, now):
            return False
        if 0 <= now - self._tried.get(info.id, -AGAIN_MS) < AGAIN_MS:
            return False
        return await self._test(info, device, now)

    async def _test(self, info: LinkInfo, device: Device, now: int) -> bool:
        try:
            begun = await self._tester.begin_link(
                info.id,
                actor="",
                code=Code.PERIODIC_TEST,
                paths=[one.path for one in info.paths],
            )
        except StoreError as error:
            _log.error("police.test_not_begun", link=info.id, why=str(error))
            return False
        if isinstance(begun, Refusal):
            _log.warning("police.test_not_begun", link=info.id, why=begun.detail)
            return False
        self._tried[info.id] = now
        if info.notice_hours is not None:
            await self._fold(device, Explanation("link_test", "police_test_begun"), active=False)
        return True

    async def _announce(self, info: LinkInfo, device: Device) -> bool:
        why = Explanation(
            "link_test",
            ANNOUNCED,
            {
                "link": info.name,
                "hours": info.notice_hours,
                "telephone": info.telephone,
                "text": info.notice_text,
            },
        )
        await self._fold(device, why, active=True)
        return True

    async def _fold(self, device: Device, why: Explanation, *, active: bool) -> None:
        work = self._flow.work()
        now = work.batch.now
        finding = Finding(ANNOUNCED, active, Priority.NOTICE, now, now, why)
        self._book.fold(finding, device, work)
        await self._flow.write_down(work)
