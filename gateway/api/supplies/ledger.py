"""The hazard ledger, rectification notices and the roster as tables."""

from __future__ import annotations

from typing import Literal

from audit.ledger.hazard import Grade, HazardStep, Origin
from audit.reports.table import Report, Row, Table
from audit.roster import SchoolKind
from gateway.api.models.hazards import HazardOut
from gateway.api.models.notices import RectificationOut
from gateway.api.models.roster import RosterEntryOut
from gateway.api.models.shapes import Identifier, Page
from gateway.api.routes.hazards import list_hazards
from gateway.api.routes.notices import list_notices
from gateway.api.routes.roster import list_roster
from gateway.api.supplies.asked import Asked, Params
from gateway.api.supplies.columns import count, text, time
from gateway.api.supplies.paging import AT_ONCE, Paged, following


class Ledger(Params):
    """Which entries, as the list of the ledger has them."""

    state: Literal["standing", "overdue", "closed", "look_back", "all"] = "standing"
    step: HazardStep | None = None
    grade: Grade | None = None
    origin: Origin | None = None
    school: Identifier | None = None
    region: Identifier | None = None


class Notices(Params):
    """Which notices."""

    unanswered: bool = False
    school: Identifier | None = None
    region: Identifier | None = None


class Roster(Params):
    """Which schools, as the list of the roster has them."""

    search: str = ""
    region: Identifier | None = None
    kind: SchoolKind | None = None
    listed: bool = True
    connected: bool | None = None
    baseline: Literal["none", "signed", "waiting"] | None = None


async def ledger(asked: Asked) -> Report:
    """The entries of the ledger with the five things that are named of each."""
    wanted: Ledger = asked.params

    async def page(cursor: str | None) -> Page[HazardOut]:
        return await list_hazards(
            services=asked.services,
            caller=asked.caller,
            state=wanted.state,
            step=wanted.step,
            grade=wanted.grade,
            origin=wanted.origin,
            school=wanted.school,
            region=wanted.region,
            order=None,
            mine=False,
            limit=AT_ONCE,
            after=cursor,
        )

    first = await page(None)
    title = asked.said("export.ledger.title")
    table = Table(
        title=title,
        columns=(
            count(asked, "number"),
            text(asked, "school", 22),
            text(asked, "hazard", 34),
            text(asked, "origin", 12),
            text(asked, "grade", 12),
            text(asked, "step", 10),
            time(asked, "opened"),
            text(asked, "responsible", 14),
            text(asked, "measure", 30),
            count(asked, "money"),
            time(asked, "deadline"),
            text(asked, "contingency", 24),
            text(asked, "interim", 24),
            text(asked, "overdue_word", 10),
            time(asked, "closed"),
        ),
        rows=(_hazard(asked, one) for one in following(first, page)),
        count=_known(first),
    )
    note = asked.said("export.as_of", at=asked.at(asked.now))
    return Report(title=title, tables=(table,), notes=(note,))


def _hazard(asked: Asked, one: HazardOut) -> Row:
    five = one.five
    shown = asked.named(one.title)
    said = one.text if one.text and one.text != shown else ""
    return (
        one.number,
        asked.named(one.school_name),
        "\n".join(part for part in (shown, said) if part),
        asked.word(f"hazard.origin.{one.origin}", one.origin),
        asked.word(f"hazard.grade.{one.grade}", one.grade),
        asked.word(f"hazard.step.{one.step}", one.step),
        one.opened,
        "" if five is None else five.responsible,
        "" if five is None else five.measure,
        None if five is None else five.money,
        one.due if five is None else five.deadline,
        "" if five is None else five.contingency,
        one.interim,
        asked.said("word.yes" if one.overdue else "word.no"),
        one.closed,
    )


async def notices(asked: Asked) -> Report:
    """Rectification notices, the newest first."""
    wanted: Notices = asked.params

    async def page(cursor: str | None) -> Page[RectificationOut]:
        return await list_notices(
            services=asked.services,
            caller=asked.caller,
            unanswered=wanted.unanswered,
            school=wanted.school,
            region=wanted.region,
            limit=AT_ONCE,
            after=cursor,
        )

    first = await page(None)

    def row(one: RectificationOut) -> Row:
        return (
            asked.named(one.title),
            asked.named(one.school_name),
            one.issued,
            one.issuer,
            one.due,
            asked.said("word.yes" if one.overdue else "word.no"),
            len(one.findings),
            sum(finding.closed is not None for finding in one.findings),
            "\n".join(finding.text for finding in one.findings),
            one.replies[-1].at if one.replies else None,
        )

    title = asked.said("export.notices.title")
    table = Table(
        title=title,
        columns=(
            text(asked, "notice", 24),
            text(asked, "school", 22),
            time(asked, "issued"),
            text(asked, "issuer", 14),
            time(asked, "deadline"),
            text(asked, "overdue_word", 10),
            count(asked, "hazards"),
            count(asked, "hazards_closed"),
            text(asked, "hazard", 44),
            time(asked, "replied"),
        ),
        rows=map(row, following(first, page)),
        count=_known(first),
    )
    return Report(title=title, tables=(table,))


async def roster(asked: Asked) -> Report:
    """The roster: the denominator of every rate."""
    wanted: Roster = asked.params

    async def page(cursor: str | None) -> Page[RosterEntryOut]:
        return await list_roster(
            services=asked.services,
            caller=asked.caller,
            search=wanted.search,
            region=wanted.region,
            kind=wanted.kind,
            listed=wanted.listed,
            connected=wanted.connected,
            baseline=wanted.baseline,
            limit=AT_ONCE,
            after=cursor,
        )

    first = await page(None)

    def word(yes: bool) -> str:
        return asked.said("word.yes" if yes else "word.no")

    def row(one: RosterEntryOut) -> Row:
        return (
            one.school,
            one.name,
            asked.word(f"school_kind.{one.kind}", one.kind),
            one.region or "",
            "" if one.region_name is None else asked.named(one.region_name),
            one.pupils,
            one.boarders,
            word(one.key_target),
            word(one.listed),
            word(one.connected),
            one.baseline,
            "；".join(one.formerly),
        )

    title = asked.said("export.roster.title")
    table = Table(
        title=title,
        columns=(
            text(asked, "school_id", 18),
            text(asked, "school", 30),
            text(asked, "kind", 14),
            text(asked, "region_id", 16),
            text(asked, "region_name", 16),
            count(asked, "pupils"),
            count(asked, "boarders"),
            text(asked, "key_target", 10),
            text(asked, "listed", 8),
            text(asked, "connected", 8),
            count(asked, "baseline"),
            text(asked, "formerly", 24),
        ),
        rows=map(row, following(first, page)),
        count=_known(first),
    )
    note = asked.said("export.as_of", at=asked.at(asked.now))
    return Report(title=title, tables=(table,), notes=(note,))


def _known(first: Paged[object]) -> int | None:
    """How many there are, when the first page holds them all."""
    return None if first.next else len(first.items)
