"""Steps of the escalation come in time: whatever the clock does, through restarts, never too late
and never once somebody has acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alerts.alert import Acknowledge, Action, Alert, Comment, TransitionKind
from alerts.calendar import Calendar, Days, Hours, Period, SchoolCalendar
from alerts.duty import Reached
from alerts.escalation import EscalationPlan, EscalationPolicy, EscalationStep
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import Limits
from devices.model import Device
from gateway.clock import ManualClock
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.deadlines import Deadlines
from gateway.pipeline.telling import Place, Telling
from gateway.pipeline.work import Work
from gateway.store.batch import Batch, Deadline
from gateway.words import Words

SECOND = 1000
MINUTE = 60 * SECOND
REMIND = 5 * MINUTE
STEPS = (MINUTE, 2 * MINUTE, 30 * SECOND)
POLICY = EscalationPolicy(
    plans=(
        EscalationPlan(
            name="panic",
            steps=tuple(EscalationStep(after=after, to=("bureau",)) for after in STEPS),
        ),
    ),
    remind_after=REMIND,
)
BUTTON = Device("no3", "gate-01", "alarm-button", row=1)
WORDS = Words.load()


def nowhere(_: Alert) -> Place:
    raise AssertionError("nobody is told here")


class Room:
    """A book and its deadlines, and what the store holds of them."""

    def __init__(self, policy: EscalationPolicy = POLICY) -> None:
        self.policy = policy
        self.clock = ManualClock()
        self.alerts: dict[int, Alert] = {}
        self.deadlines: dict[tuple[str, str], Deadline] = {}
        self.last_row = 0
        self.called: list[tuple[str, ...]] = []
        self.start()

    def start(self) -> None:
        """As after a kill: only what was committed is known."""
        telling = Telling(
            audiences=[],
            languages={},
            policy=self.policy,
            where=nowhere,
            words=WORDS,
            page=None,
            demo=False,
        )
        self.timers = Deadlines(self.policy, self.clock, self.reach)
        self.book = AlertBook(limits=Limits(), told=[telling], on_deadline=self.timers.changed)
        standing = [alert for alert in self.alerts.values() if alert.open]
        self.book.load(standing, max(self.alerts, default=0), self.last_row)
        self.timers.load(list(self.deadlines.values()), self.book)

    def reach(self, to: Sequence[str], _now: int) -> Reached:
        self.called.append(tuple(to))
        return Reached(called=tuple(to))

    def work(self) -> Work:
        return Work(Batch(now=self.clock.now()))

    def commit(self, work: Work) -> list[TransitionKind]:
        self.alerts.update(work.batch.alerts)
        for one in work.batch.deadlines:
            if one.due is None:
                self.deadlines.pop((one.kind, one.subject), None)
            else:
                self.deadlines[one.kind, one.subject] = one
        if work.batch.transitions:
            self.last_row = work.batch.transitions[-1].row
        return [one.transition.kind for one in work.batch.transitions]

    def tick(self) -> list[TransitionKind]:
        work = self.work()
        self.timers.tick(self.clock.now(), work)
        return self.commit(work)

    def press(self) -> Alert:
        now, work = self.clock.now(), self.work()
        why = Explanation(rule="pressed", code="pressed")
        finding = Finding(
            "panic", True, Priority.EMERGENCY, now, now, why, occurrence=True, latches=True
        )
        self.book.fold(finding, BUTTON, work)
        self.commit(work)
        return self.standing

    def act(self, action: Action) -> None:
        work = self.work()
        self.book.act(self.standing, action, "li", work)
        self.commit(work)

    @property
    def standing(self) -> Alert:
        alert = self.book.of(BUTTON.row, "panic")
        assert alert is not None
        return alert


class Steps(RuleBasedStateMachine):
    """One alarm button, somebody who may or may not come, a clock that is set, and restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Room()
        self.waits_since: int | None = None
        self.step = 0
        self.taken_since: int | None = None

    @property
    def true_now(self) -> int:
        """What has passed, whatever the clock says."""
        return round(self.room.clock.steady() * 1000)

    def look(self) -> None:
        for kind in self.room.tick():
            now = self.true_now
            if kind is TransitionKind.ESCALATED:
                assert self.waits_since is not None, "a step after somebody had acknowledged"
                assert now >= self.waits_since + STEPS[self.step], "too early"
                self.step += 1
                self.waits_since = now
            elif kind is TransitionKind.REMINDED:
                assert self.taken_since is not None
                assert now >= self.taken_since + REMIND, "too early"
                self.taken_since, self.waits_since, self.step = None, now, 0
        self.nothing_is_overdue()

    def nothing_is_overdue(self) -> None:
        if self.waits_since is not None and self.step < len(STEPS):
            assert self.true_now - (self.waits_since + STEPS[self.step]) < SECOND
        if self.taken_since is not None:
            assert self.true_now - (self.taken_since + REMIND) < SECOND

    @rule()
    def somebody_presses(self) -> None:
        self.room.press()
        self.waits_since, self.step, self.taken_since = self.true_now, 0, None

    @rule()
    def somebody_acknowledges(self) -> None:
        if self.waits_since is not None:
            self.room.act(Acknowledge())
            self.waits_since, self.taken_since = None, self.true_now

    @rule()
    def somebody_comments(self) -> None:
        if self.waits_since is not None or self.taken_since is not None:
            self.room.act(Comment(text="on my way"))
            if self.taken_since is not None:
                self.taken_since = self.true_now

    @rule(span=st.sampled_from([1, 700, 29_000, 61_000, 121_000, 301_000]))
    def time_passes(self, span: int) -> None:
        while span > 0:
            self.room.clock.turn(min(span, 990))  # the flow looks once a second at least
            span -= 990
            self.look()

    @rule(by=st.sampled_from([-86_400_000, -61_000, -2_000, 2_000, 61_000, 3_600_000]))
    def somebody_sets_the_clock(self, by: int) -> None:
        self.room.clock.jump(by)
        self.look()

    @rule(away=st.sampled_from([0, 500, 5_000]))
    def the_gateway_is_killed(self, away: int) -> None:
        if self.waits_since is not None and self.step < len(STEPS):
            # what falls due meanwhile comes at once: no more than that can be asked
            away = max(0, min(away, self.waits_since + STEPS[self.step] - self.true_now))
        self.room.clock.turn(away)
        self.room.start()
        if self.taken_since is not None and self.true_now > self.taken_since + REMIND:
            self.taken_since = self.true_now - REMIND
        self.look()

    @invariant()
    def who_waits_has_a_deadline_as_long_as_there_are_steps(self) -> None:
        waiting = {kind for kind, _ in self.room.deadlines}
        assert ("escalate" in waiting) is (self.waits_since is not None and self.step < len(STEPS))
        assert ("remind" in waiting) is (self.taken_since is not None)


