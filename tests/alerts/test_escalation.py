"""Who does not acknowledge in time is not waited for."""

from __future__ import annotations

import msgspec
import pytest

from alerts.alert import Acknowledge, Alert, Folded, MarkFalse, Transition
from alerts.course import replay
from alerts.escalation import (
    EscalationDue,
    EscalationPolicy,
    EscalationStep,
    escalate,
    escalation_due,
)
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import Limits, act, fold_finding

T0 = 1_795_161_600_000
MINUTE = 60_000
ONE_STEP = EscalationPolicy()
TWO_STEPS = EscalationPolicy(
    steps=(EscalationStep(after=MINUTE, name="duty"), EscalationStep(after=2 * MINUTE, name="head"))
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


def acted(alert: Alert, action: Acknowledge | MarkFalse, now: int) -> tuple[Alert, Transition]:
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
    assert again == EscalationDue(due=T0 + 3 * MINUTE, step=0, occurrence=2)
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
    assert escalation_due(raised, alert, EscalationPolicy(steps=())) is None


def test_a_deadline_that_is_not_ours_is_an_error() -> None:
    alert, _ = press(None, T0)
    with pytest.raises(msgspec.ValidationError):
        escalate(alert, '{"step": "first"}', ONE_STEP, T0)
