"""Verdicts as of an instant, for pages: the last row before it, of every school and item.

The keys are looked up one by one in the order of the table (28,000 of them for 2,000 schools under
four policies): how many rows five years have left does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    String,
    cast,
    func,
    literal,
    select,
    union_all,
)

from audit.verification.model import Verdict
from gateway.store.read.coverage import StoredVerdict, stored_verdict
from gateway.store.schema import coverage, coverage_reasons, coverage_schools, devices

Schools: TypeAlias = "Collection[str] | None"
"""Ids; ``None`` = all."""

CHUNK: Final = 200
"""Schools that are read at once where a page may need a few of them only."""


class Mark(msgspec.Struct, frozen=True):
    """How an item stands at a school. Not ``listed``: the school does not count."""

    verdict: Verdict
    listed: bool
    region: str


NOTHING: Final = Mark(Verdict.UNKNOWN, False, "")
"""Where nothing was written yet: the school was not listed."""

Marks: TypeAlias = tuple[Mark, ...]
"""Of one school, in the order of the items."""


class Change(msgspec.Struct, frozen=True):
    """That an item stood otherwise from ``at`` (ms) on."""

    at: int
    school: str
    item: str
    mark: Mark


class Listing(msgspec.Struct, frozen=True):
    """A school that was ever followed, as it is listed now; ``name`` empty: it is not."""

    school: str
    listed: bool
    region: str
    name: str


def mark_groups(
    policy: str, items: Sequence[str], at: int, schools: Schools
) -> Callable[[Connection], list[tuple[Marks, int]]]:
    """How many schools stand alike, item by item, at ``at``."""
    packed = [_packed(policy, item, at).label(f"m{n}") for n, item in enumerate(items)]
    statement = (
        select(*packed, func.count())
        .select_from(coverage_schools)
        .where(*_among(schools))
        .group_by(*(one.name for one in packed))
    )

    def query(connection: Connection) -> list[tuple[Marks, int]]:
        unpack = _Unpacking()
        return [(tuple(map(unpack, row[:-1])), row[-1]) for row in connection.execute(statement)]

    return query


def marks_by_school(
    policy: str, items: Sequence[str], at: int, schools: Schools
) -> Callable[[Connection], dict[str, Marks]]:
    """How each school stands at ``at``, by its id, in the order of the ids."""
    packed = [_packed(policy, item, at).label(f"m{n}") for n, item in enumerate(items)]
    statement = (
        select(coverage_schools.c.school, *packed)
        .where(*_among(schools))
        .order_by(coverage_schools.c.school)
    )

    def query(connection: Connection) -> dict[str, Marks]:
        unpack = _Unpacking()
        return {row[0]: tuple(map(unpack, row[1:])) for row in connection.execute(statement)}

    return query


def mark_changes(
    policy: str, items: Sequence[str], since: int, until: int, schools: Schools
) -> Callable[[Connection], list[Change]]:
    """What changed after ``since``, up to ``until``, in the order of time."""
    table = coverage.c
    columns = (table.at, table.school, table.item, table.verdict, table.listed, table.region)
    wanted = None if schools is None else frozenset(schools)

    def query(connection: Connection) -> list[Change]:
        found = []
        for item in items:
            statement = select(*columns).where(
                table.policy == policy,
                table.item == item,
                # So that each is looked up, and not all five years are gone through.
                table.school.in_(select(coverage_schools.c.school)),
                table.at > since,
                table.at <= until,
            )
            found += [
                Change(at, school, name, Mark(Verdict(verdict), listed, region))
                for at, school, name, verdict, listed, region in connection.execute(statement)
                if wanted is None or school in wanted
            ]
        found.sort(key=lambda change: change.at)
        return found

    return query


def listings(schools: Schools = None) -> Callable[[Connection], dict[str, Listing]]:
    """Schools that were ever followed, by id, in the order of the ids."""
    table = coverage_schools.c
    statement = (
        select(table.school, table.listed, table.region, table.name)
        .where(*_among(schools))
        .order_by(table.school)
    )

    def query(connection: Connection) -> dict[str, Listing]:
        return {row[0]: Listing(*row) for row in connection.execute(statement)}

    return query


def verdict_rows(
    keys: Sequence[tuple[str, str]], at: int, schools: Collection[str], *, unmet: bool = False
) -> Callable[[Connection], list[StoredVerdict]]:
    """The verdicts of schools at ``at`` with their reasons, by school; ``unmet``: only those that
    are not met. Of listed schools only."""
    if not keys or not schools:
        return lambda _connection: []
    wanted = union_all(
        *(
            select(literal(policy).label("policy"), literal(item).label("item"))
            for policy, item in keys
        )
    ).subquery("wanted")
    table, other = coverage.c, coverage.alias("other")
    last = (
        select(func.max(other.c.at))
        .where(
            other.c.policy == wanted.c.policy,
            other.c.item == wanted.c.item,
            other.c.school == coverage_schools.c.school,
            other.c.at <= at,
        )
        .correlate(wanted, coverage_schools)
        .scalar_subquery()
    )
    conditions: list[ColumnElement[bool]] = [table.listed, *_among(schools)]
    if unmet:
        conditions.append(table.verdict != Verdict.MET.value)
    statement = (
        select(*coverage.columns, coverage_reasons.c.body)
        .select_from(
            coverage_schools.join(wanted, coverage_schools.c.school.is_not(None))
            .join(
                coverage,
                (table.policy == wanted.c.policy)
                & (table.item == wanted.c.item)
                & (table.school == coverage_schools.c.school)
                & (table.at == last),
            )
            .outerjoin(coverage_reasons, coverage_reasons.c.row == table.reasons)
        )
        .where(*conditions)
        .order_by(coverage_schools.c.school)
    )

    def query(connection: Connection) -> list[StoredVerdict]:
        return [stored_verdict(*tuple(row)) for row in connection.execute(statement)]

    return query


def device_names(
    keys: Collection[tuple[str, str]],
) -> Callable[[Connection], dict[tuple[str, str], tuple[str, str]]]:
    """What devices are called in Chinese and English, by school and id; those registered now."""
    table = devices.c
    statement = select(table.school, table.id, table.name_zh, table.name_en).where(
        table.school.in_({school for school, _ in keys}), table.id.in_({name for _, name in keys})
    )

    def query(connection: Connection) -> dict[tuple[str, str], tuple[str, str]]:
        found = connection.execute(statement) if keys else ()
        return {(school, name): (zh, en) for school, name, zh, en in found}

    return query


def chunks(schools: Sequence[str], size: int = CHUNK) -> Iterator[Sequence[str]]:
    """They in pieces, in their order."""
    for start in range(0, len(schools), size):
        yield schools[start : start + size]


def _packed(policy: str, item: str, at: int) -> ScalarSelect[Any]:
    """The last row's columns in one value: with three subqueries it would be looked up thrice."""
    other = coverage.alias()
    row = other.c
    text = row.verdict.concat("/").concat(cast(cast(row.listed, Integer), String))
    return (
        select(text.concat("/").concat(row.region))
        .where(
            row.policy == policy,
            row.item == item,
            row.school == coverage_schools.c.school,
            row.at <= at,
        )
        .order_by(row.at.desc())
        .limit(1)
        .correlate(coverage_schools)
        .scalar_subquery()
    )


class _Unpacking(dict[str | None, Mark]):
    """There are few different ones among tens of thousands."""

    def __missing__(self, packed: str | None) -> Mark:
        mark = NOTHING
        if packed is not None:
            verdict, listed, region = packed.split("/", 2)
            mark = Mark(Verdict(verdict), listed == "1", region)
        self[packed] = mark
        return mark

    def __call__(self, packed: str | None) -> Mark:
        return self[packed]


def _among(schools: Schools) -> list[ColumnElement[bool]]:
    if schools is None:
        return []
    # As one value: a province has more schools than a statement may have parameters.
    listed = func.json_each(msgspec.json.encode(sorted(schools)).decode())
    each = listed.table_valued("value")
    return [coverage_schools.c.school.in_(select(each.c.value))]
