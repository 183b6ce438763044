"""When alerts come to operators and how long they wait, told with the real life cycle."""

from __future__ import annotations

import msgspec
from alert_story import Story

from alerts.alert import Acknowledge, Comment, MarkFalse, Shelve, Transition, Unshelve
from alerts.annunciation import Came, Heard, Step, heard
from alerts.finding import Priority
from alerts.shelving import suppress, unsuppress

HOUR = 3_600_000


def step(transition: Transition) -> Step:
    return msgspec.convert(transition, Step, from_attributes=True)


def met(story: Story) -> Heard:
    return heard([step(one) for one in story.told])


def test_an_alert_comes_with_each_activation_and_waits_from_the_first_nobody_has_taken() -> None:
    story = Story()
    story.find()
    first = story.now
    story.find(occurrence=True)
    second = story.now
    story.do(Acknowledge())
    found = met(story)
    assert found.came == [Came(first, Priority.HIGH), Came(second, Priority.HIGH)]
    assert [(one.at, one.after) for one in found.taken] == [(story.now, story.now - first)]
    assert (found.waiting, found.standing) == (None, True)


def test_what_returns_unacknowledged_still_waits() -> None:
    story = Story()
    story.find()
    since = story.now
    story.find(active=False)
    assert met(story).waiting == since


def test_an_alert_of_a_device_out_of_service_neither_comes_nor_waits_nor_stands() -> None:
    story = Story()
    story.out_of_service = True
    story.find()
    story.find(occurrence=True)
    assert met(story) == Heard([], [], [], None, standing=False)


def test_what_is_still_wrong_when_its_device_is_in_service_again_comes_then() -> None:
    story = Story()
    story.out_of_service = True
    story.find()
    story.now += HOUR
    story._tell(unsuppress(story.standing, now=story.now, actor="tim"))
    found = met(story)
    assert found.came == [Came(story.now, Priority.HIGH)]
    assert found.waiting == story.now


def test_an_alert_that_is_hidden_before_anybody_took_it_was_never_taken() -> None:
    story = Story()
    story.find()
    story._tell(suppress(story.standing, now=story.now, actor="tim", reason="repair"))
    found = met(story)
    assert (len(found.came), found.taken, found.waiting) == (1, [], None)


def test_a_shelf_ends_the_wait_and_its_end_brings_the_alert_again_unless_it_was_taken() -> None:
    for taken in (False, True):
        story = Story()
        story.find()
        if taken:
            story.do(Acknowledge())
        story.do(Shelve(until=story.now + HOUR, reason="test"))
        story.do(Comment(text="quiet"))
        story.do(Unshelve())
        found = met(story)
        assert len(found.came) == (1 if taken else 2)
        assert found.waiting == (None if taken else story.now)


def test_what_chatters_on_the_shelf_does_not_come() -> None:
    story = Story()
    story.find()
    story.do(Shelve(until=story.now + HOUR, reason="chatters"))
    for _ in range(5):
        story.find(active=False)
        story.find()
    assert len(met(story).came) == 1


def test_what_worsens_on_the_shelf_comes_once_with_its_new_priority() -> None:
    story = Story()
    story.find()
    story.do(Shelve(until=story.now + HOUR, reason="test"))
    assert story.find(priority=Priority.EMERGENCY) == ["unshelved", "worsened"]
    assert [one.priority for one in met(story).came] == [Priority.HIGH, Priority.EMERGENCY]


def test_what_comes_off_the_shelf_and_happens_again_later_comes_twice() -> None:
    story = Story()
    story.find()
    story.do(Shelve(until=story.now + HOUR, reason="test"))
    story.do(Unshelve())
    story.find(occurrence=True)
    assert len(met(story).came) == 3


def test_who_finds_an_alert_false_has_taken_it() -> None:
    story = Story()
    story.find()
    since = story.now
    story.do(MarkFalse(reason="toast"))
    found = met(story)
    assert found.false == [story.now]
    assert [one.after for one in found.taken] == [story.now - since]
