"""Whatever is doubtful in a test lets the press out as a real alarm, at once."""

from __future__ import annotations

import json

import pytest
from judged import BUTTON
from windowed import OTHER, Testing, raised, reasons

from alerts.alert import Refusal, TransitionKind
from alerts.rules.pressed import Pressed
from devices.model import Device
from gateway.pipeline.windows import CONFIRM_MS, Why
from gateway.pipeline.work import Work
from gateway.store.batch import Batch


def test_a_clock_that_is_set_back_lets_the_press_out(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    testing.wait(2000)
    assert raised(testing.wait(-600)) == []
    assert raised(testing.wait(-5000)) == [TransitionKind.RAISED]


def test_small_steps_back_add_up(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    assert raised(testing.wait(2000)) == []
    assert raised(testing.wait(-900)) == []
    assert raised(testing.wait(-900)) == [TransitionKind.RAISED]


def test_a_press_after_the_clock_was_set_back_is_real(testing: Testing) -> None:
    testing.open()
    testing.wait(20_000)
    testing.pressed(after=-10_000)
    assert testing.panic() == 1


@pytest.mark.parametrize("held", [True, False])
def test_a_device_that_is_changed_is_tested_no_more(testing: Testing, held: bool) -> None:
    testing.open()
    if held:
        testing.pressed()
    own: dict[str, dict[str, object]] = {"pressed": {"ends_after_s": 5}}
    changed = Device("no3", "gate-01", "alarm-button", row=1, parameters=own)
    testing.judge.register(changed, testing.now)
    assert testing.windows.next() == 0
    work = testing.wait(1)
    assert reasons(work.tests) == [Why.CHANGED]
    assert testing.panic() == int(held)
    testing.pressed()
    assert testing.panic() == 1 + held


def test_the_press_of_a_device_that_is_removed_goes_out(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    testing.judge.remove(BUTTON.row)
    assert raised(testing.wait(1)) == [TransitionKind.RAISED]
    alert = testing.alert(BUTTON, "panic")
    assert alert is not None
    assert alert.emergency
    assert alert.explanation.inputs["device"] == "gate-01"


def test_a_rule_that_fails_keeps_no_press(
    testing: Testing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    testing.open()
    testing.pressed()
    monkeypatch.setattr(Pressed, "judge", broken)
    work = testing.wait(CONFIRM_MS)
    assert testing.panic() == 1
    assert [key[2] for key in work.batch.reject_counts] == ["fault"]


def test_a_fault_of_ours_while_holding_back_makes_the_press_real(
    testing: Testing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    testing.open()
    monkeypatch.setattr(testing.windows, "_doubt_about", broken)
    testing.pressed()
    assert testing.panic() == 1


def test_a_gateway_that_stops_lets_the_press_out_and_holds_back_no_more(testing: Testing) -> None:
    testing.open(BUTTON)
    testing.open(OTHER)
    testing.pressed(BUTTON)
    testing.windows.stop()
    testing.pressed(OTHER)
    assert testing.panic(OTHER) == 1
    assert TransitionKind.RAISED in raised(testing.wait(0))
    assert testing.panic(BUTTON) == 1
    assert not testing.stored


def test_a_press_whose_batch_the_store_refuses_goes_out_in_that_batch(testing: Testing) -> None:
    testing.open()
    testing.clock.turn(1000)
    work = testing.press(seq=1)
    testing.judge.refused(work)
    assert raised(work) == [TransitionKind.RAISED]
    testing.keep(work)
    assert not testing.stored
    assert reasons(work.tests) == [Why.STORE]
    testing.wait(CONFIRM_MS)
    assert testing.panic() == 1


def test_two_presses_in_one_refused_batch_are_two(testing: Testing) -> None:
    testing.open()
    at = testing.clock.turn(1000)
    pair = [{"ts": at + n, "seq": n, "event": "pressed"} for n in (1, 2)]
    work = testing.hear("campus/no3/alarm-button/gate-01/event", json.dumps(pair).encode())
    testing.judge.refused(work)
    testing.keep(work)
    assert testing.panic() == 2
    assert not testing.stored


def test_a_press_waits_no_longer_when_the_store_refuses_anything(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    testing.judge.refused(Work(Batch(now=testing.now)))
    assert raised(testing.wait(1)) == [TransitionKind.RAISED]


def test_a_press_that_is_not_committed_cannot_be_confirmed(testing: Testing) -> None:
    testing.open()
    testing.clock.turn(1000)
    testing.press(seq=1)
    refusal = testing.windows.confirm("v1", "li.na", Work(Batch(now=testing.now)))
    assert isinstance(refusal, Refusal)


def test_a_confirmation_that_cannot_be_kept_lets_the_press_out(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    held = testing.windows.confirm("v1", "li.na", Work(Batch(now=testing.now)))
    assert not isinstance(held, Refusal)
    testing.windows.take_back(held)
    assert raised(testing.wait(0)) == [TransitionKind.RAISED]
