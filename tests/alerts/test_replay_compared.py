"""What was raised and what a replay finds, held against each other."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert
from alerts.episodes import Episode, Episodes, TooManyError, episodes_of
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import fold_finding
from alerts.replay import Agreement, Difference, Range, Shared, compare, counts

MINUTE = 60_000
WITHIN = Range(0, 1000 * MINUTE)
WHY = Explanation("heat", "above", limit=54)


def episode(began: int, ended: int | None, **more: object) -> Episode:
    """Times in minutes."""
    end = None if ended is None else ended * MINUTE
    fields = {"device": 1, "condition": "heat", "priority": Priority.HIGH, **more}
    return Episode(began=began * MINUTE, known=began * MINUTE, ended=end, explanation=WHY, **fields)


def verdicts(raised: list[Episode], replayed: list[Episode], **more: object) -> list[Agreement]:
    return [pair.verdict for pair in compare(raised, replayed, WITHIN, **more)]


def test_what_began_and_ended_within_the_tolerance_is_the_same() -> None:
    (pair,) = compare([episode(10, 20, alert=7)], [episode(11, 19)], WITHIN)
    assert (pair.verdict, pair.differs, pair.alert) == (Agreement.SAME, (), 7)


@pytest.mark.parametrize(
    ("replayed", "differs"),
    [
        (episode(15, 20), (Difference.BEGAN,)),
        (episode(10, 30), (Difference.ENDED,)),
        (episode(10, None), (Difference.ENDED,)),
        (episode(10, 20, priority=Priority.LOW), (Difference.PRIORITY,)),
        (episode(10, 20, occurrences=3), (Difference.OCCURRENCES,)),
    ],
)
def test_what_differs_is_named(replayed: Episode, differs: tuple[Difference, ...]) -> None:
    (pair,) = compare([episode(10, 20)], [replayed], WITHIN)
    assert (pair.verdict, pair.differs) == (Agreement.DIFFERENT, differs)


def test_what_only_one_has_is_told_apart() -> None:
    assert verdicts([episode(10, 20)], [episode(40, 50)]) == [
        Agreement.ONLY_RAISED,
        Agreement.ONLY_REPLAYED,
    ]
    other = episode(10, 20, device=2)
    assert sorted(verdicts([episode(10, 20)], [other])) == [
        Agreement.ONLY_RAISED,
        Agreement.ONLY_REPLAYED,
    ]


def test_of_several_the_nearest_beginnings_belong_together() -> None:
    raised = [episode(10, 60), episode(70, 80)]
    replayed = [episode(40, 60), episode(70, 80), episode(71, 72)]
    found = compare(raised, replayed, WITHIN)
    assert [(pair.verdict, pair.differs) for pair in found] == [
        (Agreement.DIFFERENT, (Difference.BEGAN,)),
        (Agreement.SAME, ()),
        (Agreement.ONLY_REPLAYED, ()),
    ]


def test_what_people_closed_has_no_end_to_compare() -> None:
    assert verdicts([episode(10, 12, closed=True)], [episode(10, 40)]) == [Agreement.SAME]


def test_what_stood_before_is_the_same_whenever_it_began() -> None:
    within = Range(100 * MINUTE, 200 * MINUTE)
    (pair,) = compare([episode(3, 150)], [episode(90, 150)], within)
    assert pair.verdict is Agreement.SAME


def test_what_ends_after_the_days_still_stands_in_the_replay() -> None:
    assert verdicts([episode(10, 2000)], [episode(10, None)]) == [Agreement.SAME]


def test_what_was_over_before_is_left_out() -> None:
    within = Range(100 * MINUTE, 200 * MINUTE)
    assert compare([episode(10, 20)], [episode(30, 40)], within) == []


def test_a_silence_in_a_cause_that_several_shared_was_raised_with_it() -> None:
    cause = Shared(alert=9, device=1, since=5 * MINUTE, back=30 * MINUTE)
    (pair,) = compare([], [episode(10, 20)], WITHIN, [cause])
    assert (pair.verdict, pair.alert) == (Agreement.SHARED, 9)
    assert verdicts([], [episode(40, 50)], shared=[cause]) == [Agreement.ONLY_REPLAYED]


def test_they_are_counted_by_rule() -> None:
    pairs = compare([episode(10, 20), episode(100, 110)], [episode(10, 20)], WITHIN)
    assert counts(pairs) == {"heat": {Agreement.SAME: 1, Agreement.ONLY_RAISED: 1}}


def test_no_more_episodes_are_kept_than_allowed() -> None:
    episodes = Episodes(most=2)
    for at in range(2):
        episodes.fold(at, Finding("heat", True, Priority.HIGH, at, at, WHY))
    episodes.fold(0, Finding("heat", False, Priority.HIGH, 5, 5, WHY))
    with pytest.raises(TooManyError):
        episodes.fold(0, Finding("heat", True, Priority.HIGH, 9, 9, WHY))


findings = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.sampled_from(list(Priority))), max_size=30
)


@given(findings)
def test_findings_and_the_alerts_they_become_tell_the_same(
    told: list[tuple[bool, bool, Priority]],
) -> None:
    """The episodes of what was written down are those of what was found."""
    episodes = Episodes(most=100)
    alert: Alert | None = None
    transitions = []
    new_id = count(1).__next__
    for at, (active, occurrence, priority) in enumerate(told):
        finding = Finding("heat", active, priority, at, at, WHY, occurrence=occurrence)
        episodes.fold(1, finding)
        folded = fold_finding(
            alert, finding, device=1, school="no3", out_of_service=False, new_id=new_id
        )
        alert = folded.alert
        transitions += folded.transitions
    assert {one.alert for one in transitions} <= {1}
    raised = episodes_of(1, 1, transitions)
    for one in raised:
        one.alert = None
    assert raised == episodes.within(0, 100)
