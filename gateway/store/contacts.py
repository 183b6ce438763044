"""Contacts of schools written: the list of a school as a whole, and who changed it as a fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import delete, insert

from alerts.contacts import Contact
from gateway.security.record import fact
from gateway.store import schema
from gateway.store.batch import Batch

FACT: Final = "contacts"


def contacts_set(
    lists: Mapping[str, Sequence[Contact]],
    before: Mapping[str, Sequence[Contact]],
    *,
    by: str,
    now: int,
) -> Batch:
    """Make these the lists of their schools; what they were is in ``before``.

    The fact names roles and nobody's number: facts stay for ever, and numbers are private.
    """
    table = schema.contacts
    batch = Batch(now=now)
    for school, contacts in lists.items():
        batch.statements.append((delete(table).where(table.c.school == school), None))
        rows = [
            {
                "school": school,
                "id": str(at),
                "role": one.role,
                "name": one.name,
                "telephone": one.telephone,
                "place_in_list": at,
            }
            for at, one in enumerate(contacts)
        ]
        if rows:
            batch.statements.append((insert(table), rows))
        was = [one.role for one in before.get(school, ())]
        becomes = [one.role for one in contacts]
        batch.facts.append(fact(FACT, now, by, f"school:{school}", before=was, after=becomes))
    return batch
