"""Whatever findings and people do in whatever order, what must always hold of alerts holds."""

from __future__ import annotations

from itertools import count

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alerts.alert import (
    Acknowledge,
    Action,
    Alert,
    AlertState,
    Assign,
    Comment,
    ConfirmFalse,
    Folded,
    MarkFalse,
    Refusal,
    Reset,
    Shelve,
    Transition,
    TransitionKind,
    Unshelve,
)
from alerts.course import ACTIVATIONS, replay
from alerts.escalation import EscalationPolicy, escalate, escalation_due
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import HOUR, Limits, act, allowed, fold_finding
from alerts.shelving import suppress, unshelve_due, unsuppress

CONDITIONS = ("panic", "smoke")
LIMITS = Limits()
POLICY = EscalationPolicy()
A_CONDITION = st.sampled_from(CONDITIONS)
PEOPLE = st.sampled_from(["li", "wang"])


class Lives(RuleBasedStateMachine):
    """One device, two conditions, two people, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_795_161_600_000
        self.ids = count(1)
        self.open: dict[str, Alert] = {}
        self.courses: dict[int, list[Transition]] = {}
        self.closed: dict[int, Alert] = {}
        self.presses: dict[int, int] = {}
        self.deadlines: dict[int, tuple[int, str]] = {}
        self.out_of_service = False

    def take(self, before: Alert | None, folded: Folded) -> None:
        after = folded.alert
        if after is None:
            assert folded.transitions == ()
            return
        if not folded.transitions:
            assert after == before
            return
        versions = [one.version for one in folded.transitions]
        first = before.version + 1 if before is not None and before.id == after.id else 1
        assert versions == list(range(first, first + len(versions)))
        course = self.courses.setdefault(after.id, [])
        for transition in folded.transitions:
            assert transition.alert == after.id
            course.append(transition)
            self.check_hidden(replay(course))
            self.check_false(course)
            due = escalation_due(transition, replay(course), POLICY)
            if due is not None and due.due is not None:
                self.deadlines[after.id] = (due.due, due.body())
            elif due is not None:
                self.deadlines.pop(after.id, None)
        assert replay(course) == after
        if after.open:
            self.open[after.condition] = after
        else:
            self.open.pop(after.condition, None)
            self.closed[after.id] = after
            self.check_end(after, course)

    def check_hidden(self, alert: Alert) -> None:
        if alert.emergency:
            assert alert.shelved_until is None
            assert not alert.suppressed

    def check_end(self, alert: Alert, course: list[Transition]) -> None:
        assert course[-1].kind is TransitionKind.CLOSED
        if alert.emergency:
            assert alert.acknowledged is not None
            assert alert.acknowledged_by

    def check_false(self, course: list[Transition]) -> None:
        """What two persons must agree on was proposed by another, of the newest activation."""
        if course[-1].kind is not TransitionKind.FALSE_CONFIRMED:
            return
        before = replay(course[:-1])
        if before.emergency or before.condition == "panic":
            since = max(n for n, one in enumerate(course) if one.kind in ACTIVATIONS)
            proposed = [one for one in course[since:] if one.kind is TransitionKind.FALSE_PROPOSED]
            assert proposed
            assert proposed[-1].actor != course[-1].actor

    @rule(
        condition=A_CONDITION,
        active=st.sampled_from([True, True, False]),
        occurrence=st.booleans(),
        latches=st.booleans(),
        priority=st.sampled_from([Priority.EMERGENCY, Priority.HIGH, Priority.LOW]),
        late_by=st.sampled_from([0, 0, 60_000]),
        remark=st.sampled_from(["", "late"]),
    )
    def find(
        self,
        condition: str,
        active: bool,
        occurrence: bool,
        latches: bool,
        priority: Priority,
        late_by: int,
        remark: str,
    ) -> None:
        self.now += 1
        before = self.open.get(condition)
        finding = Finding(
            condition=condition,
            active=active,
            priority=priority,
            happened=self.now - late_by,
            known=self.now,
            explanation=Explanation(rule="r", code="c", inputs={"x": late_by}),
            occurrence=occurrence,
            latches=latches,
            remark=remark,
        )
        folded = fold_finding(
            before,
            finding,
            device=1,
            school="s",
            out_of_service=self.out_of_service,
            new_id=lambda: next(self.ids),
        )
        self.take(before, folded)
        if folded.alert is not None:
            first = before is None
            self.presses.setdefault(folded.alert.id, 0)
            self.presses[folded.alert.id] += first or occurrence
            if active or occurrence:
                assert folded.alert.priority <= priority
            if occurrence and active:
                assert folded.alert.state is AlertState.UNACKNOWLEDGED
            # The same finding, no new press: nothing more to say.
            if folded.alert.open and not occurrence:
                again = fold_finding(
                    folded.alert,
                    finding,
                    device=1,
                    school="s",
                    out_of_service=self.out_of_service,
                    new_id=lambda: next(self.ids),
                )
                assert again.transitions == ()

    @rule(condition=A_CONDITION, actor=PEOPLE, comment=st.sampled_from(["", "seen"]))
    def acknowledge(self, condition: str, actor: str, comment: str) -> None:
        if alert := self.act(condition, Acknowledge(comment=comment), actor):
            second = act(alert, Acknowledge(), actor="sun", now=self.now, limits=LIMITS)
            assert second == Folded(alert)
            assert alert.acknowledged_by is not None

    @rule(condition=A_CONDITION, actor=PEOPLE, span=st.sampled_from([-1, 1, HOUR, 9 * HOUR]))
    def shelve(self, condition: str, actor: str, span: int) -> None:
        self.act(condition, Shelve(until=self.now + 1 + span, reason="painting"), actor)

    @rule(condition=A_CONDITION, actor=PEOPLE)
    def mark_false(self, condition: str, actor: str) -> None:
        self.act(condition, MarkFalse(reason="steam"), actor)

    @rule(condition=A_CONDITION, actor=PEOPLE, agree=st.booleans())
    def answer_the_proposal(self, condition: str, actor: str, agree: bool) -> None:
        self.act(condition, ConfirmFalse(agree=agree), actor)

    @rule(
        condition=A_CONDITION,
        actor=PEOPLE,
        action=st.sampled_from(
            [Unshelve(), Reset(), Reset(), Comment(text="a word"), Assign(to="li"), Assign(to=None)]
        ),
    )
    def do_something_else(self, condition: str, actor: str, action: Action) -> None:
        self.act(condition, action, actor)

    def act(self, condition: str, action: Action, actor: str) -> Alert | None:
        before = self.open.get(condition)
        if before is None:
            return None
        self.now += 1
        may = allowed(before, actor=actor, now=self.now, limits=LIMITS)
        done = act(before, action, actor=actor, now=self.now, limits=LIMITS)
        if isinstance(done, Refusal):
            assert done.code
            return None
        if done.transitions and not isinstance(action, Assign | ConfirmFalse | Acknowledge):
            assert type(action) in may
        self.take(before, done)
        return done.alert

    @rule(condition=A_CONDITION)
    def escalation_comes(self, condition: str) -> None:
        alert = self.open.get(condition)
        if alert is None or alert.id not in self.deadlines:
            return
        due, body = self.deadlines.pop(alert.id)
        self.now = max(self.now, due)
        came = escalate(alert, body, POLICY, self.now)
        assert len(came.folded.transitions) == 1
        self.take(alert, came.folded)

    @rule()
    def out_of_or_into_service(self) -> None:
        self.now += 1
        self.out_of_service = not self.out_of_service
        for alert in list(self.open.values()):
            if self.out_of_service:
                self.take(alert, suppress(alert, now=self.now, actor="li", reason="works"))
            else:
                self.take(alert, unsuppress(alert, now=self.now, actor="li", reason="done"))

    @rule(hours=st.integers(0, 9))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR
        for alert in list(self.open.values()):
            self.take(alert, unshelve_due(alert, self.now))

    @invariant()
    def every_open_alert_is_what_its_record_says(self) -> None:
        for alert in self.open.values():
            assert alert.open
            assert replay(self.courses[alert.id]) == alert
            assert alert.occurrences == self.presses[alert.id]

    @invariant()
    def an_unacknowledged_emergency_has_a_deadline_or_has_escalated(self) -> None:
        for alert in self.open.values():
            if alert.emergency and alert.acknowledged is None:
                assert alert.id in self.deadlines or alert.escalation_step == 1

    @invariant()
    def what_is_closed_never_changes(self) -> None:
        for number, alert in self.closed.items():
            assert replay(self.courses[number]) == alert

    @invariant()
    def nobody_who_is_back_in_service_stays_hidden(self) -> None:
        if not self.out_of_service:
            assert not any(alert.suppressed for alert in self.open.values())

    @invariant()
    def no_shelving_outlasts_its_time(self) -> None:
        for alert in self.open.values():
            assert alert.shelved_until is None or alert.shelved_until - self.now <= 8 * HOUR


Lives.TestCase.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
TestLives = Lives.TestCase
