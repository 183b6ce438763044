"""Coverage as tables: the rates by region, school by school, what is missing, one school's sheet.

Each asks what the interface answers, page by page, so that a file says what the page says.
"""

from __future__ import annotations

from pydantic import Field

from audit.reports.table import Cell, Column, Report, Row, Table
from audit.verification.model import Verdict
from gateway.api.models.coverage import (
    GapOut,
    GapPageOut,
    ItemFiguresOut,
    PolicyItemOut,
    SchoolCoverageOut,
    SchoolSheetOut,
    SheetPolicyOut,
)
from gateway.api.models.shapes import Identifier, Names, Page
from gateway.api.problems import not_found
from gateway.api.routes.coverage import (
    get_coverage,
    list_coverage_policies,
    list_coverage_regions,
    list_coverage_schools,
)
from gateway.api.routes.coverage_schools import get_coverage_school, list_coverage_gaps
from gateway.api.supplies.asked import Asked, Params
from gateway.api.supplies.columns import count, day, share, text, time
from gateway.api.supplies.paging import AT_ONCE, following
from gateway.api.supplies.reasons import advice, sentence, where
from gateway.exports.writing import ExportError


class _AsOf(Params):
    policy: Identifier | None = None
    region: Identifier | None = None
    at: int | None = Field(None, ge=0, le=253_402_300_799_999)


class Overview(_AsOf):
    """Which policy, of which region, as of when (ms)."""


class Schools(_AsOf):
    """The same, and which schools: those at which ``item`` (or any) has that verdict."""

    item: Identifier | None = None
    verdict: Verdict | None = None


class Gaps(Schools):
    """The same, of one school, and of one reason."""

    school: Identifier | None = None
    reason: str | None = Field(None, max_length=64)


class Sheet(Params):
    """Of which school, under which policy, as of when (ms)."""

    school: Identifier
    policy: Identifier | None = None
    at: int | None = Field(None, ge=0, le=253_402_300_799_999)


async def overview(asked: Asked) -> Report:
    """The rates of a policy: the whole, then region by region; and each item over all."""
    wanted: Overview = asked.params
    services, caller = asked.services, asked.caller
    regions = await list_coverage_regions(
        services, caller, policy=wanted.policy, region=wanted.region, at=wanted.at
    )
    whole = await get_coverage(
        services, caller, policy=regions.policy, region=wanted.region, at=regions.at
    )
    title = await _policy_name(asked, regions.policy, regions.at)
    by_item = {one.item: one for one in whole.policies[0].items} if whole.policies else {}
    items: list[Row] = [
        (
            asked.named(item.name),
            asked.said(f"export.proof.{item.proof}"),
            *_counts(by_item.get(item.item)),
        )
        for item in regions.items
    ]
    by_name = {one.region: one for one in regions.regions}
    rows: list[Row] = [
        (
            asked.named(one.name) if one.region else asked.said("export.no_region"),
            ""
            if one.parent is None or one.parent not in by_name
            else asked.named(by_name[one.parent].name),
            one.schools,
            one.complete,
            one.complete / one.schools if one.schools else None,
            one.failed,
            *(cell for item in one.items for cell in (item.met, item.rate)),
        )
        for one in sorted(regions.regions, key=lambda one: (one.parent or "", one.region or ""))
    ]
    notes = (_as_of(asked, regions.at), asked.said("export.coverage.note"))
    return Report(
        title=title,
        notes=notes,
        tables=(
            Table(
                title=asked.said("export.coverage.items"),
                columns=(
                    text(asked, "item", 28),
                    text(asked, "proof", 14),
                    count(asked, "met"),
                    count(asked, "failed"),
                    count(asked, "unknown"),
                    count(asked, "schools"),
                    share(asked, "rate"),
                ),
                rows=items,
                count=len(items),
            ),
            Table(
                title=asked.said("export.coverage.regions"),
                columns=(
                    text(asked, "region", 20),
                    text(asked, "within", 16),
                    count(asked, "schools"),
                    count(asked, "complete"),
                    share(asked, "complete_rate"),
                    count(asked, "any_failed"),
                    *(column for item in regions.items for column in _pair(asked, item)),
                ),
                rows=rows,
                count=len(rows),
            ),
        ),
    )


