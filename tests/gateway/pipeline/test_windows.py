"""A press is a test only in its own window and only when confirmed; everything else is an alarm."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from judged import BUTTON, DEVICES, SMOKE, Judged

from alerts.alert import Refusal, TransitionKind
from alerts.rules.pressed import Pressed
from devices.model import Device
from gateway.pipeline.windows import CONFIRM, CONFIRM_MS, LONGEST_MS, WINDOW, Held, Over, Why
from gateway.pipeline.work import Work
from gateway.store.batch import Batch, Deadline

OTHER = Device("no3", "gate-02", "alarm-button", row=4)


class Testing(Judged):
    """A judge with two buttons, and the deadlines that its work leaves in the store."""

    __test__ = False

    def __init__(self, **more: object) -> None:
        super().__init__(devices=(*DEVICES, OTHER), **more)  # type: ignore[arg-type]
        self.stored: dict[tuple[str, str], Deadline] = {}
        self.states: dict[int, bytes] = {}
        self.windows = self.judge.windows
        self.seq = 0

    def keep(self, work: Work) -> Work:
        """Commit the work, as the flow would."""
        self.judge.finish(work)
        for deadline in work.batch.deadlines:
            if deadline.due is None:
                self.stored.pop((deadline.kind, deadline.subject), None)
            else:
                self.stored[deadline.kind, deadline.subject] = deadline
        self.states.update(work.batch.states)
        self.windows.committed(work)
        return work

    def open(self, device: Device = BUTTON, milliseconds: int = LONGEST_MS) -> Work:
        work = Work(Batch(now=self.now))
        window = self.windows.open(
            device, actor="li.na", verification="v1", milliseconds=milliseconds, work=work
        )
        assert not isinstance(window, Refusal), window
        return self.keep(work)

    def pressed(self, device: Device = BUTTON, after: int = 1000, **more: object) -> Work:
        self.clock.turn(after)
        self.seq += 1
        values = {"ts": self.now, "seq": self.seq, "event": "pressed", **more}
        topic = f"campus/{device.school}/{device.kind}/{device.id}/event"
        return self.keep(self.hear(topic, json.dumps(values).encode()))

    def wait(self, milliseconds: int) -> Work:
        """Let time pass; what the windows do by themselves then."""
        self.clock.turn(milliseconds)
        work = Work(Batch(now=self.now))
        self.windows.tick(self.now, work)
        return self.keep(work)

    def confirm(self, actor: str = "li.na", verification: str = "v1") -> Work | Refusal:
        work = Work(Batch(now=self.now))
        held = self.windows.confirm(verification, actor, work)
        return held if isinstance(held, Refusal) else self.keep(work)

    def restarted(self, after: int = 0) -> Testing:
        """The gateway anew, from what was stored."""
        anew = Testing(saved=dict(self.states), now=self.now + after)
        anew.stored = dict(self.stored)
        anew.windows.load(anew.stored.values(), [*DEVICES, OTHER])
        return anew

    def panic(self, device: Device = BUTTON) -> int:
        """How many presses the open alarm of the device has; 0 = there is none."""
        alert = self.alert(device, "panic")
        return 0 if alert is None else alert.occurrences


@pytest.fixture
def testing() -> Testing:
    return Testing()


def raised(work: Work) -> list[TransitionKind]:
    return [one.transition.kind for one in work.batch.transitions]


def facts(work: Work) -> list[str]:
    return [fact.kind for fact in work.batch.facts]


def reasons(notices: Iterable[object]) -> list[Why]:
    return [one.why for one in notices if isinstance(one, Over)]


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


# Whatever is doubtful


def test_a_window_goes_on_after_a_restart(testing: Testing) -> None:
    testing.open()
    anew = testing.restarted(after=5000)
    anew.pressed()
    assert anew.panic() == 0
    assert isinstance(anew.confirm(), Work)


def test_a_held_press_waits_on_after_a_restart_and_then_goes_out(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    anew = testing.restarted(after=10_000)
    assert not anew.wait(CONFIRM_MS - 10_001).batch.transitions
    assert raised(anew.wait(1)) == [TransitionKind.RAISED]


def test_a_held_press_may_be_confirmed_after_a_restart(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    anew = testing.restarted(after=10_000)
    assert isinstance(anew.confirm(), Work)


@pytest.mark.parametrize("after", [CONFIRM_MS, 86_400_000, -5000])
def test_a_press_whose_time_ran_out_while_nobody_watched_goes_out_at_once(
    testing: Testing, after: int
) -> None:
    testing.open()
    testing.pressed()
    anew = testing.restarted(after=after)
    assert raised(anew.wait(0)) == [TransitionKind.RAISED]
    assert not anew.stored


def test_the_press_is_known_after_a_restart_and_is_not_doubled(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    at, seq = testing.now, testing.seq
    anew = testing.restarted(after=1000)
    anew.keep(anew.press(seq=seq, at=at))
    assert anew.panic() == 0
    anew.wait(CONFIRM_MS)
    assert anew.panic() == 1


def test_a_stored_press_that_cannot_be_read_goes_out(
    testing: Testing, capsys: pytest.CaptureFixture[str]
) -> None:
    testing.open()
    testing.pressed()
    ((key, deadline),) = testing.stored.items()
    testing.stored[key] = Deadline(deadline.kind, deadline.subject, deadline.due, '{"v":2}')
    anew = testing.restarted()
    assert "test_window.unreadable" in capsys.readouterr().out
    anew.wait(0)
    assert anew.panic() == 1


def test_a_window_that_cannot_be_read_is_none(
    testing: Testing, capsys: pytest.CaptureFixture[str]
) -> None:
    testing.open()
    ((key, deadline),) = testing.stored.items()
    assert key[0] == WINDOW
    testing.stored[key] = Deadline(deadline.kind, deadline.subject, deadline.due, "{")
    anew = testing.restarted()
    assert "test_window.unreadable" in capsys.readouterr().out
    anew.pressed()
    assert anew.panic() == 1


def test_a_clock_that_is_set_back_lets_the_press_out(testing: Testing) -> None:
    testing.open()
    testing.pressed()
    testing.wait(2000)
    assert raised(testing.wait(-600)) == []
    assert raised(testing.wait(-5000)) == [TransitionKind.RAISED]


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
