"""Regions, schools and places, whole; and the number that grows when the register changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from devices.model import Place, Region, School
from gateway.store.schema import meta, parameters, places, regions, schools

VERSION_KEY: Final = "register_version"
NAMES_KEY: Final = "names_version"


def register_version(connection: Connection) -> str:
    """Changes whenever regions, schools, places or devices do; empty before the first import."""
    return connection.scalar(select(meta.c.value).where(meta.c.key == VERSION_KEY)) or ""


def names_version(connection: Connection) -> str:
    """Changes whenever regions, schools or places may have: of tens of thousands of them nobody
    reads anew because a device was put aside. Empty before the first import.
    """
    return connection.scalar(select(meta.c.value).where(meta.c.key == NAMES_KEY)) or ""


def version_after(version: str) -> str:
    """What `register_version` is after one more change."""
    return str(int(version or "0") + 1)


def all_regions(connection: Connection) -> list[Region]:
    """All regions, by id."""
    columns = (regions.c.id, regions.c.name_zh, regions.c.name_en, regions.c.parent)
    return [Region(*row) for row in connection.execute(select(*columns).order_by(regions.c.id))]


def all_schools(connection: Connection) -> list[School]:
    """All schools, by id."""
    columns = (schools.c.id, schools.c.name_zh, schools.c.name_en, schools.c.region)
    return [School(*row) for row in connection.execute(select(*columns).order_by(schools.c.id))]


def all_places(connection: Connection) -> list[Place]:
    """All places, by school and id."""
    columns = (
        places.c.id,
        places.c.school,
        places.c.name_zh,
        places.c.name_en,
        places.c.parent,
    )
    statement = select(*columns).order_by(places.c.school, places.c.id)
    return [Place(*row) for row in connection.execute(statement)]


def school_parameters(
    school: str, kind: str
) -> Callable[[Connection], dict[str, dict[str, object]]]:
    """A school's own figures for a kind: ``{rule: {parameter: value}}``; empty when none."""

    def query(connection: Connection) -> dict[str, dict[str, object]]:
        body = connection.scalar(
            select(parameters.c.body).where(
                parameters.c.school == school, parameters.c.kind == kind
            )
        )
        return {} if body is None else msgspec.json.decode(body)

    return query