Steps.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestStepsInTime = Steps.TestCase


def test_each_step_comes_in_the_second_in_which_it_is_due() -> None:
    room = Room()
    room.press()
    fired = []
    for second in range(300):
        room.clock.turn(SECOND)
        if TransitionKind.ESCALATED in room.tick():
            fired.append(second + 1)
    assert fired == [60, 180, 210]
    assert [later - earlier for earlier, later in pairwise(fired)] == [120, 30]
    assert room.called == [("bureau",)] * 3


def test_a_clock_that_is_set_back_keeps_nobody_waiting_and_one_set_ahead_hurries_nobody() -> None:
    for by in (-3_600_000, 3_600_000):
        room = Room()
        room.press()
        room.clock.turn(30 * SECOND)
        room.clock.jump(by)
        assert room.tick() == []
        room.clock.turn(29 * SECOND)
        assert room.tick() == []
        room.clock.turn(SECOND)
        assert room.tick() == [TransitionKind.ESCALATED]


def test_a_moved_deadline_is_written_so_that_a_restart_knows_it() -> None:
    room = Room()
    room.press()
    room.clock.turn(30 * SECOND)
    room.clock.jump(-3_600_000)
    room.tick()
    room.start()
    room.clock.turn(29 * SECOND)
    assert room.tick() == []
    room.clock.turn(SECOND)
    assert room.tick() == [TransitionKind.ESCALATED]


