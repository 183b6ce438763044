"""Maintenances: lists, one with what it has hidden, announcing and ending one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query

from alerts.alert import Refusal
from alerts.maintenance import Maintenance
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import Maintainer, Reader, check
from gateway.api.models.maintenances import (
    MaintenanceDetailOut,
    MaintenanceEndIn,
    MaintenanceIn,
    MaintenanceOut,
)
from gateway.api.models.shapes import Identifier, Page
from gateway.api.present_maintenances import maintenance_out
from gateway.api.problems import REFUSABLE, invalid, not_found, refused
from gateway.api.routes.devices import visible_device
from gateway.api.services import Services, ServicesHere
from gateway.security.access import Caller, What
from gateway.store.read.maintenances import (
    MaintenanceFilter,
    hidden_alerts,
    hidden_counts,
    maintenance_page,
    one_maintenance,
)

router = APIRouter(tags=["maintenance"])

MOST_HIDDEN: Final = 500
"""Alerts listed of one; the count tells of all."""

MaintenanceNumber = Annotated[int, Path(ge=1, le=2**53, examples=[42])]


@router.get("/maintenance", operation_id="list_maintenances")
async def list_maintenances(
    *,
    services: ServicesHere,
    caller: Reader,
    state: Literal["standing", "over"] = "standing",
    school: Identifier | None = None,
    region: Identifier | None = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[MaintenanceOut]:
    """Those under way and to come, by their begin; or those that are over, the last first."""
    wanted = MaintenanceFilter(
        over=state == "over",
        schools=services.register.narrow(caller.schools, school=school, region=region),
    )
    key = sort_key(after, tuple[RowNumber, RowNumber])
    found, following = await services.read(maintenance_page(wanted, after=key, limit=limit))
    hidden = await services.read(hidden_counts([one.row for one in found]))
    return Page(
        items=[maintenance_out(services, one, hidden.get(one.row, 0), caller) for one in found],
        next=None if following is None else cursor(following),
    )


@router.post(
    "/maintenance",
    operation_id="announce_maintenance",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def announce_maintenance(
    services: ServicesHere, caller: Maintainer, wanted: MaintenanceIn
) -> MaintenanceOut:
    """Say that faults are expected. They are hidden from its begin on; emergencies never are."""
    school = wanted.school
    check(caller, What.MAINTAIN, school, f"school {school}")
    if not services.register.has_school(school):
        raise not_found(f"school {school}")
    if wanted.place is not None and not services.register.has_place(school, wanted.place):
        raise invalid("place", f"the school has no place {wanted.place}")
    if wanted.device is not None:
        await visible_device(services, caller, school, wanted.device)
    now = services.clock.now()
    result = await services.maintenances.announce(
        Maintenance(
            row=0,
            school=school,
            place=wanted.place,
            device=wanted.device,
            starts=now if wanted.starts is None else wanted.starts,
            ends=wanted.ends,
            reason=wanted.reason,
            actor=caller.name,
            announced=now,
        )
    )
    return await _answer(services, caller, result)


@router.get("/maintenance/{id}", operation_id="get_maintenance")
async def get_maintenance(
    services: ServicesHere,
    caller: Reader,
    id: MaintenanceNumber,  # noqa: A002 - the contract's name
) -> MaintenanceDetailOut:
    """One with the alerts that it hides, or has hidden."""
    one = await _visible(services, caller, id)
    hidden = await services.read(hidden_counts([id]))
    alerts = await services.read(hidden_alerts(id, MOST_HIDDEN))
    out = maintenance_out(services, one, hidden.get(id, 0), caller)
    return MaintenanceDetailOut(
        **{name: getattr(out, name) for name in MaintenanceOut.model_fields},
        alerts=[services.presenter.alert(each) for each in alerts],
    )


@router.post("/maintenance/{id}/end", operation_id="end_maintenance", responses=REFUSABLE)
async def end_maintenance(
    services: ServicesHere,
    caller: Maintainer,
    id: MaintenanceNumber,  # noqa: A002
    wanted: MaintenanceEndIn,
) -> MaintenanceOut:
    """End it now, or call it off before it begins. What is still wrong shows."""
    one = await _visible(services, caller, id)
    check(caller, What.MAINTAIN, one.school, f"maintenance {id}")
    return await _answer(
        services, caller, await services.maintenances.end(id, caller.name, wanted.remark)
    )


async def _answer(
    services: Services, caller: Caller, result: Maintenance | Refusal
) -> MaintenanceOut:
    if isinstance(result, Refusal):
        raise refused(result.code, result.detail)
    hidden = await services.read(hidden_counts([result.row]))
    return maintenance_out(services, result, hidden.get(result.row, 0), caller)


async def _visible(services: Services, caller: Caller, number: int) -> Maintenance:
    one = await services.read(one_maintenance(number))
    if one is None or not caller.sees(one.school):
        raise not_found(f"maintenance {number}")
    return one
