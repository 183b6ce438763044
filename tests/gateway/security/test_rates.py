"""Limits on rates: a bucket for requests, growing waits for guesses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.security.rates import Buckets, Patience


def test_a_minutes_requests_may_come_at_once_and_no_more() -> None:
    buckets = Buckets(per_minute=60)

    taken = [buckets.take("li.na", 0.0) for _ in range(61)]

    assert taken[:60] == [0.0] * 60
    assert taken[60] == 1.0
    assert buckets.take("li.na", 1.0) == 0.0


def test_each_key_has_its_own_bucket() -> None:
    buckets = Buckets(per_minute=1)
    buckets.take("one", 0.0)

    assert buckets.take("other", 0.0) == 0.0
    assert buckets.take("one", 0.0) > 0


@given(st.lists(st.floats(0, 5), max_size=200))
def test_no_pattern_of_requests_beats_the_rate(pauses: list[float]) -> None:
    buckets = Buckets(per_minute=30)
    now, allowed = 0.0, 0
    for pause in pauses:
        now += pause
        allowed += buckets.take("key", now) == 0.0

    assert allowed <= 30 + now * 0.5 + 1e-6


def test_guesses_wait_longer_each_time_up_to_a_limit() -> None:
    patience = Patience(free=2, longest=8.0)
    waits = []
    for _ in range(8):
        waits.append(patience.wait("name", 0.0))
        patience.failed("name", 0.0)

    assert waits == [0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert patience.wait("another", 0.0) == 0.0


def test_a_success_or_a_long_pause_forgets_the_failures() -> None:
    patience = Patience(free=1, longest=8.0)
    for _ in range(5):
        patience.failed("one", 0.0)
        patience.failed("two", 0.0)
    patience.succeeded("one")

    assert patience.wait("one", 0.0) == 0.0
    assert patience.wait("two", 1.0) == 7.0
    assert patience.wait("two", 17.0) == 0.0
    patience.failed("two", 17.0)
    assert patience.wait("two", 17.0) == 1.0


def test_memory_is_bounded_and_forgets_the_longest_unused() -> None:
    buckets, patience = Buckets(1, remembered=10), Patience(free=1, remembered=10)
    for number in range(1000):
        buckets.take(str(number), 0.0)
        patience.failed(str(number), 0.0)

    assert buckets.take("999", 0.0) > 0
    assert buckets.take("1", 0.0) == 0.0
    assert patience.wait("1", 0.0) == 0.0
    assert patience.wait("999", 0.0) > 0
