"""The register of regions, schools, places and devices: read whole, changed within a batch.

The functions that change it return statements for ``Batch.statements``; whoever uses them adds
`next_register_version`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import msgspec
from sqlalchemy import Connection, Executable, Integer, Text, and_, cast, delete, select, update

from devices.model import Device, Place, Region, School
from gateway.store import schema
from gateway.store.encoding import decode_parameters, encode_parameters
from gateway.store.read.devices import all_devices
from gateway.store.read.register import (
    NAMES_KEY,
    VERSION_KEY,
    all_places,
    all_regions,
    all_schools,
)
from gateway.store.upserts import insert_into, upsert

Statement: TypeAlias = tuple[Executable, Sequence[Mapping[str, Any]] | None]
Node = TypeVar("Node", Region, Place)


class Registry(msgspec.Struct, frozen=True):
    """All that is registered, parents before what is within them."""

    regions: list[Region]
    schools: list[School]
    places: list[Place]
    devices: list[Device]


def read_registry(connection: Connection) -> Registry:
    """All that is registered."""
    return Registry(
        regions=parents_first(all_regions(connection)),
        schools=all_schools(connection),
        places=parents_first(all_places(connection)),
        devices=all_devices(connection),
    )


def read_parameters(
    connection: Connection,
) -> dict[tuple[str, str], dict[str, dict[str, object]]]:
    """Schools' own figures by (school, kind): ``{rule: {parameter: value}}``."""
    return {
        (row.school, row.kind): decode_parameters(row.body)
        for row in connection.execute(select(schema.parameters))
    }


def put_regions(regions: Iterable[Region], dialect: str = "sqlite") -> list[Statement]:
    """Add regions or overwrite those with the same id."""
    rows = [msgspec.structs.asdict(region) for region in parents_first(list(regions))]
    return [(upsert(dialect, schema.regions), rows)] if rows else []


def put_schools(schools: Iterable[School], dialect: str = "sqlite") -> list[Statement]:
    """Add schools or overwrite those with the same id. Their regions must be there."""
    rows = [msgspec.structs.asdict(school) for school in schools]
    return [(upsert(dialect, schema.schools), rows)] if rows else []


def put_places(places: Iterable[Place], dialect: str = "sqlite") -> list[Statement]:
    """Add places or overwrite those with the same school and id. Their schools must be there."""
    rows = [msgspec.structs.asdict(place) for place in places]
    return [(upsert(dialect, schema.places), rows)] if rows else []


def put_devices(devices: Iterable[Device], dialect: str = "sqlite") -> list[Statement]:
    """Add devices or overwrite those with the same school and id.

    A device keeps the row it has; a new one gets the next number, or its own ``row`` if not 0.
    """
    numbered: list[dict[str, Any]] = []
    fresh: list[dict[str, Any]] = []
    for device in devices:
        fields = msgspec.structs.asdict(device)
        fields["parameters"] = encode_parameters(device.parameters)
        if device.row == 0:
            del fields["row"]
        (numbered if device.row else fresh).append(fields)
    insert = insert_into(dialect, schema.devices)
    statement = insert.on_conflict_do_update(
        index_elements=["school", "id"],
        set_={
            column.name: insert.excluded[column.name]
            for column in schema.devices.columns
            if column.name not in ("row", "school", "id")
        },
    )
    return [(statement, rows) for rows in (fresh, numbered) if rows]


def put_parameters(
    school: str,
    kind: str,
    parameters: dict[str, dict[str, object]],
    dialect: str = "sqlite",
) -> list[Statement]:
    """Set a school's own figures for a kind; empty ones are taken away."""
    table = schema.parameters
    if not parameters:
        return [(delete(table).where(table.c.school == school, table.c.kind == kind), None)]
    row = {"school": school, "kind": kind, "body": encode_parameters(parameters)}
    return [(upsert(dialect, table), [row])]


