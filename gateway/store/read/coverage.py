"""What following the facts goes on from: its cursor, folded schools, the verdicts written last."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, func, select

from audit.coverage import SchoolRecord
from audit.coverage.record import decode_record
from audit.evidence.leaf import REGION
from audit.fact import FactRow, school_of
from audit.policy import POLICY, POLICY_ENDED, Policy, policy_named, policy_of
from audit.verification.model import Verdict
from gateway.store.coverage import CURSOR, Cursor, VerdictRow, cursor_of
from gateway.store.schema import coverage, coverage_reasons, coverage_records, facts, meta

EVER: Final = 2**62
"""Later than every time in ms."""

_SUBJECTS: Final = (f"{POLICY}:", f"{POLICY};")
"""Between these, in the order of the index, are the subjects of policies."""


_LAST: Final = (
    select(*coverage.columns, coverage_reasons.c.body)
    .select_from(coverage.outerjoin(coverage_reasons, coverage_reasons.c.row == coverage.c.reasons))
    .where(
        coverage.c.policy == bindparam("policy"),
        coverage.c.item == bindparam("item"),
        coverage.c.school == bindparam("school"),
        coverage.c.at <= bindparam("instant"),
    )
    .order_by(coverage.c.at.desc())
    .limit(1)
)


class _Region(msgspec.Struct, frozen=True):
    parent: str | None = None


class _RegionChange(msgspec.Struct, frozen=True):
    before: _Region | None = None
    after: _Region | None = None


_region_change: Final = msgspec.json.Decoder(_RegionChange).decode


class StoredVerdict(msgspec.Struct, frozen=True):
    """A verdict as it was written last, with the body of its reasons."""

    row: VerdictRow
    body: bytes | None


class KnownPolicy(msgspec.Struct, frozen=True):
    """A policy in effect, the fact that holds it, and when it was known (ms)."""

    policy: Policy
    row: int
    known: int


def coverage_cursor(connection: Connection) -> Cursor:
    """How far the facts were followed."""
    return cursor_of(connection.scalar(select(meta.c.value).where(meta.c.key == CURSOR)))


def last_fact(connection: Connection) -> int:
    """The row of the newest fact; 0 when there is none."""
    return connection.scalar(select(func.max(facts.c.row))) or 0


def coverage_dues(connection: Connection) -> dict[str, int | None]:
    """When each folded school is due (ms), by its id."""
    columns = (coverage_records.c.school, coverage_records.c.due)
    return {row[0]: row[1] for row in connection.execute(select(*columns))}


def school_record(school: str) -> Callable[[Connection], SchoolRecord]:
    """A folded school; an empty one when nothing of it is kept that is of use."""
    table = coverage_records.c
    statement = select(table.body).where(table.school == school, table.row >= 0)

    def query(connection: Connection) -> SchoolRecord:
        body = connection.scalar(statement)
        return SchoolRecord(school=school) if body is None else decode_record(body)

    return query


def last_verdicts(
    school: str, keys: Iterable[tuple[str, str]], at: int = EVER
) -> Callable[[Connection], dict[tuple[str, str], StoredVerdict]]:
    """The verdicts of a school that hold at ``at``, by policy and item."""

    def query(connection: Connection) -> dict[tuple[str, str], StoredVerdict]:
        found = {}
        for policy, item in keys:
            asked = {"policy": policy, "item": item, "school": school, "instant": at}
            row = connection.execute(_LAST, asked).first()
            if row is not None:
                found[policy, item] = stored_verdict(*tuple(row))
        return found

    return query


def stored_verdict(  # noqa: PLR0917 - the columns in their order
    policy: str,
    item: str,
    school: str,
    at: int,
    verdict: str,
    listed: bool,
    region: str,
    reasons: int | None,
    body: bytes | None,
) -> StoredVerdict:
    """Out of the columns of ``coverage`` and the body of the reasons."""
    row = VerdictRow(policy, item, school, at, Verdict(verdict), listed, region, reasons)
    return StoredVerdict(row, body)


def known_policies(
    *, row: int = EVER, known: int = EVER
) -> Callable[[Connection], dict[str, KnownPolicy]]:
    """The policies that hold after a fact, or that were known at an instant, by their ids."""
    table = facts.c
    first, last = _SUBJECTS
    statement = (
        select(table.kind, table.subject, table.body, table.row, table.known)
        .where(
            table.subject >= first,
            table.subject < last,
            table.kind.in_((POLICY, POLICY_ENDED)),
            table.row <= row,
            table.known <= known,
        )
        .order_by(table.row)
    )

    def query(connection: Connection) -> dict[str, KnownPolicy]:
        found: dict[str, KnownPolicy] = {}
        for kind, subject, body, number, when in connection.execute(statement):
            if kind == POLICY_ENDED:
                found.pop(policy_named(subject), None)
                continue
            with contextlib.suppress(msgspec.MsgspecError):  # the one before stays in effect
                policy = policy_of(body)
                found[policy.id] = KnownPolicy(policy, number, when)
        return found

    return query


def first_policy(connection: Connection) -> int | None:
    """When the first of all policies was known (ms): of before that nothing can be asked."""
    table = facts.c
    first, last = _SUBJECTS
    statement = select(func.min(table.known)).where(
        table.subject >= first, table.subject < last, table.kind == POLICY
    )
    found: int | None = connection.scalar(statement)
    return found


def schools_by_first_fact(
    subjects: Collection[str],
) -> Callable[[Connection], dict[str, str]]:
    """Whose alerts are, by the first fact about each: later ones did not always say it."""
    table = facts.c
    columns = (
        table.row,
        table.kind,
        table.happened,
        table.known,
        table.actor,
        table.subject,
        table.body,
    )

    def query(connection: Connection) -> dict[str, str]:
        found = {}
        for subject in subjects:
            statement = (
                select(*columns).where(table.subject == subject).order_by(table.row).limit(1)
            )
            for row in connection.execute(statement):
                found[subject] = school_of(FactRow(*row))
        return found

    return query


def parents_as_of(
    at: int, now: Mapping[str, str | None]
) -> Callable[[Connection], dict[str, str | None]]:
    """The region around each region as it was known at ``at`` (ms).

    ``now`` is how it is now: it counts of regions that no fact tells of.
    """
    table = facts.c
    statement = (
        select(table.subject, table.known, table.body)
        .where(table.subject >= "region:", table.subject < "region;", table.kind == REGION)
        .order_by(table.row)
    )

    def query(connection: Connection) -> dict[str, str | None]:
        found = dict(now)
        seen = set()
        for subject, known, body in connection.execute(statement):
            name = subject.partition(":")[2]
            try:
                change = _region_change(body)
            except msgspec.MsgspecError:
                continue
            # What a later fact was the first to change was so before it.
            so = change.after if known <= at else None if name in seen else change.before
            if known <= at or name not in seen:
                found.pop(name, None)
                if so is not None:
                    found[name] = so.parent
            seen.add(name)
        return found

    return query


def body_as_of(subject: str, kind: str, at: int) -> Callable[[Connection], bytes | None]:
    """The body of the newest fact of a kind about a subject that was known at ``at`` (ms)."""
    table = facts.c
    statement = (
        select(table.body)
        .where(table.subject == subject, table.kind == kind, table.known <= at)
        .order_by(table.row.desc())
        .limit(1)
    )

    def query(connection: Connection) -> bytes | None:
        return connection.scalar(statement)

    return query