async def schools(asked: Asked) -> Report:
    """School by school with the verdict on each item."""
    wanted: Schools = asked.params
    at = asked.now if wanted.at is None else min(wanted.at, asked.now)
    regions = await list_coverage_regions(
        asked.services, asked.caller, policy=wanted.policy, region=wanted.region, at=at
    )

    async def page(cursor: str | None) -> Page[SchoolCoverageOut]:
        return await list_coverage_schools(
            asked.services,
            asked.caller,
            policy=regions.policy,
            region=wanted.region,
            direct=False,
            item=wanted.item,
            verdict=wanted.verdict,
            at=at,
            limit=AT_ONCE,
            after=cursor,
        )

    def row(one: SchoolCoverageOut) -> Row:
        by_item = {item.item: item.verdict for item in one.items}
        return (
            one.school,
            asked.named(one.name),
            _region(asked, one.region_name),
            asked.said("word.yes" if one.complete else "word.no"),
            *(_verdict(asked, by_item.get(item.item)) for item in regions.items),
        )

    first = await page(None)
    title = await _policy_name(asked, regions.policy, at)
    table = Table(
        title=asked.said("export.coverage.schools", policy=title),
        columns=(
            text(asked, "school_id", 16),
            text(asked, "school", 28),
            text(asked, "region", 16),
            text(asked, "all_met", 10),
            *(
                Column(key=item.item, label=asked.named(item.name), width=12)
                for item in regions.items
            ),
        ),
        rows=map(row, following(first, page)),
        count=await _how_many(asked, wanted, regions.policy, at),
    )
    return Report(title=table.title, tables=(table,), notes=(_as_of(asked, at),))


async def _how_many(asked: Asked, wanted: Schools, policy: str, at: int) -> int | None:
    """How many schools there will be; ``None`` when only some of them are asked for."""
    if wanted.item is not None or wanted.verdict is not None:
        return None
    found = await get_coverage(
        asked.services, asked.caller, policy=policy, region=wanted.region, at=at
    )
    return next((item.schools for one in found.policies for item in one.items), None)


async def gaps(asked: Asked) -> Report:
    """What stands in the way, one thing a row."""
    wanted: Gaps = asked.params
    at = asked.now if wanted.at is None else min(wanted.at, asked.now)

    async def page(cursor: str | None) -> GapPageOut:
        return await list_coverage_gaps(
            asked.services,
            asked.caller,
            policy=wanted.policy,
            item=wanted.item,
            region=wanted.region,
            school=wanted.school,
            reason=wanted.reason,
            verdict=wanted.verdict,
            at=at,
            limit=AT_ONCE,
            after=cursor,
        )

    first = await page(None)
    names = await _item_names(asked, wanted.policy, at)

    def row(one: GapOut) -> Row:
        return (
            one.school,
            asked.named(one.name),
            _region(asked, one.region_name),
            names.get(one.item, one.item),
            _verdict(asked, one.verdict),
            asked.word(f"coverage.part.{one.reason.part}", one.reason.part),
            sentence(asked, one.reason),
            where(asked, one.reason),
            one.reason.since,
            advice(asked, one.reason),
            one.reason.evidence,
        )

    title = asked.said("export.coverage.gaps", policy=await _policy_name(asked, wanted.policy, at))
    table = Table(
        title=title,
        columns=(
            text(asked, "school_id", 14),
            text(asked, "school", 22),
            text(asked, "region", 14),
            text(asked, "item", 16),
            text(asked, "verdict", 10),
            text(asked, "part", 12),
            text(asked, "reason", 44),
            text(asked, "where", 24),
            time(asked, "since"),
            text(asked, "advice", 40),
            count(asked, "evidence"),
        ),
        rows=map(row, following(first, page)),
        count=first.total,
    )
    return Report(title=title, tables=(table,), notes=(_as_of(asked, at),))


async def check_sheet(asked: Asked) -> None:
    """There is such a school, and it is the asker's to see."""
    wanted: Sheet = asked.params
    await get_coverage_school(
        asked.services, asked.caller, wanted.school, policy=wanted.policy, at=wanted.at
    )