def remove_device(school: str, device: str) -> list[Statement]:
    """Take a device off the register. Its readings, alerts and facts stay, under its row."""
    here = and_(schema.devices.c.school == school, schema.devices.c.id == device)
    row = select(schema.devices.c.row).where(here).scalar_subquery()
    return [
        (delete(schema.device_states).where(schema.device_states.c.device == row), None),
        (delete(schema.devices).where(here), None),
    ]


def remove_places(places: Iterable[Place]) -> list[Statement]:
    """Take places away; devices that stand in one stay, with a place nobody knows."""
    table = schema.places
    plans = schema.floor_plans
    statements: list[Statement] = []
    for place in places:
        here = (plans.c.school == place.school, plans.c.place == place.id)
        statements.append((delete(plans).where(*here), None))
        here = (table.c.school == place.school, table.c.id == place.id)
        statements.append((delete(table).where(*here), None))
    return statements


def remove_school(school: str) -> list[Statement]:
    """Take a school off the register, with its places, devices and figures; its past stays."""
    of_school = select(schema.devices.c.row).where(schema.devices.c.school == school)
    return [
        (delete(schema.device_states).where(schema.device_states.c.device.in_(of_school)), None),
        (delete(schema.devices).where(schema.devices.c.school == school), None),
        (delete(schema.positions).where(schema.positions.c.school == school), None),
        (delete(schema.floor_plans).where(schema.floor_plans.c.school == school), None),
        (delete(schema.places).where(schema.places.c.school == school), None),
        (delete(schema.parameters).where(schema.parameters.c.school == school), None),
        (delete(schema.discoveries).where(schema.discoveries.c.school == school), None),
        (delete(schema.contacts).where(schema.contacts.c.school == school), None),
        (delete(schema.schools).where(schema.schools.c.id == school), None),
    ]


def remove_region(region: str) -> list[Statement]:
    """Take a region away; fails while schools or regions are within it."""
    return [(delete(schema.regions).where(schema.regions.c.id == region), None)]


def ignore_discovery(school: str, device: str, *, ignored: bool = True) -> list[Statement]:
    """Hide a discovery from the list, or show it again."""
    table = schema.discoveries
    change = update(table).where(table.c.school == school, table.c.id == device)
    return [(change.values(ignored=ignored), None)]


def remove_discovery(adopted: Device) -> list[Statement]:
    """Take a discovery away, because it was adopted: under its own id, or under another one that
    an import gives to the same address.
    """
    table = schema.discoveries.c
    same = table.id == adopted.id
    if adopted.address:
        same |= (table.dialect == adopted.dialect) & (table.address == adopted.address)
    return [(delete(schema.discoveries).where(table.school == adopted.school, same), None)]


def parents_first(nodes: list[Node]) -> list[Node]:
    """Each node after the one around it, otherwise in the order given.

    A node whose parent is missing or that is within itself comes last: the database refuses it.
    """
    waiting: dict[str | None, list[Node]] = {}
    known = {_key(node, node.id) for node in nodes}
    roots: list[Node] = []
    for node in nodes:
        parent = None if node.parent is None else _key(node, node.parent)
        if parent in known:
            waiting.setdefault(parent, []).append(node)
        else:
            roots.append(node)
    ordered: list[Node] = []
    while roots:
        ordered.extend(roots)
        roots = [child for node in roots for child in waiting.pop(_key(node, node.id), ())]
    return ordered + [node for nodes_left in waiting.values() for node in nodes_left]


def _key(node: Region | Place, name: str) -> str:
    return f"{node.school}/{name}" if isinstance(node, Place) else name


def next_register_version(dialect: str = "sqlite", *, names: bool = True) -> list[Statement]:
    """Count the register's version up: the running gateway and its pages then read it anew.

    Without ``names`` nothing but devices has changed.
    """
    table = schema.meta
    insert = insert_into(dialect, table)
    counted = cast(cast(table.c.value, Integer) + 1, Text)
    statement = insert.on_conflict_do_update(index_elements=["key"], set_={"value": counted})
    keys = (VERSION_KEY, NAMES_KEY) if names else (VERSION_KEY,)
    return [(statement, [{"key": key, "value": "1"} for key in keys])]
