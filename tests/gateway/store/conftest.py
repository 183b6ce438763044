from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.store.open import open_store
from gateway.store.store import Store

MIB = 1024 * 1024


def open_sqlite(folder: Path) -> Store:
    return open_store(folder / "campus.db", reserve_bytes=MIB, low_water=4 * MIB)


@pytest.fixture(params=[pytest.param(open_sqlite, id="sqlite")])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the one store of this test, again and again; the one before is closed."""
    opened: list[Store] = []

    def again() -> Store:
        while opened:
            opened.pop().close()
        opened.append(request.param(tmp_path))
        return opened[-1]

    yield again
    while opened:
        opened.pop().close()


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    return reopen()
