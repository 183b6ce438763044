"""What is hidden for a while, by a person or with a device out of service, and what never is."""

from __future__ import annotations

from alert_story import T0, Story, code_of

from alerts.alert import (
    Acknowledge,
    AlertState,
    Shelve,
    TransitionKind,
    Unshelve,
)
from alerts.finding import Priority
from alerts.lifecycle import HOUR
from alerts.shelving import suppress, unshelve_due, unsuppress


def test_shelving_needs_a_reason_and_an_end_within_a_shift() -> None:
    story = Story()
    story.find()
    assert code_of(story.do(Shelve(until=T0 + HOUR, reason=""))) == "text_required"
    assert code_of(story.do(Shelve(until=T0, reason="painting"))) == "shelve_past"
    assert code_of(story.do(Shelve(until=T0 + 9 * HOUR, reason="painting"))) == "shelve_too_long"
    assert story.do(Shelve(until=T0 + HOUR, reason="painting")) == ["shelved"]
    assert (story.standing.shelved_by, story.standing.shelved_until) == ("li", T0 + HOUR)


def test_shelving_ends_by_itself_and_not_before() -> None:
    story = Story()
    story.find()
    story.do(Shelve(until=T0 + HOUR, reason="painting"))
    assert unshelve_due(story.standing, T0 + HOUR - 1).transitions == ()
    ended = unshelve_due(story.standing, T0 + HOUR)
    assert [one.kind for one in ended.transitions] == [TransitionKind.UNSHELVED]
    assert ended.transitions[0].actor == ""
    assert ended.alert is not None
    assert ended.alert.shelved_until is None


def test_a_chattering_alert_stays_on_the_shelf_and_closes_when_taken_back() -> None:
    story = Story()
    story.find()
    story.do(Shelve(until=T0 + HOUR, reason="painting"))
    story.do(Acknowledge())
    assert story.find(active=False) == ["returned"]
    assert story.find() == ["reactivated"]
    assert story.standing.shelved_until == T0 + HOUR
    story.do(Acknowledge())
    story.find(active=False)
    assert story.do(Unshelve()) == ["unshelved", "closed"]


def test_what_worsens_comes_off_the_shelf() -> None:
    story = Story()
    story.find(priority=Priority.LOW)
    story.do(Shelve(until=T0 + HOUR, reason="painting"))
    assert story.find(priority=Priority.MEDIUM) == ["unshelved", "worsened"]
    story.do(Shelve(until=T0 + HOUR, reason="painting"))
    assert story.find(priority=Priority.EMERGENCY, occurrence=True) == ["unshelved", "occurred"]
    assert story.standing.shelved_until is None


def test_an_emergency_is_neither_shelved_nor_suppressed() -> None:
    story = Story("panic", Priority.EMERGENCY)
    story.out_of_service = True
    story.find(occurrence=True)
    assert not story.standing.suppressed
    assert code_of(story.do(Shelve(until=T0 + HOUR, reason="noise"))) == "emergency_never_hidden"
    assert suppress(story.standing, now=T0, actor="li", reason="works").transitions == ()


def test_a_fault_of_a_device_out_of_service_comes_up_hidden_and_goes_by_itself() -> None:
    story = Story("battery_low", Priority.LOW)
    story.out_of_service = True
    assert story.find() == ["raised"]
    assert story.standing.suppressed
    assert story.find(active=False) == ["returned", "closed"]
    assert story.told[-1].detail == {"cause": "suppressed"}


def test_what_becomes_an_emergency_shows_though_its_device_is_out_of_service() -> None:
    story = Story()
    story.out_of_service = True
    story.find(priority=Priority.MEDIUM)
    assert story.find(priority=Priority.EMERGENCY) == ["unsuppressed", "worsened"]
    assert not story.standing.suppressed
    assert story.find(occurrence=True) == ["occurred"]
    assert not story.standing.suppressed


def test_taking_out_of_service_hides_what_is_active_and_shows_it_again_after() -> None:
    story = Story("battery_low", Priority.LOW)
    story.find()
    hidden = suppress(story.standing, now=story.now, actor="li", reason="works")
    assert [one.kind for one in hidden.transitions] == [TransitionKind.SUPPRESSED]
    assert hidden.alert is not None
    assert suppress(hidden.alert, now=story.now, actor="li", reason="works").transitions == ()
    shown = unsuppress(hidden.alert, now=story.now, actor="li")
    assert shown.alert is not None
    assert (shown.alert.suppressed, shown.alert.state) == (False, AlertState.UNACKNOWLEDGED)


def test_taking_out_of_service_does_not_hide_what_nobody_acknowledged_before() -> None:
    story = Story()
    story.find()
    story.find(active=False)
    assert suppress(story.standing, now=story.now, actor="li", reason="works").transitions == ()
