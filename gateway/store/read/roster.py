"""The roster of schools and their baselines, as they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, exists, func, or_, select

from audit.baseline import Baseline, Proposal
from audit.roster import RosterEntry, SchoolKind
from gateway.store.schema import (
    baseline_proposals,
    baselines,
    meta,
    roster,
    schools,
)

ROSTER_VERSION_KEY: Final = "roster_version"

_baseline: Final = msgspec.json.Decoder(Baseline)
_proposal: Final = msgspec.json.Decoder(Proposal)
_names: Final = msgspec.json.Decoder(tuple[str, ...])

_COLUMNS: Final = (
    roster.c.school,
    roster.c.name,
    roster.c.kind,
    roster.c.region,
    roster.c.pupils,
    roster.c.boarders,
    roster.c.key_target,
    roster.c.listed,
    roster.c.formerly,
)


class RosterFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries; ``None`` = all. ``schools`` are those in scope, ``regions`` by their ids.

    ``text`` is part of a name, of a former one, or of the code. ``baseline`` is ``none``,
    ``signed`` or ``waiting`` (for a second person).
    """

    schools: frozenset[str] | None = None
    regions: frozenset[str] | None = None
    text: str = ""
    kind: SchoolKind | None = None
    listed: bool | None = True
    connected: bool | None = None
    baseline: str | None = None


class Listing(msgspec.Struct, frozen=True):
    """An entry with what is known of it besides. ``version`` is of its baseline, 0 without one."""

    entry: RosterEntry
    connected: bool
    version: int
    waiting: bool


class RosterTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The roster in numbers; all but ``struck_off`` of those listed."""

    listed: int
    struck_off: int
    connected: int
    with_baseline: int
    waiting: int


class Named(NamedTuple):
    """What is shown of a school that is listed."""

    name: str
    region: str | None


def roster_version(connection: Connection) -> str:
    """Changes whenever the roster does; empty before the first import."""
    return connection.scalar(select(meta.c.value).where(meta.c.key == ROSTER_VERSION_KEY)) or ""


def roster_names(connection: Connection) -> dict[str, Named]:
    """Every school that is or was on the roster, by its id."""
    columns = (roster.c.school, roster.c.name, roster.c.region)
    return {
        school: Named(name, region) for school, name, region in connection.execute(select(*columns))
    }


def all_entries(connection: Connection) -> dict[str, RosterEntry]:
    """Every entry, those struck off included, by school."""
    return {row.school: _entry(row) for row in connection.execute(select(*_COLUMNS))}


def entry_of(school: str) -> Callable[[Connection], RosterEntry | None]:
    """The entry of a school; ``None`` when it was never on the roster."""

    def query(connection: Connection) -> RosterEntry | None:
        row = connection.execute(select(*_COLUMNS).where(roster.c.school == school)).first()
        return None if row is None else _entry(row)

    return query


def roster_page(
    wanted: RosterFilter, *, after: str | None, limit: int
) -> Callable[[Connection], tuple[list[Listing], str | None]]:
    """Entries after a school, by their ids, and the id to go on from."""
    conditions = _conditions(wanted)
    if after is not None:
        conditions.append(roster.c.school > after)
    statement = (
        select(
            *_COLUMNS, _CONNECTED.label("connected"), baselines.c.version, _WAITING.label("waits")
        )
        .outerjoin(baselines, baselines.c.school == roster.c.school)
        .where(*conditions)
        .order_by(roster.c.school)
        .limit(limit + 1)
    )

    def query(connection: Connection) -> tuple[list[Listing], str | None]:
        found = [
            Listing(_entry(row), bool(row.connected), row.version or 0, bool(row.waits))
            for row in connection.execute(statement)
        ]
        following = found[limit - 1].entry.school if len(found) > limit else None
        return found[:limit], following

    return query


def roster_totals(wanted: RosterFilter) -> Callable[[Connection], RosterTotals]:
    """The entries in numbers, whether or not they are listed."""
    conditions = _conditions(msgspec.structs.replace(wanted, listed=None))
    statement = (
        select(
            func.count().filter(roster.c.listed),
            func.count().filter(~roster.c.listed),
            func.count().filter(roster.c.listed, _CONNECTED),
            func.count().filter(roster.c.listed, baselines.c.version.is_not(None)),
            func.count().filter(roster.c.listed, _WAITING),
        )
        .select_from(roster)
        .outerjoin(baselines, baselines.c.school == roster.c.school)
        .where(*conditions)
    )

    def query(connection: Connection) -> RosterTotals:
        listed, struck_off, connected, signed, waiting = connection.execute(statement).one()
        return RosterTotals(
            listed=listed,
            struck_off=struck_off,
            connected=connected,
            with_baseline=signed,
            waiting=waiting,
        )

    return query


def baseline_of(school: str) -> Callable[[Connection], tuple[Baseline | None, Proposal | None]]:
    """The baseline of a school in effect, and what waits for a second person."""

    def query(connection: Connection) -> tuple[Baseline | None, Proposal | None]:
        signed = connection.scalar(select(baselines.c.body).where(baselines.c.school == school))
        waits = connection.scalar(
            select(baseline_proposals.c.body).where(baseline_proposals.c.school == school)
        )
        return (
            None if signed is None else _baseline.decode(signed),
            None if waits is None else _proposal.decode(waits),
        )

    return query


def all_baselines(connection: Connection) -> dict[str, Baseline]:
    """Every baseline in effect, by school."""
    return {
        school: _baseline.decode(body)
        for school, body in connection.execute(select(baselines.c.school, baselines.c.body))
    }


_CONNECTED: Final = exists().where(schools.c.id == roster.c.school).correlate(roster)
_WAITING: Final = exists().where(baseline_proposals.c.school == roster.c.school).correlate(roster)


def _conditions(wanted: RosterFilter) -> list[ColumnElement[bool]]:
    table = roster.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.schools is not None:
        conditions.append(table.school.in_(wanted.schools))
    if wanted.regions is not None:
        conditions.append(table.region.in_(wanted.regions))
    if wanted.text:
        parts = (table.name, table.school, table.formerly)
        conditions.append(or_(*(part.icontains(wanted.text, autoescape=True) for part in parts)))
    if wanted.kind is not None:
        conditions.append(table.kind == wanted.kind.value)
    if wanted.listed is not None:
        conditions.append(table.listed.is_(wanted.listed))
    if wanted.connected is not None:
        conditions.append(_CONNECTED if wanted.connected else ~_CONNECTED)
    match wanted.baseline:
        case "none":
            conditions.append(~exists().where(baselines.c.school == table.school).correlate(roster))
        case "signed":
            conditions.append(exists().where(baselines.c.school == table.school).correlate(roster))
        case "waiting":
            conditions.append(_WAITING)
    return conditions


def _entry(row: Row[*tuple[Any, ...]]) -> RosterEntry:
    return RosterEntry(
        school=row.school,
        name=row.name,
        kind=SchoolKind(row.kind),
        region=row.region,
        pupils=row.pupils,
        boarders=row.boarders,
        key_target=bool(row.key_target),
        listed=bool(row.listed),
        formerly=_names.decode(row.formerly),
    )
