"""The alert life cycle, one sentence a test."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest

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
from alerts.course import CourseError, replay
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import HOUR, Limits, act, allowed, fold_finding
from alerts.shelving import suppress, unshelve_due, unsuppress

T0 = 1_795_161_600_000
LIMITS = Limits()


class Story:
    """One alert's life, told line by line; keeps every transition."""

    def __init__(self, condition: str = "smoke", priority: Priority = Priority.HIGH) -> None:
        self.condition = condition
        self.priority = priority
        self.alert: Alert | None = None
        self.told: list[Transition] = []
        self.now = T0
        self.out_of_service = False
        self._ids = count(1)

    def find(
        self,
        *,
        active: bool = True,
        occurrence: bool = False,
        latches: bool = False,
        priority: Priority | None = None,
        remark: str = "",
        late_by: int = 0,
    ) -> list[str]:
        self.now += 1000
        finding = Finding(
            condition=self.condition,
            active=active,
            priority=priority or self.priority,
            happened=self.now - late_by,
            known=self.now,
            explanation=Explanation(
                rule="threshold",
                code="above",
                inputs={"smoke_pct_m": 12.5, "phase": None},
                limit=10.0,
                unit="%/m",
                source="EN 54-7",
                metric="obscuration_pct_m",
            ),
            occurrence=occurrence,
            latches=latches,
            remark=remark,
        )
        folded = fold_finding(
            self.alert,
            finding,
            device=7,
            school="no3-middle",
            out_of_service=self.out_of_service,
            new_id=lambda: next(self._ids),
        )
        return self._tell(folded)

    def do(self, action: Action, actor: str = "li") -> list[str] | Refusal:
        self.now += 1000
        assert self.alert is not None
        done = act(self.alert, action, actor=actor, now=self.now, limits=LIMITS)
        return done if isinstance(done, Refusal) else self._tell(done)

    def _tell(self, folded: Folded) -> list[str]:
        self.alert = folded.alert
        if folded.transitions and folded.transitions[0].version == 1:
            self.told = []
        self.told += folded.transitions
        if self.told:
            assert replay(self.told) == self.alert
        return [transition.kind.value for transition in folded.transitions]

    @property
    def standing(self) -> Alert:
        assert self.alert is not None
        return self.alert

    def stands(self, state: AlertState) -> bool:
        return self.standing.state is state


def code_of(refused: object) -> str:
    assert isinstance(refused, Refusal)
    assert refused.detail
    return refused.code


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


def test_shelving_needs_a_reason_and_an_end_within_a_shift() -> None:
    story = Story()
    story.find()
    assert code_of(story.do(Shelve(until=T0 + HOUR, reason=""))) == "text_required"
    assert code_of(story.do(Shelve(until=T0, reason="painting"))) == "shelve_past"
    assert code_of(story.do(Shelve(until=T0 + 9 * HOUR, reason="painting"))) == "shelve_too_long"
    assert story.do(Shelve(until=T0 + HOUR, reason="painting")) == ["shelved"]
    assert (story.standing.shelved_by, story.standing.shelved_until) == ("li", T0 + HOUR)


def test_shelving_ends_by_itself_and_not_before() -> None:
    story = Story()
    story.find()
    story.do(Shelve(until=T0 + HOUR, reason="painting"))
    assert unshelve_due(story.standing, T0 + HOUR - 1).transitions == ()
    ended = unshelve_due(story.standing, T0 + HOUR)
    assert [one.kind for one in ended.transitions] == [TransitionKind.UNSHELVED]
    assert ended.transitions[0].actor == ""
    assert ended.alert is not None
    assert ended.alert.shelved_until is None


def test_a_chattering_alert_stays_on_the_shelf_and_closes_when_taken_back() -> None:
    story = Story()
    story.find()
    story.do(Shelve(until=T0 + HOUR, reason="painting"))
    story.do(Acknowledge())
    assert story.find(active=False) == ["returned"]
    assert story.find() == ["reactivated"]
    assert story.standing.shelved_until == T0 + HOUR
    story.do(Acknowledge())
    story.find(active=False)
    assert story.do(Unshelve()) == ["unshelved", "closed"]


def test_what_worsens_comes_off_the_shelf() -> None:
    story = Story()
    story.find(priority=Priority.LOW)
    story.do(Shelve(until=T0 + HOUR, reason="painting"))
    assert story.find(priority=Priority.MEDIUM) == ["unshelved", "worsened"]
    story.do(Shelve(until=T0 + HOUR, reason="painting"))
    assert story.find(priority=Priority.EMERGENCY, occurrence=True) == ["unshelved", "occurred"]
    assert story.standing.shelved_until is None


