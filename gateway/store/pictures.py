"""Pictures, floor plans and positions written. Floor plans and positions are facts as well."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import delete

from gateway.security.record import actor, fact
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.read.pictures import Picture, Position
from gateway.store.registry import Statement
from gateway.store.upserts import insert_into, upsert


def kept(picture: Picture, *, by: str, now: int) -> Batch:
    """Keep a picture. The same one again changes nothing."""
    row = {**msgspec.structs.asdict(picture), "added": now, "actor": actor(by)}
    insert = insert_into("sqlite", schema.pictures).on_conflict_do_nothing()
    return _batch(now, (insert, [row]))


def plan_set(
    school: str, place: str, picture: str | None, *, before: str | None, by: str, now: int
) -> Batch:
    """Make a picture the floor plan of a place; ``None`` takes the plan away.

    The picture must be one of the school. Positions stay: they are fractions of the plan.
    """
    table = schema.floor_plans
    if picture is None:
        here = (table.c.school == school, table.c.place == place)
        batch = _batch(now, (delete(table).where(*here), None))
    else:
        row = {"school": school, "place": place, "picture": picture}
        batch = _batch(now, (upsert("sqlite", table), [row]))
    subject = f"place:{school}/{place}"
    batch.facts.append(fact("floor_plan", now, by, subject, before=before, after=picture))
    return batch


def position_set(
    school: str,
    device: str,
    position: Position | None,
    *,
    before: Position | None,
    by: str,
    now: int,
) -> Batch:
    """Say where a device is; ``None`` takes it off the plan."""
    table = schema.positions
    if position is None:
        here = (table.c.school == school, table.c.device == device)
        batch = _batch(now, (delete(table).where(*here), None))
    else:
        row = msgspec.structs.asdict(position)
        batch = _batch(now, (upsert("sqlite", table), [row]))
    subject = f"device:{school}/{device}"
    batch.facts.append(
        fact("position", now, by, subject, before=_plain(before), after=_plain(position))
    )
    return batch


def _plain(position: Position | None) -> dict[str, Any] | None:
    if position is None:
        return None
    return {"place": position.place, "x": position.x, "y": position.y}


def _batch(now: int, statement: Statement) -> Batch:
    batch = Batch(now=now)
    batch.statements.append(statement)
    return batch
