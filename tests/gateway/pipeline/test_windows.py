"""A press is a test only in its own window and only when confirmed; everything else is an alarm."""

from __future__ import annotations

import json

import pytest
from judged import BUTTON, SMOKE
from windowed import OTHER, Testing, facts, raised, reasons

from alerts.alert import Refusal, TransitionKind
from gateway.pipeline.windows import CONFIRM, CONFIRM_MS, LONGEST_MS, Held, Why
from gateway.pipeline.work import Work
from gateway.store.batch import Batch


def test_the_first_press_in_a_window_waits_is_a_fact_and_is_replied_to(testing: Testing) -> None:
    testing.open()
    work = testing.pressed()
    assert testing.panic() == 0
    assert facts(work) == ["event", "test_press_held"]
    assert len(work.replies) == 1
    assert len(work.batch.readings) == 1
    assert [type(one) for one in work.tests] == [Held]
    assert [key[0] for key in testing.stored] == [CONFIRM]


def test_a_confirmed_press_raises_nothing(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    testing.clock.turn(CONFIRM_MS - 1)
    work = testing.confirm()
    assert isinstance(work, Work)
    assert facts(work) == ["test_confirmed"]
    assert not testing.stored
    testing.wait(3_600_000)
    assert testing.panic() == 0


def test_an_unconfirmed_press_goes_out_after_thirty_seconds_with_its_own_time(
    testing: Testing,
) -> None:
    testing.open()
    testing.pressed()
    pressed_at = testing.now
    assert not testing.wait(CONFIRM_MS - 1).batch.transitions
    work = testing.wait(1)
    assert raised(work) == [TransitionKind.RAISED]
    assert work.batch.urgent
    alert = testing.alert(BUTTON, "panic")
    assert alert is not None
    assert alert.emergency
    assert alert.raised == pressed_at
    assert alert.known == pressed_at + CONFIRM_MS
    assert alert.remark == "unconfirmed_test"
    assert reasons(work.tests) == [Why.UNCONFIRMED]
    assert not testing.stored
    assert isinstance(testing.confirm(), Refusal)


def test_what_a_device_claims_makes_no_test(testing: Testing) -> None:
    testing.pressed(test=True)
    alert = testing.alert(BUTTON, "panic")
    assert alert is not None
    assert alert.remark == "claims_test"


def test_a_press_elsewhere_is_real_while_a_window_is_open(testing: Testing) -> None:
    testing.open(BUTTON)
    testing.pressed(OTHER)
    assert testing.panic(OTHER) == 1
    testing.pressed(BUTTON)
    assert testing.panic(BUTTON) == 0


def test_a_press_after_the_window_is_real(testing: Testing) -> None:
    testing.open(milliseconds=60_000)
    testing.pressed(after=60_000)
    assert testing.panic() == 1


def test_a_window_is_open_for_ten_minutes_at_most(testing: Testing) -> None:
    testing.open(milliseconds=86_400_000)
    work = testing.wait(LONGEST_MS)
    assert reasons(work.tests) == [Why.EXPIRED]
    assert not testing.stored
    testing.pressed()
    assert testing.panic() == 1


@pytest.mark.parametrize("event", ["pressed", "held", "pressed_twice"])
def test_a_second_press_makes_both_real_at_once(testing: Testing, event: str) -> None:
    testing.open()
    testing.pressed()
    work = testing.pressed(event=event)
    assert raised(work) == [TransitionKind.RAISED, TransitionKind.OCCURRED]
    assert testing.panic() == 2
    assert reasons(work.tests) == [Why.PRESSED_AGAIN]
    assert not testing.stored
    assert isinstance(testing.confirm(), Refusal)
    testing.wait(CONFIRM_MS)
    assert testing.panic() == 2


def test_a_press_after_the_confirmation_is_real(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    testing.confirm()
    testing.pressed()
    assert testing.panic() == 1


def test_a_repeated_press_is_no_second_one(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    at = testing.now
    testing.clock.turn(3000)
    again = testing.keep(testing.press(seq=testing.seq, at=at))
    assert again.replies
    assert not again.batch.transitions
    assert testing.panic() == 0
    assert isinstance(testing.confirm(), Work)


def test_a_release_neither_confirms_nor_takes_back(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    testing.pressed(event="released")
    assert testing.panic() == 0
    testing.wait(CONFIRM_MS)
    alert = testing.alert(BUTTON, "panic")
    assert alert is not None
    assert alert.open


def test_only_who_opened_the_window_confirms(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    refusal = testing.confirm(actor="somebody.else")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "not_yours"
    assert isinstance(testing.confirm(verification="v2"), Refusal)
    testing.wait(CONFIRM_MS)
    assert testing.panic() == 1


def test_a_confirmation_that_comes_too_late_changes_nothing(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    testing.clock.turn(CONFIRM_MS)
    refusal = testing.confirm()
    assert isinstance(refusal, Refusal)
    assert refusal.code == "too_late"
    testing.wait(0)
    assert testing.panic() == 1


def test_giving_up_confirms_nothing(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    work = Work(Batch(now=testing.now))
    testing.windows.cancel("v1", work)
    testing.keep(work)
    assert testing.panic() == 1
    assert not testing.stored


def test_giving_up_before_the_press_closes_the_window(testing: Testing) -> None:
    testing.open()
    work = Work(Batch(now=testing.now))
    testing.windows.cancel("v1", work)
    testing.keep(work)
    assert not testing.stored
    testing.pressed()
    assert testing.panic() == 1


def test_a_press_that_was_made_before_the_window_is_real_however_late_it_comes(
    testing: Testing,
) -> None:
    testing.pressed(event="released")  # so that its clock is known
    pressed_at = testing.now + 1000
    testing.clock.turn(10_000)
    testing.open()
    testing.pressed(ts=pressed_at)
    assert testing.panic() == 1
    assert not testing.stored


def test_a_clock_that_is_known_to_be_slow_keeps_nobody_from_testing(testing: Testing) -> None:
    testing.pressed(event="released", ts=testing.now + 1000 - 45_000)
    testing.open()
    testing.pressed(ts=testing.now + 1000 - 45_000)
    assert testing.panic() == 0


def test_a_retained_press_is_never_a_test(testing: Testing) -> None:
    testing.open()
    testing.clock.turn(1000)
    body = json.dumps({"ts": testing.now, "seq": 9, "event": "pressed"}).encode()
    testing.keep(testing.hear("campus/no3/alarm-button/gate-01/event", body, retained=True))
    assert testing.panic() == 1


def test_an_alarm_of_a_detector_is_never_held_back(testing: Testing) -> None:
    testing.open(SMOKE)
    testing.keep(testing.say(SMOKE, "event", ts=testing.now + 1, seq=1, event="alarm"))
    alert = testing.alert(SMOKE, "smoke")
    assert alert is not None


def test_one_device_has_one_test_at_a_time(testing: Testing) -> None:
    testing.open()
    again = testing.windows.open(
        BUTTON, actor="wang", verification="v2", milliseconds=1, work=Work(Batch(now=testing.now))
    )
    assert isinstance(again, Refusal)


def test_a_window_needs_a_named_user(testing: Testing) -> None:
    work = Work(Batch(now=testing.now))
    refusal = testing.windows.open(BUTTON, actor="", verification="v", milliseconds=1000, work=work)
    assert isinstance(refusal, Refusal)
    assert not work.batch.deadlines
