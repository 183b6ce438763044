"""Campaigns: begin, change and call off; how far schools are."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Path, Query

from audit.campaign import Campaign, Level, Mistake, mistakes, shifted
from gateway.api.campaign_verdicts import verdicts_for
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import Campaigner, Reader, check
from gateway.api.models.campaigns import (
    CampaignOut,
    CampaignProgressOut,
    CampaignRegionOut,
    CampaignSchoolOut,
    CampaignStageProgressOut,
    CampaignTemplateOut,
    CancelCampaignIn,
    FromTemplateIn,
)
from gateway.api.models.shapes import Identifier, Items, Page
from gateway.api.present_campaigns import (
    campaign_out,
    school_progress_out,
    tally_out,
    template_out,
)
from gateway.api.problems import REFUSABLE, FieldProblem, Problem, not_found, refused
from gateway.api.register import names
from gateway.api.services import Services, ServicesHere
from gateway.campaigns.book import Land, in_scope
from gateway.campaigns.form import CampaignForm
from gateway.campaigns.progress import Progress, Tally, progress
from gateway.problem import ConfigurationError
from gateway.security.access import Caller, What
from gateway.store.batch import Batch
from gateway.store.campaigns import put_campaign
from gateway.store.read.campaigns import MOST_CAMPAIGNS, all_campaigns, marks_of, one_campaign

router = APIRouter(tags=["campaigns"])

CampaignId = Annotated[Identifier, Path()]

_FROM_ABOVE: Final = (Level.PROVINCE, Level.CITY, Level.COUNTY)


@router.get("/campaigns", operation_id="list_campaigns")
async def list_campaigns(services: ServicesHere, caller: Reader) -> Items[CampaignOut]:
    """Those about any school in scope, the newest first."""
    land = await land_now(services)
    found = await services.read(all_campaigns)
    return Items(
        items=[_out(services, one) for one in found if _visible_schools(caller, land, one)]
    )


@router.get("/campaign-templates", operation_id="list_campaign_templates")
async def list_templates(services: ServicesHere, _caller: Reader) -> Items[CampaignTemplateOut]:
    """Campaigns to begin from: the notices that are known."""
    return Items(items=[template_out(one) for one in (await _templates(services)).values()])


@router.post(
    "/campaigns",
    operation_id="begin_campaign",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def begin_campaign(
    services: ServicesHere, caller: Campaigner, wanted: CampaignForm
) -> CampaignOut:
    """Begin a campaign in regions of the caller."""
    return await _begin(services, caller, wanted.campaign())


@router.post(
    "/campaigns/from-template",
    operation_id="begin_campaign_from_template",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def begin_from_template(
    services: ServicesHere, caller: Campaigner, wanted: FromTemplateIn
) -> CampaignOut:
    """Begin one as a notice has it, on another day; what differs is changed afterwards."""
    template = (await _templates(services)).get(wanted.template)
    if template is None:
        raise not_found(f"template {wanted.template}")
    moved = shifted(template, wanted.begins)
    named = wanted.name_zh or template.name_zh
    campaign = msgspec.structs.replace(
        moved,
        id=wanted.id,
        name_zh=named,
        name_en=wanted.name_en or ("" if wanted.name_zh else template.name_en),
        regions=wanted.regions,
    )
    return await _begin(services, caller, campaign)


@router.get("/campaigns/{id}", operation_id="get_campaign")
async def get_campaign(
    services: ServicesHere,
    caller: Reader,
    id: CampaignId,  # noqa: A002 - the contract's name
) -> CampaignOut:
    """One as it stands."""
    campaign, _ = await visible_campaign(services, caller, id)
    return _out(services, campaign)


@router.put("/campaigns/{id}", operation_id="change_campaign", responses=REFUSABLE)
async def change_campaign(
    services: ServicesHere,
    caller: Campaigner,
    id: CampaignId,  # noqa: A002
    wanted: CampaignForm,
    version: Annotated[int, Query(ge=1, description="The version that was looked at.")],
) -> CampaignOut:
    """Change it; each version stays among the facts."""
    if wanted.id != id:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            "id: is the one in the address",
            errors=[FieldProblem(field="id", message="is the one in the address")],
        )
    after = wanted.campaign()
    _check_form(after)
    async with services.changing:
        before, land = await visible_campaign(services, caller, id)
        _check_regions(caller, before, land)
        _check_regions(caller, after, land)
        if before.version != version:
            raise refused("campaign_changed", f"somebody else has changed campaign {id}")
        after = msgspec.structs.replace(after, version=version + 1, cancelled=before.cancelled)
        await _keep(services, caller, after)
    return _out(services, after)


@router.post("/campaigns/{id}/cancel", operation_id="cancel_campaign", responses=REFUSABLE)
async def cancel_campaign(
    services: ServicesHere,
    caller: Campaigner,
    id: CampaignId,  # noqa: A002
    wanted: CancelCampaignIn,
) -> CampaignOut:
    """Call it off: nothing is due any more, and all that was marked and signed stays."""
    async with services.changing:
        before, land = await visible_campaign(services, caller, id)
        _check_regions(caller, before, land)
        if before.cancelled:
            return _out(services, before)
        after = msgspec.structs.replace(before, version=before.version + 1, cancelled=wanted.reason)
        await _keep(services, caller, after, wanted.reason)
    return _out(services, after)


@router.get("/campaigns/{id}/progress", operation_id="get_campaign_progress")
async def get_progress(
    services: ServicesHere,
    caller: Reader,
    id: CampaignId,  # noqa: A002
) -> CampaignProgressOut:
    """How far it is: all schools in scope, by stage and by region."""
    campaign, land = await visible_campaign(services, caller, id)
    now = services.clock.now()
    found = await progress_of(services, caller, campaign, land)
    # of a region of which only part is in scope nothing is said: it would look like the whole
    held = services.register.regions_of(caller.scopes)
    return CampaignProgressOut(
        as_of=now,
        whole=tally_out(found.whole),
        stages=[
            CampaignStageProgressOut(
                stage=one.stage, checks=one.checks, seen_to=one.seen_to, overdue=one.overdue
            )
            for one in found.stages
        ],
        regions=[
            CampaignRegionOut(
                region=name,
                name=names(land.regions[name].name_zh, land.regions[name].name_en, name),
                parent=land.regions[name].parent,
                level=land.levels[name],
                tally=tally_out(tally),
            )
            for name, tally in sorted(
                found.regions.items(), key=lambda one: _outermost(land.levels[one[0]], one)
            )
            if held is None or name in held
        ],
    )


@router.get("/campaigns/{id}/schools", operation_id="list_campaign_schools")
async def list_schools(
    *,
    services: ServicesHere,
    caller: Reader,
    id: CampaignId,  # noqa: A002
    region: Identifier | None = None,
    behind: Annotated[bool, Query(description="Only those with something overdue.")] = False,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[CampaignSchoolOut]:
    """Schools in scope, the furthest behind first."""
    campaign, land = await visible_campaign(services, caller, id)
    key = sort_key(after, tuple[RowNumber])
    start = max(0, 0 if key is None else key[0])
    found = await progress_of(services, caller, campaign, land, region)
    schools = [one for one in found.schools if one.overdue or not behind]
    end = start + limit
    return Page(
        items=[school_progress_out(one) for one in schools[start:end]],
        next=cursor((end,)) if end < len(schools) else None,
    )


def _outermost(level: Level, one: tuple[str, Tally]) -> tuple[int, int, int, str]:
    """Provinces, cities, counties; of these the furthest behind first."""
    name, tally = one
    return (_FROM_ABOVE.index(level), -tally.overdue, tally.seen_to - tally.checks, name)


async def land_now(services: Services) -> Land:
    """Regions and schools as they are."""
    return await services.read(services.audit.campaigns.land)


async def visible_campaign(services: Services, caller: Caller, name: str) -> tuple[Campaign, Land]:
    """A campaign about any school in the caller's scope; else a 404 `Problem`."""
    land = await land_now(services)
    campaign = await services.read(one_campaign(name))
    if campaign is None or not _visible_schools(caller, land, campaign):
        raise not_found(f"campaign {name}")
    return campaign, land


