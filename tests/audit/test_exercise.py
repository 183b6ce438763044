"""An exercise is timed and scored against its plan, whatever order people act in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.exercise import (
    MOST_STEPS,
    USUAL_PLAN,
    Exercise,
    ExerciseError,
    PlannedStep,
    StepResult,
    begin,
    end,
    mark,
    result_of,
    score,
)

NOW = 1_795_161_600_000
PLAN = (
    PlannedStep(text="see it", limit_s=60),
    PlannedStep(text="take it", limit_s=120),
    PlannedStep(text="report it", limit_s=300),
)


def begun() -> Exercise:
    return begin(name="e", school="no3", actor="li.na", now=NOW, plan=PLAN)


def after(seconds: float) -> int:
    return NOW + round(seconds * 1000)


def test_a_step_in_time_counts_whole_a_late_one_half_a_missed_one_nothing() -> None:
    one = mark(begun(), 0, actor="wang", now=after(60))
    one = mark(one, 1, actor="wang", now=after(120.001))
    one = end(one, now=after(200))
    scored = score(one)
    assert scored is not None
    assert (scored.percent, scored.in_time, scored.late, scored.missed) == (50.0, 1, 1, 1)


def test_while_it_goes_on_a_step_waits_until_its_time_is_over() -> None:
    one = begun()
    assert result_of(one, 0, after(60)) is StepResult.WAITING
    assert result_of(one, 0, after(61)) is StepResult.OVERDUE
    assert score(one) is None


def test_the_first_word_about_a_step_counts() -> None:
    one = mark(begun(), 0, actor="wang", now=after(10))
    again = mark(one, 0, actor="li.na", now=after(500))
    assert again is one


def test_when_it_is_over_nothing_is_added() -> None:
    one = end(begun(), now=after(10))
    with pytest.raises(ExerciseError) as refused:
        mark(one, 0, actor="wang", now=after(11))
    assert refused.value.code == "exercise_over"
    assert end(one, now=after(99)) is one


@pytest.mark.parametrize(
    "plan",
    [
        (),
        (PlannedStep(text=" ", limit_s=10),),
        (PlannedStep(text="x", limit_s=0),),
        (PlannedStep(text="x", limit_s=86_401),),
        (PlannedStep(text="x", limit_s=1),) * (MOST_STEPS + 1),
    ],
)
def test_a_plan_that_nobody_could_follow_is_refused(plan: tuple[PlannedStep, ...]) -> None:
    with pytest.raises(ExerciseError):
        begin(name="e", school="no3", actor="li.na", now=NOW, plan=plan)


@pytest.mark.parametrize("number", [-1, 3])
def test_there_are_no_other_steps(number: int) -> None:
    with pytest.raises(ExerciseError):
        mark(begun(), number, actor="wang", now=after(1))


def test_the_usual_plan_can_be_followed() -> None:
    one = begin(name="e", school="no3", actor="li.na", now=NOW)
    for number, step in enumerate(USUAL_PLAN):
        one = mark(one, number, actor="wang", now=after(step.limit_s))
    scored = score(end(one, now=after(4000)))
    assert scored is not None
    assert scored.percent == 100


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1000)), max_size=12))
def test_the_score_is_of_the_whole_plan_whatever_is_marked(acts: list[tuple[int, int]]) -> None:
    one = begun()
    for number, seconds in acts:
        one = mark(one, number, actor="wang", now=after(seconds))
    scored = score(end(one, now=after(2000)))
    assert scored is not None
    assert scored.in_time + scored.late + scored.missed == len(PLAN)
    assert 0 <= scored.percent <= 100
