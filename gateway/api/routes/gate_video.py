"""Recorders: their channels and their link to the police; the gate cameras."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.api.guard import Reader, VideoWitness, check
from gateway.api.models.gate_video import (
    GatesOut,
    VideoPoliceOut,
    VideoRecorderOut,
    VideoStatementIn,
)
from gateway.api.models.shapes import Identifier, Items
from gateway.api.problems import not_found
from gateway.api.services import ServicesHere
from gateway.near_cameras import CAMERA
from gateway.security.access import What, role_may
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


@router.post("/video/recorders/{school}/{recorder}/police", operation_id="state_video_police")
async def state_video_police(
    services: ServicesHere,
    caller: VideoWitness,
    school: Identifier,
    recorder: Identifier,
    wanted: VideoStatementIn,
) -> VideoPoliceOut:
    """Enter what the recorder's own page says of its registration with the police's platform: the
    word of whoever saw it, good for 31 days. What the recorder itself reports counts before it.
    """
    right = What.VERIFY if role_may(caller.role, What.VERIFY) else What.ATTEST
    check(caller, right, school, f"recorder {school}/{recorder}")
    if (school, recorder) not in services.recordings.desk.recorders:
        raise not_found(f"recorder {school}/{recorder}")
    return await services.gate_video.state(
        (school, recorder), registered=wanted.registered, reason=wanted.reason, by=caller.name
    )


@router.get("/video/gates", operation_id="list_gate_cameras")
async def list_gate_cameras(
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
) -> GatesOut:
    """The gates that the settings name, whether a camera of each has recordings that reach back as
    a key target's must, and these cameras.
    """
    scope = services.register.narrow(caller.schools, school=school, region=region)
    schools = services.gate_video.schools(scope)
    cameras = await services.read(
        lambda connection: [
            device for one in sorted(schools) for device in devices_of_kind(one, CAMERA)(connection)
        ]
    )
    recorded_by = {
        (recorder.school, camera): recorder
        for recorder in services.recordings.desk.recorders.values()
        for camera in recorder.cameras
    }
    judged = await services.read(standing(schools))
    return GatesOut(
        items=services.gate_video.cameras(cameras, recorded_by, judged),
        gates=services.gate_video.gates(schools, cameras, recorded_by, judged),
        schools_without=services.gate_video.without(scope),
    )
