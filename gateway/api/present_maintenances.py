"""Maintenances as the page sees them: with names, and what they have hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from alerts.maintenance import Maintenance
from gateway.api.models.alerts import AlertDeviceOut, MaintenanceMarkOut
from gateway.api.models.maintenances import MaintenanceOut, MaintenanceState
from gateway.api.models.shapes import Names
from gateway.api.register import names
from gateway.security.access import Caller, What, may

if TYPE_CHECKING:
    from gateway.api.services import Services


def maintenance_out(
    services: Services, one: Maintenance, hidden: int, caller: Caller
) -> MaintenanceOut:
    """One as the caller sees it; ``hidden`` is how many alerts it has hidden."""
    register = services.register
    place = one.place
    return MaintenanceOut(
        id=one.row,
        state=_state(one),
        school=one.school,
        school_name=register.school_name(one.school),
        place=place,
        place_name=None
        if place is None
        else register.place_path(one.school, place) or Names(zh=place, en=place),
        device=_device(services, one),
        starts=one.starts,
        ends=one.ends,
        reason=one.reason,
        actor=one.actor,
        announced=one.announced,
        begun=one.begun,
        ended=one.ended,
        ended_by=one.ended_by,
        remark=one.remark,
        hidden=hidden,
        may_end=one.ended is None and may(caller, What.MAINTAIN, one.school),
    )


def mark_of(maintenances: Sequence[Maintenance]) -> MaintenanceMarkOut | None:
    """The one to be named of those that cover something: it ends last."""
    if not maintenances:
        return None
    one = maintenances[0]
    return MaintenanceMarkOut(id=one.row, ends=one.ends, reason=one.reason)


def _state(one: Maintenance) -> MaintenanceState:
    if one.ended is not None:
        return MaintenanceState.OVER
    return MaintenanceState.COMING if one.begun is None else MaintenanceState.UNDER_WAY


def _device(services: Services, one: Maintenance) -> AlertDeviceOut | None:
    if one.device is None:
        return None
    device = services.maintenances.device(one)
    if device is None:  # off the register since
        shown = Names(zh=one.device, en=one.device)
        return AlertDeviceOut(school=one.school, id=one.device, kind="", name=shown)
    return AlertDeviceOut(
        school=device.school,
        id=device.id,
        kind=device.kind,
        name=names(device.name_zh, device.name_en, device.id),
    )
