"""Pictures, floor plans and positions written. Floor plans and positions are facts as well.

Whatever refers to a picture says so in ``picture_uses``, in the same transaction: a picture that a
fact has ever named is not removed, and nothing can refer to one that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import delete, tuple_

from gateway.security.record import actor, fact
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.read.pictures import IN_USE, Picture, Position
from gateway.store.registry import Statement
from gateway.store.upserts import insert_into, upsert


def kept(picture: Picture, *, by: str, now: int) -> Batch:
    """Keep a picture. The same one again waits anew for being used."""
    row = {**msgspec.structs.asdict(picture), "added": now, "actor": actor(by)}
    insert = insert_into("sqlite", schema.pictures)
    renewed = insert.on_conflict_do_update(
        index_elements=["school", "hash"], set_={"added": insert.excluded.added}
    )
    return _batch(now, (renewed, [row]))


def used(school: str, pictures: Iterable[str], subject: str) -> list[Statement]:
    """That a fact about ``subject`` names these pictures. Refused when one of them is gone."""
    rows = [{"school": school, "picture": each, "subject": subject} for each in pictures]
    insert = insert_into("sqlite", schema.picture_uses).on_conflict_do_nothing()
    return [(insert, rows)] if rows else []


def removed(keys: Iterable[tuple[str, str]], before: int, *, now: int) -> Batch:
    """Take pictures by (school, hash) away, but for those used or uploaded again meanwhile."""
    table = schema.pictures
    those = tuple_(table.c.school, table.c.hash).in_(list(keys))
    return _batch(now, (delete(table).where(those, table.c.added < before, ~IN_USE), None))


def plan_set(
    school: str, place: str, picture: str | None, *, before: str | None, by: str, now: int
) -> Batch:
    """Make a picture the floor plan of a place; ``None`` takes the plan away.

    The picture must be one of the school. Positions stay: they are fractions of the plan.
    """
    table = schema.floor_plans
    subject = f"place:{school}/{place}"
    if picture is None:
        here = (table.c.school == school, table.c.place == place)
        batch = _batch(now, (delete(table).where(*here), None))
    else:
        row = {"school": school, "place": place, "picture": picture}
        batch = _batch(now, (upsert("sqlite", table), [row]))
        batch.statements += used(school, [picture], subject)
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
