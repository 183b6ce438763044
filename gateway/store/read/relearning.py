"""The last order to learn a camera anew, and whether its probe has done so: from the facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from gateway.cameras.relearning import KIND, Relearn, answers
from gateway.store.batch import Fact
from gateway.store.schema import facts


class _Body(msgspec.Struct):
    id: str
    reason: str


_body: Final = msgspec.json.Decoder(_Body).decode


def last_relearn(school: str, device: str) -> Callable[[Connection], Relearn | None]:
    """The last one of a camera; ``None``: nobody ever asked."""
    table = facts.c
    subject = f"device:{school}/{device}"
    columns = (table.kind, table.happened, table.known, table.actor, table.subject, table.body)

    def query(connection: Connection) -> Relearn | None:
        asked = connection.execute(
            select(table.row, *columns)
            .where(table.subject == subject, table.kind == KIND)
            .order_by(table.row.desc())
            .limit(1)
        ).first()
        if asked is None:
            return None
        order = _body(asked.body)
        events = select(*columns).where(
            table.subject == subject, table.kind == "event", table.row > asked.row
        )
        told = (Fact(*row) for row in connection.execute(events.order_by(table.row)))
        done = next((one.known for one in told if answers(one, order.id)), None)
        return Relearn(asked.actor, asked.happened, order.reason, done)

    return query
