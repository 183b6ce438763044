"""Who may say that an alarm was false, and what that ends."""

from __future__ import annotations

from alert_story import Story, code_of

from alerts.alert import (
    AlertState,
    ConfirmFalse,
    MarkFalse,
)
from alerts.finding import Priority


def test_one_person_marks_a_fault_false_with_a_reason() -> None:
    story = Story()
    story.find(latches=True)
    story.find(active=False)
    assert code_of(story.do(MarkFalse(reason=""))) == "text_required"
    assert story.do(MarkFalse(reason="steam from the kitchen")) == ["false_confirmed", "closed"]
    assert story.standing.is_false
    assert story.standing.acknowledged_by == "li"
    assert story.do(MarkFalse(reason="again"), "wang") == []


def test_marked_false_while_still_true_stays_open_until_it_returns() -> None:
    story = Story()
    story.find(latches=True)
    assert story.do(MarkFalse(reason="steam")) == ["false_confirmed"]
    assert story.stands(AlertState.ACKNOWLEDGED)
    assert story.find(active=False) == ["returned", "closed"]


def test_a_panic_alarm_is_false_only_by_the_word_of_two_persons() -> None:
    story = Story("panic", Priority.EMERGENCY)
    story.find(occurrence=True, latches=True)
    assert story.do(MarkFalse(reason="pupil leaned on it"), "li") == ["false_proposed"]
    assert story.stands(AlertState.UNACKNOWLEDGED)
    assert story.do(MarkFalse(reason="yes"), "li") == []
    assert code_of(story.do(MarkFalse(reason="yes"), "wang")) == "false_already_proposed"
    assert code_of(story.do(ConfirmFalse(agree=True), "li")) == "second_person"
    assert story.do(ConfirmFalse(agree=True), "wang") == ["false_confirmed", "closed"]
    confirmed = story.told[-2]
    assert (confirmed.actor, confirmed.detail["proposed_by"]) == ("wang", "li")
    assert story.standing.false_reason == "pupil leaned on it"
    assert story.do(ConfirmFalse(agree=True), "zhao") == []


def test_a_smoke_emergency_found_false_stays_open_while_there_is_smoke() -> None:
    story = Story("smoke", Priority.EMERGENCY)
    story.find()
    story.do(MarkFalse(reason="stage fog"), "li")
    assert story.do(ConfirmFalse(agree=True), "wang") == ["false_confirmed"]
    assert story.stands(AlertState.ACKNOWLEDGED)
    assert story.find(active=False) == ["returned", "closed"]


def test_the_second_person_may_decline_and_the_first_may_take_it_back() -> None:
    story = Story("panic", Priority.EMERGENCY)
    story.find(occurrence=True)
    story.do(MarkFalse(reason="a test"), "li")
    assert story.do(ConfirmFalse(agree=False, reason="I saw him"), "wang") == ["false_declined"]
    assert not story.standing.is_false
    story.do(MarkFalse(reason="a test"), "li")
    assert story.do(ConfirmFalse(agree=False), "li") == ["false_declined"]
    assert code_of(story.do(ConfirmFalse(agree=True), "wang")) == "no_false_proposal"


def test_a_press_after_the_proposal_voids_it() -> None:
    story = Story("panic", Priority.EMERGENCY)
    story.find(occurrence=True)
    story.do(MarkFalse(reason="a test"), "li")
    story.find(occurrence=True)
    assert code_of(story.do(ConfirmFalse(agree=True), "wang")) == "no_false_proposal"
    assert not story.standing.is_false
