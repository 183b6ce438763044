"""How many guards a school needs: the figures of the standard, and what no figures may ever do."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.staffing import USUAL, StaffingRule, StaffingStep, guards_needed

PUPILS = st.integers(0, 60_000)


@pytest.mark.parametrize(
    ("pupils", "guards"),
    [
        (0, 1),
        (99, 1),
        (100, 2),
        (999, 2),
        (1000, 3),
        (1499, 3),
        (1500, 4),
        (1999, 4),
        (2000, 5),
        (5000, 11),
    ],
)
def test_day_schools_at_the_bounds_of_the_standard(pupils: int, guards: int) -> None:
    assert guards_needed(USUAL, pupils).guards == guards


@pytest.mark.parametrize(
    ("pupils", "boarders", "guards"),
    [(50, 1, 2), (50, 50, 2), (299, 299, 2), (300, 300, 3), (1000, 299, 3), (1000, 600, 5)],
)
def test_boarding_schools_need_more(pupils: int, boarders: int, guards: int) -> None:
    assert guards_needed(USUAL, pupils, boarders).guards == guards


def test_what_is_from_memory_says_so_and_what_is_not_does_not() -> None:
    assert not guards_needed(USUAL, 99).from_memory
    assert guards_needed(USUAL, 100).from_memory
    assert not guards_needed(USUAL, 1000).from_memory
    assert guards_needed(USUAL, 1000, 300).from_memory
    # two boarders change nothing where three guards are needed anyway
    assert not guards_needed(USUAL, 1000, 2).from_memory


@given(PUPILS, PUPILS, PUPILS)
def test_more_pupils_or_boarders_never_mean_fewer_guards(one: int, two: int, three: int) -> None:
    boarders, pupils, more = sorted((one, two, three))
    assert (
        guards_needed(USUAL, pupils, boarders).guards <= guards_needed(USUAL, more, boarders).guards
    )
    assert guards_needed(USUAL, more, boarders).guards <= guards_needed(USUAL, more, pupils).guards


@given(PUPILS, st.data())
def test_the_rule_equals_counting_one_by_one(pupils: int, data: st.DataObject) -> None:
    boarders = data.draw(st.integers(0, pupils))
    guards = 1 if pupils < 100 else 2 if pupils < 1000 else 3
    for _ in range(1500, pupils + 1, 500):
        guards += 1
    if boarders:
        guards = max(guards, 2)
        for _ in range(300, boarders + 1, 300):
            guards += 1
    assert guards_needed(USUAL, pupils, boarders).guards == guards


@pytest.mark.parametrize(("pupils", "boarders"), [(-1, 0), (10, 11), (10, -1)])
def test_numbers_of_no_school_are_refused(pupils: int, boarders: int) -> None:
    with pytest.raises(ValueError, match="no such school"):
        guards_needed(USUAL, pupils, boarders)


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (StaffingStep(pupils=1, guards=1),),
        (StaffingStep(pupils=0, guards=2), StaffingStep(pupils=100, guards=1)),
        (StaffingStep(pupils=0, guards=1), StaffingStep(pupils=0, guards=2)),
    ],
)
def test_steps_that_do_not_rise_are_refused(steps: tuple[StaffingStep, ...]) -> None:
    with pytest.raises(ValueError, match="staffing"):
        StaffingRule(steps=steps)


def test_the_rule_is_data() -> None:
    rule = msgspec.convert(
        {
            "source": "county",
            "steps": [{"pupils": 0, "guards": 2}, {"pupils": 200, "guards": 4}],
            "further_pupils": 100,
        },
        StaffingRule,
    )
    assert [guards_needed(rule, pupils).guards for pupils in (199, 200, 299, 300)] == [2, 4, 4, 5]
    assert guards_needed(rule, 300, 300).guards == 5  # it says nothing of boarders


def test_a_figure_that_is_misspelt_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="boarding_eech"):
        msgspec.convert({"steps": [{"pupils": 0, "guards": 1}], "boarding_eech": 3}, StaffingRule)
