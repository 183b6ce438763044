"""Devices: lists, one in detail, its curve; registering, changing, taking out of service."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Path, Query

from alerts.alert import Refusal
from devices.model import Device
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, cursor, sort_key
from gateway.api.guard import Reader, Technician, check
from gateway.api.models.devices import (
    CurveLimitOut,
    CurveOut,
    CurvePointOut,
    DeviceDetailOut,
    DeviceIn,
    DeviceOut,
    Health,
    PositionOut,
    RemovalIn,
    ServiceIn,
)
from gateway.api.models.shapes import Identifier, Milliseconds, Page
from gateway.api.problems import REFUSABLE, invalid, not_found, refused
from gateway.api.services import Services, ServicesHere
from gateway.security.access import Caller, What
from gateway.store.read.alerts import open_alerts_of
from gateway.store.read.devices import DeviceFilter, device_page, metrics_of, one_device
from gateway.store.read.pictures import position_of
from gateway.store.read.register import school_parameters

router = APIRouter(tags=["devices"])

_ROUNDS: Final = 4
"""How often a page is filled up when health, which is partly not in the store, filters it."""

_HALF_HOUR: Final = 1_800_000
_LONGEST: Final = 10 * 366 * 86_400_000

SchoolId = Annotated[Identifier, Path()]
DeviceId = Annotated[Identifier, Path()]
Metric = Annotated[str, Query(min_length=1, max_length=64, examples=["temperature_c"])]


@router.get("/devices", operation_id="list_devices")
async def list_devices(
    *,
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
    kind: Identifier | None = None,
    health: Health | None = None,
    q: Annotated[str, Query(max_length=64, description="Part of the id or the name.")] = "",
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[DeviceOut]:
    """Devices by school and id, with what is known of them right now."""
    wanted = DeviceFilter(
        schools=services.register.narrow(caller.schools, school=school, region=region),
        kind=kind,
        # only the store knows open alerts; the rest of health is looked at below
        trouble=None if health is None else health is Health.TROUBLE,
        text=q,
    )
    key = sort_key(after, tuple[str, str])
    items: list[DeviceOut] = []
    for _ in range(_ROUNDS):
        found, key = await services.read(device_page(wanted, after=key, limit=limit - len(items)))
        items += [
            each
            for each in await services.presenter.devices(found)
            if health is None or each.health is health
        ]
        if key is None or len(items) >= limit:
            break
    return Page(items=items, next=None if key is None else cursor(key))


@router.get("/devices/{school}/{id}", operation_id="get_device")
async def get_device(
    services: ServicesHere,
    caller: Reader,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
) -> DeviceDetailOut:
    """One device with its own parameters, its open alerts and the metrics that have a curve."""
    return await _detail(services, await visible_device(services, caller, school, id))


@router.get("/devices/{school}/{id}/curve", operation_id="get_curve")
async def get_curve(
    *,
    services: ServicesHere,
    caller: Reader,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
    metric: Metric,
    since: Annotated[Milliseconds | None, Query(description="Default: half an hour ago.")] = None,
    until: Annotated[Milliseconds | None, Query(description="Default: now.")] = None,
    points: Annotated[int, Query(ge=2, le=2_000)] = 300,
) -> CurveOut:
    """A metric over time, at most about `points` points, with the limits it is held against."""
    device = await visible_device(services, caller, school, id)
    end = services.clock.now() if until is None else until
    begin = max(0, end - _HALF_HOUR) if since is None else since
    if begin >= end:
        raise invalid("since", "must be before until")
    if end - begin > _LONGEST:
        raise invalid("since", "at most ten years before until")
    curve = await services.readers.run(
        lambda: services.history.curve(device.row, metric, begin, end, points)
    )
    school_figures = await services.read(school_parameters(school, device.kind))
    return CurveOut(
        metric=metric,
        unit=services.kinds.unit(device.kind, metric),
        points=[
            CurvePointOut(
                start=point.start,
                span=point.span,
                count=point.count,
                low=point.low,
                high=point.high,
                mean=point.mean,
                last=point.last,
            )
            for point in curve.points
        ],
        limits=[
            CurveLimitOut(value=value, label=services.presenter.limit(rule, parameter))
            for rule, parameter, value in services.kinds.limits(device, school_figures, metric)
        ],
        shortfall=curve.shortfall,
    )


@router.put("/devices/{school}/{id}", operation_id="register_device", responses=REFUSABLE)
async def register_device(
    services: ServicesHere,
    caller: Technician,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
    wanted: DeviceIn,
) -> DeviceDetailOut:
    """Register a device, adopt a discovery of the same id, or change what is registered."""
    return await put_device(services, caller, school, id, wanted)


@router.post(
    "/devices/{school}/{id}/service", operation_id="set_device_service", responses=REFUSABLE
)
async def set_device_service(
    services: ServicesHere,
    caller: Technician,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
    wanted: ServiceIn,
) -> DeviceDetailOut:
    """Take a device out of service, or back. Its emergencies are raised all the same."""
    check(caller, What.EQUIP, school, f"device {school}/{id}")
    before = await visible_device(services, caller, school, id)
    changed = msgspec.structs.replace(before, out_of_service=wanted.out_of_service)
    return await registered_device(services, changed, caller, wanted.reason)


@router.delete(
    "/devices/{school}/{id}",
    operation_id="remove_device",
    status_code=HTTPStatus.NO_CONTENT,
    responses=REFUSABLE,
)
async def remove_device(
    services: ServicesHere,
    caller: Technician,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
    removal: RemovalIn,
) -> None:
    """Take a device off the register. Its readings, alerts and facts stay."""
    await visible_device(services, caller, school, id)
    refusal = await services.desk.remove(school, id, caller.name, removal.reason)
    if refusal is not None:
        raise refused(refusal.code, refusal.detail)


async def put_device(
    services: Services, caller: Caller, school: str, device: str, wanted: DeviceIn
) -> DeviceDetailOut:
    """Register or change a device in the caller's name; adopting a discovery does the same."""
    check(caller, What.EQUIP, school, f"school {school}")
    if not services.register.has_school(school):
        raise not_found(f"school {school}")
    if wanted.place is not None and not services.register.has_place(school, wanted.place):
        raise invalid("place", f"the school has no place {wanted.place}")
    figures = await services.read(school_parameters(school, wanted.kind))
    services.kinds.check_parameters(wanted.kind, wanted.parameters, figures)
    before = await services.read(one_device(school, device))
    after = Device(
        school=school,
        id=device,
        row=0 if before is None else before.row,
        kind=wanted.kind,
        name_zh=wanted.name_zh,
        name_en=wanted.name_en,
        place=wanted.place,
        dialect=wanted.dialect,
        address=wanted.address or device,
        repeater=wanted.repeater,
        out_of_service=False if before is None else before.out_of_service,
        parameters={rule: dict(values) for rule, values in wanted.parameters.items()},
    )
    return await registered_device(services, after, caller)


