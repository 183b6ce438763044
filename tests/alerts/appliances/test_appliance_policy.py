"""What a place allows, when, and how sure one must be."""

from __future__ import annotations

import pytest

from alerts.appliances.kinds import Kind
from alerts.appliances.loads import Load
from alerts.appliances.policy import HOUR_MS, Policy, clock, hours_of
from alerts.appliances.usual import Usual

DAY_MS = 24 * HOUR_MS
NIGHT = 1_795_161_600_000 - 1_795_161_600_000 % DAY_MS  # midnight UTC, 08:00 in China
CHINA = 8 * HOUR_MS


def load(kind: Kind, confidence: float = 0.9, *, lasted: int = 60_000, on: bool = False) -> Load:
    found = Load(NIGHT, NIGHT, NIGHT + lasted, 1800, kind=kind, confidence=confidence)
    found.recognised = NIGHT + 9_000
    found.ended = 0 if on else NIGHT + lasted
    return found


def test_hours_are_local_and_may_go_past_midnight():
    hours = hours_of("11:00-13:30, 22:00-06:00", CHINA)
    local = {text: NIGHT - CHINA + int(text[:2]) * HOUR_MS + int(text[3:]) * 60_000 for text in (
        "10:59", "11:00", "13:29", "13:30", "21:59", "22:00", "23:59", "05:59", "06:00"
    )}  # fmt: skip
    assert [text for text, now in local.items() if hours.hold(now)] == [
        "11:00", "13:29", "22:00", "23:59", "05:59"
    ]  # fmt: skip
    assert not hours_of("", CHINA).hold(NIGHT)
    assert clock(local["23:59"], CHINA) == "23:59"


@pytest.mark.parametrize("text", ["11-13", "11:00", "25:00-26:00", "11:00-13:60", "a"])
def test_hours_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match="hours are like"):
        hours_of(text, 0)


def test_a_kettle_that_is_allowed_is_nothing_wrong_for_as_long_as_a_kettle_boils():
    policy = Policy(heaters=True, kettles=False)
    kettle, heater = load(Kind.KETTLE), load(Kind.HEATER, on=True)
    assert policy.sure_of(kettle, NIGHT + 300_000) == 0
    assert policy.sure_of(heater, NIGHT + 300_000) == 0
    assert policy.sure_of(heater, NIGHT + 600_000) == heater.confidence
    assert policy.sure_of(load(Kind.THERMOSTAT), NIGHT) == pytest.approx(0.9)


def test_where_microwaves_are_allowed_one_that_may_be_one_is_only_half_suspected():
    unsure = load(Kind.HEATER_OR_MICROWAVE, 0.8)
    assert Policy().sure_of(unsure, NIGHT) == pytest.approx(0.8)
    assert Policy(microwaves=False).sure_of(unsure, NIGHT) == pytest.approx(0.4)
    assert Policy(heaters=False).sure_of(unsure, NIGHT) == pytest.approx(0.4)
    assert Policy(heaters=False, microwaves=False).sure_of(unsure, NIGHT) == 0


def test_motors_are_nobodys_business_unless_they_are():
    assert Policy().sure_of(load(Kind.MOTOR), NIGHT) == 0
    assert Policy(motors=True).sure_of(load(Kind.MOTOR), NIGHT) == pytest.approx(0.9)
    assert Policy(motors=True).sure_of(load(Kind.CHARGER), NIGHT) == 0


def test_a_boiler_is_usual_at_its_hours_once_it_came_on_two_days():
    usual = Usual(0)
    usual.learn(6 * HOUR_MS, 2000)
    assert not usual.knows(DAY_MS + 6 * HOUR_MS, 2000)
    usual.learn(DAY_MS + 6 * HOUR_MS, 2040)
    assert usual.knows(2 * DAY_MS + 6 * HOUR_MS, 2010)
    assert usual.knows(2 * DAY_MS + 7 * HOUR_MS, 2010)
    assert not usual.knows(2 * DAY_MS + 23 * HOUR_MS, 2010)
    assert not usual.knows(2 * DAY_MS + 6 * HOUR_MS, 1500)


def test_the_usual_power_is_known_by_the_hour():
    usual = Usual(0)
    assert usual.power_at(0) is None
    for minute in range(600):
        usual.note_power(3 * HOUR_MS + minute % 60 * 60_000, 400 if minute < 60 else 500)
    assert usual.power_at(3 * HOUR_MS) == pytest.approx(500, abs=5)
    assert usual.power_at(4 * HOUR_MS) is None
