"""The alert life cycle, one sentence a test: raised, acknowledged, returned, reset."""

from __future__ import annotations

import pytest
from alert_story import LIMITS, T0, Story, code_of

from alerts.alert import (
    Acknowledge,
    AlertState,
    Assign,
    Comment,
    ConfirmFalse,
    MarkFalse,
    Reset,
    Shelve,
    Tell,
    Tick,
    Unshelve,
)
from alerts.finding import Priority
from alerts.lifecycle import HOUR, allowed


def test_a_condition_raises_one_alert_however_often_it_is_found() -> None:
    story = Story()
    assert story.find() == ["raised"]
    assert story.find() == []
    assert story.find() == []
    assert (story.standing.state, story.standing.version) == (AlertState.UNACKNOWLEDGED, 1)


def test_a_condition_that_stops_without_an_alert_changes_nothing() -> None:
    story = Story()
    assert story.find(active=False) == []
    assert story.alert is None


def test_acknowledged_then_returned_closes() -> None:
    story = Story()
    story.find()
    assert story.do(Acknowledge()) == ["acknowledged"]
    assert story.stands(AlertState.ACKNOWLEDGED)
    assert story.find(active=False) == ["returned", "closed"]
    assert story.standing.closed == story.now


def test_returned_unacknowledged_waits_for_the_acknowledgement() -> None:
    story = Story()
    story.find()
    assert story.find(active=False) == ["returned"]
    assert story.stands(AlertState.RETURNED)
    assert story.find(active=False) == []
    assert story.do(Acknowledge()) == ["acknowledged", "closed"]


def test_a_latching_alert_is_left_only_by_a_persons_reset() -> None:
    story = Story()
    story.find(latches=True)
    assert code_of(story.do(Reset())) == "still_active"
    story.do(Acknowledge())
    assert story.find(active=False) == ["returned"]
    assert story.stands(AlertState.LATCHED)
    assert story.do(Reset()) == ["reset", "closed"]
    assert story.told[-2].actor == "li"


def test_a_latching_alert_that_returned_needs_the_acknowledgement_before_the_reset() -> None:
    story = Story()
    story.find(latches=True)
    story.find(active=False)
    assert code_of(story.do(Reset())) == "acknowledge_first"
    assert story.do(Acknowledge()) == ["acknowledged"]
    assert story.stands(AlertState.LATCHED)


def test_what_does_not_latch_is_not_reset() -> None:
    story = Story()
    story.find()
    story.find(active=False)
    assert code_of(story.do(Reset())) == "not_latched"


def test_the_next_finding_after_closing_raises_a_new_alert() -> None:
    story = Story()
    story.find()
    story.do(Acknowledge())
    story.find(active=False)
    first = story.standing.id
    assert story.find() == ["raised"]
    assert story.standing.id != first


def test_a_second_press_makes_an_acknowledged_alarm_unacknowledged_and_counts() -> None:
    story = Story("panic", Priority.EMERGENCY)
    story.find(occurrence=True, latches=True)
    story.do(Acknowledge())
    assert story.find(occurrence=True) == ["occurred"]
    assert story.stands(AlertState.UNACKNOWLEDGED)
    assert story.standing.occurrences == 2
    assert story.standing.acknowledged_by is None
    assert story.standing.last_occurrence == story.now
    assert story.told[-1].detail["occurrence"] == 2


def test_a_late_press_counts_and_does_not_become_the_newest() -> None:
    story = Story("panic", Priority.EMERGENCY)
    story.find(occurrence=True)
    newest = story.now
    story.find(occurrence=True, late_by=60_000)
    assert story.standing.occurrences == 2
    assert story.standing.last_occurrence == newest


def test_a_press_that_is_over_when_it_is_known_is_raised_all_the_same() -> None:
    story = Story("panic", Priority.EMERGENCY)
    assert story.find(active=False, occurrence=True, latches=True) == ["raised", "returned"]
    story.do(Acknowledge())
    assert story.stands(AlertState.LATCHED)
    assert story.find(active=False, occurrence=True) == ["occurred", "returned"]
    assert story.stands(AlertState.RETURNED)


def test_a_condition_true_again_is_unacknowledged_again() -> None:
    story = Story()
    story.find(latches=True)
    story.do(Acknowledge())
    story.find(active=False)
    assert story.find() == ["reactivated"]
    assert story.stands(AlertState.UNACKNOWLEDGED)
    assert story.standing.occurrences == 1
    assert story.standing.returned is None
    assert story.standing.latches


