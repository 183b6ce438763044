"""A school with cameras, and a gateway that asks its recorder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from recorded_school import Campus

from devices.model import Device, Place, School
from gateway.clock import ManualClock
from gateway.recordings.apart import Apart
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import next_register_version, put_devices, put_places, put_schools


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def campus(tmp_path: Path) -> AsyncIterator[Campus]:
    store = open_store(tmp_path / "campus.db", reserve_bytes=1 << 20, low_water=1 << 20)
    batch = Batch(now=1)
    batch.statements += put_schools([School("no3", "第三中学", "No. 3 Middle School")])
    batch.statements += put_places(
        [Place("gate", "no3", "校门", "Gate"), Place("lodge", "no3", "门卫室", "Lodge", "gate")]
    )
    batch.statements += put_devices(
        [
            Device("no3", "gate-01", "camera", name_zh="大门", name_en="Gate", place="lodge"),
            Device("no3", "yard-01", "camera", name_zh="操场", name_en="Yard"),
        ]
    )
    batch.statements += next_register_version()
    await asyncio.wrap_future(store.commit(batch))
    try:
        async with Apart() as apart:
            yield Campus(store, tmp_path, apart)
    finally:
        store.close()
