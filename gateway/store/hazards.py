"""The ledger written: entries and notices as they stand, and their newest step as a fact."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from audit.ledger.hazard import Hazard, SignedStep
from audit.ledger.hazard_times import LedgerFigures, next_time
from audit.ledger.notice import Notice
from gateway.security.record import actor
from gateway.store import schema
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical
from gateway.store.pictures import used
from gateway.store.upserts import insert_into, upsert

HAZARD: Final = "hazard"
NOTICE: Final = "notice"

_body: Final = msgspec.json.Encoder()


def hazard_subject(school: str, number: int) -> str:
    """How an entry stands in facts: with its school, which says who may see them."""
    return f"hazard:{school}/{number}"


def put_hazard(
    batch: Batch,
    hazard: Hazard,
    figures: LedgerFigures,
    *,
    before: Hazard | None,
    made: str = "",
) -> None:
    """Write the entry as it stands into ``batch``. The steps it has more than ``before`` become
    facts; ``None``: it is new.

    ``made``: with what a new one was sent, by user and key: the store takes it once.
    """
    awaited = hazard.awaited
    row: dict[str, Any] = {
        "row": hazard.number,
        "school": hazard.school,
        "step": hazard.step.value,
        "grade": hazard.grade.value,
        "origin": hazard.origin.value,
        "opened": hazard.opened,
        "due": hazard.due,
        "closed": hazard.closed,
        "awaits": "" if awaited is None else awaited.kind.value,
        "next_at": next_time(hazard, figures),
        "work_order": None if hazard.order is None else hazard.order.number,
        "item": hazard.item or None,
        "made": made or None,
        "version": hazard.version,
        "body": _body.encode(hazard),
    }
    if before is None:
        # A number is given once: of two that would take it the store refuses the second.
        batch.statements.append((insert_into("sqlite", schema.hazards), [row]))
    else:
        batch.statements.append((upsert("sqlite", schema.hazards, keep=("made",)), [row]))
    subject = hazard_subject(hazard.school, hazard.number)
    for step in hazard.steps[0 if before is None else len(before.steps) :]:
        batch.statements += used(hazard.school, step.photos, subject)
        batch.facts.append(_fact(hazard, step, subject, batch.now))


def _fact(hazard: Hazard, step: SignedStep, subject: str, now: int) -> Fact:
    return Fact(
        kind=HAZARD,
        happened=step.at,
        known=now,
        actor=actor(step.actor),
        subject=subject,
        body=canonical(
            {
                "step": step,
                "version": hazard.version,
                "stands_at": hazard.step,
                "school": hazard.school,
                "origin": hazard.origin,
                "grade": hazard.grade,
                "due": hazard.due,
                "closed": hazard.closed,
                "device": hazard.device_id,
                "condition": hazard.condition,
                "policy": hazard.policy,
                "item": hazard.item,
                "work_order": None if hazard.order is None else hazard.order.number,
                "reopens": hazard.reopens,
                "rung": hazard.rung,
            }
        ),
    )


def put_notice(batch: Batch, notice: Notice, *, by: str, made: str = "") -> None:
    """Write the notice as it stands into ``batch``; the whole of it is the fact."""
    row: dict[str, Any] = {
        "row": notice.number,
        "bureau": notice.bureau,
        "year": notice.year,
        "sequence": notice.sequence,
        "school": notice.school,
        "issued": notice.issued,
        "due": notice.due,
        "replied": notice.replies[-1].at if notice.replies else None,
        "made": made or None,
        "version": notice.version,
        "body": _body.encode(notice),
    }
    subject = f"notice:{notice.school}/{notice.number}"
    if notice.version == 1:
        batch.statements.append((insert_into("sqlite", schema.notices), [row]))
    else:
        batch.statements.append((upsert("sqlite", schema.notices, keep=("made",)), [row]))
        batch.statements += used(notice.school, notice.replies[-1].photos, subject)
    batch.facts.append(
        Fact(
            kind=NOTICE,
            happened=notice.replies[-1].at if notice.replies else notice.issued,
            known=batch.now,
            actor=actor(by),
            subject=subject,
            body=canonical({"notice": notice, "school": notice.school}),
        )
    )
