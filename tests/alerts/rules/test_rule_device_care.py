"""What technicians must see to: batteries, tampering, broken sensors, clocks, rejects."""

from __future__ import annotations

import pytest

from alerts.finding import Priority
from alerts.rules import RuleError, bind

NOW = 1_795_161_600_000


# Batteries


def conditions(found):
    return [(finding.condition, finding.active) for finding in found]


def test_a_battery_is_low_and_later_critical(watch):
    device = watch(rule="battery")
    for percent in range(40, 20, -1):
        assert device.says(battery_pct=percent) == []
    assert device.says(battery_pct=20) == []
    (finding,) = device.says(battery_pct=19)
    assert (finding.condition, finding.priority) == ("battery_low", Priority.LOW)
    assert device.says(battery_pct=10) == []
    (finding,) = device.says(battery_pct=9)
    assert (finding.condition, finding.priority) == ("battery_critical", Priority.MEDIUM)


def test_a_new_battery_ends_both(watch):
    device = watch(rule="battery")
    device.says(battery_pct=5)
    assert conditions(device.says(battery_pct=5)) == [
        ("battery_low", True),
        ("battery_critical", True),
    ]
    assert conditions(device.says(battery_pct=100)) == [
        ("battery_low", False),
        ("battery_critical", False),
    ]


def test_a_battery_at_its_limit_does_not_chatter(watch):
    device = watch(rule="battery")
    for percent in (20, 21, 19, 18, 22, 20, 24, 19, 25, 20):
        device.says(battery_pct=percent)
    assert conditions(device.found) == [("battery_low", True)]
    assert conditions(device.says(battery_pct=26)) == [("battery_low", False)]


def test_one_zero_of_a_module_that_rejoins_is_no_empty_battery(watch):
    device = watch(rule="battery")
    for percent in (80, 0, 80, 80, 0, 80):
        assert device.says(battery_pct=percent) == []


def test_volts_are_judged_where_there_is_no_percentage(watch):
    device = watch(rule="battery", low_v=2.6, critical_v=2.4)
    device.says(battery_v=2.5)
    assert conditions(device.says(battery_v=2.5)) == [("battery_low", True)]
    assert conditions(device.says(battery_v=3.0)) == [("battery_low", False)]
    assert watch(rule="battery").says(battery_v=0.1) == []


def test_the_level_survives_a_restart(watch):
    device = watch(rule="battery")
    device.says(battery_pct=5)
    device.says(battery_pct=5)
    device.restarts()
    assert device.says(battery_pct=5) == []
    assert len(device.says(battery_pct=90)) == 2


# Tampering


def test_a_device_that_is_opened_and_closed(watch):
    device = watch(rule="tamper")
    (finding,) = device.says("tamper")
    assert (finding.condition, finding.active, finding.priority) == ("tamper", True, Priority.HIGH)
    assert device.says("tamper", after=5) == []
    assert device.says(tamper=True, after=5) == []
    (finding,) = device.says("tamper_restored", after=5)
    assert not finding.active
    (finding,) = device.says(tamper=True, after=5)
    assert finding.active


def test_an_opening_that_is_told_after_the_closing_is_over(watch):
    device = watch(rule="tamper")
    device.says("tamper")
    device.says("tamper_restored", after=300)
    assert device.says("tamper", after=5, taken=290) == []


# Broken sensors


RANGES = {
    "rule": "out_of_range",
    "ranges": {"temperature_c": (-50, 250), "voltage_v": (0, 600), "energy_kwh": (0, None)},
}


def test_three_readings_that_cannot_be_true_are_a_broken_sensor(watch):
    device = watch(**RANGES)
    assert device.says(temperature_c=21.0, after=60) == []
    assert device.says(temperature_c=-127, after=60) == []
    assert device.says(temperature_c=-127, after=60) == []
    (finding,) = device.says(temperature_c=-127, after=60)
    assert (finding.condition, finding.priority) == ("out_of_range", Priority.LOW)
    why = finding.explanation
    assert (why.metric, why.limit, why.inputs["value"]) == ("temperature_c", -50, -127)
    assert device.says(temperature_c=-127, after=60) == []
    (finding,) = device.says(temperature_c=20.5, after=60)
    assert not finding.active


def test_an_odd_reading_now_and_then_is_not(watch):
    device = watch(**RANGES)
    for _ in range(10):
        assert device.says(temperature_c=21.0, after=60) == []
        assert device.says(temperature_c=999.0, after=60) == []


