"""One decision for a room from all detectors in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.episodes import Episodes
from alerts.finding import Explanation, Finding, Priority
from alerts.fire_room import (
    TOGETHER_MS,
    Seen,
    Witness,
    judge_room,
    order_told,
    room_burns,
    why_room_fire,
    witness_of,
)

NOW = 1_795_161_600_000
SMOKE, HEAT = Seen.SMOKE, Seen.HEAT


def says(device, seen, since=0, *, alarm=False):
    return Witness(device, f"detector-{device}", NOW + since, seen, alarm)


def test_one_detector_alone_decides_nothing_for_the_room_whatever_it_sees():
    assert judge_room([]) is None
    assert judge_room([says(1, SMOKE | HEAT, alarm=True), says(1, HEAT)]) is None


def test_smoke_seen_by_one_and_heat_by_another_are_a_fire_though_neither_is_in_alarm():
    fire = judge_room([says(2, HEAT, 9_000), says(1, SMOKE)])
    assert fire is not None
    assert (fire.first.name, fire.confirmed) == ("detector-1", False)


def test_smoke_alone_is_steam_or_cooking_however_many_see_it():
    assert judge_room([says(number, SMOKE) for number in range(5)]) is None
    assert judge_room([says(number, HEAT) for number in range(5)]) is None


def test_a_detector_in_alarm_is_confirmed_by_any_other():
    fire = judge_room([says(1, SMOKE, alarm=True), says(2, SMOKE, 20_000)])
    assert fire is not None
    assert fire.confirmed


def test_a_detector_left_in_alarm_yesterday_confirms_nothing_today():
    stale = says(1, SMOKE, -TOGETHER_MS - 1, alarm=True)
    assert judge_room([stale, says(2, SMOKE)]) is None


def test_the_first_is_named_and_so_are_those_after_it():
    fire = judge_room([says(1, SMOKE, 21_000), says(2, HEAT, 0), says(3, HEAT, 40_000)])
    assert fire is not None
    why = why_room_fire(fire)
    assert why.code == "room_fire_together"
    assert why.inputs == {
        "devices": 3,
        "first": "detector-2",
        "others": "detector-1, detector-3",
        "seconds": 21,
        "others_after_s": "21, 40",
    }


def test_the_order_and_times_of_all_follow_from_what_each_activation_told():
    early = [says(2, HEAT, 0), says(1, SMOKE, 21_000)]
    # The first one has calmed when the third one comes.
    late = [says(1, SMOKE, 21_000), says(3, HEAT, 60_000)]
    told = []
    for said in (early, late):
        fire = judge_room(said)
        assert fire is not None
        told.append((fire.first.since, why_room_fire(fire).inputs))
    assert [(one.name, one.at) for one in order_told(told)] == [
        ("detector-2", NOW),
        ("detector-1", NOW + 21_000),
        ("detector-3", NOW + 60_000),
    ]


def test_what_was_told_before_times_were_noted_is_in_order_and_without_times():
    told = [(NOW, {"devices": 7, "first": "a", "others": "b, c …", "seconds": 4})]
    assert [(one.name, one.at) for one in order_told(told)] == [
        ("a", NOW),
        ("b", None),
        ("c", None),
    ]
    assert order_told([(NOW, {})]) == ()


def test_of_many_detectors_the_first_five_are_named_each_with_its_time():
    fire = judge_room([says(number, SMOKE, number * 1000, alarm=True) for number in range(9)])
    assert fire is not None
    order = order_told([(fire.first.since, why_room_fire(fire).inputs)])
    assert [one.at for one in order] == [NOW + 1000 * number for number in range(5)]


def test_it_is_an_emergency_from_the_moment_the_first_one_saw_something():
    fire = judge_room([says(1, SMOKE, -30_000), says(2, HEAT, -5_000)])
    assert fire is not None
    finding = room_burns(fire, NOW)
    assert (finding.priority, finding.latches) == (Priority.EMERGENCY, True)
    assert (finding.happened, finding.known) == (NOW - 30_000, NOW)


def test_what_a_finding_testifies_follows_from_what_it_is_about():
    def of(condition, code="above_for", metric=""):
        why = Explanation("rule", code, metric=metric)
        said = witness_of(condition, why, device=1, name="one", since=NOW)
        return None if said is None else (said.seen, said.alarm)

    assert of("smoke", "smoke_alarm", "smoke_alarm") == (SMOKE, True)
    assert of("fire", "smoke_and_rise", "obscuration_pct_m") == (SMOKE | HEAT, True)
    assert of("heat", metric="temperature_c") == (HEAT, True)
    assert of("heat", metric="cable_temperature_c") is None
    assert of("heavy_smoke", metric="obscuration_pct_m") == (SMOKE, False)
    assert of("rate_of_rise", "risen", "temperature_c") == (HEAT, False)
    assert of("fire_suspected", "heat_without_smoke", "temperature_c") == (HEAT, False)
    assert of("fire_suspected", "smoke_and_rise", "obscuration_pct_m") == (SMOKE | HEAT, False)
    assert of("fire_sign", "fire_sign_both", "obscuration_pct_m") == (SMOKE | HEAT, False)
    assert of("silent") is None


def test_a_sign_is_no_episode_that_could_be_held_against_alerts():
    episodes = Episodes(10)
    why = Explanation("rule", "fire_sign_heat", metric="temperature_c")
    episodes.fold(1, Finding("fire_sign", True, Priority.NOTICE, NOW, NOW, why))
    assert episodes.within(0, 2 * NOW) == []


WITNESSES = st.lists(
    st.builds(
        says,
        st.integers(1, 4),
        st.sampled_from([SMOKE, HEAT, SMOKE | HEAT]),
        st.integers(-2 * TOGETHER_MS, 0),
        alarm=st.booleans(),
    ),
    max_size=8,
)


@given(WITNESSES, st.randoms())
def test_the_order_in_which_findings_come_does_not_matter(said, random):
    shuffled = list(said)
    random.shuffle(shuffled)
    one, other = judge_room(said), judge_room(shuffled)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert {each.device for each in one.witnesses} == {each.device for each in other.witnesses}
        assert one.first.since == other.first.since


@given(WITNESSES)
def test_a_room_burns_only_by_the_word_of_two_detectors(said):
    fire = judge_room(said)
    if fire is not None:
        rows = [one.device for one in fire.witnesses]
        assert len(rows) == len(set(rows)) > 1
        assert fire.first.since == min(one.since for one in fire.witnesses)
