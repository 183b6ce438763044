"""Fire: each room as its detectors see it, the gravest first; one room with all that is known."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from alerts.alert import Transition
from alerts.fire_room import STANDING
from devices.kinds import OTHER
from devices.model import Device
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import Reader
from gateway.api.models.fire import FireRoomDetailOut, FireRoomsOut, RoomCameraOut
from gateway.api.models.shapes import Identifier
from gateway.api.present_fire import (
    Figures,
    camera_out,
    detector_out,
    order_of,
    room_fields,
    room_out,
    turn_out,
)
from gateway.api.present_measuring import totals_out
from gateway.api.present_work_orders import order_out
from gateway.api.problems import not_found
from gateway.api.services import Services, ServicesHere
from gateway.fire import Room, SeenDetector, detector_of, detects, rooms_of
from gateway.measuring import Stand
from gateway.near_cameras import CAMERA, nearest
from gateway.store.read.alerts import transitions_of
from gateway.store.read.devices import DeviceFilter, device_page, devices_of_kind
from gateway.store.read.of_kind import (
    device_kinds,
    figures_of_kind,
    open_alerts_by_device,
    open_alerts_for,
)
from gateway.store.read.verifications import last_tests_at
from gateway.store.read.work_orders import standing_orders_at

router = APIRouter(tags=["fire"])

_MOST: Final = 100_000
_AT_ONCE: Final = 200
"""Detectors looked at in one turn, some 5 ms: an alarm may be waiting behind it."""


@router.get("/fire/rooms", operation_id="list_fire_rooms")
async def list_fire_rooms(
    *,
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
    state: Stand | None = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> FireRoomsOut:
    """Every place with detectors of smoke, heat or gas: those that burn first, then those in which
    something else is wrong. Detectors without a place stand together, with `place` null."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    key = sort_key(after, tuple[RowNumber, str, str])
    rooms = await _rooms(services, schools)
    ordered = sorted(
        ((room.rank, room.school, room.place), room)
        for room in rooms
        if state in (None, room.stand)
    )
    wanted = [each for each in ordered if key is None or each[0] > key]
    shown = wanted[:limit]
    figures = await _figures(services, {one.device.kind for _, room in shown for one in room.seen})
    return FireRoomsOut(
        items=[room_out(room, figures, services) for _, room in shown],
        next=cursor(shown[-1][0]) if len(wanted) > limit else None,
        totals=totals_out(Counter(room.stand for room in rooms)),
    )


@router.get("/fire/rooms/{school}/{place}", operation_id="get_fire_room")
async def get_fire_room(
    services: ServicesHere,
    caller: Reader,
    school: Annotated[Identifier, Path()],
    place: Annotated[Identifier, Path()],
) -> FireRoomDetailOut:
    """One room: what its detectors come to, who saw what when, how each of them is, who can look
    at it, and what is being mended."""
    rooms = await _rooms(services, frozenset({school})) if caller.sees(school) else []
    room = next((one for one in rooms if one.place == place), None)
    if room is None:
        raise not_found(f"room {school}/{place} with detectors")
    alert = room.told.alert
    holder = None if alert is None else services.desk.device(alert.device)
    past: list[tuple[int, Transition]] = []
    if alert is not None:
        past = await services.read(transitions_of(alert.id))
    order = order_of(alert, holder, (each for _, each in past))
    turn = {each.name: number for number, each in enumerate(order)}
    seen = sorted(
        room.seen,
        key=lambda one: (turn.get(one.device.id, len(turn)), one.rank, one.device.id),
    )
    figures = await _figures(services, {one.device.kind for one in room.seen})
    tests = await services.read(last_tests_at(school, place))
    orders = await services.read(standing_orders_at(school, place))
    return FireRoomDetailOut.model_validate(
        {
            **room_fields(room, figures, services),
            "explanation": None
            if alert is None
            else services.presenter.explanation(alert.explanation),
            "order": [turn_out(each, room) for each in order],
            "each": [
                detector_out(
                    one,
                    services.desk.detector(*one.device.key),
                    tests.get(one.device.row),
                    figures,
                    services,
                )
                for one in seen
            ],
            "cameras": await _cameras(services, school, place),
            "work_orders": [order_out(services, each, caller) for each in orders],
        }
    )


async def _rooms(services: Services, schools: frozenset[str] | None) -> list[Room]:
    """All of them, without keeping alarms from being judged meanwhile."""
    kinds = await _kinds(services)
    alerts = await services.read(open_alerts_by_device(kinds))
    standing = await services.read(open_alerts_for(STANDING))
    now, found = services.clock.now(), []
    for kind, made_for in kinds.items():
        devices = await _of_kind(services, schools, kind)
        for number, device in enumerate(devices, 1):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            connection = services.desk.connection(*device.key)
            values: Collection[str] = () if connection is None else connection.values
            if not made_for and not detects(values, declared=False):
                continue
            own = tuple(alerts.get(device.row, ()))
            detector = detector_of(connection, alert=bool(own), now=now)
            found.append(SeenDetector(device, detector, own))
    return rooms_of(found, standing)


async def _kinds(services: Services) -> dict[str, bool]:
    """Kinds whose devices may be detectors. True: they are made for it; false: nobody has said
    what they are, they are what they tell."""
    found = {}
    for kind in await services.read(device_kinds):
        if detects(services.kinds.values(kind), declared=True):
            found[kind] = True
        elif kind == OTHER or not services.kinds.knows(kind):
            found[kind] = False
    return found


async def _of_kind(services: Services, schools: frozenset[str] | None, kind: str) -> list[Device]:
    wanted = DeviceFilter(schools=schools, kind=kind)
    found, _ = await services.read(device_page(wanted, after=None, limit=_MOST))
    return found


async def _figures(services: Services, kinds: set[str]) -> Figures:
    return Figures({kind: await services.read(figures_of_kind(kind)) for kind in sorted(kinds)})


async def _cameras(services: Services, school: str, place: str) -> list[RoomCameraOut]:
    """Those that stand in the room or in a place inside it; else the one nearest to it, as long as
    it is somewhere around the room and not just at the same school."""
    around = partial(services.register.around, school)
    cameras = await services.read(devices_of_kind(school, CAMERA))
    inside: Sequence[Device] = [one for one in cameras if place in around(one.place)]
    near = [
        one
        for one in nearest(cameras, place, around)
        if not one.out_of_service and not set(around(one.place)).isdisjoint(around(place))
    ]
    alerts = await services.read(open_alerts_by_device([CAMERA]))
    return [
        camera_out(
            camera,
            inside=bool(inside),
            alert=next(iter(alerts.get(camera.row, ())), None),
            services=services,
        )
        for camera in inside or near[:1]
    ]
