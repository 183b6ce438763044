"""What coverage and the ledger say: verdicts that prove checks, rates, and hazards of a week."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from audit.reports.weekly import Rate
from audit.verification.model import Verdict
from gateway.api.present_coverage import policies_at, policy_at
from gateway.api.problems import Problem
from gateway.coverage.figures import by_region, total
from gateway.store.read.campaigns import hazards_in
from gateway.store.read.coverage_pages import mark_groups, marks_by_school

if TYPE_CHECKING:
    from collections.abc import Collection

    from audit.campaign import Campaign
    from gateway.api.services import Services
    from gateway.campaigns.book import Verdicts
    from gateway.campaigns.counting import Hazards

_MET: dict[Verdict, bool | None] = {
    Verdict.MET: True,
    Verdict.FAILED: False,
    Verdict.UNKNOWN: None,
}


async def verdicts_for(
    services: Services, campaign: Campaign, schools: Collection[str] | None = None
) -> dict[tuple[str, str], Verdicts]:
    """The verdicts now on each item that proves a check, by policy and item, at ``schools``
    (``None`` = all). A school that is not there, and every school under a policy that nobody
    knows, is unknown."""
    now = services.clock.now()
    wanted = {(one.policy, one.item) for one in campaign.checks if one.proven}
    known = {one.policy.id: one.policy for one in await policies_at(services, now)}
    found: dict[tuple[str, str], Verdicts] = {key: {} for key in wanted}
    for name in sorted({policy for policy, _ in wanted}):
        policy = known.get(name)
        if policy is None:
            continue
        items = sorted(item for of, item in wanted if of == name and policy.item(item) is not None)
        if not items:
            continue
        marks = await services.read(marks_by_school(name, items, now, schools))
        for place, item in enumerate(items):
            found[(name, item)] = {
                school: _MET[own[place].verdict]
                for school, own in marks.items()
                if own[place].listed
            }
    return found


async def rates_at(services: Services, schools: frozenset[str] | None, at: int) -> tuple[Rate, ...]:
    """The rates of the first policy over ``schools`` (``None`` = all) as of ``at``; none without a
    policy."""
    try:
        policy = await policy_at(services, None, at)
    except Problem as problem:
        if problem.status is HTTPStatus.NOT_FOUND:
            return ()
        raise
    items = [item.id for item in policy.items]
    groups = await services.read(mark_groups(policy.id, items, at, schools))
    figures = total(by_region(groups, len(items)).values(), len(items))
    return tuple(
        Rate(
            policy=policy.id,
            item=item.id,
            name_zh=item.name_zh,
            name_en=item.name_en,
            met=figures.met[place],
            failed=figures.failed[place],
            unknown=figures.unknown[place],
        )
        for place, item in enumerate(policy.items)
    )


async def hazards_between(
    services: Services, schools: frozenset[str] | None, since: int, until: int
) -> Hazards | None:
    """Hazards found and closed in ``[since, until)``, and open and overdue at its end."""
    return await services.read(hazards_in(schools, since, until))
