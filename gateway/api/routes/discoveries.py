"""Devices that speak and are not registered: to adopt or to ignore."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query

from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import Diagnostician, Technician, check
from gateway.api.models.devices import DeviceDetailOut, DeviceIn, DiscoveryOut
from gateway.api.models.shapes import Page
from gateway.api.problems import REFUSABLE, not_found
from gateway.api.routes.devices import DeviceId, SchoolId, put_device
from gateway.api.services import Services, ServicesHere
from gateway.security.access import Caller, What
from gateway.security.record import fact
from gateway.store import registry
from gateway.store.batch import Batch, DiscoveryRow
from gateway.store.read.unknown import discovery_page, one_discovery

router = APIRouter(tags=["discoveries"])


@router.get("/discoveries", operation_id="list_discoveries")
async def list_discoveries(
    services: ServicesHere,
    caller: Diagnostician,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[DiscoveryOut]:
    """The last heard first; those ignored are left out."""
    found, following = await services.read(
        discovery_page(
            caller.schools, after=sort_key(after, tuple[RowNumber, str, str]), limit=limit
        )
    )
    return Page(
        items=[_out(row) for row in found],
        next=None if following is None else cursor(following),
    )


@router.post(
    "/discoveries/{school}/{id}/adopt", operation_id="adopt_discovery", responses=REFUSABLE
)
async def adopt_discovery(
    services: ServicesHere,
    caller: Technician,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
    wanted: DeviceIn,
) -> DeviceDetailOut:
    """Register the device under its id; from its next message on it is watched."""
    await _visible(services, caller, school, id)
    return await put_device(services, caller, school, id, wanted)


@router.post(
    "/discoveries/{school}/{id}/ignore",
    operation_id="ignore_discovery",
    status_code=HTTPStatus.NO_CONTENT,
)
async def ignore_discovery(
    services: ServicesHere,
    caller: Technician,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
) -> None:
    """Do not list it any more. It is still counted, and can be registered by its id."""
    await _visible(services, caller, school, id)
    now = services.clock.now()
    await services.commit(
        Batch(
            statements=registry.ignore_discovery(school, id),
            facts=[fact("discovery_ignored", now, caller.name, f"device:{school}/{id}")],
            now=now,
        )
    )


async def _visible(services: Services, caller: Caller, school: str, device: str) -> DiscoveryRow:
    check(caller, What.EQUIP, school, f"discovery {school}/{device}")
    found = await services.read(one_discovery(school, device))
    if found is None:
        raise not_found(f"discovery {school}/{device}")
    return found


def _out(row: DiscoveryRow) -> DiscoveryOut:
    try:
        understood = msgspec.json.decode(row.understood, type=dict[str, object])
    except msgspec.MsgspecError:  # written by another version: the sample is shown all the same
        understood = {}
    return DiscoveryOut(
        school=row.school,
        id=row.id,
        dialect=row.dialect,
        address=row.address,
        kind=row.kind,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        messages=row.messages,
        topic=row.topic,
        sample=row.sample.decode("utf-8", "replace"),
        understood=understood,
    )
