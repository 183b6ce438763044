"""How far a campaign is: by school, by stage, and by region with all that lies in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from audit.campaign import SEEN_TO, Campaign, Check, CheckStanding, Mark, standing
from gateway.campaigns.book import Land, Listed, Verdicts
from gateway.store.read.campaigns import Marks


class Tally(msgspec.Struct):
    """Schools and checks, counted. ``complete``: schools that have seen to everything;
    ``late``: schools with something overdue. ``seen_to`` of ``checks`` are those of all schools.
    """

    schools: int = 0
    complete: int = 0
    late: int = 0
    checks: int = 0
    seen_to: int = 0
    overdue: int = 0
    findings: int = 0

    def add(self, one: SchoolProgress) -> None:
        """Count a school."""
        self.schools += 1
        self.complete += one.seen_to == one.checks
        self.late += one.overdue > 0
        self.checks += one.checks
        self.seen_to += one.seen_to
        self.overdue += one.overdue
        self.findings += one.findings


class SchoolProgress(msgspec.Struct, frozen=True):
    """How far a school is; ``last`` is when it marked something last (ms)."""

    school: Listed
    checks: int
    seen_to: int
    overdue: int
    findings: int
    last: int | None


class StageTally(msgspec.Struct, frozen=True):
    """A stage over all schools: checks of it that are seen to."""

    stage: str
    checks: int
    seen_to: int
    overdue: int


class Progress(msgspec.Struct, frozen=True):
    """A campaign over some schools, the furthest behind first."""

    whole: Tally
    stages: list[StageTally]
    regions: dict[str, Tally]
    schools: list[SchoolProgress]


def progress(
    campaign: Campaign,
    schools: Iterable[Listed],
    marks: Marks,
    verdicts: Mapping[tuple[str, str], Verdicts],
    land: Land,
    *,
    zone: str,
    now: int,
) -> Progress:
    """How far each of ``schools`` is. ``verdicts`` by policy and item."""
    unmarked = {
        one.id: standing(campaign, one, None, None, zone=zone, now=now) for one in campaign.checks
    }
    met = {
        one.id: standing(campaign, one, None, True, zone=zone, now=now) for one in campaign.checks
    }
    unmet = {
        one.id: standing(campaign, one, None, False, zone=zone, now=now) for one in campaign.checks
    }
    whole = Tally()
    regions: dict[str, Tally] = {}
    around: dict[str | None, tuple[str, ...]] = {}
    by_stage = {one.id: [0, 0, 0] for one in campaign.stages}
    found: list[SchoolProgress] = []
    for school in schools:
        own = marks.get(school.id, {})
        states: list[CheckStanding] = []
        for check in campaign.checks:
            if check.proven:
                verdict = verdicts.get((check.policy, check.item), {}).get(school.id)
                state = (unmarked if verdict is None else met if verdict else unmet)[check.id]
            elif (mark := own.get(check.id)) is None:
                state = unmarked[check.id]
            else:
                state = CheckStanding(mark.state.value)
            states.append(state)
            counted = by_stage.get(check.stage)
            if counted is not None:
                counted[0] += 1
                counted[1] += state in SEEN_TO
                counted[2] += state is CheckStanding.OVERDUE
        one = SchoolProgress(
            school=school,
            checks=len(states),
            seen_to=sum(state in SEEN_TO for state in states),
            overdue=states.count(CheckStanding.OVERDUE),
            findings=states.count(CheckStanding.FINDING),
            last=max((mark.at for mark in own.values()), default=None),
        )
        found.append(one)
        whole.add(one)
        if school.region not in around:
            around[school.region] = land.around(school.region)
        for region in around[school.region]:
            regions.setdefault(region, Tally()).add(one)
    found.sort(key=_behind)
    return Progress(
        whole=whole,
        stages=[StageTally(name, *counts) for name, counts in by_stage.items()],
        regions=regions,
        schools=found,
    )


def _behind(one: SchoolProgress) -> tuple[int, int, str]:
    return (-one.overdue, one.seen_to - one.checks, one.school.id)


class CheckLine(msgspec.Struct, frozen=True):
    """One check of a school."""

    check: Check
    state: CheckStanding
    mark: Mark | None


def check_lines(
    campaign: Campaign,
    school: str,
    own: Mapping[str, Mark],
    verdicts: Mapping[tuple[str, str], Verdicts],
    *,
    zone: str,
    now: int,
) -> Sequence[CheckLine]:
    """The checks of one school as they stand."""
    return [
        CheckLine(
            check,
            standing(
                campaign,
                check,
                own.get(check.id),
                verdicts.get((check.policy, check.item), {}).get(school),
                zone=zone,
                now=now,
            ),
            own.get(check.id),
        )
        for check in campaign.checks
    ]
