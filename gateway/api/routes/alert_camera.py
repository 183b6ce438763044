"""The camera nearest to an alert: what it saw last, for whoever may see what cameras took."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter

from devices.model import Device
from gateway.api.guard import Watcher, check
from gateway.api.models.camera_pictures import AlertCameraOut
from gateway.api.register import names
from gateway.api.routes.alerts import AlertNumber, visible_alert
from gateway.api.routes.camera_pictures import picture_out
from gateway.api.services import Services, ServicesHere
from gateway.near_cameras import CAMERA, nearest
from gateway.security.access import What
from gateway.store.read.devices import devices_of_kind

router = APIRouter(tags=["alerts"])


@router.get("/alerts/{id}/camera", operation_id="get_camera_of_alert")
async def get_camera_of_alert(
    services: ServicesHere,
    caller: Watcher,
    id: AlertNumber,  # noqa: A002 - the contract's name
) -> AlertCameraOut | None:
    """The camera of the school nearest to its device, with its newest picture; null when there is
    none. That a picture is there is no view of it.
    """
    alert = await visible_alert(services, caller, id)
    check(caller, What.WATCH, alert.school, f"alert {id}")
    device = None if alert.scope else services.desk.device(alert.device)
    camera = None if device is None else await _nearest(services, device)
    if camera is None:
        return None
    pictures = await services.readers.run(
        lambda: services.camera_pictures.pictures_of(camera.school, camera.id)
    )
    return AlertCameraOut(
        school=camera.school,
        id=camera.id,
        name=names(camera.name_zh, camera.name_en, camera.id),
        place=services.register.place_path(camera.school, camera.place),
        picture=picture_out(pictures[0]) if pictures else None,
    )


async def _nearest(services: Services, device: Device) -> Device | None:
    """A camera is the nearest to itself. One out of service shows nothing of now to others."""
    if device.kind == CAMERA:
        return device
    cameras = await services.read(devices_of_kind(device.school, CAMERA))
    working = [each for each in cameras if not each.out_of_service]
    around = partial(services.register.around, device.school)
    return next(iter(nearest(working, device.place, around)), None)
