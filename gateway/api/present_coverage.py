"""Puts coverage into the shapes of the interface, cut to what the caller sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from audit.coverage import Reason
from audit.policy import Item, Policy
from gateway.api.models.coverage import (
    CoveragePolicyOut,
    CoverageReasonOut,
    ItemFiguresOut,
    PolicyFiguresOut,
    PolicyItemOut,
    RegionFiguresOut,
    SchoolItemOut,
    TrendPointOut,
)
from gateway.api.models.shapes import Names
from gateway.api.problems import Problem, not_found
from gateway.api.register import names
from gateway.api.services import Services
from gateway.coverage.figures import Figures, inside
from gateway.coverage.repairs import missing
from gateway.security.access import Caller
from gateway.store.coverage import reasons_of
from gateway.store.read.coverage import (
    KnownPolicy,
    StoredVerdict,
    coverage_cursor,
    known_policies,
    parents_as_of,
)
from gateway.store.read.coverage_pages import Listing, device_names, listings

_REGION: Final = "region:"


async def instant(services: Services, at: int | None) -> int:
    """The instant that is asked for, no later than now: the future is not known.

    Now is no earlier than the last fact: a clock that was set back hides nothing.
    """
    now = max(services.clock.now(), (await services.read(coverage_cursor)).known)
    return now if at is None else min(at, now)


async def policies_at(services: Services, at: int | None) -> list[KnownPolicy]:
    """Those that were known at ``at``, in the order in which they came to be known."""
    query = known_policies() if at is None else known_policies(known=at)
    found = await services.read(query)
    return sorted(found.values(), key=lambda one: (one.policy.id != _FIRST, one.policy.id))


_FIRST: Final = "six-100"
"""What most bureaus look at first."""


async def policy_at(services: Services, policy: str | None, at: int | None) -> Policy:
    """That policy, or the first. Raises a 404 `Problem`."""
    found = await policies_at(services, at)
    for one in found:
        if policy is None or one.policy.id == policy:
            return one.policy
    raise not_found(f"policy {policy}" if policy else "policy")


async def visible_schools(services: Services, caller: Caller) -> frozenset[str] | None:
    """Those of the caller's scope, with those that are on the roster and not in the register."""
    if caller.schools is None:
        return None
    regions = {scope.removeprefix(_REGION) for scope in caller.scopes if scope.startswith(_REGION)}
    if not regions:
        return caller.schools
    around = parents(services)
    wanted = frozenset[str]().union(*(inside(region, around) for region in regions))
    known = await services.read(listings())
    return caller.schools | {one.school for one in known.values() if one.region in wanted}


def parents(services: Services) -> dict[str, str | None]:
    """The region around each region, now."""
    return {region.id: region.parent for region in services.register.regions_out(None)}


async def parents_at(services: Services, at: int | None) -> dict[str, str | None]:
    """The region around each region as it was known at ``at`` (ms); ``None`` = now."""
    found = parents(services)
    return found if at is None else await services.read(parents_as_of(at, found))


async def regions_inside(
    services: Services, region: str | None, at: int | None
) -> frozenset[str] | None:
    """A region and all inside it, as it was known at ``at``; ``None`` = all there are."""
    return None if region is None else inside(region, await parents_at(services, at))


