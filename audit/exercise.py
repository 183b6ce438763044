"""An exercise of the alarm chain: people act by a plan, each step is timed and scored.

It is with people and without the police: nothing is sent anywhere, no window is opened, and a
button that is pressed meanwhile is a real alarm. Evacuation drills are something else.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

MOST_STEPS: Final = 40
MOST_NOTE: Final = 500
LATE_SHARE: Final = 0.5
"""A step that was done late counts half: it was done. Default of ours."""


class ExerciseError(ValueError):
    """It cannot be done; ``code`` names the reason (``refusal.{code}``)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has to do within ``limit_s`` seconds of the begin.

    ``code`` names it in the catalogues (``exercise.step.{code}``); else ``text`` says it.
    """

    limit_s: int
    code: str = ""
    text: str = ""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Step ``number`` (from 0) was done, by the word of ``actor``, at ``at`` (ms)."""

    number: int
    at: int
    actor: str
    note: str = ""


class Exercise(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise. Times in ms; ``actor`` leads it."""

    id: str
    school: str
    actor: str
    started: int
    plan: tuple[PlannedStep, ...]
    version: int = 1
    title: str = ""
    marks: tuple[Mark, ...] = ()
    ended: int | None = None
    note: str = ""


class StepResult(StrEnum):
    """How one step went."""

    WAITING = "waiting"  # its time is not over
    IN_TIME = "in_time"
    LATE = "late"
    MISSED = "missed"  # not done when the exercise ended
    OVERDUE = "overdue"  # not done yet, and its time is over


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How the whole went: per cent of the plan, and steps by result."""

    percent: float
    in_time: int
    late: int
    missed: int


USUAL_PLAN: Final = (
    PlannedStep(code="alarm", limit_s=10),
    PlannedStep(code="seen", limit_s=40),
    PlannedStep(code="acknowledged", limit_s=60),
    PlannedStep(code="telephone", limit_s=120),
    PlannedStep(code="informed", limit_s=180),
    PlannedStep(code="guards", limit_s=180),
    PlannedStep(code="gate", limit_s=240),
    PlannedStep(code="safe", limit_s=300),
    PlannedStep(code="reported", limit_s=1800),
    PlannedStep(code="all_clear", limit_s=2400),
)
"""From the button to the all-clear. The telephone report within 30 minutes is of the notices
(reported within 30 minutes of the occurrence); the other limits are defaults of ours."""


def begin(
    *,
    name: str,
    school: str,
    actor: str,
    now: int,
    plan: tuple[PlannedStep, ...] = USUAL_PLAN,
    title: str = "",
) -> Exercise:
    """A new exercise. Raises `ExerciseError` for a plan that none could follow."""
    if not plan or len(plan) > MOST_STEPS:
        raise ExerciseError("exercise_plan", f"a plan has 1 to {MOST_STEPS} steps")
    for step in plan:
        if not (step.code or step.text.strip()):
            raise ExerciseError("exercise_plan", "each step says what is to be done")
        if not 0 < step.limit_s <= 86_400:
            raise ExerciseError("exercise_plan", "each step has a limit of 1 s to one day")
    return Exercise(id=name, school=school, actor=actor, started=now, plan=plan, title=title)


def mark(exercise: Exercise, number: int, *, actor: str, now: int, note: str = "") -> Exercise:
    """Somebody did step ``number``; the first word counts. Raises `ExerciseError`."""
    if not 0 <= number < len(exercise.plan):
        raise ExerciseError("exercise_no_step", f"the plan has no step {number}")
    if mark_of(exercise, number) is not None:
        return exercise
    if exercise.ended is not None:
        raise ExerciseError("exercise_over", "the exercise is over")
    done = Mark(number=number, at=now, actor=actor, note=note[:MOST_NOTE])
    return msgspec.structs.replace(
        exercise, marks=(*exercise.marks, done), version=exercise.version + 1
    )


def end(exercise: Exercise, *, now: int, note: str = "") -> Exercise:
    """It is over; ended twice is ended once."""
    if exercise.ended is not None:
        return exercise
    return msgspec.structs.replace(
        exercise, ended=now, note=note[:MOST_NOTE], version=exercise.version + 1
    )


def mark_of(exercise: Exercise, number: int) -> Mark | None:
    """Who did a step, and when."""
    return next((one for one in exercise.marks if one.number == number), None)


def result_of(exercise: Exercise, number: int, now: int) -> StepResult:
    """How a step went, or stands."""
    done = mark_of(exercise, number)
    limit = exercise.started + exercise.plan[number].limit_s * 1000
    if done is not None:
        return StepResult.IN_TIME if done.at <= limit else StepResult.LATE
    if exercise.ended is not None:
        return StepResult.MISSED
    return StepResult.OVERDUE if now > limit else StepResult.WAITING


def score(exercise: Exercise) -> Score | None:
    """The score against the plan; ``None`` while it goes on."""
    if exercise.ended is None:
        return None
    results = [result_of(exercise, number, exercise.ended) for number in range(len(exercise.plan))]
    in_time, late = results.count(StepResult.IN_TIME), results.count(StepResult.LATE)
    points = in_time + LATE_SHARE * late
    return Score(
        percent=round(100 * points / len(results), 1),
        in_time=in_time,
        late=late,
        missed=results.count(StepResult.MISSED),
    )
