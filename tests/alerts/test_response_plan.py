"""Response plans: which is for an alert, and how far people have come with its steps."""

from __future__ import annotations

import pytest
from alert_story import Story
from pydantic import ValidationError

from alerts.alert import Tick
from alerts.finding import Priority
from alerts.response_plan import PlanStep, ResponsePlans, standing_steps

CALL = {"id": "call", "zh": "打电话", "en": "Call", "who": "guard", "within_minutes": 2}
RUN = {"id": "run", "zh": "疏散"}


def plans(*found: dict[str, object]) -> ResponsePlans:
    return ResponsePlans.model_validate({"plans": list(found)})


def names(steps: tuple[PlanStep, ...]) -> list[str]:
    return [step.id for step in steps]


def test_a_schools_own_plan_goes_before_the_one_for_all() -> None:
    found = plans(
        {"conditions": ["fire"], "steps": [CALL]},
        {"conditions": ["fire"], "schools": ["no3-middle"], "steps": [RUN]},
    )
    assert names(found.steps_for("no3-middle", "fire")) == ["run"]
    assert names(found.steps_for("no1-primary", "fire")) == ["call"]
    assert found.steps_for("no3-middle", "silent") == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"conditions": ["fire"], "steps": [CALL, CALL]}, "two steps have the id 'call'"),
        ({"conditions": ["fire", "fire"], "steps": [CALL]}, "two plans are for the condition"),
        ({"conditions": ["fire"], "steps": []}, "at least 1"),
        ({"conditions": ["fire"], "steps": [{"id": "a b", "zh": "x"}]}, "pattern"),
        ({"conditions": ["fire"], "steps": [{**RUN, "whom": "guard"}]}, "not permitted"),
    ],
)
def test_a_mistake_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        plans(wrong)


class TestStanding:
    STEPS = (PlanStep.model_validate(CALL), PlanStep.model_validate(RUN))

    def story(self) -> Story:
        story = Story("panic", Priority.EMERGENCY)
        story.find(occurrence=True, late_by=60_000)
        return story

    def test_time_counts_from_when_the_gateway_knew(self) -> None:
        story = self.story()
        call, run = standing_steps(story.standing, story.told, self.STEPS)
        assert call.due == story.standing.known + 120_000
        assert (run.due, run.en, run.done_at) == (None, "疏散", None)

    def test_who_ticked_it_off_and_when(self) -> None:
        story = self.story()
        story.do(Tick("call"))
        story.do(Tick("call", done=False))
        story.do(Tick("call"), actor="wang")
        call, run = standing_steps(story.standing, story.told, self.STEPS)
        assert (call.by, call.done_at) == ("wang", story.now)
        assert run.by is None

    def test_what_was_ticked_off_of_another_plan_stays_in_the_words_it_had(self) -> None:
        story = self.story()
        story.do(Tick("lock", text="关门"))
        *_, lock = standing_steps(story.standing, story.told, self.STEPS)
        assert (lock.id, lock.zh, lock.by) == ("lock", "关门", "li")
