"""Verifications written: the row as it stands, its begin and end as facts, notices as facts."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from audit.verification.model import Verification
from audit.verification.procedure import PoliceTold
from gateway.store import schema
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical
from gateway.store.upserts import insert_into

FACT: Final = "verification"
NOTICE: Final = "police_notice"
EXERCISE: Final = "exercise"
"""The kind under which exercises stand in the same table; their body is their own."""

_body: Final = msgspec.json.Encoder()


def put_verification(batch: Batch, run: Verification, subject: str, *, fact: bool) -> None:
    """Write the run as it stands into ``batch``. ``fact``: it begins or ends with this.

    ``subject`` is what it is about in the facts: ``device:…`` or ``link:…``.
    """
    put_row(
        batch,
        {
            "id": run.id,
            "school": run.school,
            "device": run.device,
            "link": run.link,
            "kind": run.kind,
            "started": run.started,
            "ended": run.ended,
            "verdict": None if run.verdict is None else run.verdict.value,
            "actor": run.actor,
            "body": _body.encode(run),
        },
    )
    if fact:
        batch.facts.append(
            Fact(
                kind=FACT,
                happened=run.started if run.ended is None else run.ended,
                known=batch.now,
                actor=f"user:{run.actor}" if run.actor else "gateway",
                subject=subject,
                body=canonical(run),
            )
        )


def put_notice(batch: Batch, run: str, told: PoliceTold) -> None:
    """That somebody has told the police behind a link of the test ``run``."""
    batch.facts.append(
        Fact(
            kind=NOTICE,
            happened=batch.now,
            known=batch.now,
            actor=f"user:{told.actor}",
            subject=f"link:{told.link}",
            body=canonical({"verification": run, "told": told.told}),
        )
    )


def put_row(batch: Batch, row: dict[str, Any]) -> None:
    """Insert a row of ``verifications``, or overwrite the one of the same id."""
    insert = insert_into("sqlite", schema.verifications)
    changed = {
        name: insert.excluded[name] for name in ("ended", "verdict", "body", "device", "link")
    }
    statement = insert.on_conflict_do_update(index_elements=["id"], set_=changed)
    batch.statements.append((statement, [row]))
