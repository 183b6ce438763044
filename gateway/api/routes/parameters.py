"""Own figures for the rules: a school's for a kind, and a device's."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Body
from pydantic import TypeAdapter

from gateway.api.guard import Calibrator, Reader, Technician, check
from gateway.api.models.devices import RuleParameters
from gateway.api.models.figures import RuleFiguresOut
from gateway.api.models.shapes import Items
from gateway.api.problems import REFUSABLE, not_found, refused
from gateway.api.routes.devices import DeviceId, SchoolId, registered_device, visible_device
from gateway.api.services import ServicesHere
from gateway.security.access import What
from gateway.store.read.devices import devices_with_own_figures
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
    own = await services.read(devices_with_own_figures(school, kind))
    services.kinds.check_devices(kind, wanted, own)
    refusal = await services.desk.set_parameters(
        school, kind, {rule: dict(values) for rule, values in wanted.items()}, caller.name
    )
    if refusal is not None:
        raise refused(refusal.code, refusal.detail)
    return wanted


@router.get("/parameters/{school}/{kind}/figures", operation_id="get_school_figures")
async def get_school_figures(
    services: ServicesHere, caller: Reader, school: SchoolId, kind: DeviceId
) -> Items[RuleFiguresOut]:
    """Every figure in force at a school for a kind: who gave it, and what is allowed."""
    own = await get_parameters(services, caller, school, kind)
    services.kinds.check_kind(kind)
    return Items(items=services.kinds.figures(kind, own))


@router.get("/devices/{school}/{id}/figures", operation_id="get_device_figures")
async def get_device_figures(
    services: ServicesHere,
    caller: Reader,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
) -> Items[RuleFiguresOut]:
    """Every figure in force for a device: who gave it, and what is allowed."""
    device = await visible_device(services, caller, school, id)
    around = await services.read(school_parameters(school, device.kind))
    return Items(items=services.kinds.figures(device.kind, around, device.parameters))


@router.put(
    "/devices/{school}/{id}/parameters", operation_id="set_device_parameters", responses=REFUSABLE
)
async def set_device_parameters(
    services: ServicesHere,
    caller: Technician,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
    wanted: Annotated[RuleParameters, Body(examples=[{"heat": {"above": 60}}])],
) -> RuleParameters:
    """Replace a device's own figures, effective from the next message on."""
    check(caller, What.EQUIP, school, f"device {school}/{id}")
    device = await visible_device(services, caller, school, id)
    around = await services.read(school_parameters(school, device.kind))
    services.kinds.check_parameters(device.kind, wanted, around)
    figures = {rule: dict(values) for rule, values in wanted.items()}
    await registered_device(services, msgspec.structs.replace(device, parameters=figures), caller)
    return wanted