async def school_sheet(asked: Asked) -> Report:
    """One school on one page: who it is, every item, why not, and who signs."""
    wanted: Sheet = asked.params
    found = await get_coverage_school(
        asked.services, asked.caller, wanted.school, policy=wanted.policy, at=wanted.at
    )
    tables = tuple(_sheet_table(asked, policy) for policy in found.policies)
    if not tables:
        raise ExportError(
            "refusal.export_nothing", "the school is not on the roster, or no policy was known then"
        )
    return Report(
        title=asked.said("export.sheet.title", school=asked.named(found.name)),
        facts=tuple(_sheet_facts(asked, found)),
        tables=tables,
        signatures=tuple(
            asked.said(f"export.sheet.sign.{one}")
            for one in ("officer", "principal", "inspector", "day")
        ),
        one_page=True,
    )


def _sheet_facts(asked: Asked, found: SchoolSheetOut) -> list[tuple[str, str]]:
    facts = [
        (asked.said("export.column.school_id"), found.school),
        (asked.said("export.column.region"), _region(asked, found.region_name) or "—"),
    ]
    if found.kind is not None:
        of = asked.said(
            "export.sheet.of",
            kind=asked.word(f"school_kind.{found.kind}", found.kind),
            pupils=found.pupils or 0,
            boarders=found.boarders or 0,
        )
        if found.key_target:
            of = f"{of}, {asked.said('export.sheet.key_target')}"
        facts.append((asked.said("export.sheet.school"), of))
    baseline = found.baseline
    facts.append(
        (
            asked.said("export.sheet.baseline"),
            asked.said("export.sheet.no_baseline")
            if baseline is None
            else asked.said(
                "export.sheet.signed",
                version=baseline.version,
                by=baseline.signed_by,
                at=asked.day(baseline.signed),
            ),
        )
    )
    facts.append((asked.said("export.sheet.at"), asked.at(found.at)))
    return facts


def _sheet_table(asked: Asked, policy: SheetPolicyOut) -> Table:
    rows: list[Row] = []
    for item in policy.items:
        said = dict.fromkeys(
            " — ".join(part for part in (sentence(asked, one), where(asked, one)) if part)
            for one in item.reasons
        )
        rows.append(
            (
                asked.named(item.name),
                asked.said(f"export.proof.{item.proof}"),
                _verdict(asked, item.verdict),
                item.since,
                "\n".join(said) or "—",
            )
        )
    return Table(
        title=f"{asked.named(policy.name)} ({policy.source})",
        columns=(
            text(asked, "item", 18),
            text(asked, "proof", 12),
            text(asked, "verdict", 10),
            day(asked, "since"),
            text(asked, "reason", 60),
        ),
        rows=rows,
        count=len(rows),
    )


async def _policy_name(asked: Asked, policy: str | None, at: int) -> str:
    known = await list_coverage_policies(asked.services, asked.caller, at=at)
    for one in known.items:
        if policy is None or one.policy == policy:
            return asked.named(one.name)
    raise not_found(f"policy {policy}")


async def _item_names(asked: Asked, policy: str | None, at: int) -> dict[str, str]:
    known = await list_coverage_policies(asked.services, asked.caller, at=at)
    for one in known.items:
        if policy is None or one.policy == policy:
            return {item.item: asked.named(item.name) for item in one.items}
    return {}


def _as_of(asked: Asked, at: int) -> str:
    return asked.said("export.as_of", at=asked.at(at))


def _region(asked: Asked, name: Names | None) -> str:
    return "" if name is None else asked.named(name)


def _verdict(asked: Asked, verdict: Verdict | None) -> str:
    return "" if verdict is None else asked.said(f"export.verdict.{verdict}")


def _counts(one: ItemFiguresOut | None) -> tuple[Cell, ...]:
    if one is None:
        return (None, None, None, None, None)
    return (one.met, one.failed, one.unknown, one.schools, one.rate)


def _pair(asked: Asked, item: PolicyItemOut) -> tuple[Column, Column]:
    name = asked.named(item.name)
    met, rate = count(asked, "met"), share(asked, "rate")
    return (
        Column(key=f"{item.item}.met", label=f"{name} {met.label}", type=met.type, width=12),
        Column(key=f"{item.item}.rate", label=f"{name} {rate.label}", type=rate.type, width=12),
    )
