"""A node is asked to be born anew soon, seldom, and again while it does not answer."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.sparkplug.rebirths import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    MOST,
    TRIES,
    Rebirths,
)

NOW = 1_795_161_600_000


def waits(rebirths: Rebirths, now: int, rounds: int) -> list[int]:
    """How long it is from one request to the next, while the node does not answer."""
    times = [now]
    assert rebirths.take(now, 10) == ["edge"]
    for _ in range(rounds):
        due = rebirths.next()
        if due is None:
            break
        if rebirths.take(due, 10):
            times.append(due)
    return [later - earlier for earlier, later in pairwise(times)]


def test_it_is_asked_at_once_and_only_once_for_all_that_is_refused() -> None:
    rebirths = Rebirths()
    for _ in range(50):
        rebirths.want("edge", NOW)
    assert rebirths.take(NOW, 10) == ["edge"]
    rebirths.want("edge", NOW + 1)
    assert rebirths.take(NOW + 1, 10) == []


def test_one_that_does_not_answer_is_asked_again_ever_more_seldom_and_then_no_more() -> None:
    rebirths = Rebirths()
    rebirths.want("edge", NOW)
    pauses = waits(rebirths, NOW, 50)
    assert len(pauses) == TRIES - 1
    assert pauses == sorted(pauses)
    assert FIRST_PAUSE <= pauses[0] <= pauses[-1] <= LONGEST_PAUSE * 1.25
    assert rebirths.next() is None


def test_one_that_speaks_and_never_answers_is_asked_now_and_then() -> None:
    rebirths = Rebirths()
    asked = 0
    for second in range(36_000):
        now = NOW + second * 1000
        rebirths.want("edge", now)
        asked += len(rebirths.take(now, 10))
    assert TRIES < asked <= TRIES + 36_000_000 // LONGEST_PAUSE


def test_one_that_loses_messages_all_the_time_and_answers_is_never_refused_for_long() -> None:
    rebirths = Rebirths()
    times = []
    for second in range(3600):
        now = NOW + second * 1000
        rebirths.want("edge", now)
        if rebirths.take(now, 10):
            times.append(now)
            rebirths.answered("edge")
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert min(pauses) >= FIRST_PAUSE
    assert max(pauses) <= 1.5 * FIRST_PAUSE


def test_who_answered_is_not_asked() -> None:
    rebirths = Rebirths()
    rebirths.want("edge", NOW, after=3000)
    assert rebirths.take(NOW, 10) == []
    rebirths.answered("edge")
    assert rebirths.take(NOW + 60_000, 10) == []
    assert rebirths.next() is None


def test_many_are_asked_a_few_at_a_time() -> None:
    rebirths = Rebirths()
    for number in range(25):
        rebirths.want(f"edge-{number}", NOW)
    taken = [rebirths.take(NOW, 10) for _ in range(3)]
    assert [len(nodes) for nodes in taken] == [10, 10, 5]
    assert len({node for nodes in taken for node in nodes}) == 25


def test_a_clock_that_is_set_back_keeps_nobody_waiting() -> None:
    rebirths = Rebirths()
    rebirths.want("edge", NOW)
    rebirths.take(NOW, 10)
    rebirths.answered("edge")
    hours_before = NOW - 7_200_000
    rebirths.want("edge", hours_before)
    assert rebirths.take(hours_before, 10) == ["edge"]


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 60_000), st.booleans()), max_size=40))
def test_whoever_is_wanted_is_asked_in_the_end(steps: list[tuple[str, int, bool]]) -> None:
    rebirths, now, wanted = Rebirths(), NOW, set()
    for node, passed, answers in steps:
        now += passed
        if answers:
            rebirths.answered(node)
            wanted.discard(node)
        else:
            rebirths.want(node, now)
            wanted.add(node)
        wanted -= set(rebirths.take(now, 1))
    for _ in range(len(wanted) + 1):
        now += LONGEST_PAUSE * 2
        wanted -= set(rebirths.take(now, 1000))
    assert not wanted


def test_invented_nodes_take_no_more_room_than_there_is() -> None:
    rebirths = Rebirths()
    for number in range(MOST + 100):
        rebirths.want(f"edge-{number}", NOW)
    assert len(rebirths) == MOST
