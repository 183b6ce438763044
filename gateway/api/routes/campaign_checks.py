"""The checklist of a school in a campaign, and what it signs of each check."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path

from alerts.alert import Refusal
from audit.campaign import Campaign, Check, Mark, MarkState
from audit.ledger.hazard import Check as HazardCheck
from gateway.api.campaign_verdicts import verdicts_for
from gateway.api.guard import Reader, check
from gateway.api.models.campaigns import CampaignCheckLineOut, CampaignChecksOut, CampaignMarkIn
from gateway.api.models.shapes import Identifier
from gateway.api.present_campaigns import check_out, mark_out, school_progress_out
from gateway.api.present_hazards import by
from gateway.api.problems import REFUSABLE, FieldProblem, Problem, not_found, refused
from gateway.api.routes.campaigns import CampaignId, visible_campaign
from gateway.api.services import Services, ServicesHere
from gateway.campaigns.book import Land, Listed
from gateway.campaigns.progress import check_lines, progress
from gateway.hazards.service import Inspected
from gateway.security.access import Caller, What, may
from gateway.store.batch import Batch
from gateway.store.campaigns import put_mark
from gateway.store.read.campaigns import marks_of
from gateway.store.read.hazards import one_hazard

router = APIRouter(tags=["campaigns"])

SchoolId = Annotated[Identifier, Path()]

_NEEDS_WORDS: Final = frozenset({MarkState.FINDING, MarkState.NOT_APPLICABLE})

_LONGEST_CHECK: Final = 200
"""Signs of a line of an inspector's checklist in the ledger."""


@router.get("/campaigns/{id}/schools/{school}", operation_id="get_campaign_school")
async def get_school(
    services: ServicesHere,
    caller: Reader,
    id: CampaignId,  # noqa: A002
    school: SchoolId,
) -> CampaignChecksOut:
    """The checklist of a school."""
    campaign, land = await visible_campaign(services, caller, id)
    listed = _school_of(caller, campaign, land, school)
    return await _checks_of(services, caller, campaign, land, listed)


@router.put(
    "/campaigns/{id}/schools/{school}/checks/{name}",
    operation_id="mark_campaign_check",
    responses=REFUSABLE,
)
async def mark_check(
    services: ServicesHere,
    caller: Reader,
    id: CampaignId,  # noqa: A002
    school: SchoolId,
    name: Annotated[Identifier, Path()],
    wanted: CampaignMarkIn,
) -> CampaignChecksOut:
    """Sign how a check stands; the newest counts, all are among the facts. What was found goes into
    the ledger of hazards, unless `hazard` says where it is."""
    check(caller, What.REPORT, school, f"school {school}")
    if wanted.state in _NEEDS_WORDS and not wanted.text:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            "text: say what was found, or why it does not apply",
            errors=[FieldProblem(field="text", message="is missing")],
        )
    async with services.changing:
        campaign, land = await visible_campaign(services, caller, id)
        listed = _school_of(caller, campaign, land, school)
        one = campaign.check(name)
        if one is None:
            raise not_found(f"check {name}")
        if campaign.cancelled:
            raise refused("campaign_cancelled", f"campaign {id} was called off")
        if one.proven:
            raise refused("check_proven", f"a verdict on {one.policy}/{one.item} says so")
        hazard = await _hazard_of(services, caller, campaign, listed, one, wanted)
        now = services.clock.now()
        mark = Mark(state=wanted.state, by=caller.name, at=now, text=wanted.text, hazard=hazard)
        batch = Batch(now=now)
        put_mark(batch, id, school, name, mark)
        await services.commit(batch)
    return await _checks_of(services, caller, campaign, land, listed)


async def _hazard_of(
    services: Services,
    caller: Caller,
    campaign: Campaign,
    listed: Listed,
    one: Check,
    wanted: CampaignMarkIn,
) -> int | None:
    """The ledger's entry of what was found: the one that is named, the one of the mark before, or
    a new one. What is found is seen to only because the ledger follows it up."""
    if wanted.hazard is not None:
        known = await services.read(one_hazard(wanted.hazard))
        if known is None or known.school != listed.id:
            raise not_found(f"hazard {wanted.hazard} of school {listed.id}")
        return known.number
    if wanted.state is not MarkState.FINDING:
        return None
    own = (await services.read(marks_of(campaign.id, listed.id))).get(listed.id, {})
    before = own.get(one.id)
    if before is not None and before.state is MarkState.FINDING and before.hazard is not None:
        return before.hazard
    entered = await services.audit.hazards.ledger.open_by_hand(
        Inspected(
            school=listed.id,
            text=wanted.text,
            checks=(HazardCheck(one.text_zh[:_LONGEST_CHECK], met=False),),
        ),
        by(caller),
        # Marked again after a commit that was not heard of, it is entered once.
        key=_key(campaign.id, one.id, listed.id, 0 if before is None else before.at),
    )
    if isinstance(entered, Refusal):
        raise refused(entered.code, entered.detail)
    return entered.number


def _key(*parts: object) -> str:
    """A key of the ledger, which is short: ids are not."""
    return "campaign-" + hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _school_of(caller: Caller, campaign: Campaign, land: Land, school: str) -> Listed:
    listed = land.of_campaign(campaign).get(school)
    if listed is None or not caller.sees(school):
        raise not_found(f"school {school}")
    return listed


async def _checks_of(
    services: Services, caller: Caller, campaign: Campaign, land: Land, listed: Listed
) -> CampaignChecksOut:
    marks = await services.read(marks_of(campaign.id, listed.id))
    verdicts = await verdicts_for(services, campaign, [listed.id])
    now, zone = services.clock.now(), services.audit.campaigns.zone
    found = progress(campaign, [listed], marks, verdicts, land, zone=zone, now=now)
    own = marks.get(listed.id, {})
    lines = check_lines(campaign, listed.id, own, verdicts, zone=zone, now=now)
    return CampaignChecksOut(
        progress=school_progress_out(found.schools[0]),
        lines=[
            CampaignCheckLineOut(
                check=check_out(one.check), state=one.state, mark=mark_out(one.mark)
            )
            for one in lines
        ],
        may_mark=not campaign.cancelled and may(caller, What.REPORT, listed.id),
    )
