"""What the frame of every page shows."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.api.guard import Reader
from gateway.api.models.alerts import SummaryOut
from gateway.api.police import counts_of_links
from gateway.api.present import counts_out, feed_out
from gateway.api.services import ServicesHere

router = APIRouter(tags=["summary"])


@router.get("/summary", operation_id="get_summary")
async def get_summary(services: ServicesHere, caller: Reader) -> SummaryOut:
    """Counts of open alerts and whether messages arrive; the stream's `feed` keeps it fresh."""
    return SummaryOut(
        now=services.clock.now(),
        feed=feed_out(services.desk.feed()),
        counts=counts_out(services.desk.counts(caller.schools)),
        maintenances=services.maintenances.under_way(caller.schools),
        demo=services.demo is not None,
        floods=services.in_common.floods(caller.schools),
        police_link=counts_of_links(services.police.counts(caller.schools)),
    )