async def registered_device(
    services: Services, device: Device, caller: Caller, reason: str = ""
) -> DeviceDetailOut:
    """Store a device in the caller's name; raises a `Problem` when it is refused."""
    result = await services.desk.register(device, caller.name, reason)
    if isinstance(result, Refusal):
        raise refused(result.code, result.detail)
    return await _detail(services, result)


async def visible_device(services: Services, caller: Caller, school: str, device: str) -> Device:
    """A device in the caller's scope; raises a 404 `Problem` when there is none."""
    found = await services.read(one_device(school, device)) if caller.sees(school) else None
    if found is None:
        raise not_found(f"device {school}/{device}")
    return found


async def _detail(services: Services, device: Device) -> DeviceDetailOut:
    (out,) = await services.presenter.devices([device])
    standing = (await services.read(open_alerts_of([device.row]))).get(device.row, [])
    rolled_up = await services.read(metrics_of(device.row))
    position = await services.read(position_of(device.school, device.id))
    fresh = [
        name
        for name, value in out.values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return DeviceDetailOut(
        **{name: getattr(out, name) for name in DeviceOut.model_fields},
        parameters={rule: dict(values) for rule, values in device.parameters.items()},
        alerts=[services.presenter.alert(each) for each in standing],
        metrics=sorted({*rolled_up, *fresh}),
        position=None
        if position is None
        else PositionOut(place=position.place, x=position.x, y=position.y),
    )
