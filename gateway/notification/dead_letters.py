"""Messages that were refused, given up, or are for a receiver that is no more: seen, tried again or
dropped by a person. Each such decision is a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, not_, or_, select, update

from gateway.notification.delivery import PATIENCE
from gateway.security.record import fact
from gateway.store.batch import DROPPED, GIVEN_UP, POLICE, Batch
from gateway.store.schema import outbox


class LetterState(StrEnum):
    """Where a message to a receiver stands."""

    WAITING = "waiting"
    ASIDE = "aside"  # refused, and tried again by itself
    GIVEN_UP = "given_up"  # refused for a day
    DROPPED = "dropped"  # a person has decided so
    DELIVERED = "delivered"


class Letter(msgspec.Struct, frozen=True):
    """One message to one receiver. Times in ms; ``due`` is when it is tried next, if it is."""

    row: int
    receiver: str
    key: str
    alert: int | None
    state: LetterState
    created: int
    attempts: int
    due: int | None
    delivered: int | None
    reason: str


_COLUMNS: Final = (
    outbox.c.row,
    outbox.c.receiver,
    outbox.c.key,
    outbox.c.alert,
    outbox.c.created,
    outbox.c.attempts,
    outbox.c.due,
    outbox.c.delivered,
    outbox.c.failed,
)
_ours: Final = not_(outbox.c.receiver.startswith(POLICE, autoescape=True))
"""Messages to the police have their own watch, and nobody drops one."""


def dead_letters(
    known: Collection[str], *, after: int | None, limit: int
) -> Callable[[Connection], list[Letter]]:
    """The newest first, from below the row ``after``; ``known`` are the receivers there are."""
    conditions = [_dead(known)]
    if after is not None:
        conditions.append(outbox.c.row < after)
    query = select(*_COLUMNS).where(*conditions).order_by(outbox.c.row.desc()).limit(limit)
    return lambda connection: [_letter(row) for row in connection.execute(query)]


def these(rows: Sequence[int]) -> Callable[[Connection], list[Letter]]:
    """Those of the rows that have not arrived and were not dropped."""
    query = select(*_COLUMNS).where(_undecided(rows)).order_by(outbox.c.row)
    return lambda connection: [_letter(row) for row in connection.execute(query)]


def deliveries_of(alert: int, limit: int = 500) -> Callable[[Connection], list[Letter]]:
    """What was told of an alert and to whom, the newest ``limit``, oldest first."""
    query = (
        select(*_COLUMNS)
        .where(outbox.c.alert == alert, _ours)
        .order_by(outbox.c.row.desc())
        .limit(limit)
    )
    return lambda connection: [_letter(row) for row in connection.execute(query)][::-1]


def retried(letters: Sequence[Letter], by: str, now: int) -> Batch:
    """Each is in turn again, from the beginning, and tried at once."""
    return _decided("delivery_retried", letters, by, now, "", attempts=0, due=now)


def dropped(letters: Sequence[Letter], by: str, now: int, reason: str) -> Batch:
    """None is tried again; they stay in the history of their alerts."""
    return _decided("delivery_dropped", letters, by, now, reason, due=DROPPED, failed=reason)


def _decided(
    kind: str, letters: Sequence[Letter], by: str, now: int, reason: str, **values: object
) -> Batch:
    # Undelivered still: what arrived in this moment has arrived.
    statement = update(outbox).where(_undecided([one.row for one in letters])).values(**values)
    return Batch(
        statements=[(statement, None)],
        facts=[
            fact(kind, now, by, f"receiver:{one.receiver}", key=one.key, reason=reason)
            for one in letters
        ],
        now=now,
    )


def _dead(known: Collection[str]) -> ColumnElement[bool]:
    for_nobody = outbox.c.receiver.not_in(sorted(known))
    return and_(
        outbox.c.delivered.is_(None),
        outbox.c.due <= GIVEN_UP,
        _ours,
        or_(outbox.c.attempts >= PATIENCE, outbox.c.due == GIVEN_UP, for_nobody),
    )


def _undecided(rows: Sequence[int]) -> ColumnElement[bool]:
    return and_(
        outbox.c.row.in_(rows), outbox.c.delivered.is_(None), outbox.c.due <= GIVEN_UP, _ours
    )


def _letter(row: Row[*tuple[Any, ...]]) -> Letter:
    state = LetterState.WAITING
    if row.delivered is not None:
        state = LetterState.DELIVERED
    elif row.due == DROPPED:
        state = LetterState.DROPPED
    elif row.due == GIVEN_UP:
        state = LetterState.GIVEN_UP
    elif row.attempts >= PATIENCE:
        state = LetterState.ASIDE
    tried = state in (LetterState.WAITING, LetterState.ASIDE)
    return Letter(
        row=row.row,
        receiver=row.receiver,
        key=row.key,
        alert=row.alert,
        state=state,
        created=row.created,
        attempts=row.attempts,
        due=row.due if tried else None,
        delivered=row.delivered,
        reason=row.failed or "",
    )
