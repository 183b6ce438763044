"""The figures of the alarm system, counted from the transitions of all alerts of a period."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, select, union

from alerts.alert import TransitionKind
from alerts.annunciation import Step
from alerts.figures import Figures, figures
from gateway.store.schema import alerts, transitions

MOST: Final = 500_000
"""Transitions that one answer is counted from: some four seconds of work."""

_AT_ONCE: Final = 400
"""Alerts asked for at once: so many placeholders, and rows to be sorted, has one statement."""

_PIECE: Final = 2_000
"""Transitions decoded at once, which holds up every other thread: a millisecond or two."""

_STEPS: Final = msgspec.json.Decoder(list[Step])


class TooManyTransitionsError(Exception):
    """The period holds more transitions than are counted at once; ask for a shorter one."""

    def __init__(self) -> None:
        super().__init__(f"more than {MOST} transitions; ask for a shorter period")


def figures_of(
    schools: frozenset[str] | None, *, since: int, until: int
) -> Callable[[Connection], Figures]:
    """The figures of ``[since, until)`` over the alerts of ``schools``; ``None`` = all of them.

    Raises `TooManyTransitionsError`; ``ValueError`` for an empty period.
    """

    def query(connection: Connection) -> Figures:
        numbers = _alerts(connection, schools, since, until)
        return figures(_steps(connection, numbers, until), since=since, until=until)

    return query


def _alerts(
    connection: Connection, schools: frozenset[str] | None, since: int, until: int
) -> list[int]:
    """Alerts to which something happened within the period, and those open at its end."""
    moved = transitions.c
    touched = union(
        select(moved.alert).where(moved.known >= since, moved.known < until),
        select(alerts.c.id).where(alerts.c.closed.is_(None)),
        select(moved.alert).where(moved.known >= until, moved.kind == TransitionKind.CLOSED.value),
    ).subquery()
    statement = (
        select(alerts.c.id)
        .join_from(touched, alerts, touched.c[0] == alerts.c.id)
        .where(alerts.c.known < until)
        .order_by(alerts.c.id)
    )
    if schools is not None:
        statement = statement.where(alerts.c.school.in_(schools))
    return list(connection.scalars(statement))


def _steps(connection: Connection, numbers: Sequence[int], until: int) -> Iterator[Step]:
    """Their transitions before ``until``, alert by alert, each by version."""
    count = 0
    for begin in range(0, len(numbers), _AT_ONCE):
        statement = (
            select(transitions.c.body)
            .where(
                transitions.c.alert.in_(numbers[begin : begin + _AT_ONCE]),
                transitions.c.known < until,
            )
            .order_by(transitions.c.alert, transitions.c.version)
            .limit(MOST + 1 - count)
        )
        pieces = connection.execute(statement, execution_options={"yield_per": _PIECE})
        for bodies in pieces.scalars().partitions():
            count += len(bodies)
            if count > MOST:
                raise TooManyTransitionsError
            yield from _STEPS.decode(b"[" + b",".join(bodies) + b"]")
