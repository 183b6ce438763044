"""Exercises of the alarm chain: begin, mark steps, end, score, export. Nothing goes out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Path, Query, Response

from alerts.alert import Refusal
from audit.exercise import MOST_STEPS, USUAL_PLAN, Exercise, PlannedStep
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, cursor, row_in
from gateway.api.guard import Exerciser, Reader, check
from gateway.api.models.exercises import (
    ExerciseEndIn,
    ExerciseIn,
    ExerciseMarkIn,
    ExerciseOut,
    PlannedStepOut,
)
from gateway.api.models.shapes import Identifier, Items, Page
from gateway.api.present_exercises import exercise_csv, exercise_out, planned_out
from gateway.api.problems import REFUSABLE, invalid, not_found, refused
from gateway.api.routes.verifications import Key, Name, running
from gateway.api.services import Services, ServicesHere
from gateway.security.access import Caller, What
from gateway.store.read.verifications import exercise_page
from gateway.verification.exercises import Exercises

router = APIRouter(tags=["exercises"])

StepNumber: TypeAlias = Annotated[int, Path(ge=0, lt=MOST_STEPS)]
_CODES = frozenset(step.code for step in USUAL_PLAN)


@router.get("/exercises", operation_id="list_exercises")
async def list_exercises(
    *,
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[ExerciseOut]:
    """The newest first."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    found, following = await services.read(exercise_page(schools, after=row_in(after), limit=limit))
    return Page(
        items=[exercise_out(services, each) for each in found],
        next=None if following is None else cursor((following,)),
    )


@router.get("/exercises/plan", operation_id="get_exercise_plan")
async def get_exercise_plan(services: ServicesHere, _caller: Reader) -> Items[PlannedStepOut]:
    """The usual plan, to begin with or to change."""
    return Items(items=[planned_out(services.words, step) for step in USUAL_PLAN])


@router.post(
    "/exercises",
    operation_id="begin_exercise",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def begin_exercise(
    services: ServicesHere, caller: Exerciser, wanted: ExerciseIn, key: Key = None
) -> ExerciseOut:
    """Begin an exercise: its clock runs from now on."""
    check(caller, What.EXERCISE, wanted.school, f"school {wanted.school}")
    if not services.register.has_school(wanted.school):
        raise not_found(f"school {wanted.school}")
    for number, step in enumerate(wanted.steps):
        if not step.text and step.code not in _CODES:
            raise invalid(f"steps.{number}.code", "is no step of the usual plan")
    plan = tuple(
        PlannedStep(code="" if step.text else step.code, text=step.text, limit_s=step.limit_s)
        for step in wanted.steps
    )
    begun = await _exercises(services).begin(
        wanted.school, actor=caller.name, plan=plan or USUAL_PLAN, title=wanted.title, key=key
    )
    return _out(services, begun)


@router.get(
    "/exercises/{id}.csv",
    operation_id="export_exercise",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def export_exercise(
    services: ServicesHere,
    caller: Reader,
    id: Name,  # noqa: A002
    language: Literal["zh", "en"] = "zh",
) -> Response:
    """One exercise as a table."""
    exercise = await _visible(services, caller, id)
    return Response(
        exercise_csv(services, exercise, language),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="exercise-{id[:8]}.csv"'},
    )


@router.get("/exercises/{id}", operation_id="get_exercise")
async def get_exercise(
    services: ServicesHere,
    caller: Reader,
    id: Name,  # noqa: A002
) -> ExerciseOut:
    """One exercise as it stands."""
    return exercise_out(services, await _visible(services, caller, id))


@router.post("/exercises/{id}/steps/{n}", operation_id="mark_exercise_step", responses=REFUSABLE)
async def mark_exercise_step(
    services: ServicesHere,
    caller: Exerciser,
    id: Name,  # noqa: A002
    n: StepNumber,
    wanted: ExerciseMarkIn,
    key: Key = None,  # noqa: ARG001 - the first word counts, with or without
) -> ExerciseOut:
    """A step was done now. The first word counts."""
    await _his(services, caller, id)
    return _out(
        services,
        await _exercises(services).mark(id, n, actor=caller.name, note=wanted.note),
    )


@router.post("/exercises/{id}/end", operation_id="end_exercise", responses=REFUSABLE)
async def end_exercise(
    services: ServicesHere,
    caller: Exerciser,
    id: Name,  # noqa: A002
    wanted: ExerciseEndIn,
    key: Key = None,  # noqa: ARG001 - ended twice is ended once
) -> ExerciseOut:
    """The exercise is over; what was not done is missed."""
    await _his(services, caller, id)
    return _out(services, await _exercises(services).end(id, actor=caller.name, note=wanted.note))


def _exercises(services: Services) -> Exercises:
    return running(services).exercises


async def _visible(services: Services, caller: Caller, name: str) -> Exercise:
    found = await _exercises(services).find(name)
    if found is None or not caller.sees(found.school):
        raise not_found(f"exercise {name}")
    return found


async def _his(services: Services, caller: Caller, name: str) -> None:
    found = await _visible(services, caller, name)
    check(caller, What.EXERCISE, found.school, f"exercise {name}")


def _out(services: Services, result: Exercise | Refusal) -> ExerciseOut:
    if isinstance(result, Refusal):
        raise refused(result.code, result.detail)
    return exercise_out(services, result)
