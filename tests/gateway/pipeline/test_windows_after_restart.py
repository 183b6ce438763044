"""Windows and held presses outlive the gateway; what is over or cannot be read is a real alarm."""

from __future__ import annotations

import pytest
from judged import SMOKE, WARM
from windowed import OTHER, Testing, raised

from alerts.alert import TransitionKind
from devices.model import Device
from gateway.pipeline.windows import CONFIRM_MS, WINDOW
from gateway.pipeline.work import Work
from gateway.store.batch import Deadline


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


def test_a_window_is_not_of_the_device_that_has_its_row_now(testing: Testing) -> None:
    testing.open()
    stranger = Device("no3", "gate-99", "alarm-button", row=1)
    anew = testing.restarted(devices=(stranger, SMOKE, WARM, OTHER))
    anew.pressed(stranger)
    assert anew.panic(stranger) == 1
    assert not anew.stored
