"""A condition that has been seen to last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.rules.lasting import (
    Conditions,
    Lasting,
    beyond,
    follow,
    follow_one,
    pending,
    raised,
)

WAIT, GAP = 60, 150


def test_it_begins_once_readings_have_said_so_for_long_enough():
    seen = Lasting()
    assert [follow(seen, True, at, WAIT, GAP) for at in (1000, 1030, 1060)] == [False, False, True]
    assert (seen.raised, seen.began) == (True, 1000)


def test_a_reading_that_says_otherwise_or_nothing_begins_it_anew():
    for otherwise in (False, None):
        seen = Lasting()
        follow(seen, True, 1000, WAIT, GAP)
        follow(seen, otherwise, 1030, WAIT, GAP)
        assert not follow(seen, True, 1061, WAIT, GAP)


def test_over_a_gap_nothing_lasts():
    seen = Lasting()
    follow(seen, True, 1000, WAIT, GAP)
    assert not follow(seen, True, 1151, WAIT, GAP)
    assert follow(seen, True, 1211, WAIT, GAP)


def test_a_reading_out_of_order_changes_nothing():
    seen = Lasting()
    follow(seen, True, 1000, WAIT, GAP)
    assert not follow(seen, False, 900, WAIT, GAP)
    assert follow(seen, True, 1060, WAIT, GAP)


def test_it_ends_as_it_began():
    seen = Lasting(raised=True)
    assert not follow(seen, False, 1000, WAIT, GAP)
    assert follow(seen, False, 1060, WAIT, GAP)
    assert not seen.raised


def test_only_what_stands_or_may_soon_is_kept():
    conditions: Conditions = {}
    assert follow_one(conditions, "a", False, 1000, WAIT, GAP) is None
    assert follow_one(conditions, "b", None, 1000, WAIT, GAP) is None
    assert conditions == {}
    follow_one(conditions, "a", True, 1000, WAIT, GAP)
    assert pending(conditions)
    follow_one(conditions, "a", False, 1010, WAIT, GAP)
    assert conditions == {}
    begun = follow_one(conditions, "a", True, 1020, 0, GAP)
    assert begun is not None
    assert raised(conditions, "a")
    ended = follow_one(conditions, "a", False, 1030, 0, GAP)
    assert ended is not None
    assert not ended.raised
    assert conditions == {}


def test_between_the_limit_and_where_it_is_back_nobody_can_tell():
    assert [beyond(value, 7, 6) for value in (8, 7, 6.5, 6, 1)] == [True, True, None, False, False]
    assert [beyond(value, 4, 5) for value in (3, 4, 4.5, 5, 9)] == [True, True, None, False, False]
    assert [beyond(value, 7, 7) for value in (7, 6.9)] == [True, False]


@given(
    told=st.lists(
        st.tuples(st.integers(1, 300), st.sampled_from([True, False, None])), max_size=80
    ),
    wait=st.integers(0, 200),
)
def test_it_changes_only_after_readings_without_a_gap_that_all_say_so(told, wait):
    seen, at, run = Lasting(), 1000, []
    for passed, holds in told:
        before = seen.raised
        at += passed
        if holds is None or holds is before:
            run = []
        else:
            run = [at] if not run or passed > GAP else [*run, at]
        changed = follow(seen, holds, at, wait, GAP)
        assert changed is (bool(run) and run[-1] - run[0] >= wait)
        if changed:
            assert (seen.raised, seen.began) == (holds, run[0])
            run = []
