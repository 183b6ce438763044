"""Sensors beside their neighbours: out of calibration, drifting, or nobody can tell."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from alerts.finding import Finding, Outcome, Priority
from alerts.neighbours import DAY, HOUR, compare, days_so, drift_of
from alerts.rules import bind
from alerts.rules.out_of_calibration import VALUE, said_of
from alerts.rules.rule import DeviceState, Hearing
from devices.model import Device
from devices.reading import Channel, Origin, Reading
from gateway.words import Words
from gateway.words.explaining import explained

NOW = 1_795_161_600_000 // DAY * DAY
WORDS = Words.load()

Off = Callable[[int], float]
"""By how much a sensor reads wrong in the hour that begins then (ms)."""


def hours(number: int, until: int, off: Off = lambda _: 0.0, days: int = 14) -> dict[int, float]:
    """A sensor in a room that warms by day; each has its own small error and its own noise."""
    found = {}
    for start in range(until - days * DAY, until, HOUR):
        swing = 3 * math.sin(2 * math.pi * start / DAY) + math.sin(start / DAY)
        noise = random.Random(number * 7_919 + start).gauss(0, 0.1)
        found[start] = 20 + swing + 0.1 * (number % 5 - 2) + noise + off(start)
    return found


def beside(off: Off = lambda _: 0.0, *, others: int = 5, until: int = NOW, days: int = 14):
    return compare(
        hours(0, until, off, days),
        [hours(number, until, days=days) for number in range(1, others + 1)],
        until,
    )


class Sensor:
    """A sensor whose rule is told once a day how it reads beside its neighbours."""

    def __init__(self, **parameters: object) -> None:
        (self.rule,) = bind({"out_of_calibration": parameters})
        self.memory = self.rule.memory()
        self.state = DeviceState(Device("school", "device", "temperature"), Hearing(0, True), 0)
        self.found: list[Finding] = []

    def hears(self, comparison, *, room: bool, now: int = NOW, origin: Origin = Origin.PROBE):
        values = {
            VALUE: None if comparison is None else said_of("temperature_c", comparison, room=room)
        }
        reading = Reading(Channel.TELEMETRY, values, now, b"{}", happened=now, origin=origin)
        outcome: Outcome | None = self.rule.judge(self.memory, self.state, reading, now)
        for finding in outcome.findings if outcome else ():
            for text in explained(WORDS, finding.explanation).values():
                assert "{" not in text
            self.found.append(finding)
        self.memory = self.rule.load(self.rule.dump(self.memory))
        return [] if outcome is None else list(outcome.findings)


def test_a_sensor_that_reads_too_high_in_its_room_says_by_how_much_and_since_when():
    sensor = Sensor()
    (finding,) = sensor.hears(beside(lambda at: 3.2 * (at >= NOW - 6 * DAY)), room=True)
    assert (finding.condition, finding.priority) == ("out_of_calibration", Priority.LOW)
    why = finding.explanation
    assert why.code == "beside_room_above"
    assert why.inputs["offset"] == pytest.approx(3, abs=0.5)
    assert (why.inputs["days"], why.inputs["neighbours"]) == (6, 5)
    assert finding.happened == NOW - 6 * DAY
    assert "above its 5 neighbours in the room for 6 days" in explained(WORDS, why)["en"]
    assert sensor.hears(beside(lambda _: 3.2), room=True) == []
    (finding,) = sensor.hears(beside(), room=True)
    assert (finding.condition, finding.active) == ("out_of_calibration", False)


def test_a_sensor_in_the_sun_is_not_out_of_calibration():
    sun = lambda at: 6.0 if 2 <= at % DAY // HOUR < 7 else 0.0  # noqa: E731
    assert Sensor().hears(beside(sun), room=True) == []


def test_one_neighbour_that_is_wrong_itself_moves_nothing():
    others = [hours(1, NOW, lambda _: 15.0), *(hours(number, NOW) for number in range(2, 6))]
    assert Sensor().hears(compare(hours(0, NOW), others, NOW), room=True) == []


def test_a_sensor_that_drifts_away_is_told_from_one_that_stepped():
    sensor = Sensor()
    (finding,) = sensor.hears(
        beside(lambda at: -3.5 * (at - NOW + 14 * DAY) / (14 * DAY)), room=True
    )
    assert (finding.condition, finding.explanation.code) == ("drifting", "drifting_down")
    assert finding.explanation.inputs["days"] == 14
    assert [one.active for one in sensor.hears(beside(), room=True)] == [False]


def test_with_two_neighbours_nobody_can_tell():
    assert beside(lambda _: 9.0, others=2) is None
    assert beside(lambda _: 9.0, others=3) is not None


def test_after_two_days_nobody_can_tell_yet():
    assert beside(lambda _: 9.0, days=2) is None
    assert beside(lambda _: 9.0, days=3) is not None


def test_when_nobody_can_tell_nothing_changes():
    sensor = Sensor()
    sensor.hears(beside(lambda _: 5.0), room=True)
    assert sensor.hears(None, room=True) == []
    assert len(sensor.found) == 1


def test_neighbours_that_differ_among_themselves_excuse_a_difference():
    others = [hours(number, NOW, lambda _, n=number: (n - 3) * 2.0) for number in range(1, 6)]
    assert Sensor().hears(compare(hours(0, NOW, lambda _: 3.0), others, NOW), room=True) == []


def test_a_cold_cellar_is_usual_and_a_change_of_it_is_not():
    sensor = Sensor()
    for day in range(20):
        until = NOW + day * DAY
        assert sensor.hears(beside(lambda _: -8.0, until=until), room=False, now=until) == []
    changed = NOW + 20 * DAY
    for day in range(21, 27):
        until = NOW + day * DAY
        worse = beside(lambda at: -8.0 - 6.0 * (at >= changed), until=until)
        sensor.hears(worse, room=False, now=until)
    (finding,) = sensor.found
    assert finding.explanation.code == "beside_building_below"
    assert finding.explanation.inputs["offset"] == pytest.approx(6, abs=0.6)
    assert finding.happened == changed


def test_a_device_that_speaks_of_its_neighbours_itself_is_not_listened_to():
    assert Sensor().hears(beside(lambda _: 9.0), room=True, origin=Origin.DEVICE) == []


def test_what_is_no_comparison_is_passed_over():
    sensor = Sensor()
    for odd in (1, "x", [], {}, {"metric": "temperature_c", "room": True}):
        reading = Reading(
            Channel.TELEMETRY, {VALUE: odd}, NOW, b"{}", happened=NOW, origin=Origin.PROBE
        )
        assert sensor.rule.judge(sensor.memory, sensor.state, reading, NOW) is None


def test_days_count_back_to_the_first_that_read_so():
    assert days_so((3.0, 3.1, None, 2.9, 0.1, 3.0), 0.0, 3.0) == 4
    assert days_so((3.0, 3.1), 0.0, -3.0) == 0


def test_a_step_is_no_drift_and_a_few_days_are_none():
    assert drift_of([2.0] * 5 + [0.0] * 5) == (0.0, 0)
    assert drift_of([2.0] * 5 + [1.0] + [0.0] * 5) == (0.0, 0)
    assert drift_of([2.0, 1.0, 0.0]) == (0.0, 0)
    gained, days = drift_of([2.0 - 0.2 * age for age in range(10)])
    assert (gained, days) == (pytest.approx(1.4), 10)
