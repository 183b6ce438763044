"""What was recognised behind a feeder of late."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.api.guard import Reader
from gateway.api.models.appliances import LoadOut, LoadsOut
from gateway.api.models.shapes import Names
from gateway.api.routes.devices import DeviceId, SchoolId, visible_device
from gateway.api.services import ServicesHere

router = APIRouter(tags=["devices"])


@router.get("/devices/{school}/{id}/appliances", operation_id="list_loads")
async def list_loads(
    services: ServicesHere,
    caller: Reader,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
) -> LoadsOut:
    """Loads behind a feeder, allowed ones too, as they were told from its power."""
    device = await visible_device(services, caller, school, id)
    seen = services.desk.appliances(*device.key)
    return LoadsOut(
        judged=seen is not None,
        loads=[
            LoadOut(
                phase=one.phase,
                since=one.since,
                ended=one.ended or None,
                step_w=one.height,
                kind=one.kind,
                name=Names(**services.words.both(f"appliance.{one.kind}")),
                confidence=one.confidence,
                power_factor=one.power_factor,
                flatness=one.flatness,
                unseen=one.unseen,
                told=one.told,
            )
            for one in seen or ()
        ],
    )
