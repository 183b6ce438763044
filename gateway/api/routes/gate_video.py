"""Recorders: their channels and their link to the police; the gate cameras."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.api.guard import Reader
from gateway.api.models.gate_video import GateCameraOut, VideoRecorderOut
from gateway.api.models.shapes import Identifier, Items
from gateway.api.services import ServicesHere
from gateway.near_cameras import CAMERA
from gateway.store.read.devices import devices_of_kind, one_device
from gateway.store.read.recordings import standing

router = APIRouter(tags=["recordings"])


@router.get("/video/recorders", operation_id="list_video_recorders")
async def list_video_recorders(
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
) -> Items[VideoRecorderOut]:
    """The recorders: what they tell of their channels, on what their link to the police rests."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    known = services.recordings.desk.recorders.values()
    seen = [one for one in known if schools is None or one.school in schools]
    devices = await services.read(
        lambda connection: {one.key: one_device(*one.key)(connection) for one in seen}
    )
    return Items(items=[services.gate_video.recorder(one, devices[one.key]) for one in seen])


@router.get("/video/gates", operation_id="list_gate_cameras")
async def list_gate_cameras(
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
) -> Items[GateCameraOut]:
    """The cameras of places that the settings name as gates (`recordings.gates`)."""
    schools = services.gate_video.schools(
        services.register.narrow(caller.schools, school=school, region=region)
    )
    cameras = await services.read(
        lambda connection: [
            device for one in sorted(schools) for device in devices_of_kind(one, CAMERA)(connection)
        ]
    )
    recorded_by = {
        (recorder.school, camera): recorder.id
        for recorder in services.recordings.desk.recorders.values()
        for camera in recorder.cameras
    }
    judged = await services.read(standing(schools))
    return Items(items=services.gate_video.gates(cameras, recorded_by, judged))
