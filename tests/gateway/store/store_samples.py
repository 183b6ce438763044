"""Invented alerts, transitions and rows for tests of the store."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

from alerts.alert import Alert, AlertState, Transition, TransitionKind
from alerts.finding import Explanation, Priority
from devices.model import Device, School
from gateway.store.batch import Batch, DiscoveryRow, NumberedTransition, RejectSample
from gateway.store.open import open_store
from gateway.store.registry import put_devices, put_schools
from gateway.store.schema import metadata
from gateway.store.sqlite import SqliteStore

NOON = 1_795_161_600_000


def alert(number: int, version: int = 1, **changes: Any) -> Alert:
    fields: dict[str, Any] = {
        "id": number,
        "device": 1,
        "school": "no3-middle",
        "condition": "pressed",
        "priority": Priority.EMERGENCY,
        "state": AlertState.UNACKNOWLEDGED,
        "active": True,
        "raised": NOON + number,
        "known": NOON + number + 20,
        "explanation": Explanation(rule="pressed", code="pressed", inputs={"zone": "大门"}),
        "version": version,
    }
    return Alert(**{**fields, **changes})


def transition(row: int, number: int, version: int = 1) -> NumberedTransition:
    return NumberedTransition(
        row,
        Transition(
            alert=number,
            version=version,
            kind=TransitionKind.RAISED if version == 1 else TransitionKind.OCCURRED,
            state=AlertState.UNACKNOWLEDGED,
            happened=NOON,
            known=NOON + row,
        ),
    )


def discovery(
    name: str, *, last_seen: int = NOON, messages: int = 1, **changes: Any
) -> DiscoveryRow:
    fields: dict[str, Any] = {
        "school": "no3-middle",
        "id": name,
        "dialect": "zigbee2mqtt",
        "address": name,
        "kind": "smoke",
        "first_seen": last_seen,
        "last_seen": last_seen,
        "messages": messages,
        "topic": f"zigbee2mqtt/{name}",
        "sample": b'{"smoke":false}',
        "understood": b'{"smoke_alarm":false}',
    }
    return DiscoveryRow(**{**fields, **changes})


def reject(school: str = "no3-middle", detail: str = "not JSON") -> RejectSample:
    return RejectSample(
        received=NOON,
        reason="syntax",
        detail=detail,
        topic=f"campus/{school}/x/y/telemetry",
        school=school,
        sample=b"\xff{",
    )


def readings(
    count: int, device: int = 1, start: int = NOON
) -> list[tuple[int, int, int, int, bytes]]:
    return [
        (device, 0, start + n, start + n + 20, b'{"temperature_c":%d}' % (n % 40))
        for n in range(count)
    ]


def registering(*devices: str) -> Batch:
    school = School(id="no3-middle", name_zh="第三中学")
    return Batch(
        statements=put_schools([school])
        + put_devices(Device(school=school.id, id=name, kind="smoke") for name in devices)
    )


def opened(folder: Path, name: str = "campus.db") -> SqliteStore:
    """A new store; its tables are copied, because making them takes longer than most tests."""
    shutil.copy(_empty(), folder / name)
    return open_store(folder / name, reserve_bytes=0, low_water=0)


@cache
def _empty() -> Path:
    path = Path(tempfile.mkdtemp()) / "empty.db"
    atexit.register(shutil.rmtree, path.parent)
    open_store(path, reserve_bytes=0).close()
    return path


def rows_of(table: Table) -> Callable[[Connection], list[dict[str, Any]]]:
    def query(connection: Connection) -> list[dict[str, Any]]:
        order = list(table.primary_key.columns)
        return [dict(row) for row in connection.execute(select(table).order_by(*order)).mappings()]

    return query


def everything(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    return {table.name: rows_of(table)(connection) for table in metadata.sorted_tables}
