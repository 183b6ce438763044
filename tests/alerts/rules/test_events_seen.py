"""Which event messages are known already."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.rules.events_seen import KEPT, is_news
from devices.reading import Channel, Reading

NOW = 1_795_161_600_000


def event(
    at: int | None = NOW, seq: int | None = 1, *, received: int = NOW, retained: bool = False
) -> Reading:
    return Reading(Channel.EVENT, {}, received, b"", at, 0, seq, event="pressed", retained=retained)


def test_a_repetition_until_our_reply_is_one_event():
    seen: list[tuple[int, int]] = []
    assert is_news(seen, event())
    assert not is_news(seen, event(received=NOW + 5000))


def test_a_new_press_has_a_new_time():
    seen: list[tuple[int, int]] = []
    assert is_news(seen, event(seq=1))
    assert is_news(seen, event(at=NOW + 1, seq=2))


def test_two_different_events_of_one_second_are_two_though_the_device_does_not_number_them():
    seen: list[tuple[int, int]] = []
    pressed = event(seq=None)
    tampered = Reading(Channel.EVENT, {}, NOW, b"", NOW, event="tamper")
    assert is_news(seen, pressed)
    assert is_news(seen, tampered)
    assert not is_news(seen, event(seq=None))


def test_a_device_that_started_anew_may_use_its_numbers_again():
    seen: list[tuple[int, int]] = []
    assert is_news(seen, event(seq=1))
    assert is_news(seen, event(at=NOW + 9000, seq=1))


def test_a_device_without_a_clock_presses_anew_each_time():
    seen: list[tuple[int, int]] = []
    assert is_news(seen, event(at=None, seq=7))
    assert is_news(seen, event(at=None, seq=7))


def test_a_device_whose_clock_begins_in_1970_at_each_press_presses_anew_each_time():
    seen: list[tuple[int, int]] = []
    assert is_news(seen, event(at=1200, seq=1))
    assert is_news(seen, event(at=1200, seq=1))


def test_a_retained_press_of_which_nobody_knows_when_is_no_news():
    assert not is_news([], event(at=None, retained=True))


def test_a_retained_press_of_a_moment_ago_is_news_once():
    seen: list[tuple[int, int]] = []
    assert is_news(seen, event(at=NOW - 5000, retained=True))
    assert not is_news(seen, event(at=NOW - 5000, retained=True))


def test_a_retained_press_of_yesterday_is_a_leftover():
    assert not is_news([], event(at=NOW - 86_400_000, retained=True))


def test_a_late_press_is_news_however_late():
    assert is_news([], event(at=NOW - 86_400_000))


@given(st.lists(st.integers(0, 200), max_size=300))
def test_no_event_among_the_last_ones_counts_twice_and_memory_is_bounded(numbers):
    seen: list[tuple[int, int]] = []
    recent: list[int] = []
    for number in numbers:
        news = is_news(seen, event(at=NOW + number))
        assert news == (number not in recent)
        recent = [*recent, number][-KEPT:] if news else recent
        assert len(seen) <= KEPT
