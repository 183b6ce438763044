"""Exercises of the alarm chain: the plan, who did what when, and the score."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from audit.exercise import MOST_NOTE, MOST_STEPS, StepResult
from gateway.api.models.shapes import Identifier, In, Moment, Names, Out

Note = Annotated[str, StringConstraints(max_length=MOST_NOTE)]


class PlannedStepIn(In):
    """One step of a plan of the school's own, or by its `code` one of the usual plan."""

    text: Annotated[str, StringConstraints(max_length=200)] = Field(
        default="", examples=["保安携带装备到达校门"]
    )
    code: Annotated[str, StringConstraints(pattern=r"^[a-z_]{0,32}$")] = ""
    limit_s: int = Field(ge=1, le=86_400, description="Seconds from the begin.", examples=[180])

    @model_validator(mode="after")
    def _says_something(self) -> PlannedStepIn:
        if not self.text and not self.code:
            raise ValueError("say what is to be done: text, or the code of a usual step")
        return self


class ExerciseIn(In):
    """Begin an exercise. Without `steps` by the usual plan."""

    school: Identifier
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    steps: Annotated[tuple[PlannedStepIn, ...], Field(max_length=MOST_STEPS)] = ()


class ExerciseMarkIn(In):
    """A step was done now."""

    note: Note = ""


class ExerciseEndIn(In):
    """The exercise is over."""

    note: Note = ""


class PlannedStepOut(Out):
    """One step of the usual plan."""

    code: str
    text: Names
    limit_s: int


class ExerciseStepOut(Out):
    """A step, what it came to, and who said so. `seconds` from the begin."""

    n: int
    code: str
    text: Names
    limit_s: int
    at: Moment | None
    seconds: float | None
    actor: str | None
    note: str
    result: StepResult


class ExerciseScoreOut(Out):
    """The score against the plan: a step in time counts whole, a late one half."""

    percent: float
    in_time: int
    late: int
    missed: int


class ExerciseOut(Out):
    """One exercise. Nothing of it is sent to the police; a button pressed meanwhile is real."""

    id: str
    version: int
    school: str
    school_name: Names
    title: str
    actor: str
    started: Moment
    ended: Moment | None
    note: str
    steps: list[ExerciseStepOut]
    score: ExerciseScoreOut | None
