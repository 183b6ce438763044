"""Merged intervals, against sets of single milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.recording.intervals import EMPTY, Intervals

QUICK = settings(max_examples=80, deadline=None)
MOMENTS = st.integers(0, 60)
PAIRS = st.lists(st.tuples(MOMENTS, MOMENTS), max_size=12)


def moments(pairs: Iterable[tuple[int, int]]) -> set[int]:
    covered: set[int] = set()
    for begin, end in pairs:
        covered |= set(range(begin, end))
    return covered


def is_merged(intervals: Intervals) -> bool:
    edges = list(intervals.edges)
    return all(a < b for a, b in pairwise(edges)) and len(edges) % 2 == 0


@QUICK
@given(PAIRS)
def test_pairs_in_any_order_cover_what_they_cover_one_by_one(pairs: list[tuple[int, int]]) -> None:
    merged = Intervals(pairs)
    assert moments(merged) == moments(pairs)
    assert merged.duration() == len(moments(pairs))
    assert is_merged(merged)
    assert Intervals(merged) == merged


@QUICK
@given(PAIRS, st.integers(0, 8))
def test_joining_closes_short_holes_and_no_others(pairs: list[tuple[int, int]], join: int) -> None:
    plain, joined = Intervals(pairs), Intervals(pairs, join=join)
    closed = moments(joined) - moments(plain)
    short = plain.holes(plain.first or 0, plain.last or 0)
    assert closed == moments(hole for hole in short if hole[1] - hole[0] <= join)


@QUICK
@given(PAIRS, MOMENTS, MOMENTS)
def test_within_without_and_holes_share_out_a_span(
    pairs: list[tuple[int, int]], begin: int, end: int
) -> None:
    covered, span = Intervals(pairs), set(range(begin, end))
    assert moments(covered.within(begin, end)) == moments(pairs) & span
    assert moments(covered.without(begin, end)) == moments(pairs) - span
    assert moments(covered.holes(begin, end)) == span - moments(pairs)
    for each in (covered.within(begin, end), covered.without(begin, end)):
        assert is_merged(each)
    assert is_merged(covered.holes(begin, end))


@QUICK
@given(PAIRS, PAIRS, MOMENTS, MOMENTS)
def test_a_new_answer_replaces_what_was_known_of_its_span_only(
    old: list[tuple[int, int]], new: list[tuple[int, int]], begin: int, end: int
) -> None:
    span = set(range(begin, end))
    replaced = Intervals(old).replaced(begin, end, Intervals(new))
    assert moments(replaced) == (moments(old) - span) | (moments(new) & span)
    assert is_merged(replaced)


@QUICK
@given(PAIRS, PAIRS)
def test_union_and_difference(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    assert moments(Intervals(one) | Intervals(other)) == moments(one) | moments(other)
    assert moments(Intervals(one) - Intervals(other)) == moments(one) - moments(other)
    assert is_merged(Intervals(one) - Intervals(other))


@QUICK
@given(PAIRS, st.lists(MOMENTS, min_size=1, max_size=8, unique=True))
def test_shares_count_each_part_by_itself(pairs: list[tuple[int, int]], bounds: list[int]) -> None:
    bounds.sort()
    expected = [len(moments(pairs) & set(range(begin, end))) for begin, end in pairwise(bounds)]
    assert Intervals(pairs).shares(bounds) == expected


@QUICK
@given(PAIRS, MOMENTS)
def test_a_moment_is_in_it_or_not(pairs: list[tuple[int, int]], moment: int) -> None:
    assert (moment in Intervals(pairs)) == (moment in moments(pairs))


@QUICK
@given(PAIRS)
def test_the_bytes_of_intervals_give_them_back(pairs: list[tuple[int, int]]) -> None:
    intervals = Intervals(pairs)
    assert Intervals.from_bytes(intervals.to_bytes()) == intervals
    assert hash(Intervals.from_bytes(intervals.to_bytes())) == hash(intervals)


@pytest.mark.parametrize("data", [b"1", b"\0" * 16, bytes(range(8, 0, -1)) * 2])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="edges"):
        Intervals.from_bytes(data)


def test_a_second_lost_at_midnight_is_no_hole_when_days_are_asked_one_by_one() -> None:
    first = EMPTY.replaced(0, 86_400_000, Intervals([(0, 86_399_000)]), join=2000)
    both = first.replaced(
        86_400_000, 172_800_000, Intervals([(86_400_000, 172_799_000)]), join=2000
    )
    assert list(both) == [(0, 172_799_000)]
    assert EMPTY.first is None
    assert both.first == 0
