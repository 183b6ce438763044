"""A glance at telemetry comes to the same as reading all of it."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged import Judged

from alerts.alert import Alert
from alerts.rules import bind
from devices.model import Device
from gateway.pipeline import judge as judging
from gateway.pipeline.glance import RuleSet
from gateway.pipeline.roster import GATEWAY

LAB = Device("no3", "lab-9", "smoke-temperature", row=9)
TOPIC = "campus/no3/smoke-temperature/lab-9/telemetry"


@pytest.fixture
def lab() -> Judged:
    return Judged(devices=[LAB])


def says(lab: Judged, seq: int, **values: object) -> None:
    lab.clock.turn(1000)
    lab.say(LAB, "telemetry", ts=lab.now - 5, seq=seq, **values)


def values_of(lab: Judged) -> dict[str, object]:
    state = lab.judge.roster.state(LAB.school, LAB.id)
    assert state is not None
    return dict(state.values)


def test_what_is_not_decoded_is_known_all_the_same(lab: Judged) -> None:
    for seq in range(5):
        says(lab, seq, temperature_c=20.0 + seq, battery_pct=80 - seq)
    assert values_of(lab) == {"temperature_c": 24.0, "battery_pct": 76}


def test_messages_of_different_values_in_turn_lose_none_of_them(lab: Judged) -> None:
    for seq in range(0, 12, 2):
        says(lab, seq, temperature_c=20.0 + seq)
        says(lab, seq + 1, humidity_pct=50.0 + seq)
    assert values_of(lab) == {"temperature_c": 30.0, "humidity_pct": 60.0}


def test_a_battery_that_is_told_between_many_temperatures_is_judged(lab: Judged) -> None:
    for seq in range(0, 30, 10):
        for more in range(9):
            says(lab, seq + more, temperature_c=20.0)
        says(lab, seq + 9, battery_pct=3)
    assert lab.alert(LAB, "battery_critical") is not None


def test_a_truth_that_changes_is_seen_at_once(lab: Judged) -> None:
    for seq in range(4):
        says(lab, seq, smoke_alarm=False, temperature_c=20.0)
    says(lab, 4, smoke_alarm=True, temperature_c=20.0)
    assert lab.alert(LAB, "smoke") is not None


def test_a_figure_that_is_none_is_a_reject_with_its_reason(lab: Judged) -> None:
    for seq in range(3):
        says(lab, seq, temperature_c=20.0)
    lab.clock.turn(1000)
    work = lab.hear(TOPIC, b'{"ts": %d, "seq": 3, "temperature_c": 2-0}' % lab.now)
    assert [reject.reason for reject in work.batch.rejects] == ["syntax"]
    assert not work.batch.readings


def test_figures_without_end_are_too_large(lab: Judged) -> None:
    for seq in range(3):
        says(lab, seq, temperature_c=20)
    lab.clock.turn(1000)
    endless = b"1" * 70_000
    work = lab.hear(TOPIC, b'{"ts": %d, "seq": 3, "temperature_c": %b}' % (lab.now, endless))
    assert [reject.reason for reject in work.batch.rejects] == ["too_large"]


def test_a_number_that_nothing_can_hold_does_not_stick_to_the_device(lab: Judged) -> None:
    for seq in range(3):
        says(lab, seq, temperature_c=20.0, rssi_dbm=-70)
    lab.clock.turn(1000)
    beyond = b"9" * 400
    lab.hear(
        TOPIC, b'{"ts": %d, "seq": 3, "temperature_c": 21.0, "rssi_dbm": %b}' % (lab.now, beyond)
    )
    says(lab, 4, temperature_c=22.0)
    assert values_of(lab)["temperature_c"] == 22.0
    assert lab.book.of(GATEWAY.row, "judging_failed") is None


def test_a_clock_of_ours_that_is_set_back_keeps_no_rule_waiting(lab: Judged) -> None:
    for seq in range(3):
        says(lab, seq, temperature_c=20.0, battery_pct=80)
    lab.clock.turn(-3_600_000)
    for seq in range(3, 80):
        says(lab, seq, temperature_c=20.0, battery_pct=3)
    assert lab.alert(LAB, "battery_critical") is not None


def test_lost_messages_are_counted_at_a_glance_too(lab: Judged) -> None:
    for seq in (1, 2, 3, 7, 8):
        says(lab, seq, temperature_c=20.0)
    state = lab.judge.roster.state(LAB.school, LAB.id)
    assert state is not None
    assert state.gap_total == 3


def test_names_that_differ_by_a_figure_are_not_taken_for_each_other() -> None:
    rules = RuleSet(bind({"threshold": {"metric": "pm25", "above": 75}}))
    assert rules.glance(b'{"ts":1,"seq":1,"co":1}', ["co"]) is not None
    assert rules.glance(b'{"ts":1,"seq":1,"pm25":1}', ["pm25"]) is None
    assert rules.glance(b'{"ts":1,"seq":1,"pm":1}', ["pm"]) is None


MESSAGES = st.lists(
    st.tuples(
        st.integers(100, 15_000),
        st.fixed_dictionaries(
            {},
            optional={
                "temperature_c": st.sampled_from([20, 20.5, 36.0, 48.0, 70.0, -20.25, None]),
                "obscuration_pct_m": st.sampled_from([0.1, 4.0, 14.0, 2]),
                "humidity_pct": st.sampled_from([40.0, 95.0]),
                "smoke_alarm": st.booleans(),
                "tamper": st.booleans(),
                "battery_pct": st.integers(0, 100),
                "phases": st.lists(st.integers(0, 3), max_size=3),
            },
        ),
    ),
    max_size=40,
)
HURRIED = ("smoke", "fire", "fire_suspected", "heat", "temperature_rise", "tamper")


def alert(judged: Judged, condition: str) -> Alert | None:
    """Without its number: alerts of rules in no hurry may have been raised in between."""
    found = judged.alert(LAB, condition)
    return None if found is None else msgspec.structs.replace(found, id=0)


@settings(max_examples=60, deadline=None)
@given(MESSAGES)
def test_a_glance_comes_to_what_reading_in_full_comes_to(
    messages: list[tuple[int, dict[str, object]]],
) -> None:
    glancing, reading = Judged(devices=[LAB]), Judged(devices=[LAB])
    for seq, (passed, values) in enumerate(messages):
        for judged, unhurried in ((glancing, judging.UNHURRIED_MS), (reading, 0)):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(judging, "UNHURRIED_MS", unhurried)
                judged.clock.turn(passed)
                body = json.dumps({"ts": judged.now - 3, "seq": seq, **values}).encode()
                judged.hear(TOPIC, body)
    assert values_of(glancing) == values_of(reading)
    for condition in HURRIED:
        assert alert(glancing, condition) == alert(reading, condition), condition
    first, second = (
        judged.judge.roster.state(LAB.school, LAB.id) for judged in (glancing, reading)
    )
    assert first is not None
    assert second is not None
    assert (first.gap_total, first.messages, first.heard, first.spoke) == (
        second.gap_total,
        second.messages,
        second.heard,
        second.spoke,
    )
