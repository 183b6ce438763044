"""Writes heads of the evidence log, countersignatures, and heads of others."""

from __future__ import annotations

import msgspec
from sqlalchemy import insert

from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.read.evidence import Cosignature, HeadRow, Witnessed
from gateway.store.upserts import upsert


def put_head(batch: Batch, head: HeadRow) -> None:
    """A head that was signed."""
    statement = insert(schema.evidence_heads)
    batch.statements.append((statement, [msgspec.structs.asdict(head)]))


def put_cosignature(batch: Batch, one: Cosignature) -> None:
    """A witness has countersigned; again: at the later time."""
    statement = upsert("sqlite", schema.evidence_cosignatures)
    batch.statements.append((statement, [msgspec.structs.asdict(one)]))


def put_witnessed(batch: Batch, one: Witnessed) -> None:
    """The last head of another log."""
    statement = upsert("sqlite", schema.evidence_witnessed)
    batch.statements.append((statement, [msgspec.structs.asdict(one)]))
