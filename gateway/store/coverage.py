"""Verdicts, folded schools and how far the facts were followed: written in one transaction.

All are upserts by keys that follow from the facts: what is written twice is there once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec
from sqlalchemy import bindparam, delete, update

from audit.coverage import UNTOLD, Life, Reason, SchoolRecord
from audit.coverage.record import encode_record
from audit.roster import RosterEntry
from audit.verification.model import Verdict
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.upserts import upsert

CURSOR: Final = "coverage"
"""The key in ``meta``."""

SHAPE: Final = hashlib.sha256(
    msgspec.json.encode(msgspec.json.schema(SchoolRecord), order="sorted")
).hexdigest()[:16]
"""What a folded school is made of. Of another shape they are folded anew, from the first fact."""

_encode_reasons: Final = msgspec.json.Encoder().encode
_decode_reasons: Final = msgspec.json.Decoder(tuple[Reason, ...]).decode

_VERDICTS: Final = upsert("sqlite", schema.coverage)
_REASONS: Final = upsert("sqlite", schema.coverage_reasons)
_RECORDS: Final = upsert("sqlite", schema.coverage_records)
_LISTINGS: Final = upsert("sqlite", schema.coverage_schools)
_META: Final = upsert("sqlite", schema.meta)
_STALE: Final = update(schema.coverage_records).values(row=-1)
_LATER: Final = delete(schema.coverage).where(
    schema.coverage.c.policy == bindparam("of_policy"),
    schema.coverage.c.item == bindparam("of_item"),
    schema.coverage.c.school == bindparam("of_school"),
    schema.coverage.c.at > bindparam("after"),
)


class Cursor(msgspec.Struct, frozen=True):
    """How far the facts were followed. Times in ms.

    Facts up to ``row`` are judged; the latest of them was known at ``known``, and ``life`` is the
    last sign of life among them. What changes by time alone is written up to ``time``. Facts up to
    ``saved`` are in the records that are kept, the latest of them known at ``saved_known``.
    ``reasons`` is the last number given out to reasons. ``changes`` counts the verdicts written.
    ``shape`` is `SHAPE` of the program that kept the records.
    """

    row: int = 0
    known: int = 0
    time: int = 0
    saved: int = 0
    reasons: int = 0
    changes: int = 0
    shape: str = ""
    saved_known: int = 0
    life: Life = UNTOLD


_decode_cursor: Final = msgspec.json.Decoder(Cursor).decode


class VerdictRow(msgspec.Struct, frozen=True):
    """A verdict from ``at`` (ms) on. ``reasons`` is the number of its reasons, ``None`` = none.

    One of a school that is not ``listed`` only says that the school does not count from then on.
    """

    policy: str
    item: str
    school: str
    at: int
    verdict: Verdict
    listed: bool
    region: str
    reasons: int | None


def reasons_of(body: bytes | None) -> tuple[Reason, ...]:
    """The reasons in a row of ``coverage_reasons``; none for ``None``."""
    return () if body is None else _decode_reasons(body)


def reasons_body(reasons: Iterable[Reason]) -> bytes:
    """The same bytes for the same reasons."""
    return _encode_reasons(tuple(reasons))


def cursor_of(value: str | None) -> Cursor:
    """The cursor in a row of ``meta``; ``None`` = nothing was followed yet."""
    return Cursor() if value is None else _decode_cursor(value)


def put_cursor(batch: Batch, cursor: Cursor) -> None:
    """Write how far it got into ``batch``."""
    value = msgspec.json.encode(cursor).decode()
    batch.statements.append((_META, [{"key": CURSOR, "value": value}]))


def put_verdicts(batch: Batch, rows: Iterable[VerdictRow]) -> None:
    """Write verdicts into ``batch``; one of the same instant is replaced."""
    values = [
        {
            "policy": row.policy,
            "item": row.item,
            "school": row.school,
            "at": row.at,
            "verdict": row.verdict.value,
            "listed": row.listed,
            "region": row.region,
            "reasons": row.reasons,
        }
        for row in rows
    ]
    if values:
        batch.statements.append((_VERDICTS, values))


def put_reasons(batch: Batch, bodies: Iterable[tuple[int, bytes]]) -> None:
    """Write reasons by their numbers into ``batch``."""
    values = [{"row": row, "body": body} for row, body in bodies]
    if values:
        batch.statements.append((_REASONS, values))


def drop_later(batch: Batch, school: str, keys: Iterable[tuple[str, str]], after: int) -> None:
    """Take back what was written of a school for instants after ``after``: a fact known by then
    was committed only now."""
    values = [
        {"of_policy": policy, "of_item": item, "of_school": school, "after": after}
        for policy, item in keys
    ]
    if values:
        batch.statements.append((_LATER, values))


def forget_records(batch: Batch) -> None:
    """Say of every folded school that it is of no use any more."""
    batch.statements.append((_STALE, None))


def put_records(batch: Batch, records: Iterable[tuple[SchoolRecord, int | None]]) -> None:
    """Write folded schools into ``batch``, each with the instant at which it is due (ms)."""
    values = [
        {
            "school": record.school,
            "row": record.row,
            "due": due,
            "body": encode_record(record),
        }
        for record, due in records
    ]
    if values:
        batch.statements.append((_RECORDS, values))


def put_listings(batch: Batch, entries: Iterable[RosterEntry]) -> None:
    """Write into ``batch`` how schools are on the roster now."""
    values = [
        {
            "school": entry.school,
            "listed": entry.listed,
            "region": entry.region or "",
            "name": entry.name,
        }
        for entry in entries
    ]
    if values:
        batch.statements.append((_LISTINGS, values))
