"""Cameras: how the picture of each is, trouble first; and having one learned anew."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query

from devices.model import Device
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import Technician, Watcher, check
from gateway.api.models.cameras import CameraDetailOut, CamerasOut, RelearnIn, RelearnOut
from gateway.api.models.shapes import Identifier
from gateway.api.present_cameras import SeenCamera, totals_out
from gateway.api.routes.camera_pictures import visible_camera
from gateway.api.services import Services, ServicesHere
from gateway.cameras.standing import RANK, Standing, State, standing_of
from gateway.near_cameras import CAMERA, PROBE
from gateway.security.access import What
from gateway.store.read.alerts import open_alerts_of
from gateway.store.read.devices import DeviceFilter, device_page
from gateway.store.read.relearning import last_relearn

router = APIRouter(tags=["cameras"])

_MOST: Final = 100_000
_AT_ONCE: Final = 200
"""Cameras judged in one turn, some 5 ms: an alarm may be waiting behind it."""


@router.get("/cameras", operation_id="list_cameras")
async def list_cameras(
    *,
    services: ServicesHere,
    caller: Watcher,
    school: Identifier | None = None,
    region: Identifier | None = None,
    state: State | None = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> CamerasOut:
    """Trouble first, then offline, not to be judged, unknown, good; by school and id in each."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    key = sort_key(after, tuple[RowNumber, str, str])
    found = await _of_kind(services, schools, CAMERA)
    standings = await _standings(services, found, await _probes(services, schools))
    placed = sorted(
        ((RANK[standing.state], *device.key), device, standing)
        for device, standing in zip(found, standings, strict=True)
        if state in (None, standing.state)
    )
    wanted = [one for one in placed if key is None or one[0] > key]
    shown = wanted[:limit]
    seen = await _seen(services, [(device, standing) for _, device, standing in shown])
    return CamerasOut(
        items=[services.cameras.camera(one) for one in seen],
        next=cursor(shown[-1][0]) if len(wanted) > limit else None,
        totals=totals_out(Counter(one.state for one in standings)),
    )


@router.get("/cameras/{school}/{device}", operation_id="get_camera")
async def get_camera(
    services: ServicesHere, caller: Watcher, school: Identifier, device: Identifier
) -> CameraDetailOut:
    """One camera, with what is measured of its picture and what is usual of it."""
    check(caller, What.WATCH, school, f"device {school}/{device}")
    found = await visible_camera(services, caller, school, device)
    probes = await _probes(services, frozenset({school}))
    (standing,) = await _standings(services, [found], probes)
    (seen,) = await _seen(services, [(found, standing)])
    usual = await services.readers.run(lambda: services.camera_pictures.usual_of(school, device))
    relearn = await services.read(last_relearn(school, device))
    return services.cameras.detail(seen, usual, relearn)


@router.post(
    "/cameras/{school}/{device}/relearn",
    operation_id="relearn_camera",
    status_code=HTTPStatus.ACCEPTED,
)
async def relearn_camera(
    services: ServicesHere,
    caller: Technician,
    school: Identifier,
    device: Identifier,
    wanted: RelearnIn,
) -> RelearnOut:
    """Have its probe forget what is usual: the camera was moved on purpose. An order that waits
    already is replaced.
    """
    check(caller, What.EQUIP, school, f"device {school}/{device}")
    await visible_camera(services, caller, school, device)
    ordered = await services.relearning.order(school, device, caller.name, wanted.reason)
    return RelearnOut(
        asked_by=ordered.by, asked_at=ordered.asked, reason=ordered.reason, done_at=None
    )


async def _standings(
    services: Services, devices: Sequence[Device], probes: frozenset[tuple[str, str]]
) -> list[Standing]:
    """How each of them is, without keeping alarms from being judged meanwhile."""
    now, found = services.clock.now(), []
    for number, device in enumerate(devices, 1):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
        connection = services.desk.connection(*device.key)
        repeater = None if connection is None else connection.repeater
        silent = repeater is not None and repeater.silent
        unwatched = silent and repeater is not None and (device.school, repeater.id) in probes
        found.append(standing_of(connection, probe_silent=unwatched, now=now))
    return found


async def _seen(services: Services, wanted: Sequence[tuple[Device, Standing]]) -> list[SeenCamera]:
    """With the pictures that are kept and the alerts that are open."""
    alerts = await services.read(open_alerts_of([device.row for device, _ in wanted]))
    vault = services.camera_pictures
    pictures = await services.readers.run(
        lambda: [vault.pictures_of(*device.key) for device, _ in wanted]
    )
    return [
        SeenCamera(
            device=device,
            standing=standing,
            picture=next(iter(kept), None),
            good=next((one for one in kept if not one.faulty), None),
            alert=next((one.id for one in alerts.get(device.row, ())), None),
        )
        for (device, standing), kept in zip(wanted, pictures, strict=True)
    ]


async def _of_kind(services: Services, schools: frozenset[str] | None, kind: str) -> list[Device]:
    wanted = DeviceFilter(schools=schools, kind=kind)
    found, _ = await services.read(device_page(wanted, after=None, limit=_MOST))
    return found


async def _probes(services: Services, schools: frozenset[str] | None) -> frozenset[tuple[str, str]]:
    """The keys of those that look at cameras."""
    return frozenset(one.key for one in await _of_kind(services, schools, PROBE))