def test_what_another_message_does_not_mention_does_not_end_it(watch):
    device = watch(**RANGES)
    for _ in range(3):
        device.says(temperature_c=999.0, after=60)
    assert device.says(voltage_v=230, after=60) == []
    device.restarts()
    assert device.says(voltage_v=230, after=60) == []
    (finding,) = device.says(temperature_c=20, after=60)
    assert not finding.active


def test_one_phase_out_of_range_is_enough_and_a_range_may_be_open(watch):
    device = watch(**RANGES)
    for _ in range(3):
        found = device.says(voltage_v=[230, 9999, 231], energy_kwh=1e12, after=60)
    assert found[0].explanation.metric == "voltage_v"


def test_null_for_an_hour_cannot_be_measured(watch):
    device = watch(**RANGES)
    begin = device.now + 60_000
    while not device.found:
        device.says(temperature_c=None, after=60)
    (finding,) = device.found
    assert (finding.condition, finding.happened) == ("cannot_measure", begin)
    assert device.now - begin == 3_600_000
    assert conditions(device.says(temperature_c=20, after=60)) == [("cannot_measure", False)]


def test_no_more_than_about_one_reading_a_minute_is_looked_at(watch):
    device = watch(**RANGES)
    for _ in range(50):
        assert device.says(temperature_c=999.0, after=1) == []


# Clocks


def test_a_clock_that_is_wrong_for_ten_minutes_is_raised_and_ends_when_it_is_set(watch):
    device = watch(rule="clock_wrong")
    for _ in range(20):
        device.says(after=60, taken=300)
    (finding,) = device.found
    assert (finding.condition, finding.priority) == ("clock_wrong", Priority.LOW)
    assert finding.explanation.code == "clock_slow"
    assert finding.explanation.inputs["error_s"] == 300
    (finding,) = device.says(after=60, taken=0.2)
    assert not finding.active


def test_fast_and_unset_clocks_are_told_apart(watch):
    fast, unset = watch(rule="clock_wrong"), watch(rule="clock_wrong")
    for number in range(20):
        fast.says(after=60, taken=-7200)
        unset.says(after=60, at=5000 + number * 60_000)
    assert fast.found[0].explanation.code == "clock_fast"
    assert unset.found[0].explanation.code == "clock_unset"


def test_late_bursts_and_clocks_that_are_set_after_a_start_are_nothing(watch):
    device = watch(rule="clock_wrong")
    for number in range(60):
        device.says(after=0.1, at=NOW - 3_600_000 + number * 60_000)
    for number in range(5):
        device.says(after=60, at=5000 + number * 60_000)
    for _ in range(60):
        device.says(after=60, taken=0.3)
    assert device.found == []


# Rejects


def test_many_rejects_of_one_device_are_raised_once_and_end_by_themselves(watch):
    device = watch(rule="rejected", most=10, within_s=600)

    def reject(after):
        device.passes(after)
        return device._take(device.rule.count(device.memory, "syntax", device.now))

    for _ in range(10):
        assert reject(5) == []
    (finding,) = reject(5)
    assert finding.active
    assert finding.explanation.inputs["count"] == 11
    assert reject(5) == []
    assert device.passes(590) == []
    (finding,) = device.passes(70)
    assert not finding.active
    assert device.wake is None


def test_few_rejects_over_a_long_time_are_nothing(watch):
    device = watch(rule="rejected", most=10, within_s=600)
    for _ in range(200):
        device.passes(61)
        assert device.rule.count(device.memory, "syntax", device.now) is None
    assert len(device.memory.counts) <= 11


def test_rejects_raised_before_a_restart_end_after_it(watch):
    device = watch(rule="rejected", most=1)
    for _ in range(2):
        device._take(device.rule.count(device.memory, "syntax", device.now))
    assert device.restarts() == []
    (finding,) = device.passes(600)
    assert not finding.active


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ({"battery": {"low_pct": 5, "critical_pct": 10}}, "critical_pct must not be more"),
        ({"batery": {}}, "batery: there is no such rule"),
        ({"hot": {"rule": "treshold"}}, "hot.rule: there is no such rule"),
        ({"rejected": {"most": "many"}}, "rejected.most: "),
        ({"tamper": {"urgency": 1}}, "tamper.urgency: Extra inputs"),
    ],
)
def test_a_mistake_in_figures_names_rule_and_field(rules, complaint):
    with pytest.raises(RuleError, match=complaint):
        bind(rules)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(RuleError) as caught:
        bind({"rejected": {"most": 0}, "tamper": {"priority": "soon"}})
    assert [(p.name, p.field) for p in caught.value.problems] == [
        ("rejected", "most"),
        ("tamper", "priority"),
    ]
