"""Coverage down to the school: its sheet, what is missing, and what would have to be done."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Annotated, Final, TypeAlias

import msgspec
from fastapi import APIRouter, Query

from audit.baseline import BASELINE, Baseline, baseline_subject
from audit.coverage import ItemVerdict, Reason
from audit.policy import Policy
from audit.roster import ROSTER, RosterChange, RosterEntry, roster_subject
from audit.verification.model import Verdict
from gateway.api.cursors import Cursor, RowNumber, cursor, sort_key
from gateway.api.guard import Reader
from gateway.api.models.coverage import (
    GapCountOut,
    GapOut,
    GapPageOut,
    RepairOut,
    SchoolSheetOut,
    SheetBaselineOut,
    SheetItemOut,
    SheetPolicyOut,
    WhatIfOut,
    WhatIfSchoolOut,
)
from gateway.api.models.shapes import Identifier, Milliseconds
from gateway.api.present_coverage import (
    Naming,
    instant,
    policies_at,
    policy_at,
    reason_out,
    regions_inside,
    visible_schools,
)
from gateway.api.problems import invalid, not_found
from gateway.api.register import names
from gateway.api.services import Services, ServicesHere
from gateway.coverage.figures import by_region, total
from gateway.coverage.repairs import SchoolRepairs, missing, plan, repairs_of
from gateway.security.access import Caller
from gateway.store.coverage import reasons_of
from gateway.store.read.coverage import (
    StoredVerdict,
    body_as_of,
    first_policy,
    last_verdicts,
)
from gateway.store.read.coverage_pages import Listing, chunks, listings, mark_groups, verdict_rows

router = APIRouter(tags=["coverage"])

_baseline: Final = msgspec.json.Decoder(Baseline).decode
_roster: Final = msgspec.json.Decoder(RosterChange).decode

At: TypeAlias = Annotated[
    Milliseconds | None, Query(description="The instant; now when it is left out.")
]
Keys: TypeAlias = list[tuple[str, str]]


@router.get("/coverage/schools/{school}", operation_id="get_coverage_school")
async def get_coverage_school(
    services: ServicesHere,
    caller: Reader,
    school: Identifier,
    policy: Identifier | None = None,
    at: At = None,
) -> SchoolSheetOut:
    """All items of a school with their reasons, each with the fact that proves it."""
    await _check_seen(services, caller, school)
    now = await instant(services, at)
    known = [
        one.policy
        for one in await policies_at(services, now)
        if policy is None or one.policy.id == policy
    ]
    if policy is not None and not known:
        raise not_found(f"policy {policy}")
    stored = await services.read(last_verdicts(school, _keys(known), now))
    live = await services.audit.coverage.judged(school) if at is None else {}
    entry = await _entry(services, school, now)
    signed = await services.read(body_as_of(baseline_subject(school), BASELINE, now))
    row = next((one.row for one in stored.values() if one.row.listed), None)
    region = "" if row is None else row.region
    naming = Naming(services, await services.read(listings([school])))
    every = [reason for one in stored.values() for reason in reasons_of(one.body)]
    every += [reason for one in live.values() for reason in one.reasons]
    await naming.learn((school, reason) for reason in every)
    return SchoolSheetOut(
        at=now,
        first=await services.read(first_policy),
        school=school,
        name=naming.school(school),
        region=region or None,
        region_name=naming.region(region),
        listed=row is not None,
        kind=None if entry is None else entry.kind,
        pupils=None if entry is None else entry.pupils,
        boarders=None if entry is None else entry.boarders,
        key_target=None if entry is None else entry.key_target,
        baseline=None if signed is None else _baseline_out(_baseline(signed)),
        policies=[
            _sheet_policy(naming, one, school, stored, live) for one in known if row is not None
        ],
    )


@router.get("/coverage/gaps", operation_id="list_coverage_gaps")
async def list_coverage_gaps(
    services: ServicesHere,
    caller: Reader,
    *,
    policy: Identifier | None = None,
    item: Identifier | None = None,
    region: Identifier | None = None,
    school: Identifier | None = None,
    reason: Annotated[str | None, Query(max_length=64, examples=["too_few"])] = None,
    verdict: Verdict | None = None,
    at: At = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> GapPageOut:
    """What stands in the way of items that are not met, by school. Without `policy` of the first
    there is."""
    now = await instant(services, at)
    asked = await policy_at(services, policy, now)
    keys = _keys_of(asked, item)
    known = await _listings(services, caller, school)
    wanted = await regions_inside(services, region, at)
    naming = Naming(services, known)
    last = sort_key(after, tuple[str, RowNumber])
    found: list[tuple[StoredVerdict, Reason]] = []
    following: str | None = None
    counts: Counter[str] = Counter()
    schools: defaultdict[str, set[str]] = defaultdict(set)
    start = "" if last is None else last[0]
    places: Counter[str] = Counter()
    async for stored in _unmet(services, keys, now, [n for n in known if n >= start]):
        row = stored.row
        if (wanted is not None and row.region not in wanted) or (
            verdict is not None and row.verdict is not verdict
        ):
            continue
        for one in missing(reasons_of(stored.body)):
            if reason is not None and one.code != reason:
                continue
            places[row.school] += 1
            if last is not None and (row.school, places[row.school]) <= last:
                continue
            counts[one.code] += 1
            schools[one.code].add(row.school)
            if len(found) < limit:
                found.append((stored, one))
                key = (row.school, places[row.school])
            elif following is None:
                following = cursor(key)
        if following is not None and last is not None:
            break  # what there is in all was said with the first page
    await naming.learn((stored.row.school, one) for stored, one in found)
    return GapPageOut(
        at=now,
        items=[_gap_out(naming, stored, one) for stored, one in found],
        total=counts.total() if last is None else None,
        counts=None
        if last is not None
        else [
            GapCountOut(code=code, gaps=gaps, schools=len(schools[code]))
            for code, gaps in counts.most_common()
        ],
        next=following,
    )


@router.get("/coverage/what-if", operation_id="get_coverage_what_if")
async def get_coverage_what_if(
    services: ServicesHere,
    caller: Reader,
    policy: Identifier | None = None,
    item: Identifier | None = None,
    region: Identifier | None = None,
    target: Annotated[float, Query(ge=0, le=1)] = 1.0,
    at: At = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> WhatIfOut:
    """Which repairs bring the rate of an item to the target; without `item`, the share of schools
    at which all are met. The schools with the fewest repairs come first."""
    now = await instant(services, at)
    asked = await policy_at(services, policy, now)
    keys = _keys_of(asked, item)
    known = await _listings(services, caller, None)
    wanted = await regions_inside(services, region, at)
    items = [key[1] for key in keys]
    groups = await services.read(mark_groups(asked.id, items, now, list(known)))
    in_region = [
        each
        for name, each in by_region(groups, len(items)).items()
        if wanted is None or name in wanted
    ]
    figures = total(in_region, len(items))
    unmet: dict[str, dict[str, StoredVerdict]] = {}
    async for stored in _unmet(services, keys, now, list(known)):
        if wanted is None or stored.row.region in wanted:
            unmet.setdefault(stored.row.school, {})[stored.row.item] = stored
    statements = {one.id: one.statement for one in asked.items}
    found = plan(
        [_repairs(school, by_item, statements) for school, by_item in unmet.items()],
        met=figures.complete,
        listed=figures.schools,
        target=target,
    )
    naming = Naming(services, known)
    shown = found.schools[:limit]
    await naming.learn(
        (one.school, why) for one in shown for repair in one.repairs for why in repair.reasons
    )
    steps = []
    so_far = 0
    for number, one in enumerate(shown, 1):
        so_far += len(one.repairs)
        steps.append(
            WhatIfSchoolOut(
                school=one.school,
                name=naming.school(one.school),
                region=one.region or None,
                region_name=naming.region(one.region),
                repairs=[
                    RepairOut(
                        what=repair.what,
                        items=list(repair.items),
                        reasons=[reason_out(naming, one.school, why) for why in repair.reasons],
                    )
                    for repair in one.repairs
                ],
                repairs_so_far=so_far,
                met_so_far=figures.complete + number,
                rate_so_far=(figures.complete + number) / figures.schools,
            )
        )
    return WhatIfOut(
        at=now,
        policy=asked.id,
        item=item,
        region=region,
        target=target,
        schools=figures.schools,
        met=figures.complete,
        repairs=found.repairs,
        reachable=found.reachable,
        steps=steps,
    )


def _repairs(
    school: str, unmet: Mapping[str, StoredVerdict], statements: Mapping[str, str]
) -> SchoolRepairs:
    reasons = {item: reasons_of(stored.body) for item, stored in unmet.items()}
    region = next(iter(unmet.values())).row.region
    if not all(missing(each) for each in reasons.values()):
        return SchoolRepairs(school, region, ())  # of one item nobody knows what is missing
    return SchoolRepairs(school, region, repairs_of(reasons, statements))


def _keys(policies: Collection[Policy]) -> Keys:
    return [(policy.id, item.id) for policy in policies for item in policy.items]


def _keys_of(policy: Policy, item: str | None) -> Keys:
    if item is not None and policy.item(item) is None:
        raise invalid("item", f"the policy {policy.id} has no such item")
    return [(policy.id, one.id) for one in policy.items if item is None or one.id == item]


async def _listings(services: Services, caller: Caller, school: str | None) -> dict[str, Listing]:
    schools = await visible_schools(services, caller)
    if school is not None:
        one = frozenset({school})
        schools = one if schools is None else schools & one
    return await services.read(listings(schools))


async def _unmet(
    services: Services, keys: Keys, at: int, schools: list[str]
) -> AsyncIterator[StoredVerdict]:
    for chunk in chunks(schools):
        for stored in await services.read(verdict_rows(keys, at, chunk, unmet=True)):
            yield stored


async def _check_seen(services: Services, caller: Caller, school: str) -> None:
    schools = await visible_schools(services, caller)
    if schools is not None and school not in schools:
        raise not_found(f"school {school}")
    if not services.register.has_school(school) and not await services.read(listings([school])):
        raise not_found(f"school {school}")


async def _entry(services: Services, school: str, at: int) -> RosterEntry | None:
    body = await services.read(body_as_of(roster_subject(school), ROSTER, at))
    return None if body is None else _roster(body).after


def _baseline_out(baseline: Baseline) -> SheetBaselineOut:
    return SheetBaselineOut(
        version=baseline.version,
        signed=baseline.signed,
        signed_by=baseline.signed_by,
        confirmed_by=baseline.confirmed_by,
    )


def _sheet_policy(
    naming: Naming,
    policy: Policy,
    school: str,
    stored: Mapping[tuple[str, str], StoredVerdict],
    live: Mapping[tuple[str, str], ItemVerdict],
) -> SheetPolicyOut:
    items = []
    for item in policy.items:
        key = policy.id, item.id
        if (one := stored.get(key)) is None or not one.row.listed:
            continue
        # The verdict is the one that is counted; its evidence may be newer than when it came.
        newest = live.get(key)
        if newest is not None and newest.verdict is not one.row.verdict:
            newest = None
        reasons = reasons_of(one.body) if newest is None else newest.reasons
        items.append(
            SheetItemOut(
                item=item.id,
                name=names(item.name_zh, item.name_en, item.id),
                proof=item.proof,
                verdict=one.row.verdict,
                since=one.row.at,
                until=None if newest is None else newest.until,
                pending=any(each.pending for each in reasons),
                reasons=[reason_out(naming, school, each) for each in reasons],
            )
        )
    return SheetPolicyOut(
        policy=policy.id,
        version=policy.version,
        name=names(policy.name_zh, policy.name_en, policy.id),
        source=policy.source,
        complete=len(items) == len(policy.items)
        and all(one.verdict is Verdict.MET for one in items),
        items=items,
    )


def _gap_out(naming: Naming, stored: StoredVerdict, reason: Reason) -> GapOut:
    row = stored.row
    return GapOut(
        school=row.school,
        name=naming.school(row.school),
        region=row.region or None,
        region_name=naming.region(row.region),
        policy=row.policy,
        item=row.item,
        verdict=row.verdict,
        since=row.at,
        reason=reason_out(naming, row.school, reason),
    )
