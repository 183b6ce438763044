"""How long the outbox waits, and what becomes of what is refused."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from alerts.notification.audience import EMERGENCY_KEYS
from gateway.notification.delivery import DAY, PATIENCE, STREAK, Backoff, Fate, fate
from gateway.store.schema import WAITING_ASIDE, WAITING_EMERGENCY

CHANCE = st.floats(0, 1, exclude_max=True)
NOW = 1_795_161_600_000


@settings(deadline=None)
@given(failures=st.integers(1, 10**6), chance=CHANCE)
def test_no_wait_is_shorter_than_three_quarters_of_a_second_or_longer_than_five_minutes(
    failures: int, chance: float
) -> None:
    assert 750 <= Backoff().wait(failures, chance) <= 300_000


@settings(deadline=None)
@given(failures=st.integers(1, 30), chance=CHANCE)
def test_waits_grow_whatever_the_chance(failures: int, chance: float) -> None:
    # Twice as long, three quarters of it at worst: half as much again.
    assert Backoff().wait(failures + 1, 0.0) >= min(225_000, 1.5 * Backoff().wait(failures, 0.0))
    assert Backoff().wait(failures + 1, chance) >= Backoff().wait(failures, chance)


@pytest.mark.parametrize(("asked", "waits"), [(0.0, 750), (10.0, 10_000), (86_400.0, 300_000)])
def test_what_a_receiver_asks_for_is_kept_up_to_the_longest_wait(asked: float, waits: int) -> None:
    assert Backoff().wait(1, 0.0, asked) == waits


@pytest.mark.parametrize(
    ("key", "age", "refusals", "streak", "becomes"),
    [
        ("low/s/1/1/1", 0, 1, 0, Fate.AGAIN),
        ("low/s/1/1/1", 0, PATIENCE - 1, 0, Fate.AGAIN),
        ("low/s/1/1/1", 0, PATIENCE, 0, Fate.ASIDE),
        ("low/s/1/1/1", 0, 1, STREAK, Fate.ASIDE),
        ("low/s/1/1/1", DAY, PATIENCE, 0, Fate.GIVEN_UP),
        ("low/s/1/1/1", DAY, 1, 0, Fate.AGAIN),
        ("emergency/s/1/1/1", 400 * DAY, 10**6, STREAK, Fate.ASIDE),
    ],
)
def test_a_refused_message_keeps_its_place_then_steps_aside_then_is_given_up(
    key: str, age: int, refusals: int, streak: int, becomes: Fate
) -> None:
    assert fate(key, NOW - age, refusals, streak, NOW) is becomes


def test_the_indexes_of_the_outbox_hold_what_is_decided_here() -> None:
    after = EMERGENCY_KEYS[:-1] + chr(ord(EMERGENCY_KEYS[-1]) + 1)
    waiting = "delivered IS NULL AND"
    assert f"{waiting} attempts >= {PATIENCE}" == WAITING_ASIDE
    assert f"{waiting} key >= '{EMERGENCY_KEYS}' AND key < '{after}'" == WAITING_EMERGENCY
