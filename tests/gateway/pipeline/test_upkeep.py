"""Maintenances begin and end in time, hide faults and nothing else, and list what they hid."""

from __future__ import annotations

import pytest
from maintained import DEVICES, HOUR, Maintained, register, school_itself
from msgspec.structs import replace

from alerts.alert import TransitionKind
from alerts.finding import Priority
from gateway.clock import ManualClock
from gateway.pipeline import upkeep
from gateway.store.sqlite import SqliteStore

LAB, LAB_2, HALL, HUB, ELSEWHERE = DEVICES


@pytest.fixture
def there(store: SqliteStore) -> Maintained:
    register(store)
    return Maintained(store, ManualClock())


def restarted(there: Maintained, *, after: int) -> Maintained:
    """The gateway was away for so long, and is back."""
    there.clock.turn(after)
    anew = Maintained(there.store, there.clock)
    anew.turn()
    return anew


def test_faults_within_the_place_are_hidden_while_it_lasts_and_others_are_not(
    there: Maintained,
) -> None:
    row = there.announce(place="block-a")
    for device in (LAB, HUB, HALL, ELSEWHERE):
        there.find(device)
    assert [there.hidden(one) for one in (LAB, HUB, HALL, ELSEWHERE)] == [True, True, False, False]
    assert there.listed(row) == [1, 2]


def test_what_stood_before_is_hidden_when_it_begins_and_shows_when_it_ends(
    there: Maintained,
) -> None:
    there.find(LAB)
    row = there.announce(starts=HOUR, ends=2 * HOUR, device="lab-1")
    assert not there.hidden(LAB)
    there.turn(HOUR)
    assert there.hidden(LAB)
    there.turn(HOUR - 1)
    assert there.hidden(LAB)
    there.turn(1)
    assert not there.hidden(LAB)
    assert there.listed(row) == [1]
    assert there.steps(row) == [
        ("announced", "user:li"),
        ("begun", "gateway"),
        ("ended", "gateway"),
    ]


def test_what_returns_meanwhile_is_closed_and_stays_on_the_list(there: Maintained) -> None:
    row = there.announce()
    there.find(LAB)
    assert there.find(LAB, active=False) is None
    there.turn(HOUR)
    assert there.listed(row) == [1]


def test_an_emergency_is_never_hidden_nor_listed(there: Maintained) -> None:
    there.find(LAB, condition="smoke", priority=Priority.EMERGENCY)
    row = there.announce()
    there.find(HALL, condition="panic", priority=Priority.EMERGENCY)
    assert not there.hidden(LAB, "smoke")
    assert not there.hidden(HALL, "panic")
    assert there.listed(row) == []


def test_what_waits_for_its_acknowledgement_goes_on_waiting(there: Maintained) -> None:
    there.find(LAB)
    there.find(LAB, active=False)
    there.announce()
    assert not there.hidden(LAB)


def test_of_two_maintenances_the_second_goes_on_hiding_and_both_list_it(
    there: Maintained,
) -> None:
    first = there.announce(ends=HOUR)
    there.find(LAB)
    second = there.announce(ends=2 * HOUR, place="floor-3")
    there.turn(HOUR)
    assert there.hidden(LAB)
    there.turn(HOUR)
    assert not there.hidden(LAB)
    assert there.listed(first) == there.listed(second) == [1]


def test_a_device_out_of_service_stays_hidden_when_the_maintenance_is_over(
    there: Maintained,
) -> None:
    there.judge.register(replace(LAB, out_of_service=True), there.clock.now())
    there.announce()
    there.find(replace(LAB, out_of_service=True))
    there.turn(HOUR)
    assert there.hidden(LAB)


def test_back_in_service_it_stays_hidden_while_the_maintenance_lasts(there: Maintained) -> None:
    out = replace(LAB, out_of_service=True)
    there.judge.register(out, there.clock.now())
    there.find(out)
    row = there.announce()
    there.judge.register(LAB, there.clock.now())
    settle(there, LAB.row)
    assert there.hidden(LAB)
    assert there.listed(row) == [1]
    there.turn(HOUR)
    assert not there.hidden(LAB)


def test_a_device_that_is_moved_out_of_the_place_shows(there: Maintained) -> None:
    there.announce(place="block-a")
    there.find(LAB)
    there.judge.register(replace(LAB, place="block-b"), there.clock.now())
    there.upkeep.register_changed({LAB.row})
    there.turn()
    assert not there.hidden(LAB)


