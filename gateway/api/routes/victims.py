"""The devices that cannot be heard because of what an alert is about."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, row_in, sort_key
from gateway.api.guard import Reader
from gateway.api.models.causes import VictimsOut
from gateway.api.routes.alerts import AlertNumber, visible_alert
from gateway.api.services import ServicesHere
from gateway.store.read.causes import counts_of_victims, victims_of

router = APIRouter(tags=["alerts"])


@router.get("/alerts/{id}/victims", operation_id="list_victims")
async def list_victims(
    services: ServicesHere,
    caller: Reader,
    id: AlertNumber,  # noqa: A002 - the contract's name
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> VictimsOut:
    """Those still cut off first. Of a silent repeater: all behind it; of a lost broker: all."""
    alert = await visible_alert(services, caller, id)
    in_common = services.in_common
    if not alert.scope:
        start = max(0, row_in(after) or 0)
        silenced = in_common.silenced(alert, caller.schools, limit, start)
        if silenced is None:
            return VictimsOut(items=[], total=0, out=0)
        more = start + limit < silenced.total
        return silenced.model_copy(update={"next": cursor((start + limit,)) if more else None})
    key = sort_key(after, tuple[RowNumber, RowNumber])
    found, following = await services.read(victims_of(id, after=key, limit=limit))
    total, out = await services.read(counts_of_victims(id))
    return VictimsOut(
        items=[in_common.victim(each) for each in found],
        total=total,
        out=out,
        next=None if following is None else cursor(following),
    )
