"""Why a device is as it is, and how it was day by day."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from alerts.battery_forecast import Forecast
from alerts.diagnosis import verdict_of
from alerts.evidence import Counts
from alerts.unheard import is_silent
from devices.model import Device
from gateway.api.guard import Reader
from gateway.api.models.diagnosis import (
    BatteryEndOut,
    ConnectivityOut,
    DayOut,
    DiagnosisOut,
    TimelineAlertOut,
    TimelineOut,
    TimelineVerificationOut,
)
from gateway.api.present import PRIORITY_NAMES
from gateway.api.problems import not_found
from gateway.api.routes.devices import DeviceId, SchoolId, visible_device
from gateway.api.services import Services, ServicesHere
from gateway.api.timeline import timeline, until
from gateway.diagnosing import Findings, findings_of, today_too
from gateway.security.access import Caller
from gateway.store.read.connectivity import (
    DAY,
    alerts_during,
    days_listened,
    days_of,
    verifications_during,
)

router = APIRouter(tags=["devices"])


@router.get("/devices/{school}/{id}/diagnosis", operation_id="diagnose_device")
async def diagnose_device(
    services: ServicesHere,
    caller: Reader,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
) -> DiagnosisOut:
    """Why the device is as it is, the most telling reason first, and how it is connected."""
    device, found = await _found(services, caller, school, id)
    return DiagnosisOut(
        verdict=verdict_of(found.reasons),
        reasons=[services.presenter.reason(reason) for reason in found.reasons],
        connectivity=_connectivity(device, found),
    )


@router.get("/devices/{school}/{id}/timeline", operation_id="get_timeline")
async def get_timeline(
    *,
    services: ServicesHere,
    caller: Reader,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
    days: Annotated[int, Query(ge=1, le=366)] = 90,
) -> TimelineOut:
    """How the device was on each of so many days (UTC) up to today, the oldest first."""
    device, found = await _found(services, caller, school, id)
    today = found.evidence.now // DAY
    span = range(today - days + 1, today + 1)
    rows = await services.read(days_of(device.row, span[0], today))
    alerts = await services.read(alerts_during(device.row, span[0] * DAY))
    verified = await services.read(verifications_during(device.row, span[0] * DAY))
    listened = await services.read(days_listened(span[0], today))
    # In a thread: 500 alerts over a year are 100 ms.
    counted = await services.readers.run(
        lambda: timeline(
            today_too(rows, found.connection, today),
            alerts,
            listened,
            days=span,
            limit=found.connection.limit,
            silent_now=not found.evidence.deaf and is_silent(found.evidence),
        )
    )
    return TimelineOut(
        days=[
            DayOut(
                day=day.row.day * DAY,
                messages=day.row.messages,
                lost=max(0, day.row.lost),
                reconnects=day.row.reconnects,
                reboots=max(0, day.row.reboots),
                battery_pct=day.row.battery_pct,
                signal_dbm=day.row.signal_dbm,
                state=day.state,
            )
            for day in counted
        ],
        alerts=[
            TimelineAlertOut(
                id=alert.id,
                condition=alert.condition,
                priority=PRIORITY_NAMES[alert.priority],
                since=alert.raised,
                until=until(alert),
            )
            for alert in alerts
        ],
        verifications=[
            TimelineVerificationOut(
                id=one.id, at=one.ended or one.started, verdict=one.verdict, kind=one.kind
            )
            for one in verified
        ],
    )


async def _found(
    services: Services, caller: Caller, school: str, device: str
) -> tuple[Device, Findings]:
    registered = await visible_device(services, caller, school, device)
    found = await findings_of(services, registered)
    if found is None:  # removed between the two
        raise not_found(f"device {school}/{device}")
    return registered, found


def _connectivity(device: Device, found: Findings) -> ConnectivityOut:
    evidence, connection = found.evidence, found.connection
    numbered = connection.numbered or found.month.lost > 0
    return ConnectivityOut(
        heard=evidence.heard,
        expected=evidence.expected,
        limit=evidence.limit,
        delay_ms=connection.delay,
        loss_pct_day=_loss(found.recent, numbered),
        loss_pct_30d=_loss(found.month, numbered),
        reconnects_day=round(found.recent.reconnects_a_day, 1),
        reboots_30d=found.month.reboots,
        battery_pct=evidence.battery_pct,
        battery_dies=None if found.battery is None else _battery_end(found.battery),
        signal_dbm=evidence.signal_dbm,
        firmware=connection.firmware or None,
        clock_offset_ms=connection.clock_error,
        repeater=device.repeater,
    )


def _battery_end(found: Forecast) -> BatteryEndOut:
    return BatteryEndOut(on=found.on * DAY, from_=found.earliest * DAY, to=found.latest * DAY)


def _loss(counts: Counts, numbered: bool) -> float | None:
    """Only sequence numbers tell what was lost."""
    loss = counts.loss_pct
    return None if loss is None or not numbered else round(loss, 2)
