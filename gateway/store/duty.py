"""Shifts and hand-overs written, each with its fact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from sqlalchemy import delete, insert

from alerts.duty import Shift
from gateway.security.record import fact
from gateway.store import schema
from gateway.store.batch import Batch

SHIFT: Final = "shift"
HAND_OVER: Final = "hand_over"

_body: Final = msgspec.json.Encoder()


class SignedAlert(msgspec.Struct, frozen=True):
    """An open alert that somebody took over, as it stood."""

    id: int
    version: int
    priority: int


class HandOver(msgspec.Struct, frozen=True):
    """That ``after`` has taken over in ``team`` from ``before`` what stood open.

    ``alerts`` are all that they could see, ``ticked`` the emergencies that they confirmed one by
    one. ``by_rota``: their shift had begun or was about to. ``on_duty``: it made them whom the team
    calls.
    """

    row: int
    team: str
    at: int
    before: str | None
    after: str
    alerts: tuple[SignedAlert, ...] = ()
    ticked: tuple[int, ...] = ()
    remark: str = ""
    by_rota: bool = True
    on_duty: bool = True


def put_shifts(batch: Batch, shifts: Iterable[Shift], actor: str) -> None:
    """Plan shifts."""
    rows = [msgspec.structs.asdict(shift) for shift in shifts]
    batch.statements.append((insert(schema.shifts), rows))
    batch.facts += [
        fact(SHIFT, batch.now, actor, f"team:{row['team']}", before=None, after=row) for row in rows
    ]


def remove_shift(batch: Batch, shift: Shift, actor: str) -> None:
    """Take a shift off the plan."""
    table = schema.shifts
    batch.statements.append((delete(table).where(table.c.row == shift.row), None))
    was = msgspec.structs.asdict(shift)
    batch.facts.append(fact(SHIFT, batch.now, actor, f"team:{shift.team}", before=was, after=None))


def put_hand_over(batch: Batch, signed: HandOver) -> None:
    """Somebody has signed for what stands."""
    row = {
        "row": signed.row,
        "team": signed.team,
        "at": signed.at,
        "before": signed.before,
        "after": signed.after,
        "body": _body.encode(signed),
    }
    batch.statements.append((insert(schema.hand_overs), [row]))
    told = msgspec.structs.asdict(signed)
    batch.facts.append(fact(HAND_OVER, batch.now, signed.after, f"team:{signed.team}", **told))
