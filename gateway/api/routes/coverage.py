"""Coverage: the rates of the policies, by region and school, at any instant."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Query

from audit.verification.model import Verdict
from gateway.api.cursors import Cursor, cursor, sort_key
from gateway.api.guard import Auditor, Reader
from gateway.api.models.coverage import (
    CoverageChangedOut,
    CoverageDrawnOut,
    CoverageOut,
    CoveragePolicyOut,
    CoverageRegionsOut,
    SchoolCoverageOut,
    TrendOut,
)
from gateway.api.models.shapes import Identifier, Items, Milliseconds, Page
from gateway.api.present_coverage import (
    Naming,
    instant,
    item_out,
    items_out,
    late,
    parents_at,
    policies_at,
    policy_at,
    policy_figures_out,
    policy_out,
    region_out,
    regions_inside,
    trend_out,
    visible_schools,
)
from gateway.api.problems import invalid
from gateway.api.services import Services, ServicesHere
from gateway.coverage.figures import by_region, inside, rolled_up, total
from gateway.coverage.trend import trend
from gateway.store.read.coverage import coverage_cursor, first_policy, last_fact
from gateway.store.read.coverage_pages import (
    chunks,
    listings,
    mark_changes,
    mark_groups,
    marks_by_school,
    verdict_rows,
)

router = APIRouter(tags=["coverage"])

DAY_MS = 86_400_000
MOST_POINTS = 400
LONGEST_DAYS = 3_700

At: TypeAlias = Annotated[
    Milliseconds | None, Query(description="The instant; now when it is left out.")
]
PolicyName: TypeAlias = Annotated[
    Identifier | None, Query(description="`six-100`, or the first there is, when it is left out.")
]


@router.get("/coverage/policies", operation_id="list_coverage_policies")
async def list_coverage_policies(
    services: ServicesHere, caller: Reader, at: At = None
) -> Items[CoveragePolicyOut]:
    """The policies as they were known at an instant."""
    del caller  # policies are the bureau's, and everybody's to read
    return Items(items=[policy_out(one) for one in await policies_at(services, at)])


@router.get("/coverage/changed", operation_id="get_coverage_changed")
async def get_coverage_changed(services: ServicesHere, caller: Reader) -> CoverageChangedOut:
    """A number that grows whenever any verdict changes: for pages that show what is now."""
    del caller  # how often verdicts changed tells nothing of any school
    return await _changed(services)


@router.get("/coverage", operation_id="get_coverage")
async def get_coverage(
    services: ServicesHere,
    caller: Reader,
    policy: Identifier | None = None,
    region: Identifier | None = None,
    at: At = None,
) -> CoverageOut:
    """Item by item: how many schools it is met, failed and unknown at. Without `policy` of all."""
    now = await instant(services, at)
    known = await policies_at(services, now)
    schools = await visible_schools(services, caller)
    wanted = await regions_inside(services, region, at)
    figures = []
    for one in known:
        if policy is not None and one.policy.id != policy:
            continue
        items = [item.id for item in one.policy.items]
        groups = await services.read(mark_groups(one.policy.id, items, now, schools))
        found = by_region(groups, len(items))
        kept = [each for name, each in found.items() if wanted is None or name in wanted]
        figures.append(policy_figures_out(one.policy, total(kept, len(items))))
    changed = await _changed(services)
    return CoverageOut(
        at=now,
        region=region,
        first=await services.read(first_policy),
        changed=changed.changed,
        behind=changed.behind,
        policies=figures,
    )


@router.get("/coverage/regions", operation_id="list_coverage_regions")
async def list_coverage_regions(
    services: ServicesHere,
    caller: Reader,
    policy: PolicyName = None,
    region: Identifier | None = None,
    at: At = None,
) -> CoverageRegionsOut:
    """The same figures for a region and every region inside it, each with those inside it."""
    now = await instant(services, at)
    asked = await policy_at(services, policy, now)
    items = [item.id for item in asked.items]
    schools = await visible_schools(services, caller)
    groups = await services.read(mark_groups(asked.id, items, now, schools))
    around = await parents_at(services, at)
    wanted = None if region is None else inside(region, around)
    found = rolled_up(by_region(groups, len(items)), around, len(items))
    naming = Naming(services, {})
    return CoverageRegionsOut(
        at=now,
        policy=asked.id,
        version=asked.version,
        items=items_out(asked.items),
        regions=[
            region_out(asked, name, figures, naming, around.get(name))
            for name, figures in sorted(found.items())
            if wanted is None or name in wanted
        ],
    )


@router.get("/coverage/schools", operation_id="list_coverage_schools")
async def list_coverage_schools(
    services: ServicesHere,
    caller: Reader,
    *,
    policy: PolicyName = None,
    region: Annotated[
        str | None, Query(max_length=64, description="Empty: schools listed in no region.")
    ] = None,
    direct: Annotated[bool, Query(description="Only schools listed in that very region.")] = False,
    item: Identifier | None = None,
    verdict: Verdict | None = None,
    at: At = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[SchoolCoverageOut]:
    """Listed schools with their items, by id. `verdict` is that of `item`, or else of any."""
    now = await instant(services, at)
    asked = await policy_at(services, policy, now)
    if item is not None and asked.item(item) is None:
        raise invalid("item", f"the policy {asked.id} has no such item")
    keys = [(asked.id, one.id) for one in asked.items]
    wanted = await regions_inside(services, region, at)
    if region is not None and (direct or not region):
        wanted = frozenset({region})
    known = await services.read(listings(await visible_schools(services, caller)))
    naming = Naming(services, known)
    last = sort_key(after, tuple[str])
    names = [name for name in known if last is None or name > last[0]]
    found: list[SchoolCoverageOut] = []
    for chunk in chunks(names):
        by_school: dict[str, SchoolCoverageOut] = {}
        for stored in await services.read(verdict_rows(keys, now, chunk)):
            row = stored.row
            if wanted is not None and row.region not in wanted:
                continue
            out = by_school.get(row.school)
            if out is None:
                out = by_school[row.school] = SchoolCoverageOut(
                    school=row.school,
                    name=naming.school(row.school),
                    region=row.region or None,
                    region_name=naming.region(row.region),
                    complete=False,
                    items=[],
                )
            out.items.append(item_out(stored))
        for out in by_school.values():
            if _asked_for(out, item, verdict):
                if len(found) == limit:
                    return Page(items=found, next=cursor((found[-1].school,)))
                found.append(_in_order(out, [key[1] for key in keys]))
    return Page(items=found)


@router.get("/coverage/trend", operation_id="get_coverage_trend")
async def get_coverage_trend(
    services: ServicesHere,
    caller: Reader,
    since: Milliseconds,
    until: Milliseconds,
    policy: PolicyName = None,
    region: Identifier | None = None,
    step_days: Annotated[int, Query(ge=1, le=366)] = 1,
) -> TrendOut:
    """The rates at `since` and every `step_days` after it, and at `until`; at most 400 points."""
    until = await instant(services, until)
    step = step_days * DAY_MS
    if since > until:
        raise invalid("since", "must not lie after the end, nor after now")
    if (until - since) // step > MOST_POINTS:
        raise invalid("step_days", f"that is more than {MOST_POINTS} points: take a longer step")
    asked = await policy_at(services, policy, until)
    items = [item.id for item in asked.items]
    schools = await visible_schools(services, caller)
    begun = await services.read(marks_by_school(asked.id, items, since, schools))
    changes = await services.read(mark_changes(asked.id, items, since, until, schools))
    instants = [*range(since, until, step), until]
    wanted = await regions_inside(services, region, until)
    points = await services.readers.run(lambda: trend(items, begun, changes, instants, wanted))
    return TrendOut(
        policy=asked.id,
        region=region,
        points=[trend_out(asked, at, figures) for at, figures in points],
    )


@router.post("/coverage/draw", operation_id="draw_coverage")
async def draw_coverage(services: ServicesHere, caller: Auditor) -> CoverageDrawnOut:
    """Draw the verdicts now: the totals and a digest of all verdicts become facts.

    Within a minute, the same drawing is given again.
    """
    drawn = await services.audit.coverage.draw(by=caller.name)
    if drawn is None:
        raise late()
    return CoverageDrawnOut(
        at=drawn.at,
        row=drawn.row,
        policies={one.policy: one.digest for one in drawn.drawings},
    )


async def _changed(services: Services) -> CoverageChangedOut:
    where = await services.read(coverage_cursor)
    newest = await services.read(last_fact)
    return CoverageChangedOut(changed=where.changes, behind=max(0, newest - where.row))


def _asked_for(school: SchoolCoverageOut, item: str | None, verdict: Verdict | None) -> bool:
    if verdict is None:
        return True
    return any(
        one.verdict is verdict and (item is None or one.item == item) for one in school.items
    )


def _in_order(school: SchoolCoverageOut, items: list[str]) -> SchoolCoverageOut:
    by_item = {one.item: one for one in school.items}
    ordered = [by_item[item] for item in items if item in by_item]
    complete = len(ordered) == len(items) and all(one.verdict is Verdict.MET for one in ordered)
    return school.model_copy(update={"items": ordered, "complete": complete})
