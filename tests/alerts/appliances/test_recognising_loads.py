"""What is switched on is told from the feeder's total, and nothing else is."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.appliances.feeder import Feeder, follow
from alerts.appliances.kinds import Kind

HEATS = {Kind.HEATER, Kind.KETTLE, Kind.THERMOSTAT}


def seconds(begin, end, interval=1.0):
    return [begin + interval * number for number in range(int((end - begin) / interval) + 1)]


def heights(told):
    """Of all loads that were told, each once."""
    return sorted(round(load.height, -2) for load in {id(load): load for load in told}.values())


def test_a_kettle_is_told_while_it_boils_and_again_when_it_is_off(meter):
    feeder = meter((60, 260, 1980, 0))
    (load,) = feeder.reads(seconds(0, 90))
    assert load.kind is Kind.HEATER
    assert load.height == pytest.approx(1980, abs=1)
    assert load.recognised - load.since <= 10_000
    (ended,) = feeder.reads(seconds(91, 400))
    assert ended is load
    assert ended.kind is Kind.KETTLE
    assert ended.lasted() == pytest.approx(200_000, abs=2_000)


@pytest.mark.parametrize("interval", [1.0, 2.5, 5.0, 7.0, 10.0])
def test_it_is_told_within_half_a_minute_however_often_the_meter_reads(meter, interval):
    feeder = meter((100.3, 400, 1500, 0))
    told = feeder.reads(seconds(0, 131, interval))
    assert [load.kind for load in told] == [Kind.HEATER_OR_MICROWAVE]


def test_the_start_of_a_compressor_is_no_heater(meter):
    feeder = meter((60, 61.5, 1300, 0), (60, 900, 110, 0))
    assert feeder.reads(seconds(0, 1200)) == []


def test_pulses_of_a_coffee_makers_thermostat_are_no_heaters(meter):
    pulses = [(70.2 * n, 70.2 * n + 3, 1500, 0) for n in range(1, 60)]
    assert meter(*pulses).reads(seconds(0, 4300)) == []


def test_a_machine_that_pulses_all_day_is_not_mistaken_where_readings_are_far_apart(meter):
    # Now and then twice within eight seconds: two readings in a row find it on.
    pulses = [(61.3 * n, 61.3 * n + 3, 1500, 0) for n in range(1, 240)]
    pulses += [(61.3 * n + 8, 61.3 * n + 11, 1500, 0) for n in range(1, 240, 5)]
    feeder = meter(*pulses)
    told = feeder.reads(seconds(0.5, 14_500, 8.03))
    assert [load for load in told if load.since > feeder.start + 5_400_000] == []


def test_two_at_a_time_are_told_apart(meter):
    feeder = meter((60, 300, 1800, 0), (120, 200, 2400, 0))
    told = feeder.reads(seconds(0, 400))
    assert heights(told) == [1800, 2400]
    assert {load.kind for load in told} == {Kind.KETTLE}


def test_two_that_end_in_the_same_second_both_end(meter):
    feeder = meter((60, 300, 1800, 0), (120, 300, 2400, 0))
    feeder.reads(seconds(0, 400))
    assert feeder.feeder.loads == []


def test_an_iron_is_known_by_its_thermostat(meter):
    cycles = [(60 + 70 * n, 60 + 70 * n + (60 if not n else 14), 1500, 0) for n in range(6)]
    told = meter(*cycles).reads(seconds(0, 600))
    assert told[-1].kind is Kind.THERMOSTAT


def test_a_microwave_at_part_power_is_known_by_its_turns(meter):
    turns = [(60 + 30 * n, 78 + 30 * n, 1050, 0) for n in range(8)]
    told = meter(*turns).reads(seconds(0, 400))
    assert told[-1].kind is Kind.MICROWAVE


def test_reactive_power_tells_a_vacuum_cleaner_from_a_kettle(meter):
    cleaner = meter((60, 300, 1970, 350), reactive=True).reads(seconds(0, 400))
    kettle = meter((60, 300, 2200, 30), reactive=True).reads(seconds(0, 400))
    assert {load.kind for load in cleaner} == {Kind.MOTOR}
    assert {load.kind for load in kettle} == {Kind.KETTLE}
    assert kettle[0].power_factor == pytest.approx(1, abs=0.001)
    assert cleaner[0].power_factor == pytest.approx(0.985, abs=0.002)


def test_a_kettle_beside_a_running_motor_is_still_resistive(meter):
    feeder = meter((10, 500, 1970, 350), (100, 300, 2200, 30), reactive=True)
    told = feeder.reads(seconds(0, 400))
    assert Kind.KETTLE in {load.kind for load in told if load.ended}


def test_lamps_and_computers_do_not_hide_a_heater(meter):
    random = Random(3)
    noise = []
    for _ in range(300):
        begin = random.uniform(0, 3000)
        noise.append((begin, begin + random.uniform(5, 600), random.uniform(10, 60), 0))
    feeder = meter((1000, 1200, 1900, 0), (1500, 1800, 1300, 0), *noise)
    told = feeder.reads(seconds(0, 3000, 3.0))
    assert heights(told) == pytest.approx([1300, 1900], rel=0.2)
    assert all(load.ended for load in told)


def test_what_happens_in_a_gap_is_not_seen(meter):
    feeder = meter((100, 300, 2000, 0))
    assert feeder.reads([*seconds(0, 80), *seconds(400, 500)]) == []


def test_a_heater_that_came_on_in_a_gap_is_told_with_less_confidence(meter):
    seen = meter((100, 400, 2000, 0)).reads(seconds(0, 200))
    unseen = meter((100, 400, 2000, 0)).reads([*seconds(0, 80), *seconds(180, 200)])
    assert unseen[0].unseen
    assert unseen[0].confidence < seen[0].confidence


def test_one_that_was_on_when_readings_stopped_for_hours_is_not_held_to_be_on(meter):
    feeder = meter((100, 9000, 2000, 0))
    feeder.reads(seconds(0, 200))
    (load,) = feeder.reads(seconds(8000, 8100))
    assert load.ended
    assert load.unseen
    assert feeder.feeder.loads == []


def test_one_that_was_on_across_a_short_gap_still_is(meter):
    feeder = meter((100, 500, 2000, 0))
    feeder.reads(seconds(0, 200))
    (load,) = feeder.reads([*seconds(300, 400), *seconds(401, 600)])
    assert load.lasted() == pytest.approx(400_000, abs=2_000)


READINGS = st.lists(
    st.tuples(
        st.integers(-5_000, 4_000_000),
        st.floats(-20_000, 60_000) | st.sampled_from([0.0, 400.0, 2400.0]),
        st.floats(-5_000, 5_000) | st.just(math.nan),
    ),
    max_size=60,
)


@given(READINGS)
def test_whatever_a_meter_says_is_borne_and_no_end_comes_before_its_beginning(readings):
    feeder, now = Feeder(), 1_795_161_600_000
    for passed, watts, reactive in readings:
        now += passed
        for load in follow(feeder, now, watts, reactive, 600, 60_000):
            assert load.recognised
            assert load.height >= 600
            assert 0 <= load.confidence <= 1
            assert not load.ended or load.ended >= load.since
            assert load.before <= load.since <= load.last
        assert len(feeder.loads) <= 12
