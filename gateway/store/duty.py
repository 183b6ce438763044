"""Shifts and hand-overs written, each with its fact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from sqlalchemy import delete, insert

from alerts.duty import Shift
from gateway.store import schema
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical

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
        _fact(SHIFT, batch.now, actor, str(row["team"]), {"before": None, "after": row})
        for row in rows
    ]


def remove_shift(batch: Batch, shift: Shift, actor: str) -> None:
    """Take a shift off the plan."""
    table = schema.shifts
    batch.statements.append((delete(table).where(table.c.row == shift.row), None))
    told = {"before": msgspec.structs.asdict(shift), "after": None}
    batch.facts.append(_fact(SHIFT, batch.now, actor, shift.team, told))


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
    batch.facts.append(
        _fact(HAND_OVER, batch.now, signed.after, signed.team, msgspec.to_builtins(signed))
    )


def _fact(kind: str, now: int, actor: str, team: str, body: object) -> Fact:
    return Fact(
        kind=kind,
        happened=now,
        known=now,
        actor=f"user:{actor}",
        subject=f"team:{team}",
        body=canonical(body),
    )