class Naming:
    """Names of schools and regions, of the register or else of the roster."""

    def __init__(self, services: Services, listed: Mapping[str, Listing]) -> None:
        self._services = services
        self._devices: dict[tuple[str, str], Names] = {}
        self._listed = listed
        self._regions = {region.id: region.name for region in services.register.regions_out(None)}

    async def learn(self, reasons: Iterable[tuple[str, Reason]]) -> None:
        """Look up what the devices are called that reasons, by school, are about."""
        wanted = {(school, reason.device) for school, reason in reasons if reason.device}
        found = await self._services.read(device_names(wanted))
        self._devices |= {key: names(zh, en, key[1]) for key, (zh, en) in found.items()}

    def device(self, school: str, device: str) -> Names | None:
        """``None``: of none, or of one that is not registered any more."""
        return self._devices.get((school, device))

    def place(self, school: str, place: str) -> Names | None:
        """The place with those around it; ``None``: of none."""
        return self._services.register.place_path(school, place or None)

    def school(self, school: str) -> Names:
        """The register's name; the roster's for one that is not registered."""
        if not self._services.register.has_school(school):
            listing = self._listed.get(school)
            if listing is not None and listing.name:
                return names(listing.name, "", school)
        return self._services.register.school_name(school)

    def region(self, region: str) -> Names | None:
        """``None``: no region."""
        return self._regions.get(region, names("", "", region)) if region else None


def policy_out(known: KnownPolicy) -> CoveragePolicyOut:
    """A policy with its items."""
    policy = known.policy
    return CoveragePolicyOut(
        policy=policy.id,
        version=policy.version,
        valid_from=policy.valid_from,
        name=names(policy.name_zh, policy.name_en, policy.id),
        source=policy.source,
        since=known.known,
        items=items_out(policy.items),
    )


def items_out(items: Iterable[Item]) -> list[PolicyItemOut]:
    """The items of a policy."""
    return [
        PolicyItemOut(item=one.id, name=names(one.name_zh, one.name_en, one.id), proof=one.proof)
        for one in items
    ]


def figures_out(policy: Policy, figures: Figures) -> list[ItemFiguresOut]:
    """An item after the other."""
    return [
        ItemFiguresOut(
            item=item.id,
            met=figures.met[place],
            failed=figures.failed[place],
            unknown=figures.unknown[place],
            schools=figures.schools,
            rate=figures.met[place] / figures.schools if figures.schools else None,
        )
        for place, item in enumerate(policy.items)
    ]


def policy_figures_out(policy: Policy, figures: Figures) -> PolicyFiguresOut:
    """A policy over schools."""
    return PolicyFiguresOut(
        policy=policy.id,
        version=policy.version,
        schools=figures.schools,
        complete=figures.complete,
        failed=figures.failing,
        items=figures_out(policy, figures),
    )


def region_out(
    policy: Policy, region: str, figures: Figures, naming: Naming, parent: str | None
) -> RegionFiguresOut:
    """A region with those inside it."""
    return RegionFiguresOut(
        region=region or None,
        parent=parent,
        name=naming.region(region) or names("", "", ""),
        schools=figures.schools,
        complete=figures.complete,
        failed=figures.failing,
        items=figures_out(policy, figures),
    )


def trend_out(policy: Policy, at: int, figures: Figures) -> TrendPointOut:
    """The rates at one instant."""
    return TrendPointOut(
        at=at,
        schools=figures.schools,
        complete=figures.complete,
        failed=figures.failing,
        items=figures_out(policy, figures),
    )


def reason_out(naming: Naming, school: str, reason: Reason) -> CoverageReasonOut:
    """A reason with the names of what it is about, as they are now."""
    return CoverageReasonOut(
        code=reason.code,
        part=reason.part,
        verdict=reason.verdict,
        device=reason.device,
        device_name=naming.device(school, reason.device),
        place=reason.place,
        place_name=naming.place(school, reason.place),
        link=reason.link,
        since=reason.since,
        due=reason.due,
        evidence=reason.evidence or None,
        pending=reason.pending,
        inputs=reason.inputs,
    )


def item_out(stored: StoredVerdict) -> SchoolItemOut:
    """An item at a school, in brief."""
    reasons = reasons_of(stored.body)
    return SchoolItemOut(
        item=stored.row.item,
        verdict=stored.row.verdict,
        since=stored.row.at,
        pending=any(one.pending for one in reasons),
        missing=len(missing(reasons)),
    )


def late() -> Problem:
    """The facts are still being followed."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "coverage_behind",
        "The facts are still being followed; try again in a while.",
        headers={"Retry-After": "5"},
    )
