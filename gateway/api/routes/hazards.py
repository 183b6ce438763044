"""The hazard ledger: lists, counts, one entry, entering a finding, and what people sign."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Query

from alerts.alert import Refusal
from audit.ledger import hazard_actions as acts
from audit.ledger.hazard import (
    SIGNATURES,
    Check,
    FiveThings,
    Grade,
    Hazard,
    HazardStep,
    Origin,
    Signer,
    StepKind,
)
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import LedgerKeeper, Reader, check
from gateway.api.models.hazards import (
    AcceptHazardIn,
    AssessHazardIn,
    CommentHazardIn,
    ExtendHazardIn,
    HazardActionIn,
    HazardCountsOut,
    HazardIn,
    HazardOut,
    InterimHazardIn,
    LedgerFigureOut,
    LookBackHazardIn,
    MonitorHazardIn,
    RegisterHazardIn,
    SendBackHazardIn,
    SignHazardIn,
)
from gateway.api.models.shapes import Identifier, Page
from gateway.api.present_hazards import by, hazard_out
from gateway.api.problems import REFUSABLE, forbidden, granted, not_found
from gateway.api.routes.devices import visible_device
from gateway.api.routes.verifications import Key
from gateway.api.services import Services, ServicesHere
from gateway.hazards.service import Inspected
from gateway.security.access import Caller, What
from gateway.store.read.hazards import (
    HazardFilter,
    count_awaiting,
    hazard_counts,
    hazard_page,
    one_hazard,
)

router = APIRouter(tags=["hazards"])

HazardNumber = Annotated[int, Path(ge=1, le=2**53, examples=[42])]


@router.get("/hazards", operation_id="list_hazards")
async def list_hazards(
    *,
    services: ServicesHere,
    caller: Reader,
    state: Literal["standing", "overdue", "closed", "look_back", "all"] = "standing",
    step: HazardStep | None = None,
    grade: Grade | None = None,
    origin: Origin | None = None,
    school: Identifier | None = None,
    region: Identifier | None = None,
    order: Annotated[
        int | None, Query(ge=0, le=2**53, description="The entry of this work order.")
    ] = None,
    mine: Annotated[
        bool, Query(description="Only what waits for a signature of the caller's role.")
    ] = False,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[HazardOut]:
    """`standing` are all that are not closed, the nearest deadline first; `look_back` are closed
    and to be looked at again by now; `closed` and `all` the newest first."""
    wanted = HazardFilter(
        state=state,
        schools=services.register.narrow(caller.schools, school=school, region=region),
        step=step,
        grade=None if grade is None else grade.value,
        origin=None if origin is None else origin.value,
        order=order,
        awaits=_awaiting(caller) if mine else None,
    )
    key = sort_key(after, tuple[RowNumber, RowNumber])
    found, following = await services.read(
        hazard_page(wanted, now=services.clock.now(), after=key, limit=limit)
    )
    return Page(
        items=[hazard_out(services, each, caller) for each in found],
        next=None if following is None else cursor(following),
    )


@router.get("/hazards/counts", operation_id="count_hazards")
async def count_hazards(
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
) -> HazardCountsOut:
    """How many stand at which step, are overdue, are major, and wait for the caller's role."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    found = await services.read(hazard_counts(schools, now=services.clock.now()))
    mine = await services.read(count_awaiting(schools, _awaiting(caller)))
    return HazardCountsOut(
        steps={step: found.steps.get(step.value, 0) for step in HazardStep},
        standing=found.standing,
        overdue=found.overdue,
        major=found.major,
        closed=found.closed,
        look_back=found.look_back,
        mine=mine,
        held_back=services.audit.hazards.rounds.held_back,
    )


@router.get("/hazards/figures", operation_id="get_ledger_figures")
async def get_ledger_figures(
    services: ServicesHere,
    caller: Reader,  # noqa: ARG001 - anybody who is signed in
) -> dict[str, LedgerFigureOut]:
    """The figures of the ledger, each with its source."""
    figures = services.audit.hazards.figures
    return {
        name: LedgerFigureOut(value=value, source=figures.sources[name])
        for name, value in msgspec.structs.asdict(figures.values).items()
    }


