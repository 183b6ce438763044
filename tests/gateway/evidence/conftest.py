from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.evidence.worlds import World, facts


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A county with a month of facts."""
    made = World(tmp_path)
    made.tell(facts())
    yield made
    made.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[World]:
    """One of which nothing is known."""
    made = World(tmp_path)
    yield made
    made.close()
