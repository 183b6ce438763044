"""What a school must have: shown beside what is registered, signed, and by a second person less."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from alerts.alert import Refusal
from audit.baseline import Baseline, Needed, Proposal
from gateway.api.guard import BaselineSigner, Reader, SecondPerson, check
from gateway.api.models.roster import (
    BaselineIn,
    BaselineOut,
    ConfirmBaselineIn,
    DeclineBaselineIn,
)
from gateway.api.models.shapes import Identifier
from gateway.api.present_roster import baseline_out
from gateway.api.problems import REFUSABLE, Problem, forbidden, invalid, not_found, refused
from gateway.api.services import Services, ServicesHere
from gateway.roster.service import Signed
from gateway.security.access import Caller, What, may
from gateway.store.read.devices import devices_of

router = APIRouter(tags=["baselines"])

SchoolId = Annotated[Identifier, Path()]


@router.get("/schools/{school}/baseline", operation_id="get_baseline")
async def get_baseline(services: ServicesHere, caller: Reader, school: SchoolId) -> BaselineOut:
    """What a school must have, what is registered there, and what might be asked of it."""
    _visible(services, caller, school)
    return await _out(services, caller, school)


@router.put("/schools/{school}/baseline", operation_id="sign_baseline", responses=REFUSABLE)
async def sign_baseline(
    services: ServicesHere, caller: BaselineSigner, school: SchoolId, wanted: BaselineIn
) -> BaselineOut:
    """Sign for this list. It is in effect at once, unless it asks for less than before in any way:
    then it needs a reason, and waits for a second person."""
    check(caller, What.BASELINE, school, f"school {school}")
    _visible(services, caller, school)
    before, _ = await services.audit.rosters.baseline(school)
    _check(services, school, wanted, () if before is None else before.needs)
    needs = [
        Needed(
            place=need.place,
            kind=need.kind,
            count=need.count,
            gate=need.gate,
            commissioned=need.commissioned,
        )
        for need in wanted.needs
    ]
    result = await services.audit.rosters.sign(
        school, needs, version=wanted.version, reason=wanted.reason, actor=caller.name
    )
    if isinstance(result, Refusal):
        raise _refusal(result)
    return await _out(services, caller, school, result)


@router.post(
    "/schools/{school}/baseline/confirm", operation_id="confirm_baseline", responses=REFUSABLE
)
async def confirm_baseline(
    services: ServicesHere, caller: SecondPerson, school: SchoolId, wanted: ConfirmBaselineIn
) -> BaselineOut:
    """Be the second person for a list that asks for less: it is in effect. Not by who signed it
    first."""
    check(caller, What.CONFIRM, school, f"school {school}")
    _visible(services, caller, school)
    result = await services.audit.rosters.confirm(school, wanted.proposal, actor=caller.name)
    if isinstance(result, Refusal):
        raise _refusal(result)
    return await _out(services, caller, school, result)


@router.post(
    "/schools/{school}/baseline/decline", operation_id="decline_baseline", responses=REFUSABLE
)
async def decline_baseline(
    services: ServicesHere, caller: Reader, school: SchoolId, wanted: DeclineBaselineIn
) -> BaselineOut:
    """Decline a list that waits; who signed it first withdraws it so."""
    _visible(services, caller, school)
    _, waiting = await services.audit.rosters.baseline(school)
    own = waiting is not None and waiting.proposed_by == caller.name
    if not may(caller, What.BASELINE if own else What.CONFIRM, school):
        raise forbidden(f"The role {caller.role} may not do this ({What.CONFIRM}).")
    result = await services.audit.rosters.decline(
        school, wanted.proposal, reason=wanted.reason, actor=caller.name
    )
    if isinstance(result, Refusal):
        raise _refusal(result)
    return await _out(services, caller, school, result)


def _refusal(why: Refusal) -> Problem:
    if why.code == "baseline_reason":
        return invalid("reason", "it asks for less than before: say why")
    return refused(why.code, why.detail)


def _visible(services: Services, caller: Caller, school: str) -> None:
    if not (caller.sees(school) and services.register.knows_school(school)):
        raise not_found(f"school {school}")


def _check(services: Services, school: str, wanted: BaselineIn, before: tuple[Needed, ...]) -> None:
    """Places and kinds must be there; those that the list in effect names may be gone since."""
    places = {""} | {need.place for need in before}
    kinds = {need.kind for need in before}
    for at, need in enumerate(wanted.needs):
        if need.place not in places and not services.register.has_place(school, need.place):
            raise invalid(f"needs.{at}.place", f"there is no place {need.place} in {school}")
        if need.kind not in kinds and not services.kinds.knows(need.kind):
            raise invalid(f"needs.{at}.kind", f"there is no kind {need.kind}")


async def _out(
    services: Services, caller: Caller, school: str, result: Signed | None = None
) -> BaselineOut:
    rosters = services.audit.rosters
    signed: Baseline | None
    waiting: Proposal | None
    if result is None:
        signed, waiting = await rosters.baseline(school)
    else:
        signed, waiting = result.baseline, result.waiting
    return baseline_out(
        services.register,
        caller,
        school,
        signed=signed,
        waiting=waiting,
        devices=await services.read(devices_of(school)),
        gates=rosters.gates_of(school),
    )
