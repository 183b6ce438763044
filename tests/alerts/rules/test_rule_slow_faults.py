"""Sensors that fail slowly: one that is stuck, and one that jumps to and fro."""

from __future__ import annotations

import math
import random

import pytest

from alerts.finding import Priority

HOUR = 3600
MINUTE = 60


def room(day: int, minute: int, step: float, seed: int = 0) -> float:
    """A room's temperature: a day's swing and a sensor's noise, told in steps of ``step``."""
    at = day * 1440 + minute
    noise = random.Random(seed * 1_000_003 + at).gauss(0, 0.03)
    value = 20.5 + 1.2 * math.sin(2 * math.pi * at / 1440) + noise
    return round(round(value / step) * step, 3)


def lived_in(device, days: int, *, step: float = 0.1, every: int = 15, seed: int = 0) -> None:
    for day in range(days):
        for minute in range(0, 1440, every):
            device.says(temperature_c=room(day, minute, step, seed), after=every * MINUTE)


def test_a_value_that_always_moved_and_stands_still_for_a_day_is_stuck(watch):
    device = watch(rule="stuck")
    lived_in(device, 4)
    assert device.found == []
    device.says(temperature_c=21.7, after=15 * MINUTE)
    began = device.now
    while not device.found:
        device.says(temperature_c=21.7, after=15 * MINUTE)
    (finding,) = device.found
    assert (finding.condition, finding.priority) == ("stuck", Priority.LOW)
    assert finding.happened == began
    assert device.now - began >= 24 * HOUR * 1000
    assert finding.explanation.inputs["value"] == 21.7
    (finding,) = device.says(temperature_c=21.8, after=15 * MINUTE)
    assert not finding.active


def test_a_coarse_sensor_in_a_still_cellar_is_not_stuck(watch):
    device = watch(rule="stuck", moves=5)
    # Half a degree a step, and a cellar that takes two days for one.
    for day in range(40):
        value = round((12 + math.sin(day / 6)) * 2) / 2
        for _ in range(96):
            device.says(temperature_c=value, after=15 * MINUTE)
    assert device.found == []


def test_a_sensor_that_was_never_seen_to_move_is_not_judged(watch):
    device = watch(rule="stuck")
    for _ in range(96 * 20):
        device.says(temperature_c=19.0, after=15 * MINUTE)
    assert device.found == []


def test_time_in_which_it_was_not_heard_is_no_rest(watch):
    device = watch(rule="stuck")
    lived_in(device, 4)
    device.says(temperature_c=18.0, after=15 * MINUTE)
    device.says(temperature_c=18.0, after=72 * HOUR)
    assert device.found == []


def test_a_rest_is_remembered_over_a_restart_but_not_one_that_may_have_ended(watch):
    device = watch(rule="stuck")
    lived_in(device, 4)
    device.says(temperature_c=21.7, after=15 * MINUTE)
    for _ in range(20 * 4):
        device.says(temperature_c=21.7, after=15 * MINUTE)
    device.restarts(down=600)
    for _ in range(17):
        device.says(temperature_c=21.7, after=15 * MINUTE)
    assert device.found == [], "only what was saved of it counts"
    while not device.found:
        device.says(temperature_c=21.7, after=15 * MINUTE)
    assert device.found[0].explanation.inputs["hours"] >= 24
    device.restarts(down=600)
    (finding,) = device.says(temperature_c=20.0, after=15 * MINUTE)
    assert not finding.active


def test_a_clock_that_is_set_back_makes_nothing_stuck(watch):
    device = watch(rule="stuck")
    lived_in(device, 4)
    for _ in range(40):
        device.says(temperature_c=21.7, after=15 * MINUTE)
    device.now -= 20 * HOUR * 1000
    for _ in range(60):
        device.says(temperature_c=21.7, after=15 * MINUTE)
    assert device.found == []


# Noise


@pytest.mark.parametrize("seed", range(5))
def test_a_sensor_that_begins_to_jump_is_noisy_until_it_is_steady_again(watch, seed):
    device = watch(rule="noisy")
    lived_in(device, 2, every=2, seed=seed)
    assert device.found == []
    for number in range(60):
        jump = 4.0 if number % 2 else 0.0
        device.says(temperature_c=room(2, number, 0.1, seed) + jump, after=MINUTE)
    (finding,) = device.found
    assert (finding.condition, finding.priority) == ("noisy", Priority.LOW)
    assert finding.explanation.inputs["value"] >= 1.5
    for minute in range(200):
        device.says(temperature_c=room(3, minute, 0.1, seed), after=MINUTE)
    assert [one.active for one in device.found] == [True, False]


def test_one_outlier_and_a_door_that_opens_are_no_noise(watch):
    device = watch(rule="noisy")
    lived_in(device, 2, every=2)
    device.says(temperature_c=-127.0, after=MINUTE)
    for minute in range(240):
        cold = 12.0 if minute % 60 < 8 else 0.0  # eight minutes in each hour
        device.says(temperature_c=room(2, minute, 0.1) - cold, after=MINUTE)
    assert device.found == []


def test_a_fire_is_no_noise(watch):
    device = watch(rule="noisy")
    lived_in(device, 2, every=2)
    for minute in range(60):
        device.says(temperature_c=20 + 8.0 * minute, after=MINUTE)
    assert device.found == []


def test_what_was_always_noisy_beyond_belief_is_said_all_the_same(watch):
    device = watch(rule="noisy")
    for number in range(40):
        device.says(temperature_c=20 + (12.0 if number % 2 else 0.0), after=MINUTE)
    assert [one.condition for one in device.found] == ["noisy"]


def test_of_readings_far_apart_nobody_can_tell(watch):
    device = watch(rule="noisy")
    for number in range(200):
        device.says(temperature_c=20 + (12.0 if number % 2 else 0.0), after=HOUR)
    assert device.found == []


def test_what_was_learned_of_a_sensor_outlives_a_restart(watch):
    device = watch(rule="noisy")
    lived_in(device, 2, every=2)
    device.restarts(down=60)
    for number in range(60):
        jump = 3.0 if number % 2 else 0.0  # less than what is never believed
        device.says(temperature_c=20 + jump, after=MINUTE)
    assert [one.condition for one in device.found] == ["noisy"]
