"""Devices of the register: pages, one, and some by their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select

from devices.model import Device
from gateway.store.read.alerts import beyond
from gateway.store.schema import alerts, devices, rollups

Key: TypeAlias = tuple[str, str]

METRICS: Final = 200
"""Most metrics of one device that are listed."""

METRIC_HOURS: Final = 14 * 24
HOUR: Final = 3_600_000
"""A roll-up's span in ms."""

_COLUMNS: Final = (
    devices.c.row,
    devices.c.school,
    devices.c.id,
    devices.c.kind,
    devices.c.name_zh,
    devices.c.name_en,
    devices.c.place,
    devices.c.dialect,
    devices.c.address,
    devices.c.repeater,
    devices.c.out_of_service,
    devices.c.parameters,
)


class DeviceFilter(msgspec.Struct, frozen=True):
    """Which devices. ``trouble``: with (or without) open alerts; ``text``: part of id or name."""

    schools: frozenset[str] | None = None
    kind: str | None = None
    trouble: bool | None = None
    text: str = ""


def _device(row: Row[*tuple[Any, ...]]) -> Device:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    fields["parameters"] = msgspec.json.decode(fields["parameters"])
    fields["out_of_service"] = bool(fields["out_of_service"])
    return Device(**fields)


def device_page(
    wanted: DeviceFilter, *, after: Key | None, limit: int
) -> Callable[[Connection], tuple[list[Device], Key | None]]:
    """Devices by school and id after the key ``after``, and the key to go on from."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.schools is not None:
        conditions.append(devices.c.school.in_(wanted.schools))
    if wanted.kind is not None:
        conditions.append(devices.c.kind == wanted.kind)
    if wanted.trouble is not None:
        is_open = exists().where(and_(alerts.c.closed.is_(None), alerts.c.device == devices.c.row))
        conditions.append(is_open if wanted.trouble else ~is_open)
    if wanted.text:
        conditions.append(
            or_(
                *(
                    column.icontains(wanted.text, autoescape=True)
                    for column in (devices.c.id, devices.c.name_zh, devices.c.name_en)
                )
            )
        )
    order = (devices.c.school, devices.c.id)
    if after is not None:
        conditions.append(beyond(order, after))

    def query(connection: Connection) -> tuple[list[Device], Key | None]:
        statement = select(*_COLUMNS).where(*conditions).order_by(*order).limit(limit + 1)
        found = [_device(row) for row in connection.execute(statement)]
        if len(found) > limit:
            return found[:limit], found[limit - 1].key
        return found, None

    return query


def one_device(school: str, device: str) -> Callable[[Connection], Device | None]:
    """The device of that id; ``None`` when it is not registered."""

    def query(connection: Connection) -> Device | None:
        row = connection.execute(
            select(*_COLUMNS).where(devices.c.school == school, devices.c.id == device)
        ).first()
        return None if row is None else _device(row)

    return query


def devices_of_kind(school: str, kind: str) -> Callable[[Connection], list[Device]]:
    """Devices of a kind at a school, by id."""

    def query(connection: Connection) -> list[Device]:
        of_kind = select(*_COLUMNS).where(devices.c.school == school, devices.c.kind == kind)
        return [_device(row) for row in connection.execute(of_kind.order_by(devices.c.id))]

    return query


def devices_of(school: str) -> Callable[[Connection], list[Device]]:
    """The devices of a school, by their ids."""

    def query(connection: Connection) -> list[Device]:
        statement = select(*_COLUMNS).where(devices.c.school == school).order_by(devices.c.id)
        return [_device(row) for row in connection.execute(statement)]

    return query


def devices_with_own_figures(school: str, kind: str) -> Callable[[Connection], list[Device]]:
    """Devices of a kind at a school that are judged by figures of their own."""

    def query(connection: Connection) -> list[Device]:
        statement = select(*_COLUMNS).where(
            devices.c.school == school, devices.c.kind == kind, devices.c.parameters != "{}"
        )
        return [_device(row) for row in connection.execute(statement)]

    return query


def some_devices(school: str, ids: Iterable[str]) -> Callable[[Connection], list[Device]]:
    """Devices of a school by their ids; those that are not registered are left out."""
    wanted = list(ids)

    def query(connection: Connection) -> list[Device]:
        found: list[Device] = []
        for start in range(0, len(wanted), 500):
            statement = select(*_COLUMNS).where(
                devices.c.school == school, devices.c.id.in_(wanted[start : start + 500])
            )
            found += [_device(row) for row in connection.execute(statement)]
        return found

    return query


def devices_called(
    name: str, schools: frozenset[str] | None, *, limit: int
) -> Callable[[Connection], list[Device]]:
    """Devices whose id or address is ``name``, whatever its case; ``schools`` ``None`` = of all."""
    low = name.lower()
    called = or_(func.lower(devices.c.id) == low, func.lower(devices.c.address) == low)
    of = [] if schools is None else [devices.c.school.in_(schools)]

    def query(connection: Connection) -> list[Device]:
        order = (devices.c.school, devices.c.id)
        statement = select(*_COLUMNS).where(called, *of).order_by(*order).limit(limit)
        return [_device(row) for row in connection.execute(statement)]

    return query


def all_devices(connection: Connection) -> list[Device]:
    """The whole register, by school and id."""
    statement = select(*_COLUMNS).order_by(devices.c.school, devices.c.id)
    return [_device(row) for row in connection.execute(statement)]


def device_row(school: str, device: str) -> Callable[[Connection], int | None]:
    """The device's number in the store."""

    def query(connection: Connection) -> int | None:
        return connection.scalar(
            select(devices.c.row).where(devices.c.school == school, devices.c.id == device)
        )

    return query


def metrics_of(device: int) -> Callable[[Connection], list[str]]:
    """Metrics of a device that were rolled up in the `METRIC_HOURS` before the newest hour.

    Looks up each hour in the primary key, which begins with span and start: a plain DISTINCT
    would read the hours of all devices.
    """

    def query(connection: Connection) -> list[str]:
        newest = connection.scalar(select(func.max(rollups.c.start)).where(rollups.c.span == HOUR))
        if newest is None:
            return []
        hours = range(newest - (METRIC_HOURS - 1) * HOUR, newest + 1, HOUR)
        statement = (
            select(rollups.c.metric)
            .distinct()
            .where(rollups.c.span == HOUR, rollups.c.start.in_(hours), rollups.c.device == device)
            .order_by(rollups.c.metric)
            .limit(METRICS)
        )
        return list(connection.scalars(statement))

    return query
