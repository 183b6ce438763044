"""Electricity: how each feeder is, by building, those with trouble first."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query

from devices.model import Device
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import Reader
from gateway.api.models.electricity import FeedersOut
from gateway.api.models.shapes import Identifier
from gateway.api.present_electricity import SeenFeeder, feeder_out, ratings_of
from gateway.api.present_measuring import totals_out
from gateway.api.services import Services, ServicesHere
from gateway.electricity import KIND, Feeder, feeder_of
from gateway.measuring import RANK, OpenAlert, Stand
from gateway.store.read.devices import DeviceFilter, device_page
from gateway.store.read.of_kind import figures_of_kind, open_alerts_by_device

router = APIRouter(tags=["electricity"])

_MOST: Final = 100_000
_AT_ONCE: Final = 200
"""Feeders looked at in one turn, some 5 ms: an alarm may be waiting behind it."""

_CALM: Final = 9
"""Beyond every priority."""


class _Placed(msgspec.Struct, frozen=True):
    """A feeder in its building (``""`` = none)."""

    device: Device
    building: str
    feeder: Feeder
    alert: OpenAlert | None

    @property
    def rank(self) -> int:
        """What is worse comes first: by its alert, then by how it is."""
        urgent = _CALM if self.alert is None else int(self.alert.priority)
        return 10 * urgent + RANK[self.feeder.state]


@router.get("/electricity", operation_id="list_feeders")
async def list_feeders(
    *,
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
    state: Stand | None = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> FeedersOut:
    """Every electrical monitor, building by building: the building with the worst feeder first,
    and in each the worst feeder first."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    key = sort_key(after, tuple[RowNumber, str, str, RowNumber, str])
    placed = await _placed(services, schools)
    worst: dict[tuple[str, str], int] = {}
    for one in placed:
        home = (one.device.school, one.building)
        worst[home] = min(one.rank, worst.get(home, one.rank))
    ordered = sorted(
        (
            (
                worst[one.device.school, one.building],
                one.device.school,
                one.building,
                one.rank,
                one.device.id,
            ),
            one,
        )
        for one in placed
        if state in (None, one.feeder.state)
    )
    wanted = [each for each in ordered if key is None or each[0] > key]
    shown = wanted[:limit]
    own = await services.read(figures_of_kind(KIND))
    return FeedersOut(
        items=[feeder_out(_seen(services, one, own), services) for _, one in shown],
        next=cursor(shown[-1][0]) if len(wanted) > limit else None,
        totals=totals_out(Counter(one.feeder.state for one in placed)),
    )


def _seen(services: Services, one: _Placed, own: Mapping[str, Mapping[str, Any]]) -> SeenFeeder:
    return SeenFeeder(
        device=one.device,
        building=one.building,
        feeder=one.feeder,
        alert=one.alert,
        ratings=ratings_of(services.kinds, one.device, own.get(one.device.school, {})),
    )


async def _placed(services: Services, schools: frozenset[str] | None) -> list[_Placed]:
    """All of them, without keeping alarms from being judged meanwhile."""
    wanted = DeviceFilter(schools=schools, kind=KIND)
    devices, _ = await services.read(device_page(wanted, after=None, limit=_MOST))
    alerts = await services.read(open_alerts_by_device([KIND]))
    now, found = services.clock.now(), []
    for number, device in enumerate(devices, 1):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
        alert = next(iter(alerts.get(device.row, ())), None)
        around = services.register.around(device.school, device.place)
        feeder = feeder_of(services.desk.connection(*device.key), alert, now)
        found.append(_Placed(device, around[-1] if around else "", feeder, alert))
    return found
