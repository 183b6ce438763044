"""Reads the register out of a store, and turns a plan into the one batch that writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection

from devices.model import Device, Place, Region, School
from gateway.register.entries import Table
from gateway.register.plan import Change, Plan
from gateway.register.register import Key, Register, Registered
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical
from gateway.store.engines import reading_engine
from gateway.store.open import NEWEST, store_version
from gateway.store.registry import (
    next_register_version,
    put_devices,
    put_parameters,
    put_places,
    put_regions,
    put_schools,
    read_parameters,
    read_registry,
    remove_device,
    remove_discovery,
    remove_places,
)
from gateway.store.store import StoreError

Thing = TypeVar("Thing", Region, School, Place, Device)

_ONE: Final = {
    Table.REGIONS: "region",
    Table.SCHOOLS: "school",
    Table.PLACES: "place",
    Table.DEVICES: "device",
    Table.PARAMETERS: "parameters",
}
"""The kinds of the facts; the running gateway writes the same ones."""


def read_register(connection: Connection) -> Register:
    """The register as a store holds it."""
    stored = read_registry(connection)
    return Register.of(
        regions=stored.regions,
        schools=stored.schools,
        places=stored.places,
        devices=stored.devices,
        parameters=read_parameters(connection),
    )


def register_at(path: Path) -> Register:
    """The register in the database at ``path``, which is not opened for writing.

    Empty when there is none, or when its tables are of an older version and would have to be
    migrated first. Raises `StoreError` when the file is none of ours.
    """
    try:
        if store_version(path) != NEWEST:
            return Register()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} cannot be used as the store: {error}") from error
    engine = reading_engine(path)
    try:
        with engine.connect() as connection:
            return read_register(connection)
    finally:
        engine.dispose()


def import_batch(plan: Plan, *, actor: str, reason: str, now: int) -> Batch:
    """Everything the plan changes, one fact for each change, and the register's next version.

    ``actor`` is a user's name, ``reason`` goes into every fact. A plan without changes gives a
    batch without statements. The running gateway notices the version and takes the changes up.
    """
    batch = Batch(now=now)
    if not plan.changes:
        return batch
    put = [change for change in plan.changes if change.after is not None]
    batch.statements += put_regions(_things(put, Region))
    batch.statements += put_schools(_things(put, School))
    batch.statements += put_places(_things(put, Place))
    batch.statements += put_devices(_things(put, Device))
    for change in plan.changes:
        match change:
            case Change(table=Table.PARAMETERS, key=(school, kind), after=dict(rules)):
                batch.statements += put_parameters(school, kind, rules)
            case Change(table=Table.DEVICES, key=(school, device), after=None):
                batch.statements += remove_device(school, device)
            case Change(before=None, after=Device() as device):
                batch.statements += remove_discovery(device)
            case Change(before=Place() as place, after=None):
                batch.statements += remove_places([place])
        batch.facts.append(_fact(change, actor=actor, reason=reason, now=now))
    batch.statements += next_register_version()
    return batch


def _things(changes: Iterable[Change], of: type[Thing]) -> list[Thing]:
    return [change.after for change in changes if isinstance(change.after, of)]


def _fact(change: Change, *, actor: str, reason: str, now: int) -> Fact:
    body: dict[str, object] = {
        "before": _plain(change.before),
        "after": _plain(change.after),
        "reason": reason,
    }
    if change.table is Table.PARAMETERS:
        body["kind"] = change.key[-1]
    return Fact(
        kind=_ONE[change.table],
        happened=now,
        known=now,
        actor=f"user:{actor}",
        subject=_subject(change.table, change.key),
        body=canonical(body),
    )


def _plain(thing: Registered | None) -> object:
    return msgspec.to_builtins(thing)


def _subject(table: Table, key: Key) -> str:
    if table is Table.PARAMETERS:
        return f"school:{key[0]}"
    return f"{_ONE[table]}:{'/'.join(key)}"