@router.post(
    "/hazards",
    operation_id="open_hazard",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def open_hazard(
    services: ServicesHere, caller: LedgerKeeper, wanted: HazardIn, key: Key = None
) -> HazardOut:
    """Enter what was found. The same sent twice, as a phone does without an answer, is entered
    once."""
    check(caller, What.LEDGER, wanted.school, f"school {wanted.school}")
    if not services.register.knows_school(wanted.school):
        raise not_found(f"school {wanted.school}")
    device = None
    if wanted.device is not None:
        device = await visible_device(services, caller, wanted.school, wanted.device)
    entry = await services.audit.hazards.ledger.open_by_hand(
        Inspected(
            school=wanted.school,
            text=wanted.text,
            grade=wanted.grade,
            place=wanted.place,
            device=None if device is None else device.row,
            device_id="" if device is None else device.id,
            kind="" if device is None else device.kind,
            item=wanted.item or "",
            photos=wanted.photos,
            checks=tuple(Check(each.text, each.met) for each in wanted.checks),
        ),
        by(caller),
        key=key or "",
    )
    return hazard_out(services, granted(entry), caller)


@router.get("/hazards/{id}", operation_id="get_hazard")
async def get_hazard(
    services: ServicesHere,
    caller: Reader,
    id: HazardNumber,  # noqa: A002 - the contract's name
) -> HazardOut:
    """One entry with all its steps."""
    return hazard_out(services, await visible_hazard(services, caller, id), caller)


@router.post("/hazards/{id}/actions", operation_id="act_on_hazard", responses=REFUSABLE)
async def act_on_hazard(
    services: ServicesHere,
    caller: LedgerKeeper,
    id: HazardNumber,  # noqa: A002
    action: HazardActionIn,
    key: Key = None,
) -> HazardOut:
    """Do something to it, as it stood at `version`. The same sent twice is done once."""
    hazard = await visible_hazard(services, caller, id)
    check(caller, What.LEDGER, hazard.school, f"hazard {id}")
    result = await services.audit.hazards.ledger.act(
        id, _act(action), by(caller), version=action.version, key=key or ""
    )
    if isinstance(result, Refusal) and result.code == "hazard_role":
        raise forbidden(result.detail)
    return hazard_out(services, granted(result), caller)


async def visible_hazard(services: Services, caller: Caller, number: int) -> Hazard:
    """An entry in the caller's scope; raises a 404 `Problem` when there is none."""
    hazard = await services.read(one_hazard(number))
    if hazard is None or not caller.sees(hazard.school):
        raise not_found(f"hazard {number}")
    return hazard


def _awaiting(caller: Caller) -> frozenset[StepKind]:
    """The signatures that the caller's role may give."""
    role = by(caller).role
    if role is Signer.GATEWAY:
        return frozenset()
    return frozenset(
        each.kind for signatures in SIGNATURES.values() for each in signatures if role in each.by
    )


def _act(action: HazardActionIn) -> acts.Action:  # noqa: C901 - one case a kind
    match action:
        case SignHazardIn():
            return acts.Sign(action.kind, action.text, action.photos)
        case RegisterHazardIn():
            return acts.Register(action.grade, action.place, action.text)
        case AssessHazardIn():
            five = FiveThings(
                responsible=action.responsible,
                measure=action.measure,
                money=action.money,
                deadline=action.deadline,
                contingency=action.contingency,
            )
            return acts.Assess(action.grade, five, action.interim, action.text)
        case MonitorHazardIn():
            return acts.Monitor(action.text, action.interim)
        case AcceptHazardIn():
            return acts.Accept(met=action.met, text=action.text, photos=action.photos)
        case SendBackHazardIn():
            return acts.SendBack(action.reason)
        case InterimHazardIn():
            return acts.Interim(action.text)
        case ExtendHazardIn():
            return acts.Extend(action.due, action.reason)
        case CommentHazardIn():
            return acts.Comment(action.text, action.photos)
        case LookBackHazardIn():
            return acts.LookBack(held=action.held, text=action.text, photos=action.photos)
