"""A school's own figures for the rules of a kind."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Body
from pydantic import TypeAdapter

from gateway.api.guard import Calibrator, Reader, check
from gateway.api.models.devices import RuleParameters
from gateway.api.problems import REFUSABLE, not_found, refused
from gateway.api.routes.devices import DeviceId, SchoolId
from gateway.api.services import ServicesHere
from gateway.security.access import What
from gateway.store.read.register import school_parameters

router = APIRouter(tags=["parameters"])

FIGURES: Final = TypeAdapter(RuleParameters)


@router.get("/parameters/{school}/{kind}", operation_id="get_parameters")
async def get_parameters(
    services: ServicesHere, caller: Reader, school: SchoolId, kind: DeviceId
) -> RuleParameters:
    """The school's own figures; rules and parameters left out are as in `/kinds`."""
    if not (caller.sees(school) and services.register.has_school(school)):
        raise not_found(f"school {school}")
    return FIGURES.validate_python(await services.read(school_parameters(school, kind)))


@router.put("/parameters/{school}/{kind}", operation_id="set_parameters", responses=REFUSABLE)
async def set_parameters(
    services: ServicesHere,
    caller: Calibrator,
    school: SchoolId,
    kind: DeviceId,
    wanted: Annotated[RuleParameters, Body(examples=[{"threshold": {"limit": 60}}])],
) -> RuleParameters:
    """Replace the school's own figures for a kind, effective from the next message on."""
    check(caller, What.CALIBRATE, school, f"school {school}")
    if not services.register.has_school(school):
        raise not_found(f"school {school}")
    services.kinds.check_kind(kind)
    services.kinds.check_parameters(kind, wanted)
    refusal = await services.desk.set_parameters(
        school, kind, {rule: dict(values) for rule, values in wanted.items()}, caller.name
    )
    if refusal is not None:
        raise refused(refusal.code, refusal.detail)
    return wanted
