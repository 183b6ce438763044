"""The roster and baselines written: each change with its fact, in one batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import Integer, Text, cast, delete

from audit.baseline import (
    BASELINE,
    BASELINE_DECLINED,
    BASELINE_PROPOSED,
    Baseline,
    Proposal,
    baseline_subject,
)
from audit.roster import ROSTER, RosterChange, RosterEntry, roster_subject
from gateway.security.record import actor
from gateway.store import schema
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical
from gateway.store.read.roster import ROSTER_VERSION_KEY
from gateway.store.upserts import insert_into, upsert

_body: Final = msgspec.json.Encoder()


def put_entries(batch: Batch, changes: Iterable[RosterChange], *, by: str) -> None:
    """Write entries as they are after their changes, and one fact for each, into ``batch``."""
    rows: list[dict[str, Any]] = []
    for change in changes:
        rows.append(_row(change.after, batch.now))
        subject = roster_subject(change.after.school)
        batch.facts.append(_fact(ROSTER, subject, change, by, batch.now))
    if not rows:
        return
    batch.statements.append((upsert("sqlite", schema.roster), rows))
    table = schema.meta
    insert = insert_into("sqlite", table)
    counted = cast(cast(table.c.value, Integer) + 1, Text)
    grown = insert.on_conflict_do_update(index_elements=["key"], set_={"value": counted})
    batch.statements.append((grown, [{"key": ROSTER_VERSION_KEY, "value": "1"}]))


def put_baseline(batch: Batch, baseline: Baseline, *, by: str) -> None:
    """Make this the baseline of its school, and let go of what waited, into ``batch``."""
    row = {
        "school": baseline.school,
        "version": baseline.version,
        "signed": baseline.signed,
        "body": _body.encode(baseline),
    }
    batch.statements.append((upsert("sqlite", schema.baselines), [row]))
    batch.statements.append(_gone(baseline.school))
    subject = baseline_subject(baseline.school)
    batch.facts.append(_fact(BASELINE, subject, baseline, by, batch.now))


def put_proposal(batch: Batch, proposal: Proposal) -> None:
    """Let a proposal wait for a second person, into ``batch``."""
    row = {
        "school": proposal.school,
        "id": proposal.id,
        "proposed": proposal.proposed,
        "body": _body.encode(proposal),
    }
    batch.statements.append((upsert("sqlite", schema.baseline_proposals), [row]))
    subject = baseline_subject(proposal.school)
    body = {"id": proposal.id, "proposal": proposal}
    batch.facts.append(_fact(BASELINE_PROPOSED, subject, body, proposal.proposed_by, batch.now))


def drop_proposal(batch: Batch, proposal: Proposal, *, by: str, reason: str) -> None:
    """Decline what waits, into ``batch``."""
    batch.statements.append(_gone(proposal.school))
    subject = baseline_subject(proposal.school)
    body = {"id": proposal.id, "reason": reason}
    batch.facts.append(_fact(BASELINE_DECLINED, subject, body, by, batch.now))


def _gone(school: str) -> tuple[Any, None]:
    table = schema.baseline_proposals
    return (delete(table).where(table.c.school == school), None)


def _row(entry: RosterEntry, now: int) -> dict[str, Any]:
    return {
        "school": entry.school,
        "name": entry.name,
        "kind": entry.kind.value,
        "region": entry.region,
        "pupils": entry.pupils,
        "boarders": entry.boarders,
        "key_target": entry.key_target,
        "listed": entry.listed,
        "formerly": _body.encode(entry.formerly).decode(),
        "changed": now,
    }


def _fact(kind: str, subject: str, body: object, by: str, now: int) -> Fact:
    return Fact(
        kind=kind,
        happened=now,
        known=now,
        actor=actor(by),
        subject=subject,
        body=canonical(body),
    )
