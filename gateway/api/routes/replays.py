"""Replays: begin one, see how far it is and what came of it, break it off. Each sees their own."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from alerts.alert import Refusal
from gateway.api.guard import Calibrator, check
from gateway.api.models.replays import ReplayDetailOut, ReplayIn, ReplayOut
from gateway.api.models.shapes import Items
from gateway.api.present_replays import replay_detail_out, replay_out
from gateway.api.problems import REFUSABLE, FieldProblem, Problem, invalid, not_found, refused
from gateway.api.routes.verifications import Name
from gateway.api.services import Services, ServicesHere
from gateway.replay.desk import Run
from gateway.replay.order import Question
from gateway.security.access import Caller, What

router = APIRouter(tags=["replays"])


@router.get("/replays", operation_id="list_replays")
async def list_replays(services: ServicesHere, caller: Calibrator) -> Items[ReplayOut]:
    """The caller's own, the newest first. A restart of the gateway forgets them."""
    return Items(items=[replay_out(run) for run in services.replays.of(caller.name)])


@router.post(
    "/replays", operation_id="begin_replay", status_code=HTTPStatus.CREATED, responses=REFUSABLE
)
async def begin_replay(services: ServicesHere, caller: Calibrator, wanted: ReplayIn) -> ReplayOut:
    """Judge stored readings again; changes nothing. One at a time for each person."""
    if wanted.since >= wanted.until:
        raise invalid("since", "must be before until")
    if wanted.device is not None and wanted.school is None:
        raise invalid("school", "is missing: which school is the device of?")
    for school in {*wanted.changes.schools, *([wanted.school] if wanted.school else [])}:
        check(caller, What.CALIBRATE, school, f"school {school}")
        if not services.register.has_school(school):
            raise not_found(f"school {school}")
    for device in wanted.changes.devices:
        check(caller, What.CALIBRATE, device.partition("/")[0], f"device {device}")
    schools = services.register.narrow(caller.schools, school=wanted.school, region=None)
    if schools is not None and not schools:
        raise not_found("school")
    question = Question(
        since=wanted.since,
        until=wanted.until,
        schools=schools or frozenset(),
        kinds=frozenset() if wanted.kind is None else frozenset({wanted.kind}),
        devices=frozenset()
        if wanted.device is None or wanted.school is None
        else frozenset({(wanted.school, wanted.device)}),
        only_changed=bool(wanted.changes) and not wanted.all_rules,
    )
    begun = await services.replays.begin(question, wanted.changes, caller.name)
    if isinstance(begun, Refusal):
        raise refused(begun.code, begun.detail)
    if isinstance(begun, list):
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            f"{len(begun)} parameter(s) are not right.",
            errors=[
                FieldProblem(field=".".join(("changes", *one.steps)), message=one.message)
                for one in begun
            ],
        )
    return replay_out(begun)


@router.get("/replays/{id}", operation_id="get_replay")
async def get_replay(
    services: ServicesHere,
    caller: Calibrator,
    id: Name,  # noqa: A002
) -> ReplayDetailOut:
    """One as it stands, with what came of it."""
    return replay_detail_out(services.presenter, _own(services, caller, id))


@router.delete("/replays/{id}", operation_id="cancel_replay", status_code=HTTPStatus.ACCEPTED)
async def cancel_replay(
    services: ServicesHere,
    caller: Calibrator,
    id: Name,  # noqa: A002
) -> ReplayOut:
    """Break it off; it is over soon after. What is over stays as it is."""
    run = _own(services, caller, id)
    services.replays.cancel(run)
    return replay_out(run)


def _own(services: Services, caller: Caller, name: str) -> Run:
    run = services.replays.find(name, caller.name)
    if run is None:
        raise not_found(f"replay {name}")
    return run
