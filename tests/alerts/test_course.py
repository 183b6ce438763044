"""The record of an alert is its proof: it comes to the same alert, or it is refused."""

from __future__ import annotations

import msgspec
import pytest
from alert_story import Story

from alerts.alert import (
    Acknowledge,
    AlertState,
    Transition,
    TransitionKind,
)
from alerts.course import CourseError, replay


def test_the_record_of_an_alert_proves_its_explanation() -> None:
    story = Story()
    story.find()
    explanation = replay(story.told).explanation
    assert explanation.inputs == {"smoke_pct_m": 12.5, "phase": None}
    assert (explanation.limit, explanation.source) == (10.0, "EN 54-7")


def test_a_record_with_a_missing_or_altered_line_is_refused() -> None:
    story = Story()
    story.find()
    story.do(Acknowledge())
    story.find(active=False)
    told = story.told
    with pytest.raises(CourseError, match="followed by"):
        replay([told[0], *told[2:]])
    with pytest.raises(CourseError, match="begins with"):
        replay(told[1:])
    with pytest.raises(CourseError, match="comes to"):
        replay([*told[:1], _restated(told[1], AlertState.UNACKNOWLEDGED)])
    with pytest.raises(CourseError, match="cannot follow"):
        replay([*told, _next(told[-1])])
    with pytest.raises(CourseError, match="without transitions"):
        replay([])


def _restated(transition: Transition, state: AlertState) -> Transition:
    return msgspec.structs.replace(transition, state=state)


def _next(transition: Transition) -> Transition:
    return msgspec.structs.replace(
        transition, version=transition.version + 1, kind=TransitionKind.COMMENTED
    )
