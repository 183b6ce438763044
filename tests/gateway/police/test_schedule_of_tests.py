"""When which link is tested, and who is told beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.alert import Alert, Refusal
from alerts.lifecycle import Limits
from audit.verification.model import Verification
from devices.model import Device
from devices.police_link.link import Code, Path
from devices.police_link.states import Cause, LinkState, PathState, PathView, View
from gateway.clock import ManualClock
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.work import Work
from gateway.police.forwarding import ALARM_SEQUENCES
from gateway.police.links import DAY, LinkInfo, infos_of
from gateway.police.testing import (
    AGAIN_MS,
    ANNOUNCED,
    HOUR,
    Schedule,
    event_of_test,
    sequences_of_tests,
    wants_test,
)
from gateway.settings_police import PoliceLinkSettings
from gateway.store.batch import Batch

DEVICE = Device("no3", "110", "police-link", row=9)


def info(**more: object) -> LinkInfo:
    settings = {
        "name": "110",
        "schools": {"no3": {"account": "1234"}},
        "dc09": {
            "primary": {"address": "127.0.0.1:1"},
            "backup": {"address": "127.0.0.1:2"},
        },
        **more,
    }
    return infos_of([PoliceLinkSettings.model_validate(settings)])["no3/110"]


def view(
    *, due: int | None = None, backup: PathState = PathState.UP, last: int | None = None
) -> View:
    states = {Path.PRIMARY: PathState.UP, Path.BACKUP: backup}
    return View(
        state=LinkState.UNVERIFIED,
        since=0,
        cause=Cause.NO_TEST,
        paths=tuple(PathView(path=path, state=state) for path, state in states.items()),
        last_test=last,
        test_due=due,
    )


class Office:
    """A schedule with a clock turned by hand; it records which tests were begun."""

    def __init__(self, one: LinkInfo) -> None:
        self.clock = ManualClock()
        self.book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None)
        self.view: View | None = view()
        self.begun: list[tuple[str, Code, tuple[Path, ...]]] = []
        self.refusal: Refusal | None = None
        self.info = one
        self.schedule = Schedule(
            [one],
            clock=self.clock,
            flow=self,
            book=self.book,
            view=lambda _: self.view,
            device_of=lambda _: DEVICE,
            tester=self,
        )

    def work(self) -> Work:
        return Work(Batch(now=self.clock.now()))

    async def write_down(self, work: Work) -> bool:
        return True

    async def begin_link(
        self,
        link: str,
        *,
        actor: str,
        code: Code = Code.MANUAL_TEST,
        paths: Sequence[Path] = (),
        key: str | None = None,
    ) -> Verification | Refusal:
        assert actor == ""
        assert key is None
        if self.refusal is not None:
            return self.refusal
        self.begun.append((link, code, tuple(paths)))
        return Verification(id="x", kind="link", school="no3", actor="", started=0)

    async def look(self) -> bool:
        return await self.schedule.look(self.info)

    def notice(self) -> Alert | None:
        return self.book.of(DEVICE.row, ANNOUNCED)


async def test_a_link_without_proof_is_tested_over_both_paths_as_soon_as_they_work() -> None:
    office = Office(info())
    office.view = view(backup=PathState.UNKNOWN)
    assert not await office.look()
    office.view = view()
    assert await office.look()
    assert office.begun == [("no3/110", Code.PERIODIC_TEST, (Path.PRIMARY, Path.BACKUP))]


async def test_a_test_that_failed_is_repeated_after_a_while_and_not_at_once() -> None:
    office = Office(info())
    await office.look()
    assert not await office.look()
    office.clock.turn(AGAIN_MS)
    assert await office.look()


async def test_a_test_that_could_not_be_begun_is_tried_again_at_once() -> None:
    office = Office(info())
    office.refusal = Refusal("busy", "somebody tests it already")
    assert not await office.look()
    office.refusal = None
    assert await office.look()


def test_a_proof_is_renewed_before_it_is_too_old() -> None:
    one = info(test_every_days=30)
    assert not wants_test(view(due=30 * DAY), one, 28 * DAY)
    assert wants_test(view(due=30 * DAY), one, 29 * DAY)


async def test_who_wants_a_notice_gets_it_and_the_test_waits_as_agreed() -> None:
    office = Office(info(test_notice={"hours": 24, "text": "ask for the duty officer"}))
    assert await office.look()
    notice = office.notice()
    assert notice is not None
    assert notice.explanation.inputs["text"] == "ask for the duty officer"
    office.clock.turn(23 * HOUR)
    assert not await office.look()
    assert office.begun == []
    office.clock.turn(HOUR)
    assert await office.look()
    assert len(office.begun) == 1
    notice = office.notice()
    assert notice is not None
    assert not notice.active


async def test_a_notice_is_withdrawn_when_somebody_has_tested_the_link_meanwhile() -> None:
    office = Office(info(test_notice={"hours": 24}))
    await office.look()
    office.view = view(due=office.clock.now() + 30 * DAY)
    await office.look()
    notice = office.notice()
    assert notice is not None
    assert not notice.active
    office.clock.turn(2 * DAY)
    assert not await office.look()
    assert office.begun == []


async def test_the_notice_comes_early_enough_for_the_test_to_come_in_time() -> None:
    office = Office(info(test_notice={"hours": 48}))
    now = office.clock.now()
    office.view = view(due=now + 4 * DAY)
    assert not await office.look()
    office.clock.turn(DAY)
    assert await office.look()
    assert office.notice() is not None


async def test_a_link_that_is_not_watched_yet_is_left_alone() -> None:
    office = Office(info())
    office.view = None
    assert not await office.look()


def test_tests_have_numbers_that_no_alarm_has() -> None:
    number = sequences_of_tests(1_795_161_600_000)
    seen = {number() for _ in range(3000)}
    assert min(seen) > ALARM_SEQUENCES
    assert max(seen) <= 9999


def test_a_test_says_that_it_is_one() -> None:
    event = event_of_test(info(), Code.WALK_TEST, "gate-01", 9100, 5)
    assert (event.test, event.code, event.device) == (True, Code.WALK_TEST, "gate-01")
    assert event.alert is None
