"""Devices that fall silent for one reason are one alert, and the reason is forgotten by nobody."""

from __future__ import annotations

import json
from itertools import pairwise

import msgspec
import pytest
from sqlalchemy import text
from town import HEARTBEAT_S, HOLD_S, Town

from alerts.alert import AlertState, TransitionKind
from alerts.course import Course, replay
from alerts.finding import Explanation, Finding, Priority
from devices.model import Device
from gateway.pipeline.outs import HELD
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.read.alerts import transitions_of
from gateway.store.sqlite import SqliteStore

SILENT_S = 2 * HEARTBEAT_S
IN_A = 3 * 4 * 5
ALL = 2 * IN_A + 2


@pytest.fixture
def town(store: SqliteStore) -> Town:
    there = Town(store)
    there.pass_time(3 * HEARTBEAT_S)
    assert there.alerts() == []
    return there


def test_a_building_without_power_is_one_alert_that_lists_its_devices(town: Town) -> None:
    at = town.clock.now()
    town.cut("a")
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    (alert,) = town.alerts()
    assert (alert.scope, alert.school, alert.victims) == ("place:a", "no3", IN_A)
    assert at - HEARTBEAT_S * 1000 <= alert.raised <= at
    assert town.ever_raised() == 1
    assert alert.explanation.code == "cut_off_place"
    assert alert.explanation.inputs["devices"] == IN_A
    victims = town.victims()
    assert len(victims) == IN_A
    assert {one.alert for one in victims} == {alert.id}
    assert all(one.back is None and one.since <= at for one in victims)