def test_the_priority_rises_with_the_condition_and_never_falls() -> None:
    story = Story()
    story.find(priority=Priority.MEDIUM)
    story.do(Acknowledge())
    assert story.find(priority=Priority.EMERGENCY) == ["worsened"]
    assert story.stands(AlertState.UNACKNOWLEDGED)
    assert story.find(priority=Priority.LOW) == []
    story.find(priority=Priority.LOW, occurrence=True)
    assert story.standing.priority is Priority.EMERGENCY


def test_a_remark_stands_only_while_every_press_carries_it() -> None:
    story = Story("panic", Priority.EMERGENCY)
    story.find(occurrence=True, remark="claims_test")
    assert story.standing.remark == "claims_test"
    story.find(occurrence=True)
    assert story.standing.remark == ""
    story.find(occurrence=True, remark="claims_test")
    assert story.standing.remark == ""
    assert story.told[-1].detail["remark"] == "claims_test"


def test_the_second_of_two_operators_sees_who_was_first() -> None:
    story = Story()
    story.find()
    story.do(Acknowledge(), "li")
    assert story.do(Acknowledge(), "wang") == []
    assert story.standing.acknowledged_by == "li"
    assert story.do(Acknowledge(comment="on my way"), "wang") == ["commented"]
    assert story.told[-1].detail["text"] == "on my way"


def test_the_second_operator_gets_no_error_when_the_first_closed_it() -> None:
    story = Story()
    story.find()
    story.find(active=False)
    story.do(Acknowledge(), "li")
    assert story.do(Acknowledge(), "wang") == []
    assert story.do(Unshelve(), "wang") == []
    assert story.do(Reset(), "wang") == []
    assert code_of(story.do(Acknowledge(comment="seen"), "wang")) == "closed"


def test_a_press_in_the_same_moment_is_not_acknowledged_unseen() -> None:
    story = Story("panic", Priority.EMERGENCY)
    story.find(occurrence=True)
    story.find(occurrence=True)
    assert code_of(story.do(Acknowledge(occurrences=1))) == "newer_occurrence"
    assert story.do(Acknowledge(occurrences=2)) == ["acknowledged"]


def test_nothing_is_done_by_nobody() -> None:
    story = Story()
    story.find()
    with pytest.raises(ValueError, match="named user"):
        story.do(Acknowledge(), "")


def test_comments_and_assignments_are_kept_and_change_no_state() -> None:
    story = Story()
    story.find()
    assert story.do(Comment("looking")) == ["commented"]
    assert code_of(story.do(Comment("  "))) == "text_required"
    assert code_of(story.do(Comment("x" * 2001))) == "text_too_long"
    assert story.do(Assign("wang")) == ["assigned"]
    assert story.do(Assign("wang")) == []
    assert story.standing.assigned_to == "wang"
    assert story.do(Assign(None)) == ["assigned"]
    assert story.told[-1].detail == {"to": None, "before": "wang"}
    assert story.stands(AlertState.UNACKNOWLEDGED)


def test_a_closed_alert_takes_no_more_than_what_its_plan_still_asks_for() -> None:
    story = Story()
    story.find()
    story.do(Acknowledge())
    story.find(active=False)
    for action in (
        Comment("late word"),
        Assign("wang"),
        Shelve(until=T0 + HOUR, reason="x"),
        MarkFalse(reason="x"),
        ConfirmFalse(agree=True),
    ):
        assert code_of(story.do(action)) == "closed"
    assert allowed(story.standing, actor="li", now=story.now, limits=LIMITS) == (Tick, Tell)


def test_what_is_allowed_is_what_would_change_something() -> None:
    story = Story("panic", Priority.EMERGENCY)
    story.find(occurrence=True, latches=True)

    def may(actor: str) -> set[type]:
        return set(allowed(story.standing, actor=actor, now=story.now, limits=LIMITS))

    assert may("li") == {Acknowledge, Comment, Assign, MarkFalse, Tick, Tell}
    story.do(MarkFalse(reason="x"), "li")
    assert ConfirmFalse in may("wang")
    assert ConfirmFalse not in may("li")
    story.do(Acknowledge())
    story.find(active=False)
    assert Reset in may("li")
