"""Floor plans of places, and where devices are on them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from gateway.api.guard import Reader, Technician, check
from gateway.api.models.devices import PositionOut
from gateway.api.models.plans import PlacedDeviceOut, PlanIn, PlanOut, PositionIn
from gateway.api.models.shapes import Identifier
from gateway.api.problems import invalid, not_found
from gateway.api.routes.devices import DeviceId, SchoolId, visible_device
from gateway.api.services import Services, ServicesHere
from gateway.security.access import Caller, What
from gateway.store.pictures import plan_set, position_set
from gateway.store.read.devices import some_devices
from gateway.store.read.pictures import (
    Position,
    pictures_of,
    plan_of,
    position_of,
    positions_on,
)

router = APIRouter(tags=["floor plans"])

PlaceId = Annotated[Identifier, Path()]


@router.get("/places/{school}/{place}/plan", operation_id="get_plan")
async def get_plan(
    services: ServicesHere, caller: Reader, school: SchoolId, place: PlaceId
) -> PlanOut:
    """The floor plan of a place with the devices on it."""
    if not caller.sees(school):
        raise not_found(f"place {school}/{place}")
    return await _plan(services, school, place)


@router.put("/places/{school}/{place}/plan", operation_id="set_plan")
async def set_plan(
    services: ServicesHere, caller: Technician, school: SchoolId, place: PlaceId, wanted: PlanIn
) -> PlanOut:
    """Make an uploaded picture the floor plan of a place."""
    _check_place(services, caller, school, place)
    if not await services.read(pictures_of(school, [wanted.picture])):
        raise invalid("picture", "the school has no such picture; upload it first")
    await _set_plan(services, caller, school, place, wanted.picture)
    return await _plan(services, school, place)


@router.delete(
    "/places/{school}/{place}/plan",
    operation_id="remove_plan",
    status_code=HTTPStatus.NO_CONTENT,
)
async def remove_plan(
    services: ServicesHere, caller: Technician, school: SchoolId, place: PlaceId
) -> None:
    """Take the floor plan of a place away. The picture stays, and so do the devices' positions."""
    _check_place(services, caller, school, place)
    await _set_plan(services, caller, school, place, None)


@router.put("/devices/{school}/{id}/position", operation_id="place_device")
async def place_device(
    services: ServicesHere,
    caller: Technician,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
    wanted: PositionIn,
) -> PositionOut:
    """Put a device on the plan of a place."""
    await visible_device(services, caller, school, id)
    if await services.read(plan_of(school, wanted.place)) is None:
        raise invalid("place", f"the place {wanted.place} has no floor plan")
    position = Position(school, id, wanted.place, wanted.x, wanted.y)
    await _set_position(services, caller, school, id, position)
    return PositionOut(place=position.place, x=position.x, y=position.y)


@router.delete(
    "/devices/{school}/{id}/position",
    operation_id="unplace_device",
    status_code=HTTPStatus.NO_CONTENT,
)
async def unplace_device(
    services: ServicesHere,
    caller: Technician,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
) -> None:
    """Take a device off the plan."""
    await visible_device(services, caller, school, id)
    await _set_position(services, caller, school, id, None)


def _check_place(services: Services, caller: Caller, school: str, place: str) -> None:
    check(caller, What.EQUIP, school, f"place {school}/{place}")
    if not services.register.has_place(school, place):
        raise not_found(f"place {school}/{place}")


async def _set_plan(
    services: Services, caller: Caller, school: str, place: str, picture: str | None
) -> None:
    before = await services.read(plan_of(school, place))
    old = None if before is None else before.hash
    if old != picture:
        now = services.clock.now()
        batch = plan_set(school, place, picture, before=old, by=caller.name, now=now)
        await services.commit(batch)


async def _set_position(
    services: Services, caller: Caller, school: str, device: str, position: Position | None
) -> None:
    before = await services.read(position_of(school, device))
    if before != position:
        now = services.clock.now()
        batch = position_set(school, device, position, before=before, by=caller.name, now=now)
        await services.commit(batch)


async def _plan(services: Services, school: str, place: str) -> PlanOut:
    plan = await services.read(plan_of(school, place))
    if plan is None:
        raise not_found(f"floor plan of {school}/{place}")
    placed = {each.device: each for each in await services.read(positions_on(school, place))}
    found = await services.read(some_devices(school, placed))
    return PlanOut(
        place=place,
        picture=plan.hash,
        width=plan.width,
        height=plan.height,
        positions=[
            PlacedDeviceOut(
                device=device.id,
                kind=device.kind,
                name=device.name,
                x=placed[device.id].x,
                y=placed[device.id].y,
                health=device.health,
            )
            for device in await services.presenter.devices(found)
        ],
    )
