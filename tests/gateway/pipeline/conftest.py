"""A judge with the shipped kinds and rules, and what it makes of messages."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path

import pytest
from judged import Judged
from running import Running
from windowed import Testing

from gateway.store.sqlite import SqliteStore
from tests.gateway.new_store import opened


@pytest.fixture
def judged() -> Judged:
    return Judged()


@pytest.fixture
def testing() -> Testing:
    return Testing()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = opened(tmp_path, reserve_bytes=1 << 20)
    yield store
    store.close()


@pytest.fixture
async def running(store: SqliteStore) -> AsyncIterator[Running]:
    running = Running(store)
    task = asyncio.create_task(running.flow.run())
    yield running
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def payload(**values: object) -> bytes:
    return json.dumps(values).encode()


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], Coroutine[None, None, None]]:
    """Waits until something is true that another task or thread brings about."""

    async def wait(true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():  # noqa: ASYNC110 - what is waited for may be in the database
                await asyncio.sleep(0.002)

    return wait
