"""Nobody is told a hundred things in five minutes, and nothing is kept from anybody for longer."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from alerts.notification.digest import WINDOW, Course, Turn

MINUTE = 60_000


def test_a_few_messages_go_one_by_one() -> None:
    course = Course(most=3)
    for at in (0, 1000, 2000):
        assert course.turn(1, at) is Turn.SINGLY
        course.went(1, at)


def test_what_is_more_than_the_most_goes_together_and_then_every_five_minutes() -> None:
    course = Course(most=3)
    assert course.turn(40, 0) is Turn.TOGETHER
    course.went(40, 0)
    assert course.turn(1, 1000) is Turn.LATER
    assert course.due(1000) == WINDOW
    assert course.turn(1, WINDOW - 1) is Turn.LATER
    # A calm one after a whole window: one by one again.
    assert course.turn(1, WINDOW) is Turn.SINGLY


def test_many_that_come_one_after_the_other_are_a_flood_as_well() -> None:
    course = Course(most=2)
    for at in (0, MINUTE):
        course.went(1, at)
    assert course.turn(1, 2 * MINUTE) is Turn.TOGETHER
    course.went(1, 2 * MINUTE)
    assert course.turn(1, 3 * MINUTE) is Turn.LATER


def test_a_clock_that_was_set_back_holds_nothing_for_longer_than_a_window() -> None:
    course = Course(most=1)
    course.went(9, 100 * WINDOW)
    assert course.due(0) == WINDOW


def test_what_went_before_a_restart_counts() -> None:
    course = Course(most=2)
    course.recall([(0, 1), (MINUTE, 12)])
    assert course.turn(1, 2 * MINUTE) is Turn.LATER
    assert course.due(2 * MINUTE) == MINUTE + WINDOW


ARRIVALS = st.lists(st.integers(0, 20 * MINUTE), max_size=200).map(sorted)


@given(arrivals=ARRIVALS, most=st.integers(1, 12))
def test_whatever_arrives_a_person_hears_little_and_everything_within_five_minutes(
    arrivals: list[int], most: int
) -> None:
    course, waiting, heard = Course(most=most), [], []
    pending = list(arrivals)
    now = 0
    while pending or waiting:
        while pending and pending[0] <= now:
            waiting.append(pending.pop(0))
        if waiting:
            turn = course.turn(len(waiting), now)
            if turn is Turn.SINGLY:
                assert now - waiting.pop(0) <= WINDOW
                course.went(1, now)
                heard.append(now)
                continue
            if turn is Turn.TOGETHER:
                assert now - waiting[0] <= WINDOW
                course.went(len(waiting), now)
                waiting.clear()
                heard.append(now)
                continue
        following = [course.due(now)] if waiting else []
        now = max(now + 1, min([*pending[:1], *following], default=now + 1))
    for at in heard:
        # The single ones of one window, a digest at each of its ends.
        assert sum(1 for one in heard if at <= one < at + WINDOW) <= most + 2
