"""The figures of the alarm system, counted from the transitions of all alerts of a period."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Select, bindparam, literal_column, select, union

from alerts.alert import TransitionKind
from alerts.annunciation import Step
from alerts.figures import Figures, figures
from gateway.store.schema import alerts, transitions

MOST: Final = 500_000
"""Transitions that one answer is counted from: some four seconds of work."""

_AT_ONCE: Final = 400
"""Alerts asked for at once: so many rows to be sorted, and placeholders, has one statement."""

_PIECE: Final = 2_000
"""Transitions decoded at once, which holds up every other thread: a millisecond or two."""

_STEPS: Final = msgspec.json.Decoder(list[Step])

_WHOLE: Final[Select[Any]] = (
    # As the driver gives it, which is bytes: to look at each would cost as much as to read it.
    select(literal_column("transitions.body"))
    .where(transitions.c.known < bindparam("until"))
    .order_by(transitions.c.alert, transitions.c.version)
    .limit(bindparam("most"))
)
_RANGE: Final = _WHOLE.where(transitions.c.alert.between(bindparam("first"), bindparam("last")))
_LIST: Final = _WHOLE.where(transitions.c.alert.in_(bindparam("wanted", expanding=True)))


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
        pieces = _steps(connection, numbers, until)
        return figures(chain.from_iterable(pieces), since=since, until=until)

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


def _steps(connection: Connection, numbers: Sequence[int], until: int) -> Iterator[list[Step]]:
    """Their transitions before ``until``, alert by alert, each by version, in pieces."""
    count = 0
    for begin in range(0, len(numbers), _AT_ONCE):
        wanted = numbers[begin : begin + _AT_ONCE]
        # Those of all schools come without gaps, and a range costs less than four hundred numbers.
        gapless = wanted[-1] - wanted[0] < len(wanted)
        which = {"first": wanted[0], "last": wanted[-1]} if gapless else {"wanted": wanted}
        pieces = connection.scalars(
            _RANGE if gapless else _LIST,
            {**which, "until": until, "most": MOST + 1 - count},
            execution_options={"yield_per": _PIECE},
        )
        for bodies in pieces.partitions():
            count += len(bodies)
            if count > MOST:
                raise TooManyTransitionsError
            yield _STEPS.decode(b"[" + b",".join(bodies) + b"]")
