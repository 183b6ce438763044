"""Forbidden appliances on a feeder: told once, explained, taken back, never guessed in a gap."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.rules.appliances import Appliances, AppliancesParameters, loads_seen
from gateway.words import Words
from gateway.words.explaining import explained

WORDS = Words.load()
NEXT_DAY = 86_400


@pytest.fixture
def dormitory(watch):
    """A feeder that is judged, with other parameters than the usual ones."""

    def begin(**parameters):
        return watch(rule="appliances", judged=True, source="test", **parameters)

    return begin


def reads(device, seconds, watts, every=2.0, **values):
    found = []
    for _ in range(int(seconds / every)):
        found += device.says(after=every, power_w=watts, **values)
    return found


def uses(device, seconds, watts, base=400.0, **values):
    """Something of so many W is on for so long, and off for a minute before and after."""
    found = reads(device, 60, base)
    found += reads(device, seconds, base + watts, **values)
    return found + reads(device, 60, base)


def test_a_kettle_in_a_dormitory_is_told_and_explained(dormitory):
    device = dormitory()
    (finding,) = uses(device, 200, 1980)
    assert finding.condition == "forbidden_appliance"
    assert finding.active
    assert finding.known - finding.happened <= 30_000
    assert finding.explanation.inputs["step_w"] == 1980
    assert finding.explanation.inputs["flat_pct"] == 0
    assert finding.explanation.inputs["power_factor"] is None
    (over,) = device.passes(600)
    assert not over.active
    assert (over.explanation.inputs["minutes"], over.explanation.inputs["seconds"]) in {
        (3, 18), (3, 19), (3, 20), (3, 21), (3, 22)
    }  # fmt: skip


def test_its_sentence_says_what_was_seen(dormitory):
    device = dormitory(utc_offset_h=8)
    found = reads(device, 60, 400.0, reactive_var=20.0)
    found += reads(device, 100, 2380.0, reactive_var=30.0)
    (finding,) = found
    text = explained(WORDS, finding.explanation)["en"]
    assert "step of 1980 W" in text
    assert "power factor 1.00" in text
    assert "97 % sure" in text
    assert "1980 W" in explained(WORDS, finding.explanation)["zh"]


def test_nothing_is_judged_until_it_is_said_to_be(watch):
    device = watch(rule="appliances", source="test")
    assert uses(device, 200, 2000) == []
    assert device.rule.watches() == frozenset()


def test_each_phase_is_a_feeder_of_its_own(dormitory):
    device = dormitory()
    found = reads(device, 60, [300.0, 200.0, 100.0])
    found += reads(device, 60, [300.0, 2200.0, 100.0])
    found += reads(device, 60, [1500.0, 2200.0, 100.0])
    assert [finding.condition for finding in found] == ["forbidden_appliance"] * 2
    assert all(finding.occurrence for finding in found)


def test_an_iron_is_one_alert_however_often_its_thermostat_switches(dormitory):
    device = dormitory()
    found = []
    for _ in range(12):
        found += reads(device, 20, 1900.0) + reads(device, 40, 400.0)
    assert len([finding for finding in found if finding.active]) == 1
    assert all(finding.active for finding in found)


def test_the_alert_stays_while_it_is_on(dormitory):
    device = dormitory()
    reads(device, 60, 400.0)
    assert len(reads(device, 3600, 2400.0)) == 1
    assert reads(device, 240, 400.0) == []
    assert [finding.active for finding in reads(device, 120, 400.0)] == [False]


def test_in_the_hours_allowed_nothing_is_told_and_what_stays_on_is(dormitory):
    device = dormitory(allowed_hours="00:00-24:00")
    assert uses(device, 200, 2000) == []
    begin = device.now // 60_000 * 60_000
    minutes = (begin // 60_000 + 480) % 1440
    until = f"{(minutes + 10) % 1440 // 60:02}:{(minutes + 10) % 60:02}"
    since = f"{minutes // 60:02}:{minutes % 60:02}"
    device = dormitory(allowed_hours=f"{since}-{until}")
    device.now = begin
    assert uses(device, 200, 2000) == []
    (finding,) = reads(device, 900, 2400.0)
    assert finding.active


def test_where_kettles_are_allowed_a_hotplate_is_told_all_the_same(dormitory):
    device = dormitory(kettles="allowed")
    assert uses(device, 300, 2000) == []
    reads(device, 60, 400.0)
    (finding,) = reads(device, 1200, 2400.0)
    assert finding.explanation.inputs["minutes"] >= 8


def test_where_microwaves_are_allowed_one_is_not_told_for_a_heater(dormitory):
    device = dormitory(microwaves="allowed")
    assert uses(device, 120, 1300) == []
    (finding,) = uses(device, 120, 1980)
    assert finding.active


def test_a_vacuum_cleaner_is_no_heater_where_the_meter_tells(dormitory):
    device = dormitory()
    found = reads(device, 60, 400.0, power_factor=0.98)
    found += reads(device, 120, 2370.0, power_factor=0.983)
    assert found == []


def test_learned_in_the_first_days_is_what_belongs_there(dormitory):
    device = dormitory(learning_days=3)
    for _ in range(3):
        assert uses(device, 400, 2000) == []
        device.passes(NEXT_DAY - 520)
    reads(device, 120, 400.0)
    assert uses(device, 400, 2000) == []
    found = uses(device, 400, 1500)
    assert [finding.active for finding in found] == [True]


def test_what_was_told_is_not_learned(dormitory):
    device = dormitory()
    for _ in range(4):
        assert any(finding.active for finding in uses(device, 400, 2000))
        device.passes(NEXT_DAY - 520)
        reads(device, 120, 400.0)


def test_readings_that_come_too_seldom_are_said_to_tell_nothing(dormitory):
    device = dormitory()
    found = reads(device, 3600, 400.0, every=60)
    assert [finding.condition for finding in found] == ["appliances_cannot_tell"]
    assert [finding.active for finding in reads(device, 7200, 400.0)] == [False]


def test_a_gap_neither_ends_an_alert_nor_begins_one(dormitory):
    device = dormitory()
    uses(device, 200, 1980)
    reads(device, 60, 2400.0)
    assert device.passes(7200) == []
    reads(device, 60, 400.0)
    (over,) = device.passes(600)
    assert over.explanation.code == "appliance_lost"
    device.passes(7200)
    assert reads(device, 60, 2400.0) == []


def test_after_a_restart_what_was_on_is_not_held_to_be_on(dormitory):
    device = dormitory()
    reads(device, 60, 400.0)
    reads(device, 60, 2400.0)
    device.restarts(down=5)
    reads(device, 60, 2400.0)
    (over,) = device.passes(600)
    assert over.explanation.code == "appliance_lost"


def test_a_battery_that_is_charged_at_night_is_told(dormitory):
    device = dormitory(charging_hours="00:00-24:00")
    random = Random(2)
    found = reads(device, 1200, 150.0, every=10)
    for minute in range(400):
        watts = 200 if minute < 150 else 200 * 0.967 ** (minute - 150)
        watts = watts if watts > 4 else 0
        for _ in range(6):
            found += device.says(after=10, power_w=150 + watts + random.uniform(-2, 2))
    assert [finding.condition for finding in found] == ["vehicle_charging"] * 2
    assert [finding.active for finding in found] == [True, False]


def test_its_memory_survives_its_stored_form(dormitory):
    device = dormitory(learning_days=3)
    uses(device, 200, 2000)
    device.reloads()
    assert device.memory.usual.learned
    assert uses(device, 200, 2000) == []


def test_hours_that_are_none_are_refused():
    with pytest.raises(ValidationError):
        AppliancesParameters(allowed_hours="noon")
    assert Appliances(AppliancesParameters(), "appliances").watches() == frozenset()


VALUE = (
    st.none()
    | st.booleans()
    | st.floats(-100, 40_000)
    | st.floats()
    | st.integers(0, 5000)
    | st.text(max_size=3)
    | st.just(10**400)
)
VALUES = VALUE | st.lists(VALUE, max_size=5)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from([1, 5, 60, 4000]), VALUES, VALUES, VALUES),
        min_size=1,
        max_size=60,
    )
)
def test_whatever_a_meter_sends_is_borne(watch, messages):
    device = watch(rule="appliances", judged=True, source="test")
    for after, power, reactive, factor in messages:
        device.says(after=after, power_w=power, reactive_var=reactive, power_factor=factor)
    device.reloads()
    device.passes(20_000)


def test_what_was_recognised_of_late_is_kept_also_what_is_allowed(dormitory):
    device = dormitory(kettles="allowed")
    uses(device, 200, 2000)
    reads(device, 900, 2000.0)
    kettle, hotplate = loads_seen(device.state)
    assert (kettle.kind, kettle.told, kettle.ended > kettle.since) == ("kettle", False, True)
    assert (hotplate.kind, hotplate.told, hotplate.ended) == ("heater", True, 0)
    device.restarts(down=5)
    assert loads_seen(device.state)[1].unseen
    device.passes(2 * NEXT_DAY)
    uses(device, 200, 2000)
    assert len(loads_seen(device.state)) == 1


def test_of_a_feeder_that_is_not_judged_nothing_is_known(watch):
    assert loads_seen(watch(rule="appliances", source="test").state) is None


def test_switched_off_while_something_is_told_it_is_taken_back(dormitory, watch):
    judged = dormitory()
    reads(judged, 60, 400.0)
    reads(judged, 60, 2400.0)
    device = watch(rule="appliances", source="test")
    device.saved = judged.saved
    device.restarts()
    reads(device, 60, 2400.0)
    (over,) = device.passes(600)
    assert not over.active
    assert watch(rule="appliances", source="test").memory.recent == []
