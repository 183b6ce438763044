"""Scenarios: each does what its name says, to whom it was asked to, and nothing to others."""

from __future__ import annotations

from itertools import pairwise

import pytest

from devices.simulator.behaviour import ORDINARY, SMOKE_ALARM_PCT_M
from devices.simulator.campus import demo
from devices.simulator.scenarios import SCENARIOS, Stage, named
from devices.simulator.scenarios.clock_trouble import ClockTrouble
from devices.simulator.scenarios.dying_battery import EMPTY, DyingBattery
from devices.simulator.scenarios.flapping_network import FlappingNetwork
from devices.simulator.scenarios.laboratory_fire import LaboratoryFire
from devices.simulator.scenarios.late_burst import LateBurst
from devices.simulator.scenarios.power_cut import BEGINS, PowerCut
from devices.simulator.scenarios.press import Press
from devices.simulator.scenarios.school_dark import SchoolDark

CAMPUS = demo()
STAGE = Stage(CAMPUS, seed=1)
MINUTE = 60_000


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_the_same_seed_tells_the_same_story(name: str) -> None:
    one, other = named(name)(STAGE), named(name)(STAGE)
    assert one.acts == other.acts
    for elapsed in range(0, one.length, max(1, one.length // 50)):
        for device in CAMPUS.devices[::7]:
            assert one.conditions(device, elapsed) == other.conditions(device, elapsed)
            assert one.is_down(device.school, elapsed) == other.is_down(device.school, elapsed)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_after_its_end_every_story_leaves_an_ordinary_day(name: str) -> None:
    story = named(name)(STAGE)
    assert all(story.conditions(device, story.length) == ORDINARY for device in CAMPUS.devices)
    assert not any(story.is_down(school.id, story.length) for school in CAMPUS.schools)
    assert all(act.after < story.length for act in story.acts)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_story_can_be_told_of_every_school(name: str) -> None:
    for school in CAMPUS.schools:
        story = named(name)(Stage(CAMPUS, seed=1, school=school.id))
        others = [device for device in CAMPUS.devices if device.school != school.id]
        assert {act.school for act in story.acts} <= {school.id}
        for elapsed in range(0, story.length, max(1, story.length // 20)):
            assert all(story.conditions(device, elapsed) == ORDINARY for device in others)


def test_an_unknown_story_school_or_device_is_refused_in_words() -> None:
    with pytest.raises(LookupError, match="there is no scenario 'flood'; there are"):
        named("flood")
    with pytest.raises(LookupError, match="there is no school no9; there are no1-primary"):
        Press(Stage(CAMPUS, seed=1, school="no9"))
    with pytest.raises(LookupError, match="there is no device no3-middle/none"):
        Press(Stage(CAMPUS, seed=1, school="no3-middle", device="none"))


def test_a_laboratory_fire_grows_and_trips_the_detectors_nearest_first() -> None:
    fire = LaboratoryFire(STAGE)
    assert fire.room.startswith("lab")
    inside = next(
        device
        for device in CAMPUS.of_school(fire.school)
        if device.place == fire.room and device.kind in {"smoke", "smoke-temperature"}
    )
    smoke = [fire.conditions(inside, minute * MINUTE).smoke_pct_m for minute in range(11)]
    heat = [fire.conditions(inside, minute * MINUTE).heat_c for minute in range(11)]
    assert smoke == sorted(smoke)
    assert heat == sorted(heat)
    assert smoke[4] >= SMOKE_ALARM_PCT_M
    assert heat[4] - heat[1] >= 9  # what a rate-of-rise rule looks for
    assert fire.acts[0].device == inside.id
    assert fire.acts[0].event == "alarm"
    assert MINUTE < fire.acts[0].after < 1.5 * MINUTE  # nobody waits long before a demonstration
    assert len({act.device for act in fire.acts}) == len(fire.acts)


def test_a_power_cut_silences_the_meters_of_one_building_only() -> None:
    cut = PowerCut(STAGE)
    dark = [
        device for device in CAMPUS.devices if not cut.conditions(device, BEGINS + MINUTE).powered
    ]
    assert {device.school for device in dark} == {cut.school}
    assert {"repeater", "electrical"} <= {device.kind for device in dark}
    assert all((device.place or "").startswith(str(cut.building)) for device in dark)
    assert all(cut.conditions(device, BEGINS - 1).powered for device in dark)


def test_a_dying_battery_ends_unreachable() -> None:
    story = DyingBattery(STAGE)
    victim = CAMPUS.device(*story.victim)
    levels = [story.conditions(victim, minute * MINUTE).battery_pct for minute in range(10)]
    assert levels == sorted((level for level in levels if level is not None), reverse=True)
    assert story.conditions(victim, EMPTY - 1).reachable
    assert not story.conditions(victim, EMPTY).reachable


def test_a_flapping_network_comes_and_goes_and_loses_nothing() -> None:
    story = FlappingNetwork(STAGE)
    states = [story.is_down(story.school, second * 1000) for second in range(600)]
    changes = sum(before != after for before, after in pairwise(states))
    assert changes > 20
    assert 0.1 < sum(states) / len(states) < 0.6
    device = CAMPUS.of_school(story.school)[0]
    assert story.conditions(device, 1000).buffers


def test_a_dark_school_is_down_as_a_whole_and_keeps_nothing() -> None:
    story = SchoolDark(STAGE)
    assert story.is_down(story.school, 5 * MINUTE)
    assert not story.is_down(story.school, 0)
    assert not story.conditions(CAMPUS.of_school(story.school)[0], 5 * MINUTE).buffers


def test_clock_trouble_is_wrong_jumping_and_in_the_future() -> None:
    story = ClockTrouble(STAGE)
    assert story.jumping is not None
    assert story.future is not None
    wrong, jumping, future = (
        {story.conditions(CAMPUS.device(*key), half * 30_000).clock_error_ms for half in range(20)}
        for key in (story.wrong, story.jumping, story.future)
    )
    assert wrong == {-8 * 3_600_000}
    assert len(jumping) > 10
    assert future == {24 * 3_600_000}


def test_a_late_burst_holds_a_press_made_during_the_outage() -> None:
    story = LateBurst(STAGE)
    [act] = story.acts
    assert act.event == "pressed"
    assert story.is_down(act.school, act.after)