async def progress_of(
    services: Services,
    caller: Caller,
    campaign: Campaign,
    land: Land,
    region: str | None = None,
) -> Progress:
    """How far a campaign is at the schools that the caller sees, in ``region`` if one is named."""
    schools = [
        one
        for one in land.of_campaign(campaign).values()
        if caller.sees(one.id) and (region is None or region in land.around(one.region))
    ]
    marks = await services.read(marks_of(campaign.id))
    verdicts = await verdicts_for(services, campaign)
    now = services.clock.now()
    zone = services.audit.campaigns.zone
    return await services.readers.run(
        lambda: progress(campaign, schools, marks, verdicts, land, zone=zone, now=now)
    )


def _visible_schools(caller: Caller, land: Land, campaign: Campaign) -> bool:
    if caller.schools is None:
        return True
    return bool(in_scope(caller, land.of_campaign(campaign)))


async def _begin(services: Services, caller: Caller, campaign: Campaign) -> CampaignOut:
    _check_form(campaign)
    async with services.changing:
        land = await land_now(services)
        _check_regions(caller, campaign, land)
        standing = await services.read(all_campaigns)
        if any(one.id == campaign.id for one in standing):
            raise refused("campaign_there", f"there is a campaign {campaign.id} already")
        if len(standing) >= MOST_CAMPAIGNS:
            raise refused("campaigns_many", f"there are {len(standing)} campaigns")
        await _keep(services, caller, campaign)
    return _out(services, campaign)


async def _keep(services: Services, caller: Caller, campaign: Campaign, reason: str = "") -> None:
    now = services.clock.now()
    batch = Batch(now=now)
    put_campaign(batch, campaign, by=caller.name, now=now, reason=reason)
    await services.commit(batch)


def _check_form(campaign: Campaign) -> None:
    found: list[Mistake] = mistakes(campaign)
    if found:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            f"{len(found)} field(s) of the campaign are not right.",
            errors=[FieldProblem(field=one.field, message=one.message) for one in found],
        )


def _check_regions(caller: Caller, campaign: Campaign, land: Land) -> None:
    """Whoever plans a campaign sees all of it: a county plans none for the next one."""
    for region in campaign.regions:
        if region not in land.regions:
            raise not_found(f"region {region}")
    if caller.schools is None:
        return
    own = {scope.removeprefix("region:") for scope in caller.scopes if scope.startswith("region:")}
    if not campaign.regions or any(
        own.isdisjoint(land.around(region)) for region in campaign.regions
    ):
        check(caller, What.CAMPAIGN, None, "campaign")


def _out(services: Services, campaign: Campaign) -> CampaignOut:
    return campaign_out(campaign, services.audit.campaigns.zone, services.clock.now())


async def _templates(services: Services) -> dict[str, Campaign]:
    try:
        return await services.readers.run(services.audit.campaigns.templates)
    except ConfigurationError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "campaign_templates", str(error)) from error