@pytest.mark.parametrize(
    ("of", "scope", "hidden"),
    [
        ({}, "school", True),
        ({}, "place:floor-3", True),
        ({"place": "block-a"}, "place:floor-3", True),
        ({"place": "floor-3"}, "place:block-a", False),
        ({"place": "block-a"}, "school", False),
        ({"device": "hub"}, "repeater:hub", True),
        ({"place": "block-a"}, "repeater:hub", True),
        ({"device": "lab-1"}, "repeater:hub", False),
    ],
)
def test_a_cause_is_hidden_if_all_it_is_about_is_worked_on(
    there: Maintained, of: dict[str, str], scope: str, hidden: bool
) -> None:
    there.announce(**of)
    there.find(school_itself("no3"), condition="cut_off", scope=scope)
    assert there.hidden(school_itself("no3"), "cut_off", scope) is hidden


def test_it_goes_on_after_a_restart(there: Maintained) -> None:
    row = there.announce(ends=HOUR)
    anew = restarted(there, after=HOUR // 2)
    anew.find(LAB)
    assert anew.hidden(LAB)
    anew.turn(HOUR // 2)
    assert not anew.hidden(LAB)
    assert [step for step, _ in anew.steps(row)] == ["announced", "begun", "ended"]
    assert anew.announce() == row + 1


def test_one_whose_end_came_while_nobody_watched_ends_at_once(there: Maintained) -> None:
    there.announce(ends=HOUR)
    there.find(LAB)
    anew = restarted(there, after=2 * HOUR)
    assert not anew.hidden(LAB)
    assert len(anew.upkeep) == 0


def test_one_that_came_and_went_while_nobody_watched_has_hidden_nothing(
    there: Maintained,
) -> None:
    there.find(LAB)
    row = there.announce(starts=HOUR, ends=2 * HOUR)
    anew = restarted(there, after=3 * HOUR)
    assert not anew.hidden(LAB)
    assert anew.listed(row) == []
    assert [step for step, _ in anew.steps(row)] == ["announced", "ended"]


def test_an_alert_left_hidden_by_a_crash_shows_after_the_start(there: Maintained) -> None:
    """The end was stored, and the gateway killed before it had shown anything."""
    row = there.announce()
    there.find(LAB)
    one = there.upkeep.get(row)
    assert one is not None
    work = there.work()
    upkeep.put(work.batch, upkeep.ended(one, there.clock.now()), "ended", there.clock.now())
    there.keep(work)
    assert not restarted(there, after=1).hidden(LAB)


def test_thousands_of_alerts_are_hidden_in_turns_that_keep_no_alarm_waiting(
    there: Maintained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_ALERTS_AT_ONCE", 10)
    for number in range(25):
        there.find(LAB, condition=f"fault-{number}")
    one = there.announce(starts=HOUR, ends=2 * HOUR)
    there.clock.turn(HOUR)
    hidden = []
    while (due := there.upkeep.next()) is not None and due <= there.clock.now():
        work = there.work()
        there.upkeep.tick(there.clock.now(), work)
        hidden.append(
            sum(
                each.transition.kind is TransitionKind.SUPPRESSED for each in work.batch.transitions
            )
        )
        there.keep(work)
    assert hidden == [10, 10, 5]
    assert len(there.listed(one)) == 25


def test_what_one_hides_already_is_on_the_list_of_a_second_in_whatever_turn_it_is_looked_at(
    there: Maintained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_ALERTS_AT_ONCE", 1)
    first = there.announce()
    there.find(LAB)
    there.find(HALL)
    second = there.announce()
    assert there.listed(first) == there.listed(second) == [1, 2]


def settle(there: Maintained, row: int) -> None:
    work = there.work()
    for alert in there.book.of_device(row):
        there.upkeep.settle(alert, work, actor="tim", reason="back from repair")
    there.keep(work)


def test_a_begin_that_the_store_takes_late_does_not_undo_the_end(there: Maintained) -> None:
    row = there.announce()
    one = there.upkeep.get(row)
    assert one is not None
    now = there.clock.now()
    for step, after in (("ended", upkeep.ended(one, now, by="li")), ("begun", one)):
        work = there.work()
        upkeep.put(work.batch, after, step, now)
        there.keep(work)
    assert there.store.load().maintenances == []
