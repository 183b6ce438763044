"""The verdicts that prove checks of campaigns, and rates of weekly reports: those of coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.reports.weekly import Rate

if TYPE_CHECKING:
    from audit.campaign import Campaign
    from gateway.api.services import Services
    from gateway.campaigns.book import Verdicts
    from gateway.campaigns.counting import Hazards


async def verdicts_for(
    services: Services, campaign: Campaign
) -> dict[tuple[str, str], Verdicts]:
    """The verdicts now on each item that proves a check, by policy and item; a school that is not
    there is unknown."""
    del services
    wanted = {(one.policy, one.item) for one in campaign.checks if one.proven}
    return {key: {} for key in wanted}


async def rates_at(
    services: Services, schools: frozenset[str] | None, at: int
) -> tuple[Rate, ...]:
    """The rates of the first policy over ``schools`` (``None`` = all) as of ``at``."""
    del services, schools, at
    return ()


async def hazards_between(
    services: Services, schools: frozenset[str] | None, since: int, until: int
) -> Hazards | None:
    """Hazards found and closed in ``[since, until)``, and open and overdue at its end."""
    del services, schools, since, until
    return None