def test_an_emergency_is_neither_shelved_nor_suppressed() -> None:
    story = Story("panic", Priority.EMERGENCY)
    story.out_of_service = True
    story.find(occurrence=True)
    assert not story.standing.suppressed
    assert code_of(story.do(Shelve(until=T0 + HOUR, reason="noise"))) == "emergency_never_hidden"
    assert suppress(story.standing, now=T0, actor="li", reason="works").transitions == ()


def test_a_fault_of_a_device_out_of_service_comes_up_hidden_and_goes_by_itself() -> None:
    story = Story("battery_low", Priority.LOW)
    story.out_of_service = True
    assert story.find() == ["raised"]
    assert story.standing.suppressed
    assert story.find(active=False) == ["returned", "closed"]
    assert story.told[-1].detail == {"cause": "suppressed"}


def test_what_becomes_an_emergency_shows_though_its_device_is_out_of_service() -> None:
    story = Story()
    story.out_of_service = True
    story.find(priority=Priority.MEDIUM)
    assert story.find(priority=Priority.EMERGENCY) == ["unsuppressed", "worsened"]
    assert not story.standing.suppressed
    assert story.find(occurrence=True) == ["occurred"]
    assert not story.standing.suppressed


def test_taking_out_of_service_hides_what_is_active_and_shows_it_again_after() -> None:
    story = Story("battery_low", Priority.LOW)
    story.find()
    hidden = suppress(story.standing, now=story.now, actor="li", reason="works")
    assert [one.kind for one in hidden.transitions] == [TransitionKind.SUPPRESSED]
    assert hidden.alert is not None
    assert suppress(hidden.alert, now=story.now, actor="li", reason="works").transitions == ()
    shown = unsuppress(hidden.alert, now=story.now, actor="li")
    assert shown.alert is not None
    assert (shown.alert.suppressed, shown.alert.state) == (False, AlertState.UNACKNOWLEDGED)


def test_taking_out_of_service_does_not_hide_what_nobody_acknowledged_before() -> None:
    story = Story()
    story.find()
    story.find(active=False)
    assert suppress(story.standing, now=story.now, actor="li", reason="works").transitions == ()


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


def test_a_closed_alert_takes_no_more_actions() -> None:
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
    assert allowed(story.standing, actor="li", now=story.now, limits=LIMITS) == ()


def test_what_is_allowed_is_what_would_change_something() -> None:
    story = Story("panic", Priority.EMERGENCY)
    story.find(occurrence=True, latches=True)

    def may(actor: str) -> set[type]:
        return set(allowed(story.standing, actor=actor, now=story.now, limits=LIMITS))

    assert may("li") == {Acknowledge, Comment, Assign, MarkFalse}
    story.do(MarkFalse(reason="x"), "li")
    assert ConfirmFalse in may("wang")
    assert ConfirmFalse not in may("li")
    story.do(Acknowledge())
    story.find(active=False)
    assert Reset in may("li")


def test_the_record_of_an_alert_proves_its_explanation() -> None:
    story = Story()
    story.find()
    explanation = replay(story.told).explanation
    assert explanation.inputs == {"smoke_pct_m": 12.5, "phase": None}
    assert (explanation.limit, explanation.source) == (10.0, "EN 54-7")


def test_a_record_with_a_missing_or_altered_line_is_refused() -> None:
    story = Story()
    story.find()
    story.do(Acknowledge())
    story.find(active=False)
    told = story.told
    with pytest.raises(CourseError, match="followed by"):
        replay([told[0], *told[2:]])
    with pytest.raises(CourseError, match="begins with"):
        replay(told[1:])
    with pytest.raises(CourseError, match="comes to"):
        replay([*told[:1], _restated(told[1], AlertState.UNACKNOWLEDGED)])
    with pytest.raises(CourseError, match="cannot follow"):
        replay([*told, _next(told[-1])])
    with pytest.raises(CourseError, match="without transitions"):
        replay([])


def _restated(transition: Transition, state: AlertState) -> Transition:
    return msgspec.structs.replace(transition, state=state)


def _next(transition: Transition) -> Transition:
    return msgspec.structs.replace(
        transition, version=transition.version + 1, kind=TransitionKind.COMMENTED
    )
