"""The outbox in the store: what waits, and what is written about it.

A row is *in turn* while ``attempts`` (refusals) is below `PATIENCE`, *aside* from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Update,
    and_,
    bindparam,
    delete,
    func,
    not_,
    select,
    text,
    update,
)

from alerts.notification.audience import EMERGENCY_KEYS, is_emergency
from gateway.notification.delivery import PATIENCE
from gateway.store.batch import DROPPED, GIVEN_UP, Arrived, Batch, OutboxEntry
from gateway.store.schema import WAITING_ASIDE, WAITING_EMERGENCY, outbox

KEPT: Final = 30 * 86_400_000
"""Delivered rows are kept for 30 days (ms): "did you not tell me?" is asked within a month."""

_emergency = outbox.c.key.startswith(EMERGENCY_KEYS, autoescape=True)
_waiting = and_(outbox.c.delivered.is_(None), outbox.c.due < GIVEN_UP)

# With an index each, or every pass would look through all that waits for a digest.
_waiting_emergency = and_(text(WAITING_EMERGENCY), outbox.c.due < GIVEN_UP)
_waiting_aside = and_(text(WAITING_ASIDE), outbox.c.due < GIVEN_UP)


class WaitingRow(msgspec.Struct, frozen=True):
    """One row to deliver, with how often it was refused."""

    row: int
    attempts: int
    entry: OutboxEntry

    @property
    def emergency(self) -> bool:
        """Whether it tells of one."""
        return is_emergency(self.entry.key)


class Tally(msgspec.Struct, frozen=True):
    """What the store holds for one receiver. ``oldest`` is when the oldest waiting was written."""

    receiver: str
    waiting: int
    oldest: int | None
    aside: int
    given_up: int


def in_turn(
    receiver: str, limit: int, *, emergencies: bool | None = None
) -> Callable[[Connection], list[WaitingRow]]:
    """The next rows in order, due or not; of emergencies alone, or of all else alone."""
    which = _waiting_emergency if emergencies else _waiting
    if emergencies is False:
        which = and_(which, not_(_emergency))
    return _rows(receiver, and_(which, outbox.c.attempts < PATIENCE), outbox.c.row, limit)


def count_in_turn(receiver: str, most: int) -> Callable[[Connection], int]:
    """How many wait in turn that are of no emergency, counted up to ``most``."""
    few = (
        select(outbox.c.row)
        .where(
            _waiting, outbox.c.receiver == receiver, outbox.c.attempts < PATIENCE, not_(_emergency)
        )
        .limit(most)
        .subquery()
    )
    query = select(func.count()).select_from(few)
    return lambda connection: int(connection.execute(query).scalar_one())


def gone_since(receiver: str, since: int) -> Callable[[Connection], list[tuple[int, int]]]:
    """What of no emergency was delivered since: (when, how many at once), oldest first."""
    query = (
        select(outbox.c.delivered, func.count())
        .where(outbox.c.delivered >= since, outbox.c.receiver == receiver, not_(_emergency))
        .group_by(outbox.c.delivered)
        .order_by(outbox.c.delivered)
    )
    return lambda connection: [(at, number) for at, number in connection.execute(query)]


def aside(receiver: str, now: int, limit: int) -> Callable[[Connection], list[WaitingRow]]:
    """Rows that stepped aside and are due again, the longest due first."""
    due = and_(_waiting_aside, outbox.c.due <= now)
    return _rows(receiver, due, outbox.c.due, limit)


def next_aside(receiver: str) -> Callable[[Connection], int | None]:
    """When the next row that stepped aside is due."""
    query = select(func.min(outbox.c.due)).where(_waiting_aside, outbox.c.receiver == receiver)

    def read(connection: Connection) -> int | None:
        due: int | None = connection.execute(query).scalar()
        return due

    return read


def newest_emergency(receiver: str) -> Callable[[Connection], int | None]:
    """The newest row of an emergency that waits."""
    query = select(func.max(outbox.c.row)).where(_waiting_emergency, outbox.c.receiver == receiver)

    def read(connection: Connection) -> int | None:
        row: int | None = connection.execute(query).scalar()
        return row

    return read


def tallies(connection: Connection) -> list[Tally]:
    """What waits, by receiver."""
    stands_aside = and_(outbox.c.attempts >= PATIENCE, outbox.c.due < GIVEN_UP)
    query = (
        select(
            outbox.c.receiver,
            func.count().filter(outbox.c.due < GIVEN_UP),
            func.min(outbox.c.created).filter(outbox.c.due < GIVEN_UP),
            func.count().filter(stands_aside),
            func.count().filter(outbox.c.due == GIVEN_UP),
        )
        .where(outbox.c.delivered.is_(None))
        .group_by(outbox.c.receiver)
    )
    return [Tally(*row) for row in connection.execute(query)]


def mark_delivered(receiver: str, keys: Iterable[str], now: int) -> Batch:
    """They have arrived."""
    # Urgent: a full disk must not make the gateway repeat what has arrived.
    return Batch(arrived=[Arrived(receiver, key) for key in keys], urgent=True, now=now)


def mark_refused(rows: Iterable[int], attempts: int, due: int, reason: str, now: int) -> Batch:
    """They were refused ``attempts`` times now; next try at ``due``."""
    statement = (
        update(outbox)
        .where(outbox.c.row == bindparam("marked"))
        .values(attempts=attempts, due=due, failed=reason)
    )
    return Batch(statements=[(statement, [{"marked": row} for row in rows])], urgent=True, now=now)


def give_up(receiver: str, reason: str, key: str | None = None) -> tuple[Update, None]:
    """A statement: what waits for a receiver, or one event of it, is never tried again."""
    which = [_waiting, outbox.c.receiver == receiver]
    if key is not None:
        which.append(outbox.c.key == key)
    return update(outbox).where(*which).values(due=GIVEN_UP, failed=reason), None


def drop(receiver: str, reason: str) -> tuple[Update, None]:
    """A statement: what waits for a receiver is wanted by nobody any more."""
    undecided = and_(outbox.c.delivered.is_(None), outbox.c.due <= GIVEN_UP)
    which = and_(undecided, outbox.c.receiver == receiver)
    return update(outbox).where(which).values(due=DROPPED, failed=reason), None


def too_old(now: int) -> Callable[[Connection], int]:
    """How many rows `prune` will drop undelivered."""
    query = select(func.count()).select_from(outbox).where(_dropped(now))
    return lambda connection: int(connection.execute(query).scalar_one())


def prune(now: int) -> Batch:
    """Forget what was delivered long ago, and what could not be in all that time.

    Emergencies that were not delivered stay.
    """
    done = delete(outbox).where(outbox.c.delivered < now - KEPT)
    return Batch(statements=[(done, None), (delete(outbox).where(_dropped(now)), None)], now=now)


def _dropped(now: int) -> ColumnElement[bool]:
    return and_(outbox.c.delivered.is_(None), outbox.c.created < now - KEPT, not_(_emergency))


def _rows(
    receiver: str, which: ColumnElement[bool], order: ColumnElement[int], limit: int
) -> Callable[[Connection], list[WaitingRow]]:
    query = (
        select(
            outbox.c.row,
            outbox.c.attempts,
            outbox.c.key,
            outbox.c.created,
            outbox.c.body,
            outbox.c.due,
        )
        .where(outbox.c.receiver == receiver, which)
        .order_by(order)
        .limit(limit)
    )

    def read(connection: Connection) -> list[WaitingRow]:
        return [
            WaitingRow(row, attempts, OutboxEntry(receiver, key, created, body, due))
            for row, attempts, key, created, body, due in connection.execute(query)
        ]

    return read
