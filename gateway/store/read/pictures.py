"""Pictures, the floor plans made of them, and where devices are on these."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, exists, func, select

from gateway.store.schema import devices, floor_plans, picture_uses, pictures, positions


class Picture(msgspec.Struct, frozen=True):
    """A stored picture. ``hash`` is the SHA-256 of ``body``."""

    hash: str
    media_type: str
    width: int
    height: int
    school: str
    body: bytes


class PlanPicture(msgspec.Struct, frozen=True):
    """The picture of a place's floor plan, without its bytes."""

    hash: str
    width: int
    height: int


class Position(msgspec.Struct, frozen=True):
    """Where a device is: 0 to 1 from the left and from the top of the plan of ``place``."""

    school: str
    device: str
    place: str
    x: float
    y: float


_POSITION: Final = (
    positions.c.school,
    positions.c.device,
    positions.c.place,
    positions.c.x,
    positions.c.y,
)


def one_picture(
    digest: str, schools: frozenset[str] | None
) -> Callable[[Connection], Picture | None]:
    """A picture by its hash, of one of those schools (``None`` = of any)."""
    table = pictures.c
    of = [] if schools is None else [table.school.in_(schools)]

    def query(connection: Connection) -> Picture | None:
        row = connection.execute(
            select(
                table.hash, table.media_type, table.width, table.height, table.school, table.body
            ).where(table.hash == digest, *of)
        ).first()
        return None if row is None else Picture(*row)

    return query


def pictures_of(school: str, digests: Iterable[str]) -> Callable[[Connection], frozenset[str]]:
    """Of those hashes, the ones that are pictures of the school."""
    wanted = list(digests)

    def query(connection: Connection) -> frozenset[str]:
        statement = select(pictures.c.hash).where(
            pictures.c.school == school, pictures.c.hash.in_(wanted)
        )
        return frozenset(connection.scalars(statement))

    return query


def bytes_of_school(school: str) -> Callable[[Connection], int]:
    """How much room the pictures of a school take."""

    def query(connection: Connection) -> int:
        size = func.coalesce(func.sum(func.length(pictures.c.body)), 0)
        return int(connection.scalar(select(size).where(pictures.c.school == school)) or 0)

    return query


IN_USE: Final[ColumnElement[bool]] = (
    exists()
    .where(picture_uses.c.school == pictures.c.school, picture_uses.c.picture == pictures.c.hash)
    .correlate(pictures)
)
"""Whether a fact names the picture."""


def unused(before: int, most: int) -> Callable[[Connection], list[tuple[str, str]]]:
    """Pictures, by (school, hash), uploaded before that time (ms) that no fact names."""

    def query(connection: Connection) -> list[tuple[str, str]]:
        statement = (
            select(pictures.c.school, pictures.c.hash)
            .where(pictures.c.added < before, ~IN_USE)
            .limit(most)
        )
        return [(school, digest) for school, digest in connection.execute(statement)]

    return query


def plan_of(school: str, place: str) -> Callable[[Connection], PlanPicture | None]:
    """The floor plan of a place."""

    def query(connection: Connection) -> PlanPicture | None:
        row = connection.execute(
            select(pictures.c.hash, pictures.c.width, pictures.c.height)
            .join(
                floor_plans,
                (floor_plans.c.school == pictures.c.school)
                & (floor_plans.c.picture == pictures.c.hash),
            )
            .where(floor_plans.c.school == school, floor_plans.c.place == place)
        ).first()
        return None if row is None else PlanPicture(*row)

    return query


def plans_of_school(school: str) -> Callable[[Connection], frozenset[str]]:
    """The places of a school that have a floor plan."""

    def query(connection: Connection) -> frozenset[str]:
        statement = select(floor_plans.c.place).where(floor_plans.c.school == school)
        return frozenset(connection.scalars(statement))

    return query


def positions_on(school: str, place: str) -> Callable[[Connection], list[Position]]:
    """The registered devices on the plan of a place, by id."""

    def query(connection: Connection) -> list[Position]:
        statement = (
            select(*_POSITION)
            .join(
                devices,
                (devices.c.school == positions.c.school) & (devices.c.id == positions.c.device),
            )
            .where(positions.c.school == school, positions.c.place == place)
            .order_by(positions.c.device)
        )
        return [Position(*row) for row in connection.execute(statement)]

    return query


def position_of(school: str, device: str) -> Callable[[Connection], Position | None]:
    """Where a device is, if somebody has said so."""

    def query(connection: Connection) -> Position | None:
        row = connection.execute(
            select(*_POSITION).where(positions.c.school == school, positions.c.device == device)
        ).first()
        return None if row is None else Position(*row)

    return query