def test_it_is_over_within_a_heartbeat_after_the_power_is_back(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    town.mend("a")
    town.pass_time(HEARTBEAT_S + 3)
    (alert,) = town.alerts()
    assert (alert.state, alert.active) == (AlertState.RETURNED, False)
    assert all(one.back is not None for one in town.victims())
    assert all(town.cut_off_by(one.row) is None for one in town.devices)
    town.pass_time(SILENT_S)
    assert town.ever_raised() == 1


def test_victims_are_doubted_until_they_are_heard(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    cut, well = town.device("a10-0"), town.device("b10-0")
    assert town.cut_off_by(cut.row) == town.cause().id
    assert town.cut_off_by(well.row) is None


def test_an_uplink_that_is_gone_is_one_alert_of_the_school(town: Town) -> None:
    town.cut("a", "b", "gate", "loose")
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    alert = town.cause()
    assert (alert.scope, alert.victims) == ("school", ALL)
    assert town.own() == []
    assert town.ever_raised() == 1


def test_last_wills_are_one_alert_too(town: Town) -> None:
    town.cut("a", "b", "gate", "loose")
    town.wills("a1", "b2")
    town.pass_time(30 + HOLD_S)
    assert town.cause().scope == "school"
    town.pass_time(SILENT_S)
    assert town.cause().victims == ALL
    assert town.ever_raised() == 1


def test_a_floor_is_named_when_only_that_is_out(town: Town) -> None:
    town.cut("a2")
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    assert (town.cause().scope, town.cause().victims) == ("place:a2", 20)


def test_who_falls_silent_alone_gets_an_alert_of_its_own_after_a_moment(town: Town) -> None:
    town.cut("a10-0")
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    (alert,) = town.own()
    assert alert.device == town.device("a10-0").row
    assert alert.known - alert.raised <= (HOLD_S + 2) * 1000
    assert town.causes_standing() == []
    town.mend("a10-0")
    town.pass_time(HEARTBEAT_S + 1)
    assert town.own() == []


def test_who_is_heard_again_while_it_waits_is_no_alert(town: Town) -> None:
    town.cut("a10-0")
    name = town.device("a10-0").row
    while town.cut_off_by(name) is None:
        town.pass_time(1)
    assert town.cut_off_by(name) == 0
    town.mend("a10-0")
    town.says(town.device("a10-0"))
    town.pass_time(HOLD_S + 5)
    assert town.ever_raised() == 0
    assert [one for one in town.store.load().deadlines if one.kind == HELD] == []


def test_silences_apart_from_each_other_stay_apart(town: Town) -> None:
    for name in ("a10-0", "a21-1", "b30-2", "b11-3", "a33-4", "b22-0"):
        town.cut(name)
        town.pass_time(2 * HEARTBEAT_S)
    town.pass_time(SILENT_S + HOLD_S)
    assert len(town.own()) == 6
    assert town.causes_standing() == []


def test_who_had_been_silent_before_keeps_its_own_alert(town: Town) -> None:
    town.cut("a10-0")
    town.pass_time(10 * HEARTBEAT_S)
    (before,) = town.own()
    town.cut("a")
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    assert town.cause().victims == IN_A - 1
    assert [one.id for one in town.own()] == [before.id]


def seldom(town: Town, *names: str) -> None:
    """These are missed after a quarter of an hour only."""
    slow = {"expected_s": 900, "grace_s": 900, "shortest_s": 900}
    for name in names:
        device = msgspec.structs.replace(town.device(name), parameters={"silent": slow})
        town.judge.register(device, town.clock.now())


def test_an_alert_of_its_own_becomes_part_of_the_outage_that_it_began(town: Town) -> None:
    seldom(town, "a10-2", "a10-3", "a10-4")
    town.cut("a10")
    town.pass_time(2 * SILENT_S + HEARTBEAT_S + HOLD_S)
    early = town.own()
    assert len(early) == 2
    town.pass_time(900)
    assert (town.cause().scope, town.cause().victims) == ("place:a10", 5)
    assert town.own() == []
    last = town.store.read(transitions_of(early[0].id))[-1][1]
    assert (last.kind.value, last.detail["cause"]) == ("closed", "absorbed")


def test_an_outage_that_spreads_is_one_alert_in_the_end(town: Town) -> None:
    town.cut("a")
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    first = town.cause()
    town.cut("b", "gate", "loose")
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    standing = town.causes_standing()
    assert sum(one.victims for one in standing) == ALL
    assert len(standing) <= 2
    assert town.own() == []
    assert first.id in {one.id for one in standing}


def test_when_most_are_back_the_rest_are_checked_and_then_get_their_own(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    cause = town.cause()
    town.mend("a")
    town.cut("a10-0", "b30-1")
    town.pass_time(HEARTBEAT_S + 5)
    assert not (town.book.get(cause.id) or cause).active
    assert town.own() == []
    dead = town.device("a10-0")
    assert town.cut_off_by(dead.row) == cause.id
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    assert {one.device for one in town.own()} == {dead.row, town.device("b30-1").row}
    (left,) = [one for one in town.victims() if one.device == dead.row]
    assert left.back is None
    assert left.alone in {one.id for one in town.own()}
    assert town.cut_off_by(dead.row) is None


def test_power_that_flaps_is_one_alert_again_and_again(town: Town) -> None:
    for _ in range(3):
        town.cut("a")
        town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
        assert town.cause().victims == IN_A
        town.mend("a")
        town.pass_time(HEARTBEAT_S + 3)
        assert town.causes_standing() == []
    assert town.own() == []
    assert town.ever_raised() == 1  # nobody has acknowledged it: it is raised again


@pytest.mark.parametrize("seconds", [1, 5, 20, 40, 50, 55, 59, 75, 100])
def test_power_that_comes_back_for_a_moment_makes_no_alerts_of_those_that_were_not_heard_in_it(
    town: Town, seconds: int
) -> None:
    town.cut("a")
    town.pass_time(5 * HEARTBEAT_S)
    town.mend("a")
    town.pass_time(seconds)
    town.cut("a")
    town.pass_time(3 * SILENT_S + HEARTBEAT_S + HOLD_S)
    assert town.cause().victims == IN_A
    assert town.own() == []
    assert town.ever_raised() == 1


def test_a_floor_that_stays_dark_when_the_others_are_back_is_one_alert_still(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    town.mend("a1", "a2")
    town.pass_time(10 * HEARTBEAT_S)
    assert town.cause().victims == 20
    assert town.own() == []


def test_who_speaks_seldom_comes_to_the_cause_that_stands(town: Town) -> None:
    seldom(town, "a10-0")
    town.cut("a")
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    assert town.cause().victims == IN_A - 1
    town.pass_time(900)
    assert town.cause().victims == IN_A
    assert town.own() == []


def test_a_repeater_whose_radio_died_is_named(store: SqliteStore) -> None:
    town = Town(store, repeater=True)
    town.pass_time(3 * HEARTBEAT_S)
    town.cut("radio")
    town.pass_time(SILENT_S + 2 * HEARTBEAT_S + HOLD_S)
    assert (town.cause().scope, town.cause().victims) == ("repeater:rep-1", 8)
    assert town.own() == []


def test_a_silent_repeater_says_whom_it_keeps_from_being_heard(store: SqliteStore) -> None:
    town = Town(store, repeater=True)
    town.pass_time(3 * HEARTBEAT_S)
    town.cut("radio", "rep-1")
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    (alert,) = town.own()
    assert alert.device == town.device("rep-1").row
    assert town.causes.count(alert) == 8
    assert {one.id for one in town.causes.silenced(alert)} == {f"radio-{n}" for n in range(8)}


def test_nothing_else_of_a_victim_waits(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    now, device = town.clock.now(), town.device("a10-0")
    work = Work(Batch(now=now))
    for condition, priority in (("panic", Priority.EMERGENCY), ("battery_low", Priority.LOW)):
        why = Explanation("test", condition)
        finding = Finding(condition, True, priority, now, now, why)
        assert not town.causes.take(finding, device, work)


def test_the_silence_of_a_police_link_is_always_an_alert_of_its_own(town: Town) -> None:
    now, work = town.clock.now(), Work(Batch(now=town.clock.now()))
    finding = Finding("silent", True, Priority.HIGH, now, now, Explanation("silent", "silent"))
    link = msgspec.structs.replace(town.device("a10-0"), kind="police-link")
    assert not town.causes.take(finding, link, work)


def test_who_is_out_of_service_waits_for_nobody(town: Town) -> None:
    now, work = town.clock.now(), Work(Batch(now=town.clock.now()))
    finding = Finding("silent", True, Priority.MEDIUM, now, now, Explanation("silent", "silent"))
    aside = msgspec.structs.replace(town.device("a10-0"), out_of_service=True)
    assert not town.causes.take(finding, aside, work)


def test_while_the_broker_is_away_nobody_is_judged(town: Town) -> None:
    town.cut("a")
    hearing = town.judge.roster.hearing
    hearing.connected = False
    town.pass_time(10 * HEARTBEAT_S)
    assert town.ever_raised() == 0


# It goes on


def test_after_a_restart_it_goes_on(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    before = town.cause()
    town.start()
    town.pass_time(10 * HEARTBEAT_S)
    after = town.cause()
    assert (after.id, after.victims, after.active) == (before.id, IN_A, True)
    assert town.ever_raised() == 1
    town.mend("a")
    town.pass_time(HEARTBEAT_S + 3)
    (over,) = town.alerts()
    assert not over.active


@pytest.mark.parametrize("seconds", range(0, SILENT_S + HEARTBEAT_S + HOLD_S, 15))
def test_killed_at_any_moment_of_an_outage_it_is_one_alert_at_last(
    town: Town, seconds: int
) -> None:
    town.cut("a")
    town.pass_time(seconds)
    town.start()
    town.pass_time(2 * SILENT_S + HEARTBEAT_S + HOLD_S)
    assert town.cause().victims == IN_A
    assert town.own() == []


def test_killed_while_the_rest_are_checked_it_checks_them_still(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    town.mend("a")
    town.cut("a10-0")
    town.pass_time(HEARTBEAT_S + 5)
    assert town.causes_standing() == []
    town.start()
    town.pass_time(2 * SILENT_S + HOLD_S)
    assert [one.device for one in town.own()] == [town.device("a10-0").row]


def test_a_device_taken_off_the_register_leaves_its_cause(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    town.judge.remove(town.device("a10-0").row)
    town.mend("a")
    town.pass_time(HEARTBEAT_S + 5)
    assert town.causes_standing() == []


def test_what_waits_and_cannot_be_read_comes_out_all_the_same(town: Town) -> None:
    town.cut("a10-0")
    while town.cut_off_by(town.device("a10-0").row) is None:
        town.pass_time(1)
    spoilt = text("UPDATE deadlines SET body = '{' WHERE kind = 'silence'")
    town.store.commit(Batch(statements=[(spoilt, None)], now=1)).result()
    town.start()
    town.pass_time(2 * SILENT_S + HOLD_S)
    assert [one.device for one in town.own()] == [town.device("a10-0").row]


# The record


def test_its_transitions_prove_how_many_it_cut_off(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    town.mend("a")
    town.pass_time(HEARTBEAT_S + 5)
    (alert,) = town.alerts()
    history = town.store.read(transitions_of(alert.id))
    assert replay(one for _, one in history) == alert
    changes = [one for _, one in history if one.kind.value == "cut_off"]
    assert changes[0].detail["victims"] >= 5
    assert changes[-1].detail["victims"] <= IN_A / 5
    moments = [one.known for one in changes]
    assert all(later - earlier >= 500 for earlier, later in pairwise(moments))


def test_the_record_names_the_devices(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    query = "SELECT body FROM facts WHERE kind = 'victims' ORDER BY row"
    bodies = [
        json.loads(row[0]) for row in town.store.read(lambda db: db.exec_driver_sql(query).all())
    ]
    gone = [name for body in bodies for name in body["gone"]]
    assert len(gone) == len(set(gone)) == IN_A
    assert all(name.startswith("a") for name in gone)


def test_two_schools_with_a_place_of_the_same_name_have_an_alert_each(town: Town) -> None:
    now = town.clock.now()
    work = Work(Batch(now=now))
    why = Explanation("cut_off", "cut_off_place")
    finding = Finding("cut_off", True, Priority.HIGH, now, now, why, scope="place:a")
    for school in ("no3", "no5", "no5"):
        town.book.fold(finding, Device(school, "gateway", "gateway"), work)
    assert [one.school for one in town.alerts()] == ["no3", "no5"]
    for school in ("no3", "no5"):
        found = town.book.of(0, "cut_off", "place:a", school)
        assert found is not None
        assert found.school == school


def test_an_alert_that_turns_out_to_be_wider_is_found_under_its_new_scope(town: Town) -> None:
    now = town.clock.now()
    work = Work(Batch(now=now))
    why = Explanation("cut_off", "cut_off_place", {"devices": 5})
    finding = Finding("cut_off", True, Priority.HIGH, now, now, why, scope="place:a1")
    town.book.fold(finding, Device("no3", "gateway", "gateway"), work)
    alert = town.book.of(0, "cut_off", "place:a1", "no3")
    assert alert is not None
    course = Course(alert)
    detail = {"victims": 40, "scope": "place:a", "rule": "cut_off", "code": "cut_off_place"}
    course.add(TransitionKind.CUT_OFF, happened=now, known=now, detail=detail)
    town.book.record(alert, course.folded(), work)
    assert town.book.of(0, "cut_off", "place:a1", "no3") is None
    wider = town.book.of(0, "cut_off", "place:a", "no3")
    assert wider is not None
    assert (wider.id, wider.victims, wider.scope) == (alert.id, 40, "place:a")
