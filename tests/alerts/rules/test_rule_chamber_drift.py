"""A smoke chamber that gets dirty, told apart from smoke."""

from __future__ import annotations

from alerts.finding import Priority
from alerts.rules.clean_air import AT_FIRST, MOST_A_DAY, CleanAir, learn

DRIFT = {"rule": "chamber_drift", "source": "default"}
HOUR = 3600


def lives(device, days, reads):
    """Hour after hour, with the smoke that ``reads`` gives of the day."""
    for hour in range(round(days * 24)):
        device.says(obscuration_pct_m=reads(hour / 24), after=HOUR)
    return device.found


def test_what_clean_air_reads_rises_over_weeks_and_is_told_once_with_low_priority(watch):
    device = watch(**DRIFT)
    (found,) = lives(device, 40, lambda day: 0.2 + 0.06 * day)
    assert (found.condition, found.active, found.priority) == ("chamber_drift", True, Priority.LOW)
    assert found.explanation.inputs["clean_air_pct_m"] >= 1.5
    assert found.explanation.inputs["days"] >= 20


def test_it_is_over_when_the_chamber_was_cleaned(watch):
    device = watch(**DRIFT)
    lives(device, 40, lambda day: 0.2 + 0.06 * day)
    device.says(obscuration_pct_m=0.2, after=HOUR)
    device.says(obscuration_pct_m=0.2, after=HOUR)
    assert [finding.active for finding in device.found] == [True, False]


def test_smoke_of_every_day_is_no_dust(watch):
    device = watch(**DRIFT)
    # A smoky kitchen: half of every hour.
    for half in range(60 * 48):
        device.says(obscuration_pct_m=6.0 if half % 2 else 0.3, after=HOUR / 2)
    assert device.found == []


def test_a_fire_that_smoulders_for_a_day_is_hardly_learned(watch):
    device = watch(**DRIFT)
    lives(device, 3, lambda _: 0.2)
    assert lives(device, 1, lambda _: 20.0) == []
    assert device.memory.level <= 0.2 + MOST_A_DAY * 1.05


def test_a_detector_that_is_first_heard_in_smoke_does_not_take_it_for_clean_air():
    air = CleanAir()
    for hour in range(1, 4):
        learn(air, hour * HOUR * 1000, 30.0)
    assert air.level <= AT_FIRST + MOST_A_DAY / 8


def test_what_was_learned_survives_a_restart(watch):
    device = watch(**DRIFT)
    lives(device, 20, lambda day: 0.2 + 0.06 * day)
    known = device.memory.level
    assert known > 1
    device.restarts(down=60)
    assert device.memory.level >= known - 2 * MOST_A_DAY
    assert lives(device, 20, lambda day: 1.4 + 0.06 * day)[0].condition == "chamber_drift"
