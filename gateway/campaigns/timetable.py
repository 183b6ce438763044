"""What reports a subject has to hand in, by when, and whether it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from audit.campaign import (
    Campaign,
    Level,
    ReportState,
    began,
    due_of,
    report_state,
    weeks,
)
from audit.reports.weekly import SignedReport

WEEKLY: Final = "weekly"
DEADLINE: Final = "deadline"

_WEEK_MS: Final = 7 * 86_400_000


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A report that is to be handed in. Times in ms; it can be signed from ``opens`` on.

    ``period`` is the local day on which a weekly one is due, or the id of a deadline. A weekly one
    is about ``[since, until)``, what is handed in once about the campaign so far. Of a campaign
    that was called off nothing is asked any more: what was signed is left.
    """

    campaign: str
    kind: str
    period: str
    level: Level
    due: int
    opens: int
    since: int
    until: int
    name_zh: str = ""
    name_en: str = ""
    called_off: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What names it, beside the subject."""
        return (self.campaign, self.kind, self.period)


class DueOf(msgspec.Struct, frozen=True):
    """The same for one subject, as it stands."""

    due: Due
    subject: str
    state: ReportState
    signed: SignedReport | None


def dues(campaign: Campaign, level: Level, zone: str) -> Iterator[Due]:
    """What a campaign asks of a level, in the order in which it is due within each kind."""
    called_off = bool(campaign.cancelled)
    for rule in campaign.weekly:
        if rule.level is not level:
            continue
        for week in weeks(campaign, rule, zone):
            yield Due(
                campaign=campaign.id,
                kind=WEEKLY,
                period=week.day.isoformat(),
                level=level,
                due=week.due,
                opens=week.until,
                since=week.since,
                until=week.until,
                called_off=called_off,
            )
    begun = began(zone, campaign.begins)
    for one in campaign.deadlines:
        if one.level is level:
            due = due_of(zone, one.due)
            yield Due(
                campaign=campaign.id,
                kind=DEADLINE,
                period=one.id,
                level=level,
                due=due,
                opens=begun,
                since=begun,
                until=due,
                name_zh=one.name_zh,
                name_en=one.name_en,
                called_off=called_off,
            )


def find_due(campaign: Campaign, level: Level, kind: str, period: str, zone: str) -> Due | None:
    """The one of that name; ``None`` when the campaign asks for none such of the level."""
    for one in dues(campaign, level, zone):
        if (one.kind, one.period) == (kind, period):
            return one
    return None


def due_below(campaign: Campaign, level: Level, of: Due, zone: str) -> Due | None:
    """What a level hands in for the report ``of`` one above it: its own weekly one of those seven
    days, or the last thing it hands in before."""
    found = [
        one
        for one in dues(campaign, level, zone)
        if one.kind == of.kind
        and one.due <= of.due
        and (of.kind != WEEKLY or one.due > of.due - _WEEK_MS)
    ]
    return max(found, key=lambda one: one.due, default=None)


def standings(
    asked: Iterable[tuple[Due, str]],
    signed: Iterable[SignedReport],
    now: int,
) -> list[DueOf]:
    """Each report with its subject as it stands at ``now``, by when it is due; without those that
    nobody signed before their campaign was called off."""
    by_key: Mapping[tuple[str, str, str, str], SignedReport] = {
        (one.campaign, one.kind, one.period, one.subject): one for one in signed
    }
    found = []
    for due, subject in asked:
        own = by_key.get((*due.key, subject))
        if own is not None:
            # By what was due when it was signed: a deadline that moves makes nobody late after all.
            kept = msgspec.structs.replace(due, due=own.due)
            state = report_state(kept.due, kept.opens, own.signed, now)
            found.append(DueOf(kept, subject, state, own))
        elif not due.called_off:
            state = report_state(due.due, due.opens, None, now)
            found.append(DueOf(due, subject, state, None))
    return sorted(found, key=lambda one: (one.due.due, one.subject, one.due.key))
