"""Draws the verdicts out of the store: a fact a policy, with totals and a digest of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from sqlalchemy import Connection

from audit.drawing import DRAWN, Drawing, draw, drawn_subject
from audit.policy import Policy
from gateway.coverage.figures import listed_mark
from gateway.security.record import actor
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical
from gateway.store.read.coverage_pages import marks_by_school


class Drawn(msgspec.Struct, frozen=True):
    """All policies drawn at ``at`` (ms), by the facts up to ``row``."""

    at: int
    row: int
    drawings: tuple[Drawing, ...]


def drawing_of(
    policies: Iterable[Policy], *, at: int, row: int
) -> Callable[[Connection], tuple[Drawing, ...]]:
    """The drawings of verdicts as they stand in the store."""

    def query(connection: Connection) -> tuple[Drawing, ...]:
        found = []
        for policy in policies:
            items = [item.id for item in policy.items]
            marks = marks_by_school(policy.id, items, at, None)(connection)
            listed = (
                (school, one.region, {i: m.verdict for i, m in zip(items, each, strict=True)})
                for school, each in marks.items()
                if (one := listed_mark(each)) is not None
            )
            found.append(draw(policy.id, policy.version, items, listed, at=at, row=row))
        return tuple(found)

    return query


def drawn_batch(drawings: Iterable[Drawing], *, by: str, now: int) -> Batch:
    """The facts that say so."""
    batch = Batch(now=now)
    batch.facts += [
        Fact(
            kind=DRAWN,
            happened=one.at,
            known=now,
            actor=actor(by),
            subject=drawn_subject(one.policy),
            body=canonical(one),
        )
        for one in drawings
    ]
    return batch
