"""Messages that were not understood: samples and counts."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query

from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, cursor, row_in
from gateway.api.guard import Diagnostician
from gateway.api.models.devices import RejectCountOut, RejectOut
from gateway.api.models.shapes import Items, Page
from gateway.api.services import ServicesHere
from gateway.store.read.unknown import reject_counts_since, reject_page

router = APIRouter(tags=["rejects"])

_DAY: Final = 86_400_000


@router.get("/rejects", operation_id="list_rejects")
async def list_rejects(
    services: ServicesHere,
    caller: Diagnostician,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[RejectOut]:
    """Samples, newest first. Those that name no school are seen by whoever may see all."""
    found, following = await services.read(
        reject_page(caller.schools, after=row_in(after), limit=limit)
    )
    return Page(
        items=[
            RejectOut(
                row=each.row,
                received=each.received,
                reason=each.reason,
                detail=each.detail,
                topic=each.topic,
                school=each.school,
                sample=each.sample.decode("utf-8", "replace"),
                sample_hex=each.sample.hex(),
            )
            for each in found
        ],
        next=None if following is None else cursor((following,)),
    )


@router.get("/rejects/counts", operation_id="count_rejects")
async def count_rejects(
    services: ServicesHere,
    caller: Diagnostician,
    days: Annotated[int, Query(ge=1, le=400, description="Today and the days before.")] = 7,
) -> Items[RejectCountOut]:
    """All that were rejected, by day, school and reason; newest day first."""
    since = services.clock.now() // _DAY - days + 1
    found = await services.read(reject_counts_since(caller.schools, since))
    return Items(
        items=[
            RejectCountOut(day=each.day, school=each.school, reason=each.reason, count=each.count)
            for each in found
        ]
    )
