"""The register around the devices: regions, schools, places, kinds."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.api.guard import Reader
from gateway.api.models.devices import KindOut, PlaceOut, RegionOut, SchoolOut
from gateway.api.models.shapes import Identifier, Items
from gateway.api.problems import not_found
from gateway.api.services import ServicesHere
from gateway.store.read.pictures import plans_of_school

router = APIRouter(tags=["register"])


@router.get("/regions", operation_id="list_regions")
async def list_regions(services: ServicesHere, caller: Reader) -> Items[RegionOut]:
    """Regions that hold a school in scope, with those around them."""
    return Items(items=services.register.regions_out(caller.schools))


@router.get("/schools", operation_id="list_schools")
async def list_schools(services: ServicesHere, caller: Reader) -> Items[SchoolOut]:
    """Schools in scope."""
    return Items(items=services.register.schools_out(caller.schools))


@router.get("/places", operation_id="list_places")
async def list_places(
    services: ServicesHere, caller: Reader, school: Identifier
) -> Items[PlaceOut]:
    """The places of one school."""
    if not (caller.sees(school) and services.register.has_school(school)):
        raise not_found(f"school {school}")
    plans = await services.read(plans_of_school(school))
    return Items(
        items=[
            place.model_copy(update={"has_plan": place.id in plans})
            for place in services.register.places_out(school)
        ]
    )


@router.get("/kinds", operation_id="list_kinds")
async def list_kinds(services: ServicesHere, _caller: Reader) -> Items[KindOut]:
    """Kinds of devices: what they send, what they are watched for."""
    return Items(items=services.kinds.described())
