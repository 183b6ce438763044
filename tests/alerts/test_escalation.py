"""Who does not acknowledge in time is not waited for."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from alerts.alert import (
    Acknowledge,
    Action,
    Alert,
    AlertState,
    Comment,
    Folded,
    MarkFalse,
    Reset,
    Shelve,
    Transition,
    TransitionKind,
    Unshelve,
)
from alerts.calendar import Calendar, Period
from alerts.course import replay
from alerts.duty import Reached
from alerts.escalation import (
    EscalationDue,
    EscalationPlan,
    EscalationPolicy,
    EscalationStep,
    escalate,
    escalation_due,
    forgotten,
    remind,
    reminder_due,
    waiting,
)
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import Limits, act, fold_finding
from alerts.shelving import suppress, unsuppress

T0 = 1_795_161_600_000
MINUTE = 60_000
ONE_STEP = EscalationPolicy()
TWO_STEPS = EscalationPolicy(
    plans=(
        EscalationPlan(
            name="panic",
            steps=(
                EscalationStep(after=MINUTE, name="duty", to=("duty:control-room",)),
                EscalationStep(after=2 * MINUTE, name="head", to=("user:head",), louder=True),
            ),
        ),
    ),
    remind_after=30 * MINUTE,
)


def press(
    alert: Alert | None,
    now: int,
    *,
    priority: Priority = Priority.EMERGENCY,
    late_by: int = 0,
) -> tuple[Alert, Transition]:
    finding = Finding(
        condition="panic",
        active=True,
        priority=priority,
        happened=now - late_by,
        known=now,
        explanation=Explanation(rule="pressed", code="pressed"),
        occurrence=True,
        latches=True,
    )
    folded = fold_finding(
        alert, finding, device=1, school="s", out_of_service=False, new_id=lambda: 1
    )
    assert folded.alert is not None
    return folded.alert, folded.transitions[-1]


def acted(alert: Alert, action: Action, now: int) -> tuple[Alert, Transition]:
    folded = act(alert, action, actor="li", now=now, limits=Limits())
    assert isinstance(folded, Folded)
    assert folded.alert is not None
    return folded.alert, folded.transitions[-1]


def test_an_unacknowledged_emergency_goes_a_step_up_in_time() -> None:
    alert, raised = press(None, T0)
    due = escalation_due(raised, alert, ONE_STEP)
    assert due == EscalationDue(due=T0 + MINUTE, step=0, occurrence=1)
    came = escalate(alert, due.body(), ONE_STEP, T0 + MINUTE)
    assert came.following.due is None
    assert came.folded.alert is not None
    assert (came.folded.alert.escalated, came.folded.alert.escalation_step) == (T0 + MINUTE, 1)
    (transition,) = came.folded.transitions
    assert transition.detail == {
        "step": 1,
        "of": 1,
        "name": "",
        "after": MINUTE,
        "occurrence": 1,
        "plan": "",
        "louder": False,
        "to": "",
        "called": "",
        "nobody": "",
    }
    assert transition.state is alert.state
    assert replay([raised, transition]) == came.folded.alert


def test_later_steps_follow_each_other() -> None:
    alert, raised = press(None, T0)
    due = escalation_due(raised, alert, TWO_STEPS)
    assert due is not None
    first = escalate(alert, due.body(), TWO_STEPS, T0 + MINUTE)
    assert first.following.due == T0 + 3 * MINUTE
    assert first.folded.alert is not None
    second = escalate(first.folded.alert, first.following.body(), TWO_STEPS, T0 + 3 * MINUTE)
    assert second.folded.transitions[0].detail["name"] == "head"
    assert second.following.due is None


def test_a_deadline_that_fell_due_while_we_were_away_fires_at_once_and_spaces_the_next() -> None:
    alert, raised = press(None, T0)
    due = escalation_due(raised, alert, TWO_STEPS)
    assert due is not None
    late = escalate(alert, due.body(), TWO_STEPS, T0 + 60 * MINUTE)
    assert late.following.due == T0 + 62 * MINUTE


def test_a_late_press_is_given_its_time_from_when_we_knew() -> None:
    alert, raised = press(None, T0, late_by=60 * MINUTE)
    due = escalation_due(raised, alert, ONE_STEP)
    assert due is not None
    assert due.due == T0 + MINUTE


def test_each_press_begins_again_at_the_first_step() -> None:
    alert, raised = press(None, T0)
    due = escalation_due(raised, alert, TWO_STEPS)
    assert due is not None
    stepped = escalate(alert, due.body(), TWO_STEPS, T0 + MINUTE)
    alert, occurred = press(stepped.folded.alert, T0 + 2 * MINUTE)
    again = escalation_due(occurred, alert, TWO_STEPS)
    assert again == EscalationDue(due=T0 + 3 * MINUTE, step=0, occurrence=2, plan="panic")
    stale = escalate(alert, stepped.following.body(), TWO_STEPS, T0 + 3 * MINUTE)
    assert stale.folded.transitions == ()


def test_acknowledging_cancels_and_a_proposal_of_false_does_not() -> None:
    alert, raised = press(None, T0)
    due = escalation_due(raised, alert, ONE_STEP)
    assert due is not None
    proposed, transition = acted(alert, MarkFalse(reason="x"), T0 + 1)
    assert escalation_due(transition, proposed, ONE_STEP) is None
    taken, transition = acted(proposed, Acknowledge(), T0 + 2)
    cancelled = escalation_due(transition, taken, ONE_STEP)
    assert cancelled is not None
    assert cancelled.due is None
    assert escalate(taken, due.body(), ONE_STEP, T0 + MINUTE).folded == Folded(taken)


def test_what_is_no_emergency_does_not_escalate() -> None:
    alert, raised = press(None, T0, priority=Priority.HIGH)
    assert escalation_due(raised, alert, ONE_STEP) is None
    fired = escalate(alert, EscalationDue(due=T0, occurrence=1).body(), ONE_STEP, T0)
    assert fired.folded.transitions == ()


def test_no_steps_no_deadline() -> None:
    alert, raised = press(None, T0)
    nothing = EscalationPolicy(plans=(EscalationPlan(steps=()),))
    assert escalation_due(raised, alert, nothing) is None
    assert escalation_due(raised, alert, EscalationPolicy(plans=())) is None


def test_a_deadline_that_is_not_ours_is_an_error() -> None:
    alert, _ = press(None, T0)
    with pytest.raises(msgspec.ValidationError):
        escalate(alert, '{"step": "first"}', ONE_STEP, T0)


def first_step(policy: EscalationPolicy, **pressed: Priority) -> tuple[Alert, EscalationDue]:
    alert, raised = press(None, T0, **pressed)
    due = escalation_due(raised, alert, policy)
    assert due is not None
    return alert, due


def test_a_step_calls_who_is_on_duty_when_it_fires_and_the_record_says_whom() -> None:
    alert, due = first_step(TWO_STEPS)
    asked: list[tuple[tuple[str, ...], int]] = []

    def on_duty(to: Sequence[str], now: int) -> Reached:
        asked.append((tuple(to), now))
        return Reached(called=("user:li", "user:wang"))

    came = escalate(alert, due.body(), TWO_STEPS, T0 + MINUTE, on_duty)
    assert asked == [(("duty:control-room",), T0 + MINUTE)]
    (escalated,) = came.folded.transitions
    assert escalated.detail["to"] == "duty:control-room"
    assert escalated.detail["called"] == "user:li user:wang"
    assert came.folded.alert is not None
    assert came.folded.alert.called == ("user:li", "user:wang")
    assert not came.folded.alert.louder
    second = escalate(came.folded.alert, came.following.body(), TWO_STEPS, T0 + 3 * MINUTE)
    assert second.folded.alert is not None
    assert second.folded.alert.called == ("user:li", "user:wang", "user:head")
    assert second.folded.alert.louder


def test_a_step_that_reaches_nobody_is_not_waited_for() -> None:
    alert, due = first_step(TWO_STEPS)
    came = escalate(
        alert,
        due.body(),
        TWO_STEPS,
        T0 + MINUTE,
        lambda to, now: Reached(nobody=("control-room",)),
    )
    assert came.folded.transitions[0].detail["nobody"] == "control-room"
    assert came.following.due == T0 + MINUTE


def night_and_day() -> EscalationPolicy:
    return EscalationPolicy(
        plans=(
            EscalationPlan(
                name="night",
                steps=(EscalationStep(after=MINUTE), EscalationStep(after=5 * MINUTE)),
                periods=frozenset({Period.NIGHT}),
            ),
            EscalationPlan(name="day", steps=(EscalationStep(after=10 * MINUTE),)),
        ),
        calendar=Calendar(),
    )


def test_at_night_another_plan_counts_and_goes_on_when_the_night_ends() -> None:
    policy = night_and_day()
    before_six = T0 - T0 % 86_400_000 + 22 * 3_600_000 - MINUTE  # 05:59 in China
    alert, raised = press(None, before_six)
    due = escalation_due(raised, alert, policy)
    assert due is not None
    assert (due.plan, due.due) == ("night", before_six + MINUTE)
    came = escalate(alert, due.body(), policy, before_six + MINUTE)
    assert came.following.due == before_six + 6 * MINUTE
    assert came.following.plan == "night"


def test_a_plan_that_the_settings_have_no_more_gives_way_to_todays() -> None:
    policy = night_and_day()
    alert, _ = press(None, T0)
    old = EscalationDue(due=T0, step=0, occurrence=1, plan="of last year")
    assert escalate(alert, old.body(), policy, T0).folded.transitions[0].detail["plan"] == "day"


def test_a_plan_is_for_its_schools_and_for_the_gateway_itself() -> None:
    policy = EscalationPolicy(plans=(EscalationPlan(schools=frozenset({"other"})),))
    alert, _ = press(None, T0)
    assert waiting(alert, policy, T0) is None
    of_gateway = msgspec.structs.replace(alert, school="")
    assert waiting(of_gateway, policy, T0) is not None


def test_a_fault_that_is_put_aside_does_not_escalate_until_it_is_back() -> None:
    policy = EscalationPolicy(plans=(EscalationPlan(priorities=frozenset({Priority.HIGH})),))
    alert, due = first_step(policy, priority=Priority.HIGH)
    alert, shelved = acted(alert, Shelve(until=T0 + 3_600_000, reason="painting"), T0 + 1)
    cancelled = escalation_due(shelved, alert, policy)
    assert cancelled is not None
    assert cancelled.due is None
    assert escalate(alert, due.body(), policy, T0 + MINUTE).folded.transitions == ()
    alert, unshelved = acted(alert, Unshelve(), T0 + 2 * MINUTE)
    again = escalation_due(unshelved, alert, policy)
    assert again is not None
    assert again.due == T0 + 3 * MINUTE


def test_a_fault_out_of_service_does_not_escalate_until_it_is_back() -> None:
    policy = EscalationPolicy(plans=(EscalationPlan(priorities=frozenset({Priority.HIGH})),))
    alert, due = first_step(policy, priority=Priority.HIGH)
    aside = suppress(alert, now=T0 + 1, actor="li", reason="works")
    assert isinstance(aside, Folded)
    assert aside.alert is not None
    assert escalate(aside.alert, due.body(), policy, T0 + MINUTE).folded.transitions == ()
    back = unsuppress(aside.alert, now=T0 + 2, actor="li", reason="done")
    assert isinstance(back, Folded)
    assert back.alert is not None
    again = escalation_due(back.transitions[-1], back.alert, policy)
    assert again is not None
    assert again.due == T0 + 2 + MINUTE


def test_a_forgotten_emergency_comes_back_unacknowledged_and_escalates_anew() -> None:
    alert, due = first_step(TWO_STEPS)
    stepped = escalate(alert, due.body(), TWO_STEPS, T0 + MINUTE).folded.alert
    assert stepped is not None
    alert, taken = acted(stepped, Acknowledge(), T0 + 2 * MINUTE)
    wait = reminder_due(taken, alert, TWO_STEPS)
    assert wait is not None
    assert wait.due == T0 + 32 * MINUTE
    back = remind(alert, TWO_STEPS, T0 + 32 * MINUTE)
    assert back.alert is not None
    (reminded,) = back.transitions
    assert reminded.kind is TransitionKind.REMINDED
    assert reminded.detail["acknowledged_by"] == "li"
    assert back.alert.state is AlertState.UNACKNOWLEDGED
    assert (back.alert.escalation_step, back.alert.called) == (0, ())
    anew = escalation_due(reminded, back.alert, TWO_STEPS)
    assert anew is not None
    assert (anew.due, anew.step) == (T0 + 33 * MINUTE, 0)
    over = reminder_due(reminded, back.alert, TWO_STEPS)
    assert over is not None
    assert over.due is None


def test_whatever_a_person_does_to_it_keeps_an_emergency_from_being_forgotten() -> None:
    alert, _ = press(None, T0)
    alert, _ = acted(alert, Acknowledge(), T0)
    alert, said = acted(alert, Comment(text="on my way"), T0 + 29 * MINUTE)
    wait = reminder_due(said, alert, TWO_STEPS)
    assert wait is not None
    assert wait.due == T0 + 59 * MINUTE
    by_itself = msgspec.structs.replace(said, actor="")
    assert reminder_due(by_itself, alert, TWO_STEPS) is None


def test_a_latched_emergency_that_nobody_resets_is_forgotten_too() -> None:
    alert, _ = press(None, T0)
    alert, _ = acted(alert, Acknowledge(), T0)
    gone = Finding(
        condition="panic",
        active=False,
        priority=Priority.EMERGENCY,
        happened=T0 + 1,
        known=T0 + 1,
        explanation=Explanation(rule="pressed", code="pressed"),
    )
    folded = fold_finding(alert, gone, device=1, school="s", out_of_service=False, new_id=lambda: 1)
    assert folded.alert is not None
    assert folded.alert.state is AlertState.LATCHED
    back = remind(folded.alert, TWO_STEPS, T0 + 30 * MINUTE)
    assert back.alert is not None
    assert back.alert.state is AlertState.RETURNED
    alert, reset = acted(folded.alert, Reset(), T0 + 2)
    done = reminder_due(reset, alert, TWO_STEPS)
    assert done is not None
    assert done.due is None
    assert remind(alert, TWO_STEPS, T0 + 30 * MINUTE).transitions == ()


def test_nobody_is_reminded_of_a_fault_or_without_the_setting() -> None:
    fault, _ = press(None, T0, priority=Priority.HIGH)
    fault, taken = acted(fault, Acknowledge(), T0)
    assert reminder_due(taken, fault, TWO_STEPS) is None
    assert remind(fault, TWO_STEPS, T0 + 30 * MINUTE).transitions == ()
    alert, _ = press(None, T0)
    alert, taken = acted(alert, Acknowledge(), T0)
    assert reminder_due(taken, alert, ONE_STEP) is None
    assert remind(alert, ONE_STEP, T0 + 30 * MINUTE).transitions == ()


def test_what_stood_before_the_settings_asked_for_it_waits_from_the_start_on() -> None:
    alert, _ = press(None, T0)
    late = T0 + 60 * MINUTE
    assert waiting(alert, TWO_STEPS, late) == EscalationDue(
        due=late + MINUTE, occurrence=1, plan="panic"
    )
    assert forgotten(alert, TWO_STEPS, late) is None
    taken, _ = acted(alert, Acknowledge(), T0)
    assert waiting(taken, TWO_STEPS, late) is None
    wait = forgotten(taken, TWO_STEPS, late)
    assert wait is not None
    assert wait.due == late + 30 * MINUTE
    assert forgotten(taken, ONE_STEP, late) is None