def test_what_fell_due_while_the_gateway_was_away_comes_at_once() -> None:
    room = Room()
    room.press()
    room.clock.turn(10 * MINUTE)
    room.start()
    assert room.tick() == [TransitionKind.ESCALATED]
    assert room.tick() == []


def test_who_acknowledges_in_the_moment_in_which_a_step_is_due_is_not_passed_over() -> None:
    room = Room()
    room.press()
    room.clock.turn(MINUTE)
    room.act(Acknowledge())
    assert room.tick() == []


def test_alerts_that_stand_when_the_settings_begin_to_ask_for_steps_get_them() -> None:
    room = Room(EscalationPolicy(plans=()))
    room.press()
    assert room.deadlines == {}
    room.policy = POLICY
    room.start()
    room.tick()
    assert [kind for kind, _ in room.deadlines] == ["escalate"]
    room.clock.turn(MINUTE)
    assert room.tick() == [TransitionKind.ESCALATED]


NEW_YEAR = date(2027, 1, 1)
MIDNIGHT = round(datetime(2026, 12, 31, tzinfo=UTC).timestamp()) * SECOND
BOARDING = Calendar(
    offset=0,
    weekdays=frozenset({0, 1, 2, 3, 4, 6}),
    night=Hours(20 * 60, 9 * 60),
    lessons=Hours(9 * 60, 18 * 60),
    holidays=(Days(NEW_YEAR, NEW_YEAR),),
)
GENERAL = Calendar(offset=0, night=Hours(0, 60))


def by_time(*schools: str) -> EscalationPolicy:
    """Each sort of time calls its own, twice; these schools have a calendar of their own."""
    step = EscalationStep
    return EscalationPolicy(
        plans=tuple(
            EscalationPlan(
                name=period,
                steps=(step(after=MINUTE, to=(period,)), step(after=30 * MINUTE, to=(period,))),
                periods=frozenset({period}),
            )
            for period in Period
        ),
        calendar=GENERAL,
        calendars=(SchoolCalendar("boarding", frozenset(schools), BOARDING),),
    )


def pressed_at(at: int, policy: EscalationPolicy) -> Room:
    room = Room(policy)
    room.clock.jump(at - room.clock.now())
    room.tick()
    room.press()
    return room


def test_through_a_restart_an_alarm_calls_whom_its_schools_calendar_named_when_it_came() -> None:
    for schools, calendar in ((("no3", "no5"), BOARDING), (("no5",), GENERAL)):
        named = set()
        # From Thursday to Sunday; each alarm half a minute before a half hour, so that the sort of
        # time may be another when its steps are due.
        for half_hour in range(4 * 48):
            at = MIDNIGHT + half_hour * 30 * MINUTE - 30 * SECOND
            room = pressed_at(at, by_time(*schools))
            for after in (MINUTE, 30 * MINUTE):
                room.start()
                room.clock.turn(after)
                assert room.tick() == [TransitionKind.ESCALATED]
            assert room.called == [(calendar.period(at),)] * 2
            named.add(calendar.period(at))
        assert named == set(Period)


def test_what_waits_when_its_school_is_given_a_calendar_follows_it_from_the_next_start_on() -> None:
    noon_of_new_year = MIDNIGHT + 36 * 60 * MINUTE
    room = pressed_at(noon_of_new_year, EscalationPolicy(plans=()))
    room.policy = by_time("no3")
    room.start()
    room.clock.turn(MINUTE)
    assert room.tick() == [TransitionKind.ESCALATED]
    assert room.called == [("holiday",)]
