"""What sequence numbers tell: lost, late, said twice, begun anew."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.hitches import NEAR, REJECTS_REST_MS, WRAP, Hitches


def counted(*numbers: int, later: bool | None = True) -> Hitches:
    """What is counted when these come one after the other, each made after the one before."""
    hitches = Hitches()
    due = numbers[0] + 1
    for seq in numbers[1:]:
        due = hitches.step(due, seq, later=later)
    return hitches


def test_a_gap_is_what_was_lost() -> None:
    assert counted(1, 2, 3, 7, 8).lost == 3


def test_a_device_that_begins_anew_has_lost_nothing() -> None:
    hitches = counted(4000, 4001, 0, 1, 2)
    assert (hitches.lost, hitches.reboots) == (0, 1)


def test_a_counter_that_wraps_is_neither_lost_nor_begun_anew() -> None:
    hitches = counted(WRAP - 2, WRAP - 1, 0, 1)
    assert (hitches.lost, hitches.reboots) == (0, 0)


def test_what_comes_late_was_not_lost() -> None:
    hitches = Hitches()
    due = hitches.step(5, 7, later=True)
    assert hitches.lost == 2
    due = hitches.step(due, 5, later=False)
    due = hitches.step(due, 6, later=False)
    assert (hitches.lost, hitches.reboots, due) == (0, 0, 8)


def test_a_late_copy_fills_a_gap_once() -> None:
    hitches = Hitches()
    due = hitches.step(5, 6, later=True)
    for _ in range(3):
        due = hitches.step(due, 5, later=False)
    assert hitches.lost == 0


def test_a_buffer_sent_after_what_is_new_is_late_however_long_it_is() -> None:
    hitches = Hitches()
    due = hitches.step(1000, 6000, later=True)
    for seq in range(1000, 6000):
        due = hitches.step(due, seq, later=False)
    assert (hitches.lost, hitches.reboots, due) == (0, 0, 6001)


def test_the_same_message_twice_is_nothing() -> None:
    hitches = counted(8, 8, 8, 9)
    assert (hitches.lost, hitches.reboots) == (0, 0)


def test_a_counter_that_stands_still_is_nothing() -> None:
    assert counted(*[1] * 100).reboots == 0


def test_without_a_time_a_step_back_is_late_and_a_jump_back_is_a_new_beginning() -> None:
    assert counted(100, 98, later=None).reboots == 0
    assert counted(100, 0, later=None).reboots == 1
    assert counted(1000, 1000 - NEAR - 10, later=None).reboots == 1


def test_a_long_way_ahead_says_nothing() -> None:
    hitches = counted(1, 500_000)
    assert (hitches.lost, hitches.reboots) == (0, 0)


def test_a_device_that_counts_events_apart_neither_loses_nor_begins_anew() -> None:
    hitches = counted(50_000, 3, 50_001, 50_002, 4, 50_003, 5, 50_004)
    assert (hitches.lost, hitches.reboots) == (0, 0)


@given(st.lists(st.integers(-(2**70), 2**70), min_size=2), st.sampled_from([True, False, None]))
def test_no_numbers_make_a_count_negative(numbers: list[int], later: bool | None) -> None:
    hitches = counted(*numbers, later=later)
    assert min(hitches.lost, hitches.reboots, hitches.gap_left) >= 0


def test_rejects_are_counted_by_reason_until_a_day_without() -> None:
    hitches = Hitches()
    for now in (1000, 2000):
        hitches.reject("syntax", "not JSON: x" * 100, now)
    hitches.reject("timestamp", "ts = 'noon'", 3000)
    assert hitches.rejects == {"syntax": 2, "timestamp": 1}
    assert (hitches.rejects_since, hitches.rejected, hitches.reason) == (1000, 3000, "timestamp")

    hitches.reject("syntax", "not JSON", 3000 + REJECTS_REST_MS)
    assert hitches.rejects == {"syntax": 1}
