"""How the schools stand, at one look."""

from __future__ import annotations

from fastapi import APIRouter, Response

from gateway.api.guard import Reader
from gateway.api.models.overview import OverviewOut
from gateway.api.models.shapes import Identifier
from gateway.api.services import ServicesHere

router = APIRouter(tags=["summary"])


@router.get(
    "/overview",
    operation_id="get_overview",
    response_class=Response,
    responses={200: {"model": OverviewOut, "description": "The schools, in no order."}},
)
async def get_overview(
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
) -> Response:
    """How each school in the caller's scope stands: alerts, link to the police, cameras,
    recorders and devices. From memory, never more than a second old."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    return Response(await services.overviews.answer(schools), media_type="application/json")
