"""A battery that is charged is known by hours of constant power and a slow fall after them."""

from __future__ import annotations

import math
from random import Random

from alerts.appliances.charging import MINUTE_MS, Charging, charge

NOW = 1_795_161_600_000
GAP = 15 * MINUTE_MS


def battery(minute: float, watts: float = 200, full: float = 150, tau: float = 30) -> float:
    """Constant current for ``full`` minutes, then less and less."""
    if minute < 0:
        return 0
    if minute < full:
        return watts * (0.95 + 0.05 * minute / full)
    left = watts * math.exp(-(minute - full) / tau)
    return left if left > 4 else 0


def night(power, minutes: int = 420):
    charging, told = Charging(), []
    for minute in range(minutes):
        began, ended = charge(charging, NOW + minute * MINUTE_MS, power(minute), 80, GAP)
        if began is not None:
            told.append(("charging", minute))
        if ended is not None:
            told.append(("over", minute))
    return told


def test_a_battery_is_told_when_it_begins_to_take_less_and_when_it_is_full():
    random = Random(1)
    told = night(lambda minute: 150 + random.gauss(0, 2) + battery(minute - 20))
    assert [what for what, _ in told] == ["charging", "over"]
    assert 170 < told[0][1] < 220


def test_one_that_is_unplugged_while_it_is_told_is_over():
    told = night(lambda minute: 150 + (battery(minute - 20) if minute < 225 else 0))
    assert [what for what, _ in told] == ["charging", "over"]
    assert told[1][1] == 225


def test_a_lamp_that_burns_all_evening_is_no_battery():
    assert night(lambda minute: 150 + (200 if 20 <= minute < 300 else 0)) == []


def test_a_refrigerator_that_takes_less_while_it_runs_is_none():
    assert night(lambda minute: 150 + (110 - minute % 40 * 0.8 if minute % 40 < 20 else 0)) == []


def test_what_charged_when_readings_stopped_is_forgotten():
    charging = Charging()
    for minute in range(200):
        charge(charging, NOW + minute * MINUTE_MS, 150 + battery(minute - 20), 80, GAP)
    assert charge(charging, NOW + 300 * MINUTE_MS, 160, 80, GAP)[0] is None
    assert charging.candidates == []
