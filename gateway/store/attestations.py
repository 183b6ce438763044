"""Attestations written: as it stands, what it uses, when it is told of again, and its fact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from audit.attestation import FACT, Attestation, AttestationFact, AttestationStep, subject_of
from gateway.security.record import actor
from gateway.store import schema
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical
from gateway.store.files import used
from gateway.store.upserts import insert_into

_body: Final = msgspec.json.Encoder()


def put_attestation(
    batch: Batch, attestation: Attestation, step: AttestationStep, *, by: str
) -> None:
    """Write it into ``batch`` as it stands after a step of the user ``by``, and the step as a
    fact."""
    subject = subject_of(attestation)
    batch.statements.append((_upsert(), [_row(attestation)]))
    if step is AttestationStep.STATED:
        batch.statements += used(
            attestation.school, (file.hash for file in attestation.files), subject
        )
    batch.facts.append(
        Fact(
            kind=FACT,
            happened=batch.now,
            known=batch.now,
            actor=actor(by),
            subject=subject,
            body=canonical(AttestationFact(step=step, attestation=attestation)),
        )
    )


def put_replaced(batch: Batch, replaced: Iterable[tuple[str, int | None]]) -> None:
    """When each, by id, is replaced by a newer one (ms; ``None``: it is not, so far)."""
    table = schema.attestations
    for name, when in replaced:
        statement = table.update().where(table.c.id == name).values(replaced=when)
        batch.statements.append((statement, None))


def _row(attestation: Attestation) -> dict[str, Any]:
    return {
        "id": attestation.id,
        "school": attestation.school,
        "item": attestation.item,
        "at": attestation.at,
        "valid_from": attestation.valid_from,
        "expires": attestation.expires,
        "confirmed": attestation.confirmed,
        "withdrawn": attestation.withdrawn,
        "body": _body.encode(attestation),
    }


def _upsert() -> Any:
    insert = insert_into("sqlite", schema.attestations)
    changed = {name: insert.excluded[name] for name in ("confirmed", "withdrawn", "body")}
    return insert.on_conflict_do_update(index_elements=["id"], set_=changed)
