"""Following the response plan: steps ticked off, those above told, also after the alert is over."""

from __future__ import annotations

import pytest
from alert_story import Story, code_of
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Acknowledge, AlertState, ConfirmFalse, MarkFalse, Reset, Tell, Tick
from alerts.course import replay
from alerts.finding import Priority
from alerts.reporting import ReportDue, ReportTimes, outstanding, reports_due
from alerts.response import AFTERWARDS_MS

MINUTE = 60_000
TIMES = ReportTimes()


def an_emergency() -> Story:
    story = Story("panic", Priority.EMERGENCY)
    story.find(occurrence=True, latches=True)
    return story


def closed_emergency() -> Story:
    story = an_emergency()
    story.do(Acknowledge())
    story.find(active=False)
    assert story.do(Reset()) == ["reset", "closed"]
    return story


class TestSteps:
    def test_are_ticked_off_once_and_signed(self) -> None:
        story = an_emergency()
        assert story.do(Tick("call", text="打电话")) == ["stepped"]
        assert story.do(Tick("call"), actor="wang") == []
        assert story.standing.ticked == ("call",)
        assert story.told[-1].actor == "li"
        assert story.told[-1].detail == {"step": "call", "done": True, "text": "打电话"}

    def test_are_taken_back(self) -> None:
        story = an_emergency()
        story.do(Tick("call"))
        story.do(Tick("evacuate"))
        assert story.do(Tick("call", done=False)) == ["stepped"]
        assert story.standing.ticked == ("evacuate",)
        assert story.do(Tick("call", done=False)) == []

    def test_change_neither_the_state_nor_who_must_act(self) -> None:
        story = an_emergency()
        story.do(Tick("call"))
        assert story.stands(AlertState.UNACKNOWLEDGED)
        assert story.standing.acknowledged is None

    @pytest.mark.parametrize("name", ["", "x" * 65])
    def test_have_a_name_that_is_one(self, name: str) -> None:
        assert code_of(an_emergency().do(Tick(name))) == "no_such_step"

    @given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=20))
    def test_stand_as_they_were_ticked_last(self, ticks: list[tuple[str, bool]]) -> None:
        story = an_emergency()
        for step, done in ticks:
            story.do(Tick(step, done))
        wanted = {step for step, done in dict(ticks).items() if done}
        assert set(story.standing.ticked) == wanted
        assert replay(story.told) == story.alert


class TestTelling:
    def test_says_whom_and_is_signed(self) -> None:
        story = an_emergency()
        assert story.do(Tell("telephone", "duty room", "one hurt")) == ["reported"]
        (report,) = story.standing.reports
        assert (report.form, report.to, report.by, report.at) == (
            "telephone",
            "duty room",
            "li",
            story.now,
        )

    def test_may_be_signed_for_a_little_later(self) -> None:
        story = an_emergency()
        story.now += 10 * MINUTE
        told = story.now - 4 * MINUTE
        assert story.do(Tell("written", "bureau", at=told)) == ["reported"]
        assert story.standing.reports[0].at == told
        assert (story.told[-1].happened, story.told[-1].known) == (told, story.now)

    @pytest.mark.parametrize("shift", [-MINUTE, MINUTE * 60])
    def test_is_never_before_the_occurrence_or_still_to_come(self, shift: int) -> None:
        story = an_emergency()
        at = story.standing.raised + shift
        assert code_of(story.do(Tell("written", "bureau", at=at))) == "report_time"

    @pytest.mark.parametrize(
        ("told", "code"),
        [
            (Tell("pigeon", "bureau"), "no_such_form"),
            (Tell("written", "  "), "text_required"),
            (Tell("written", "bureau", "x" * 2000), "text_too_long"),
        ],
    )
    def test_is_refused_with_the_reason(self, told: Tell, code: str) -> None:
        assert code_of(an_emergency().do(told)) == code


class TestAfterItIsOver:
    def test_the_report_is_still_signed_for_and_the_last_steps_ticked(self) -> None:
        story = closed_emergency()
        assert story.do(Tell("written", "bureau")) == ["reported"]
        assert story.do(Tick("keep")) == ["stepped"]
        assert story.stands(AlertState.CLOSED)

    def test_nobody_signs_years_later(self) -> None:
        story = closed_emergency()
        story.now += AFTERWARDS_MS
        assert code_of(story.do(Tell("written", "bureau"))) == "closed"
        assert code_of(story.do(Tick("keep"))) == "closed"


class TestReportsDue:
    def test_count_from_the_occurrence(self) -> None:
        story = Story("panic", Priority.EMERGENCY)
        story.find(occurrence=True, late_by=40 * MINUTE)
        raised = story.standing.raised
        assert story.standing.known - raised == 40 * MINUTE
        telephone, written = reports_due(story.standing, TIMES)
        assert (telephone.due, written.due) == (raised + 30 * MINUTE, raised + 60 * MINUTE)
        assert telephone.due < story.standing.known, "a late alarm starts overdue"

    def test_are_of_emergencies_alone(self) -> None:
        story = Story()
        story.find()
        assert reports_due(story.standing, TIMES) == ()

    def test_are_not_asked_for_what_tells_that_the_police_were_not_reached(self) -> None:
        story = Story("police_unreached", Priority.EMERGENCY)
        story.find()
        assert reports_due(story.standing, TIMES) == ()

    def test_are_done_by_the_first_report_of_their_form(self) -> None:
        story = an_emergency()
        story.do(Tell("telephone", "duty room"))
        first = story.now
        story.do(Tell("telephone", "somebody else"))
        telephone, written = reports_due(story.standing, TIMES)
        due = story.standing.raised + 30 * MINUTE
        assert telephone == ReportDue("telephone", due, first, "li", "duty room")
        assert written.done_at is None
        assert outstanding(story.standing, TIMES)
        story.do(Tell("written", "duty room"))
        assert not outstanding(story.standing, TIMES)

    def test_end_with_two_persons_word_that_it_was_false(self) -> None:
        story = an_emergency()
        story.do(Tell("telephone", "duty room"))
        story.do(MarkFalse("baking"))
        assert outstanding(story.standing, TIMES), "one person's word is not enough"
        story.do(ConfirmFalse(agree=True), actor="wang")
        assert not outstanding(story.standing, TIMES)
        (told,) = reports_due(story.standing, TIMES)
        assert told.form == "telephone"
